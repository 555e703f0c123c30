"""``rialto events``: what was told lately, how far readers have come, and telling it to Kafka once more."""

import click
from sqlalchemy import select

from hub.commands.environ import hub_of_environ
from hub.events import kafka
from hub.models.event import Event, Stream

_ROW = "{:>10}  {:<20}  {:<28} {}"


@click.group()
def events() -> None:
    """The stream of events."""


@events.command("list")
@click.option("--from", "first", type=int, help="Begin at this position; else the latest are shown.")
@click.option("--limit", default=20, show_default=True)
def show(first: int | None, limit: int) -> None:
    """Events with their position, kind and what they are about; never their content."""
    hub = hub_of_environ()
    query = select(Event).where(Event.position.is_not(None))
    if first is None:
        query = query.order_by(Event.position.desc())
    else:
        query = query.where(Event.position >= first).order_by(Event.position)
    with hub.db.read() as session:
        rows = session.scalars(query.limit(limit)).all()
    for one in sorted(rows, key=lambda row: row.position or 0):
        click.echo(_ROW.format(one.position or 0, f"{one.at:%Y-%m-%d %H:%M:%S}", one.kind, one.subject_id))


@events.command("lag")
def show_lag() -> None:
    """How far each reader has come."""
    hub = hub_of_environ()
    with hub.db.read() as session:
        for one in session.scalars(select(Stream).order_by(Stream.position.desc())):
            moved = f"{one.moved_at:%Y-%m-%d %H:%M:%S}" if one.moved_at else "never"
            click.echo(f"{one.name:<20} {one.position:>12}  {moved}")
        click.echo(f"not on Kafka yet: {kafka.lag(session)}")


@events.command("replay")
@click.option("--from", "first", type=int, required=True, help="The position to begin at: see rialto events list.")
def replay(first: int) -> None:
    """Send everything from a position on to Kafka once more, with the same ids."""
    hub = hub_of_environ()
    try:
        kafka.replay(hub, first)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"the worker goes on from {first}")
