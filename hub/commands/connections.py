"""``rialto connections``: how one person's link to a bank stands, for operators. Shows no personal data."""

import click
from sqlalchemy import select

from hub.commands.environ import hub_of_environ
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


def institution_of(hub: Hub, connection_id: str) -> str:
    """Raises ClickException where there is no such connection, or its bank is not in the catalogue any more."""
    with hub.db.read() as session:
        found = session.scalar(select(Connection.institution_id).where(Connection.id == connection_id))
    if found is None or found not in hub.institutions:
        raise click.ClickException(f"no connection {connection_id} to a bank that this hub knows")
    return found
