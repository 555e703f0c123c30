"""``rialto jobs``: how the queues stand, what was given up, and sending it round again."""

import click
from sqlalchemy import select

from hub.commands.environ import hub_of_environ
from hub.jobs import holding, overview
from hub.models.job import DeadJob

_QUEUE = "{:<28} {:>8} {:>8} {:>8} {:>8} {:>8} {:>10}"
_DEAD = "{:<36} {:<24} {:<20} {:>8}  {}"


@click.group()
def jobs() -> None:
    """The work that goes on behind the pages."""


@jobs.command("list")
def show() -> None:
    """Each queue: what runs, is due, waits for its time, failed and will be tried again, was given up."""
    hub = hub_of_environ()
    now = hub.clock()
    click.echo(_QUEUE.format("queue", "running", "due", "later", "failing", "dead", "late"))
    with hub.db.read() as session:
        for one in overview.queues(session, now):
            late = f"{one.late_s:.0f} s" if one.due else ""
            click.echo(_QUEUE.format(one.name, one.running, one.due, one.later, one.failing, one.dead, late).rstrip())


@jobs.command("dead")
def show_dead() -> None:
    """What was given up after its last attempt, the latest first."""
    hub = hub_of_environ()
    click.echo(_DEAD.format("id", "queue", "given up at", "attempts", "why").rstrip())
    with hub.db.read() as session:
        for one in overview.dead(session):
            at = f"{one.died_at:%Y-%m-%d %H:%M:%S}"
            click.echo(_DEAD.format(one.id, one.queue, at, one.attempts, one.failure).rstrip())


@jobs.command("retry")
@click.argument("dead_id", required=False)
@click.option("--all", "everything", is_flag=True, help="All that was given up.")
@click.option("--queue", help="All of one queue that was given up.")
def retry(dead_id: str | None, everything: bool, queue: str | None) -> None:
    """Send what was given up round again, at once and with all its attempts."""
    hub = hub_of_environ()
    if [dead_id is not None, everything, queue is not None].count(True) != 1:
        raise click.UsageError("name one id, or --queue, or --all: see rialto jobs dead")
    wanted = select(DeadJob.id)
    if not everything:
        wanted = wanted.where(DeadJob.queue == queue if queue else DeadJob.id == dead_id)
    with hub.db.read() as session:
        ids = session.scalars(wanted).all()
    revived = 0
    for one in ids:
        with hub.db.write() as session:
            revived += holding.revive(session, one, hub.clock())
    if dead_id and not revived:
        raise click.ClickException("there is no such job: see rialto jobs dead")
    click.echo(f"{revived} sent round again")
