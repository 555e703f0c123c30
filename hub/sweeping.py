"""Take away the rows whose time is over, a bounded batch at a time: see hub.retention for which and when.

A batch is found by an index on the moment of its end, oldest first, and deleted by its keys in a transaction of its
own; on PostgreSQL rows that somebody else holds are left for the next time, so no visitor waits and two housekeepers
share the work.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import ColumnElement, delete, select, tuple_

from hub.context import Hub
from hub.retention import ENDS, Ends

BATCH = 1000
BATCHES = 60
"""At most so many of each table a round: a thousand rows a second, with a round each minute. A longer backlog takes
several rounds and holds nobody up."""


NOTHING_PUT_OFF: Mapping[str, timedelta] = MappingProxyType({})


def sweep_all(
    hub: Hub, now: datetime, *, batch: int = BATCH, put_off: Mapping[str, timedelta] = NOTHING_PUT_OFF
) -> Iterator[tuple[str, int]]:
    """Yields (table, how many rows went) after each batch; can be stopped anywhere and begun again. ``put_off``: how
    much longer rows of a table are left, since most of them go otherwise (hub.partitions)."""
    for ends in ENDS:
        moment = now - put_off.get(ends.table.name, timedelta())
        for _ in range(BATCHES):
            gone = sweep_batch(hub, ends, moment, batch=batch)
            if gone:
                yield ends.table.name, gone
            if gone < batch:
                break


def sweep_batch(hub: Hub, ends: Ends, now: datetime, *, batch: int = BATCH) -> int:
    """Delete up to ``batch`` rows of one table; returns how many went."""
    due = _due(hub, ends, now)
    if due is None:
        return 0
    keys = list(ends.table.primary_key.columns)
    with hub.db.read() as session:  # mostly there is nothing, and that takes no lock to find out
        if session.execute(select(*keys).where(*due).limit(1)).first() is None:
            return 0
    owner = [] if ends.owner is None else [ends.owner]
    found = select(*keys, *owner).where(*due).order_by(ends.column).limit(batch).with_for_update(skip_locked=True)
    with hub.db.write() as session:
        rows = session.execute(found).all()
        if rows:
            gone = [tuple(row[: len(keys)]) for row in rows]
            session.execute(delete(ends.table).where(tuple_(*keys).in_(gone)))
            if ends.then is not None:
                ends.then(session, {row[-1] for row in rows if row[-1] is not None}, now)
    return len(rows)


def _due(hub: Hub, ends: Ends, now: datetime) -> list[ColumnElement[bool]] | None:
    kept = ends.kept(hub.settings)
    if kept is None:
        return None
    return [ends.column <= now - kept, *([ends.only(now)] if ends.only else [])]
