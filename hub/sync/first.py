"""A sync that a person waits for, in a thread of this process: the first one after the bank sent them back, begun at
once, since many banks show their whole history only minutes after the PSU was there; and what they ask for later
(hub.sync.refresh). Waited for a moment, so that most people come to a page that is already full.
"""

import logging
import threading

from hub import correlation
from hub.context import Hub
from hub.ids import new_id
from hub.sync.run import sync_connection
from providers.port import Psu

log = logging.getLogger(__name__)
WAIT_S = 2.5
MOST_AT_ONCE = 16
_places = threading.BoundedSemaphore(MOST_AT_ONCE)


def start_first_sync(hub: Hub, connection_id: str, *, psu: Psu, wait_s: float = WAIT_S) -> bool:
    """Sync in a thread of this process; True if it ended within ``wait_s`` seconds (well or badly).

    Nothing is lost if the process dies or has too many of these: the connection is due, and the worker takes it as soon
    as no lease is on it.
    """
    return start_attended(hub, connection_id, psu=psu, wait_s=wait_s) or False


def start_attended(hub: Hub, connection_id: str, *, psu: Psu, wait_s: float = WAIT_S) -> bool | None:
    """The same; None where this process has too many of them, and nothing was begun."""
    if not _places.acquire(blocking=False):
        return None
    done = threading.Event()

    trace_id = correlation.current()

    def work() -> None:
        try:
            with correlation.under(trace_id):
                sync_connection(hub, connection_id, owner=new_id(), psu=psu)
        except Exception as error:
            log.error(
                "an attended sync broke off", extra={"connection_id": connection_id, "error": type(error).__name__}
            )
        finally:
            _places.release()
            done.set()

    # A daemon: a web process that must end does not wait for a bank.
    threading.Thread(target=work, name=f"attended-sync-{connection_id}", daemon=True).start()
    return done.wait(wait_s)
