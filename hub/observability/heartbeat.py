"""Which processes are alive: each beats a row of its own, and takes it away when it ends as it should."""

import atexit
import logging
import os
import socket
import threading
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from hub.clock import Clock
from hub.db import Database
from hub.models.observability import Heartbeat
from hub.upsert import insert_into

log = logging.getLogger(__name__)
Role = Literal["web", "worker", "scheduler"]
EVERY_S = 10.0
SILENT = timedelta(seconds=45)
"""Who did not beat for so long is dead, or its machine's clock is wrong (they must agree within half a minute)."""


def process_name() -> str:
    """Machine and number: no two live processes share it."""
    return f"{socket.gethostname()[:80]}:{os.getpid()}"


class Heart:
    """Of one process. ``start`` beats from a thread until ``stop``, at the latest at the end of the process."""

    def __init__(self, db: Database, clock: Clock, role: Role, *, name: str | None = None) -> None:
        self._db, self._clock, self._role, self._name = db, clock, role, name or process_name()
        self._started_at = clock()
        self._stopping = threading.Event()
        self._beating = threading.Lock()

    def start(self) -> None:
        atexit.register(self.stop)
        threading.Thread(target=self._run, name="heart", daemon=True).start()

    def beat(self) -> None:
        now = self._clock()
        with self._beating, self._db.write() as session:
            if self._stopping.is_set():
                return  # a beat after the goodbye would be one of a dead process
            fresh = insert_into(session, Heartbeat).values(
                role=self._role, name=self._name, started_at=self._started_at, beat_at=now
            )
            session.execute(
                fresh.on_conflict_do_update(
                    index_elements=["role", "name"],
                    set_={"beat_at": fresh.excluded.beat_at, "started_at": fresh.excluded.started_at},
                ),
                execution_options={"synchronize_session": False},
            )

    def stop(self) -> None:
        """It ends as it should, and is nobody that is missed."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        atexit.unregister(self.stop)
        mine = (Heartbeat.role == self._role, Heartbeat.name == self._name)
        try:
            with self._beating, self._db.write() as session:
                session.execute(delete(Heartbeat).where(*mine), execution_options={"synchronize_session": False})
        except Exception as error:  # the row falls silent instead
            log.error("a heart could not be stopped", extra={"error": type(error).__name__})

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.beat()
            except Exception as error:  # the database may be away for a while
                log.error("a heart missed a beat", extra={"error": type(error).__name__})
            self._stopping.wait(EVERY_S)


def alive(session: Session, now: datetime) -> Mapping[str, int]:
    """How many processes of each role beat lately; a role without any is absent."""
    rows = session.execute(select(Heartbeat.role).where(Heartbeat.beat_at > now - SILENT))
    return Counter(role for (role,) in rows)


def last_beat(session: Session, role: Role) -> datetime | None:
    """When one of that role was last heard of and did not say goodbye."""
    return session.scalar(select(func.max(Heartbeat.beat_at)).where(Heartbeat.role == role))
