"""``rialto partitions``: the logs in partitions by time, for a hub of millions on PostgreSQL."""

import click
from sqlalchemy import text

from hub import migrate
from hub import partitions as logs
from hub.commands.environ import hub_of_environ
from hub.retention import times_to_live

_ROW = "{:<16} {:<26} {:<12} {:<12} {:>10}"


@click.group()
def partitions() -> None:
    """The logs in spans of time that are dropped as a whole (PostgreSQL)."""


@partitions.command("begin")
def begin() -> None:
    """Put the logs into partitions, once, while the hub runs: no row moves, and writers wait for less than a second.
    Housekeeping goes on from there. It can be ended and begun again at any time.
    """
    hub = hub_of_environ()
    if migrate.current(hub.db) != migrate.head():
        raise click.ClickException("the schema is not this code's: rialto db upgrade")
    try:
        for name, what in logs.begin(hub.db, times_to_live(hub.settings), hub.clock()):
            click.echo(f"{name}: {what}")
    except logs.Refused as error:
        raise click.ClickException(str(error)) from error


@partitions.command("show")
def show() -> None:
    """Each partition: from when until when, and what it takes with its indexes."""
    hub = hub_of_environ()
    found = logs.standing(hub.db)
    if not found:
        click.echo("no log is in partitions: see rialto partitions begin")
        return
    click.echo(_ROW.format("log", "partition", "from", "until", "MiB"))
    size = text("SELECT pg_total_relation_size(CAST(:name AS regclass)) / 1048576.0")
    with hub.db.look() as connection:
        for name, parts in found.items():
            for one in parts:
                began, until = (f"{at:%Y-%m-%d}" if at else "" for at in (one.begins, one.ends))
                mib = connection.scalar(size, {"name": one.name}) or 0
                click.echo(_ROW.format(name, one.name, began, until, f"{mib:.1f}"))
