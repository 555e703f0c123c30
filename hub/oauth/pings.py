"""Call clients whose backchannel request was answered (CIBA Core 1.0 10.2, mode ping).

The rows come from hub.oauth.decoupled, in the transaction of the answer. A ping is claimed by one conditional UPDATE
that moves ``due_at`` ahead to the next attempt. It says nothing but that there is an answer, yes or no; tokens are
fetched by the client. Whoever does not want it (a redirect, 401, 403 and their like) is not called again: the client
can still poll. Clients take turns (hub.oauth.turns).
"""

import logging
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson
from sqlalchemy import CursorResult, select, update

from hub.context import Hub
from hub.events.outbox import emit
from hub.models.client import Client
from hub.models.decoupled import DecoupledRequest, Ping
from hub.oauth import turns
from hub.oauth.ciba import place
from hub.outbound.fetch import Outbound, OutboundError

log = logging.getLogger(__name__)

ENDPOINT = "backchannel_client_notification_endpoint"
PAUSES_S = (2, 10, 30, 90)
"""Seconds after each attempt until the next one; after the last of them, or when the request has expired, no more."""
POLL_S = 0.5
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
    """The worker's thread: until ``stopping`` is set; an error is logged and the next round tries again."""
    while not stopping.is_set():
        try:
            deliver_due(hub, post, stopping)
        except Exception as error:  # the database may be away for a while
            log.error("pings stumbled", extra={"error": type(error).__name__})
        stopping.wait(POLL_S)


def deliver_due(hub: Hub, post: Post, stopping: threading.Event | None = None) -> int:
    """One attempt at every ping that is due, or that its client's silence has not postponed; how many there were."""
    return turns.take(
        lambda most, apart_from: _next_clients(hub, most, apart_from),
        lambda client_id: _turn(hub, post, client_id),
        stopping or threading.Event(),
    )


def _next_clients(hub: Hub, most: int, apart_from: Collection[str]) -> Sequence[str]:
    now = hub.clock()
    unsettled = Ping.due_at <= now + timedelta(seconds=PAUSES_S[-1])  # an index finds them by this
    rows = select(DecoupledRequest.client_id, DecoupledRequest.psu_id, Ping.attempts, Ping.due_at).join_from(
        Ping, DecoupledRequest
    )
    query = turns.clients_of(rows.where(unsettled, DecoupledRequest.client_id.not_in(apart_from)), now)
    with hub.db.read() as session:
        return session.scalars(query.limit(most)).all()


def _turn(hub: Hub, post: Post, client_id: str) -> int:
    """The pings tried most often first: where nobody answers, it is they that know how long to pause."""
    due = (
        select(Ping.id, Ping.attempts)
        .join_from(Ping, DecoupledRequest)
        .where(DecoupledRequest.client_id == client_id, Ping.due_at <= hub.clock())
        .order_by(Ping.attempts.desc(), Ping.due_at)
        .limit(turns.ROWS)
    )
    with hub.db.read() as session:
        rows = [(row.id, row.attempts) for row in session.execute(due)]
    return turns.spend(
        rows,
        lambda ping_id, attempts: _attempt(hub, post, ping_id, attempts),
        lambda attempts: _let_rest(hub, client_id, attempts),
    )


def _let_rest(hub: Hub, client_id: str, attempts: int) -> None:
    """What else is due for a client that did not answer waits as long as what it was called for."""
    now = hub.clock()
    of_client = select(DecoupledRequest.id).where(DecoupledRequest.client_id == client_id)
    due = select(Ping.id).where(Ping.request_id.in_(of_client), Ping.due_at <= now)
    free = due.with_for_update(skip_locked=True)  # another worker has the others, and may let them rest as well
    with hub.db.write() as session:
        session.execute(
            update(Ping)
            .where(Ping.id.in_(free))
            .values(due_at=now + timedelta(seconds=_pause_s(attempts)))
            .execution_options(synchronize_session=False)
        )


def _pause_s(attempts: int) -> int:
    return PAUSES_S[min(attempts, len(PAUSES_S) - 1)]


def _attempt(hub: Hub, post: Post, ping_id: str, attempts: int) -> bool:
    """False if the client did not answer."""
    claimed = _claim(hub, ping_id, attempts, hub.clock())
    if claimed is None:
        return True  # another worker's, whose finding it is
    status = None
    if claimed.url is not None:
        bearer = {"Authorization": f"Bearer {claimed.told['token']}"}  # CIBA 10.2
        status = post(claimed.url, {"auth_req_id": claimed.told["auth_req_id"]}, bearer)
    taken = status is not None and 200 <= status < 300
    refused = claimed.url is None or (status is not None and status < 500 and status not in _TRY_AGAIN)
    log.info("a client was called", extra={"client_id": claimed.client_id, "ping_id": claimed.id, "status": status})
    if taken or refused or claimed.is_last:
        _settle(hub, claimed, taken=taken, now=hub.clock())
    return refused or status is not None


def _claim(hub: Hub, ping_id: str, attempts: int, now: datetime) -> _Claimed | None:
    """Of several workers that saw the same ping one gets it."""
    pause_s = _pause_s(attempts)
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
