"""Call clients whose backchannel request was answered (CIBA Core 1.0 10.2, mode ping).

The rows come from hub.oauth.decoupled, in the transaction of the answer. A ping is claimed by one conditional UPDATE
that moves ``due_at`` ahead to the next attempt. It says nothing but that there is an answer, yes or no; tokens are
fetched by the client. Whoever does not want it (a redirect, 401, 403 and their like) is not called again: the client
can still poll.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson
from sqlalchemy import CursorResult, select, update

from hub.context import Hub
from hub.events.outbox import emit
from hub.models.client import Client
from hub.models.decoupled import DecoupledRequest, Ping
from hub.oauth import approvals
from hub.oauth.ciba import place
from hub.outbound.fetch import Outbound, OutboundError

log = logging.getLogger(__name__)

ENDPOINT = "backchannel_client_notification_endpoint"
PAUSES_S = (2, 10, 30, 90)
"""Seconds after each attempt until the next one; after the last of them, or when the request has expired, no more."""
POLL_S = 0.5
SENDERS = 4
BATCH = 4 * SENDERS
_TRY_AGAIN = frozenset({408, 429})

Post = Callable[[str, Mapping[str, str], Mapping[str, str]], int | None]
"""(url, JSON document, headers) -> the HTTP status of the answer, None where there was none. It follows no redirect and
calls nothing inside our own network.
"""


def by(outbound: Outbound) -> Post:
    """The one that the worker uses."""

    def post(url: str, document: Mapping[str, str], headers: Mapping[str, str]) -> int | None:
        try:
            return outbound.post_json(url, dict(document), headers=headers).status
        except OutboundError:
            return None

    return post


@dataclass(frozen=True, slots=True)
class _Claimed:
    id: str
    psu_id: str | None
    client_id: str
    url: str | None
    told: dict[str, str] = field(repr=False)
    is_last: bool


def run(hub: Hub, post: Post, stopping: threading.Event) -> None:
    """The worker's thread, for both sides: people hear of requests, clients of answers. Until ``stopping`` is set; an
    error is logged and the next round tries again.
    """
    while not stopping.is_set():
        try:
            approvals.tell_due(hub)
            if deliver_due(hub, post) == BATCH:
                continue
        except Exception as error:  # the database may be away for a while
            log.error("backchannel requests stumbled", extra={"error": type(error).__name__})
        stopping.wait(POLL_S)


def deliver_due(hub: Hub, post: Post) -> int:
    """One attempt at up to BATCH pings that are due now; how many there were."""
    with hub.db.read() as session:  # mostly there is nothing, and that takes no lock to find out
        due = select(Ping.id, Ping.attempts).where(Ping.due_at <= hub.clock())
        due_now = session.execute(due.order_by(Ping.attempts, Ping.due_at).limit(BATCH)).all()
    if not due_now:
        return 0
    with ThreadPoolExecutor(SENDERS, thread_name_prefix="ping") as pool:
        list(pool.map(lambda one: _attempt(hub, post, one.id, one.attempts), due_now))
    return len(due_now)


def _attempt(hub: Hub, post: Post, ping_id: str, attempts: int) -> None:
    claimed = _claim(hub, ping_id, attempts, hub.clock())
    if claimed is None:
        return
    status = None
    if claimed.url is not None:
        bearer = {"Authorization": f"Bearer {claimed.told['token']}"}  # CIBA 10.2
        status = post(claimed.url, {"auth_req_id": claimed.told["auth_req_id"]}, bearer)
    taken = status is not None and 200 <= status < 300
    refused = claimed.url is None or (status is not None and status < 500 and status not in _TRY_AGAIN)
    log.info("a client was called", extra={"client_id": claimed.client_id, "ping_id": claimed.id, "status": status})
    if taken or refused or claimed.is_last:
        _settle(hub, claimed, taken=taken, now=hub.clock())


def _claim(hub: Hub, ping_id: str, attempts: int, now: datetime) -> _Claimed | None:
    """Of several workers that saw the same ping one gets it."""
    pause_s = PAUSES_S[min(attempts, len(PAUSES_S) - 1)]
    with hub.db.write() as session:
        request_id = session.scalar(
            update(Ping)
            .where(Ping.id == ping_id, Ping.attempts == attempts, Ping.due_at <= now)
            .values(attempts=attempts + 1, due_at=now + timedelta(seconds=pause_s))
            .returning(Ping.request_id)
            .execution_options(synchronize_session=False)
        )
        if request_id is None:
            return None
        row = session.get_one(DecoupledRequest, request_id)
        client = session.get_one(Client, row.client_id)
    url = client.registration.get(ENDPOINT)
    told = {} if row.ping_sealed is None else orjson.loads(hub.sealer.open(row.ping_sealed, place(row.id)))
    is_there = bool(url and told) and client.deleted_at is None
    return _Claimed(
        id=ping_id,
        psu_id=row.psu_id,
        client_id=client.client_id,
        url=str(url) if is_there else None,
        told=told,
        is_last=attempts >= len(PAUSES_S) or row.expires_at <= now + timedelta(seconds=pause_s),
    )


def _settle(hub: Hub, ping: _Claimed, *, taken: bool, now: datetime) -> None:
    """What the client was called with is not needed any more."""
    how = {"delivered_at": now} if taken else {"given_up_at": now}
    with hub.db.write() as session:
        settled = session.execute(
            update(Ping)
            .where(Ping.id == ping.id, Ping.due_at.is_not(None))
            .values(due_at=None, **how)
            .execution_options(synchronize_session=False)
        )
        if not isinstance(settled, CursorResult) or settled.rowcount != 1:
            return
        request_id = session.get_one(Ping, ping.id).request_id
        session.execute(
            update(DecoupledRequest)
            .where(DecoupledRequest.id == request_id)
            .values(ping_sealed=None)
            .execution_options(synchronize_session=False)
        )
        kind = "ping.delivered" if taken else "ping.given_up"
        emit(session, kind, ping.id, now=now, psu_id=ping.psu_id, body={"client_id": ping.client_id})
