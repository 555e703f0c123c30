"""``rialto backup`` and ``rialto restore``: the database as one file, and back."""

from pathlib import Path

import click

from hub import backup as backups
from hub.commands.environ import hub_of_environ


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Write the database to FILE, which must not exist, while the hub may run. The master keys are not in it: keep
    them apart.
    """
    hub = hub_of_environ()
    try:
        made = backups.make(hub, file)
    except backups.BackupError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{file}: schema {made.schema}, {file.stat().st_size} bytes, sealed with {', '.join(made.keys)}")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def restore(file: Path) -> None:
    """Fill the empty database that DATABASE_URL names from FILE. Refused where the master keys are not the backup's."""
    hub = hub_of_environ()
    try:
        made = backups.restore(hub, file)
    except backups.BackupError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"as it was at {made.made_at}. What was revoked since then is not: see docs/operating/backup.md")
