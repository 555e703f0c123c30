"""What an operator has written down of one connection's exchanges with its bank, to find out what is wrong.

It is off unless somebody starts it for that connection, ends by itself after a time and a number of bytes, and holds
forms, not facts: every exchange is redacted (providers.redact) before it is sealed and stored. Housekeeping removes it
after a week. The person's list of events says that it was begun.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.errors import NotFound
from hub.events.outbox import emit
from hub.ids import new_id
from hub.models.capture import Capture, CapturedExchange
from hub.models.connection import Connection
from providers.capture import Exchange, captured_by

LONGEST = timedelta(hours=24)
MOST_BYTES = 4 * 1024 * 1024


def start(hub: Hub, connection_id: str, *, length: timedelta, most_bytes: int, now: datetime) -> datetime:
    """From now on, for ``length`` and ``most_bytes`` at most (LONGEST, MOST_BYTES bound both); returns its end.

    What was captured before stays. Raises NotFound.
    """
    ends_at = now + min(length, LONGEST)
    with hub.db.write() as session:
        row = session.execute(
            select(Connection.psu_id, Connection.institution_id).where(Connection.id == connection_id)
        ).one_or_none()
        if row is None:
            raise NotFound("No such connection.")
        session.merge(Capture(connection_id=connection_id, ends_at=ends_at, bytes_left=min(most_bytes, MOST_BYTES)))
        body = {"institution_id": row.institution_id, "ends_at": ends_at.isoformat()}
        emit(session, "connection.capture_begun", connection_id, now=now, psu_id=row.psu_id, body=body)
    return ends_at


def stop(hub: Hub, connection_id: str) -> None:
    """No more is written down, and what was is gone. Doing it twice is the same as once."""
    with hub.db.write() as session:
        session.execute(delete(Capture).where(Capture.connection_id == connection_id))
        session.execute(delete(CapturedExchange).where(CapturedExchange.connection_id == connection_id))


@contextmanager
def capturing(hub: Hub, connection_id: str) -> Iterator[None]:
    """Around calls to the bank of one connection. Stores what there was at the end, whatever that was; so a process
    that is killed loses the exchanges of one sync."""
    left = _bytes_left(hub, connection_id)
    if left <= 0:
        yield
        return
    notes = _Notes(hub, left)
    try:
        with captured_by(notes.add):
            yield
    finally:
        _store(hub, connection_id, notes.kept)


def captured(hub: Hub, session: Session, connection_id: str) -> Iterator[dict[str, Any]]:
    """The exchanges, the oldest first. Raises SealBroken."""
    query = select(CapturedExchange.id, CapturedExchange.content_sealed)
    of_it = query.where(CapturedExchange.connection_id == connection_id)
    for row in session.execute(of_it.order_by(CapturedExchange.at, CapturedExchange.number)):
        yield orjson.loads(hub.sealer.open(row.content_sealed, _place(row.id)))


@dataclass(slots=True)
class _Notes:
    hub: Hub
    bytes_left: int
    kept: list[tuple[datetime, bytes]] = field(default_factory=list)

    def add(self, exchange: Exchange) -> None:
        at = self.hub.clock()
        content = orjson.dumps({"at": at, **orjson.loads(orjson.dumps(exchange))})
        if len(content) > self.bytes_left:
            content = orjson.dumps({"at": at, "left_out": f"{len(content)} bytes"})
        self.bytes_left -= len(content)
        if self.bytes_left >= 0:
            self.kept.append((at, content))


def _bytes_left(hub: Hub, connection_id: str) -> int:
    query = select(Capture.bytes_left)
    with hub.db.read() as session:
        return session.scalar(query.where(Capture.connection_id == connection_id, Capture.ends_at > hub.clock())) or 0


def _store(hub: Hub, connection_id: str, kept: list[tuple[datetime, bytes]]) -> None:
    if not kept:
        return
    with hub.db.write() as session:
        going_on = session.scalar(
            update(Capture)
            .where(Capture.connection_id == connection_id)
            .values(bytes_left=Capture.bytes_left - sum(len(content) for _, content in kept))
            .returning(Capture.connection_id)
            .execution_options(synchronize_session=False)
        )
        if going_on is None:  # stopped meanwhile
            return
        for number, (at, content) in enumerate(kept):
            one = CapturedExchange(id=new_id(), number=number, connection_id=connection_id, at=at)
            one.content_sealed = hub.sealer.seal(content, _place(one.id))
            session.add(one)


def _place(exchange_id: str) -> str:
    return f"captured_exchange.content:{exchange_id}"
