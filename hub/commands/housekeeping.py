"""``rialto housekeeping``: what the worker does each minute, by hand."""

import click

from hub import housekeeping
from hub.commands.environ import hub_of_environ
from hub.sweeping import BATCH


@click.command("housekeeping")
@click.option("--all", "until_done", is_flag=True, help="Round after round until a backlog is worked off.")
def tidy_up(until_done: bool) -> None:
    """Expire, rotate and sweep once, and say what was done. Safe beside running workers."""
    hub = hub_of_environ()
    before = hub.db.size_bytes()
    while True:
        done = housekeeping.tidy(hub)
        for what, count in done.items():
            click.echo(f"{what}: {count}")
        if not until_done or max(done.values(), default=0) < BATCH:
            break
    if not done:
        click.echo("nothing was left to do")
    click.echo(f"database: {_mib(before)} before, {_mib(hub.db.size_bytes())} after; freed room is used again")


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / 2**20:.1f} MiB"
