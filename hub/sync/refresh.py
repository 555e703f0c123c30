"""A person wants to see what is new, now: one attended sync, begun by them on the connection's page.

Calls that the PSU waits for are not of the day's unattended ones (EBA Q&A 2019_4631), and the bank is told of the
person's address with them, and only with them. They cost the bank as much, so one connection is read this way no
oftener than every REST, and never while the bank has asked to be left alone.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from hub.connections.plan import is_free
from hub.connections.state import SYNCABLE
from hub.context import Hub
from hub.errors import NotFound, TooMany
from hub.imports import FILE
from hub.models.connection import Connection
from hub.sync.first import start_attended
from providers.port import Psu

REST = timedelta(minutes=5)
_SYNCABLE = [status.value for status in SYNCABLE]


@dataclass(frozen=True, slots=True)
class Begun:
    """``is_over``: the sync ended, well or badly, while the person waited; otherwise it goes on."""

    is_over: bool


@dataclass(frozen=True, slots=True)
class NotNow:
    """It is read already, was read a moment ago, the bank wants to wait, or there is nothing to read: the connection's
    page says which."""


def refresh(hub: Hub, psu_id: str, connection_id: str, *, psu: Psu, now: datetime) -> Begun | NotNow:
    """``psu`` is the person at the page. Two at once are one. Raises NotFound for a stranger, TooMany where this
    process reads as much as it can for people who wait."""
    with hub.db.write() as session:
        claimed = session.scalar(
            update(Connection)
            .where(
                Connection.id == connection_id,
                Connection.psu_id == psu_id,
                Connection.institution_id != FILE,
                Connection.status.in_(_SYNCABLE),
                or_(Connection.refreshed_at.is_(None), Connection.refreshed_at <= now - REST),
                or_(Connection.bank_waits_until.is_(None), Connection.bank_waits_until <= now),
                is_free(now, None),
            )
            .values(refreshed_at=now)
            .returning(Connection.id)
            .execution_options(synchronize_session=False)
        )
        if claimed is None:
            mine = select(Connection.id).where(Connection.id == connection_id, Connection.psu_id == psu_id)
            if session.scalar(mine) is None:
                raise NotFound("No such connection.")
            return NotNow()
    is_over = start_attended(hub, connection_id, psu=psu)
    if is_over is None:
        _take_back(hub, connection_id, now)
        raise TooMany("Many people are reading their banks right now. Try again in a moment.", retry_after_s=5)
    return Begun(is_over)


def _take_back(hub: Hub, connection_id: str, asked_at: datetime) -> None:
    """Nothing was asked of the bank: the person may ask again at once."""
    with hub.db.write() as session:
        session.execute(
            update(Connection)
            .where(Connection.id == connection_id, Connection.refreshed_at == asked_at)
            .values(refreshed_at=None)
            .execution_options(synchronize_session=False)
        )
