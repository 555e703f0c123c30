"""What has ended is written down and taken away, in bounded batches: these tables must not grow with every visit."""

import logging
import threading
from collections.abc import Callable

from sqlalchemy.orm import Session

from hub.consents import service as consents
from hub.context import Hub
from hub.identity import mailed_links, recovery, sessions, throttle
from hub.mail import sender
from hub.oauth import sweep as oauth
from hub.oauth.jose import replay
from hub.signing import rotation

log = logging.getLogger(__name__)
EVERY_S = 60
_ROUNDS = 20  # at most so many batches of one kind a minute: a backlog is worked off without holding others up


def tidy(hub: Hub) -> None:
    """One round. Each step is its own small transaction, so it can stop anywhere and begin again."""
    now = hub.clock()
    rotation.upkeep(hub, now)
    _until_done(lambda: consents.expire_due(hub, now=now), 200)
    _until_done(lambda: oauth.sweep(hub, now), 1)
    _until_done(lambda: hub.replay.sweep(now), replay.BATCH)
    steps: tuple[Callable[[Session], None], ...] = (
        lambda session: sessions.sweep(session, now=now),
        lambda session: throttle.sweep(session, now=now),
        lambda session: mailed_links.sweep(session, now=now),
        lambda session: recovery.sweep(session, now=now),
        lambda session: sender.sweep(session, now=now),
    )
    for step in steps:
        with hub.db.write() as session:
            step(session)


def run(hub: Hub, stopping: threading.Event) -> None:
    """A round a minute until ``stopping`` is set; an error is logged and the next round tries again."""
    while not stopping.is_set():
        try:
            tidy(hub)
        except Exception as error:  # the database may be away for a while
            log.error("housekeeping stumbled", extra={"error": type(error).__name__})
        stopping.wait(EVERY_S)


def _until_done(step: Callable[[], int], batch: int) -> None:
    for _ in range(_ROUNDS):
        if step() < batch:
            return
