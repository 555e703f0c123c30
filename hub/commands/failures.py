"""``rialto failures``: what banks sent that could not be read, for whoever has to mend the rules."""

import click
from sqlalchemy import select

from hub.commands.environ import hub_of_environ
from hub.connections import sealed
from hub.models.connection import Connection
from hub.redaction import redacted
from hub.sealing import SealBroken

_ROW = "{:<36} {:<20} {:<17} {:>8}  {}"


@click.group()
def failures() -> None:
    """What banks sent that could not be read."""


@failures.command("list")
def show() -> None:
    """The connections whose last sync met something that it could not read, the latest first."""
    hub = hub_of_environ()
    query = select(Connection).where(Connection.failure_kind.is_not(None)).order_by(Connection.last_failure_at.desc())
    click.echo(_ROW.format("connection", "institution", "kind", "kept", "what").rstrip())
    with hub.db.read() as session:
        for one in session.scalars(query):
            kept = f"{len(one.failure_raw_sealed)} B" if one.failure_raw_sealed else "nothing"
            what = one.failure_detail or ""
            click.echo(_ROW.format(one.id, one.institution_id, one.failure_kind, kept, what).rstrip())


@failures.command("export")
@click.argument("connection_id")
@click.option("--as-sent", is_flag=True, help="The bank's own bytes, with all that they say of a person.")
def export(connection_id: str, as_sent: bool) -> None:
    """Write what the bank sent to the terminal, or into a file by `>`; values by their shape unless --as-sent."""
    hub = hub_of_environ()
    with hub.db.read() as session:
        one = session.get(Connection, connection_id)
    if one is None:
        raise click.ClickException("there is no such connection: see rialto failures list")
    if one.failure_raw_sealed is None:
        raise click.ClickException("nothing was kept: the last sync could read everything, or the bank sent nothing")
    try:
        raw = sealed.open_failure_raw(hub.sealer, connection_id, one.failure_raw_sealed)
    except SealBroken as error:
        raise click.ClickException(f"{error}: is its key still in RIALTO_MASTER_KEYS?") from error
    if as_sent:
        click.echo("This is a person's data: keep it no longer than you need it.", err=True)
        click.echo(raw)
    else:
        click.echo(redacted(raw))
