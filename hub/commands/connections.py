"""``rialto connections``: how one person's link to a bank stands, for operators. Shows no personal data."""

from datetime import timedelta

import click
import orjson
from sqlalchemy import select

from hub.commands.environ import hub_of_environ
from hub.connections import capture
from hub.context import Hub
from hub.models.connection import Connection
from hub.sync import quota
from hub.sync.bank import budget_of

_USE = "{:<36}  {:<12}  {:>6}  {}"


@click.group()
def connections() -> None:
    """Links to banks. CONNECTION is the id of one."""


@connections.command("quota")
@click.argument("connection")
def show_quota(connection: str) -> None:
    """How often its bank was asked today while nobody waited, by account (or CONNECTION itself: the list of them)."""
    hub = hub_of_environ()
    budget = budget_of(hub, institution_of(hub, connection))
    with hub.db.read() as session:
        found = quota.uses(session, budget, connection, now=hub.clock())
    click.echo(_USE.format("ACCOUNT", "ENDPOINT", "USED", "ANEW"))
    for use in found:
        until = f"{use.resets_at:%Y-%m-%d %H:%M} UTC{' (closed by the bank)' if use.is_closed else ''}"
        click.echo(_USE.format(use.subject_id, use.endpoint, f"{use.used}/{use.limit}", until))


@connections.command("capture")
@click.argument("connection")
@click.option("--minutes", default=60, show_default=True, type=click.IntRange(1, 24 * 60), help="For how long.")
@click.option("--kib", default=1024, show_default=True, type=click.IntRange(1, 4096), help="How much at most.")
def begin_capture(connection: str, minutes: int, kib: int) -> None:
    """Write down the coming exchanges with its bank, without what they say about anybody."""
    hub = hub_of_environ()
    institution_of(hub, connection)
    length = timedelta(minutes=minutes)
    until = capture.start(hub, connection, length=length, most_bytes=kib * 1024, now=hub.clock())
    click.echo(f"until {until:%Y-%m-%d %H:%M} UTC; gone a week later, or by: rialto connections forget {connection}")


@connections.command("captured")
@click.argument("connection")
def show_captured(connection: str) -> None:
    """What was written down, one JSON object a line, the oldest first."""
    hub = hub_of_environ()
    with hub.db.read() as session:
        for exchange in capture.captured(hub, session, connection):
            click.echo(orjson.dumps(exchange).decode())


@connections.command("forget")
@click.argument("connection")
def forget_captured(connection: str) -> None:
    """Stop writing down, and remove what was."""
    capture.stop(hub_of_environ(), connection)


def institution_of(hub: Hub, connection_id: str) -> str:
    """Raises ClickException where there is no such connection, or its bank is not in the catalogue any more."""
    with hub.db.read() as session:
        found = session.scalar(select(Connection.institution_id).where(Connection.id == connection_id))
    if found is None or found not in hub.institutions:
        raise click.ClickException(f"no connection {connection_id} to a bank that this hub knows")
    return found
