"""``rialto events``: what was told lately, how far readers have come, and telling it once more, to Kafka or an app."""

from datetime import datetime

import click
from sqlalchemy import select

from hub.commands.environ import hub_of_environ
from hub.context import Hub
from hub.errors import BadInput, Conflict, NotFound
from hub.events import announce, dead, kafka, positions
from hub.events import overview as flows
from hub.events.announce import Announcement, To
from hub.events.catalogue import types
from hub.events.positions import NoSuchPosition
from hub.models.event import Event, Stream
from hub.models.signal import RefusedSignal
from hub.webhooks import overview as webhooks
from hub.webhooks import replay

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
    """How far the dispatcher and each reader have come, and which endpoints of apps are behind."""
    hub = hub_of_environ()
    with hub.db.read() as session:
        signals, oldest_at = flows.waiting(session)
        late_s = (hub.clock() - oldest_at).total_seconds() if oldest_at else 0.0
        click.echo(f"signals that wait: {signals}, the oldest for {late_s:.0f} s; given up: {dead.count(session)}")
        for one in session.scalars(select(Stream).order_by(Stream.position.desc())):
            moved = f"{one.moved_at:%Y-%m-%d %H:%M:%S}" if one.moved_at else "never"
            click.echo(f"{one.name:<20} {one.position:>12}  {moved}")
        if hub.settings.kafka_brokers:
            click.echo(f"not on Kafka yet: {kafka.lag(session)}")
        for behind in webhooks.behind(session):
            called = "failing" if behind.failing_since else "on"
            state = f"off ({behind.disabled_why})" if behind.disabled_why else called
            told = f"{behind.waiting} wait, {behind.given_up} given up"
            click.echo(f"endpoint {behind.endpoint_id} at {behind.host}: {state}, {told}")


@events.command("dead")
@click.option("--limit", default=20, show_default=True)
def show_dead(limit: int) -> None:
    """Signals at which the dispatcher failed, in the order in which they were said; never what they say."""
    with hub_of_environ().db.read() as session:
        rows = dead.waiting(session, limit)
    for one in rows:
        click.echo(f"{one.id}  {one.at:%Y-%m-%d %H:%M:%S}  {one.kind:<28} {one.subject_id}: {one.failure}")
    if not rows:
        click.echo("none was given up")


@events.command("retry")
@click.argument("dead_id", required=False)
@click.option("--all", "everything", is_flag=True, help="All that were given up.")
def retry(dead_id: str | None, everything: bool) -> None:
    """Send signals that were given up round again, in their order, after whatever was said since."""
    if (dead_id is not None) is everything:
        raise click.UsageError("name one id, or --all: see rialto events dead")
    revived = dead.revive(hub_of_environ(), dead_id)
    if dead_id and not revived:
        raise click.ClickException("there is no such signal: see rialto events dead")
    click.echo(f"{revived} sent round again")


@events.command("replay")
@click.option("--from", "first", type=int, required=True, help="The position to begin at: see rialto events list.")
@click.option("--endpoint", help="The id of one webhook endpoint; else it goes to Kafka.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
def again(first: int, endpoint: str | None, dry_run: bool) -> None:
    """Send everything from a position on once more: to Kafka with the same ids, or to one endpoint what its app may
    hear of it."""
    hub = hub_of_environ()
    try:
        click.echo(_to_endpoint(hub, endpoint, first, dry_run) if endpoint else _to_kafka(hub, first, dry_run))
    except NoSuchPosition as error:
        raise click.ClickException(str(error)) from error
    except (NotFound, Conflict) as error:
        raise click.ClickException(error.detail) from error


def _to_kafka(hub: Hub, first: int, dry_run: bool) -> str:
    if not dry_run:
        kafka.replay(hub, first)
        return f"the worker goes on from {first}"
    with hub.db.read() as session:
        last = positions.head_from(session, first)
    return f"positions {first} to {last}: {last - first + 1} would be sent; nothing was"


def _to_endpoint(hub: Hub, endpoint_id: str, first: int, dry_run: bool) -> str:
    done = replay.replay(hub, endpoint_id, first, is_dry=dry_run)
    return (
        f"positions {first} to {done.last}: {done.again} messages go again, {done.made} anew, {done.wait} wait anyway"
        + ("; nothing was sent" if dry_run else "")
    )


@events.command("types")
def show_types() -> None:
    """What is told to somebody, to whom, and of which signals."""
    hub_of_environ()  # declares those of RIALTO_EVENT_TYPES
    for one in types().values():
        audience = ", ".join(one.audience)
        click.echo(f"{one.type:<26} {audience:<24} {', '.join(one.on)}")


@events.command("announce")
@click.option("--about", type=click.Choice(announce.ABOUT), required=True, help="What kind of thing it is.")
@click.option("--title", required=True, help="One line; it is the subject of the mail.")
@click.option("--text", required=True, help="What changes, in a few sentences.")
@click.option("--url", default="", help="https, where more of it stands.")
@click.option("--valid-from", type=click.DateTime(["%Y-%m-%d"]), help="The day from which it holds.")
@click.option(
    "--to",
    type=click.Choice([one.value for one in To]),
    default=To.EVERYBODY.value,
    show_default=True,
    help="Whom it is for.",
)
@click.option("--yes", is_flag=True, help="Send it. Without this you are shown what would be sent, and to how many.")
@click.option("--again", is_flag=True, help="It was announced before, and is meant to be once more.")
def make_announcement(
    about: str, title: str, text: str, url: str, valid_from: datetime | None, to: str, yes: bool, again: bool
) -> None:
    """Tell everybody: people in their inbox and by mail (unless they chose otherwise), apps by webhook; or apps."""
    hub = hub_of_environ()
    one = Announcement(about, title, text, url, valid_from.date() if valid_from else None)
    try:
        announce.checked(one)
    except BadInput as error:
        raise click.ClickException(error.detail) from error
    with hub.db.read() as session:
        found = announce.reach(session, To(to))
    click.echo(f"{one.title}\n{one.text}")
    click.echo(f"people: {found.people}, of whom {found.mailable} can get mail; endpoints of apps: {found.endpoints}")
    if not yes:
        click.echo("nothing was sent: repeat it with --yes")
        return
    try:
        with hub.db.write() as session:
            announcement_id = announce.make(session, one, now=hub.clock(), to=To(to), is_again=again)
    except Conflict as error:
        raise click.ClickException(error.detail) from error
    has_page = To(to) is To.EVERYBODY
    click.echo(f"sent: {hub.settings.base_url}/announcements/{announcement_id}" if has_page else "sent")


@events.command("refused")
@click.option("--limit", default=20, show_default=True)
def show_refused(limit: int) -> None:
    """Signals from outside that were not taken: where they lie on Kafka, and why."""
    with hub_of_environ().db.read() as session:
        rows = session.scalars(select(RefusedSignal).order_by(RefusedSignal.at.desc()).limit(limit)).all()
    for one in rows:
        click.echo(f"{one.at:%Y-%m-%d %H:%M:%S}  {one.place:<40} {one.source} {one.type}: {one.why}")
    if not rows:
        click.echo("none was refused")
