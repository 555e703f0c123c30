"""Tell clients that a session has ended (OpenID Connect Back-Channel Logout 1.0).

The rows come from hub.identity.logout_notices. A notice is claimed by one conditional UPDATE that moves ``due_at``
ahead to the next attempt: of any number of workers one sends it, and one that dies meanwhile has only postponed it. The
token is signed at sending, so it lives two minutes however late it leaves. Clients take turns (hub.oauth.turns).
"""

import logging
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, select, update

from hub.context import Hub
from hub.events.outbox import emit
from hub.identity.logout_notices import BACKCHANNEL_URI
from hub.ids import new_id
from hub.models.client import Client
from hub.models.logout import LogoutNotice
from hub.oauth import id_token, protection, turns
from hub.oauth.errors import OAuth2Error
from hub.oauth.grants.base import subject
from hub.outbound.fetch import Outbound, OutboundError

log = logging.getLogger(__name__)

EVENT = "http://schemas.openid.net/event/backchannel-logout"
TYPE = "logout+jwt"
TOKEN_TTL_S = 120
PAUSES_S = (10, 60, 300, 900, 3600)
"""Seconds after each attempt until the next one; after the last of them the notice is given up: by then the client's
own session has likely ended, and an address that was silent for over an hour is no client's."""
POLL_S = 1.0
_TAKEN = frozenset({200, 201, 202, 204})
"""2.8 says 200; frameworks answer an empty body with 204 by themselves."""

TOO_LATE = timedelta(hours=2)
"""What nobody could be told by then, because our own workers were away, is not told any more: every attempt would have
been over, and an app is not to end a session over yesterday's news."""


class NotReached(Exception):
    """The client's address gave no answer, or is none that this hub calls."""


Post = Callable[[str, Mapping[str, str]], int]
"""Send a form to an address that a client chose; the HTTP status of its answer. Raises NotReached. It follows no
redirect and calls nothing inside our own network: whoever gives one to ``run`` answers for that.
"""


def by(outbound: Outbound) -> Post:
    """The one that the worker uses."""

    def post(url: str, fields: Mapping[str, str]) -> int:
        try:
            return outbound.post_form(url, fields).status
        except OutboundError as error:
            raise NotReached(error.why) from error

    return post


@dataclass(frozen=True, slots=True)
class _Claimed:
    id: str
    client_id: str
    psu_id: str
    sid: str
    is_last: bool
    is_too_late: bool


def run(hub: Hub, post: Post, stopping: threading.Event) -> None:
    """The worker's thread: until ``stopping`` is set; an error is logged and the next round tries again."""
    while not stopping.is_set():
        try:
            deliver_due(hub, post, stopping)
        except Exception as error:  # the database may be away for a while
            log.error("logout notices stumbled", extra={"error": type(error).__name__})
        stopping.wait(POLL_S)


def deliver_due(hub: Hub, post: Post, stopping: threading.Event | None = None) -> int:
    """One attempt at every notice that is due, or that its client's silence has not postponed; how many there were."""
    return turns.take(
        lambda most, apart_from: _next_clients(hub, most, apart_from),
        lambda client_id: _turn(hub, post, client_id),
        stopping or threading.Event(),
    )


def _next_clients(hub: Hub, most: int, apart_from: Collection[str]) -> Sequence[str]:
    now = hub.clock()
    unsettled = LogoutNotice.due_at <= now + timedelta(seconds=PAUSES_S[-1])  # an index finds them by this
    rows = select(LogoutNotice.client_id, LogoutNotice.psu_id, LogoutNotice.attempts, LogoutNotice.due_at)
    query = turns.clients_of(rows.where(unsettled, LogoutNotice.client_id.not_in(apart_from)), now)
    with hub.db.read() as session:
        return session.scalars(query.limit(most)).all()


def _turn(hub: Hub, post: Post, client_id: str) -> int:
    """The notices tried most often first: where nobody answers, it is they that know how long to pause."""
    now = hub.clock()
    due = (
        select(LogoutNotice.id, LogoutNotice.attempts)
        .where(LogoutNotice.client_id == client_id, LogoutNotice.due_at <= now)
        .order_by(LogoutNotice.attempts.desc(), LogoutNotice.due_at)
        .limit(turns.ROWS)
    )
    with hub.db.read() as session:
        rows = [(row.id, row.attempts) for row in session.execute(due)]
    return turns.spend(
        rows,
        lambda notice_id, attempts: _attempt(hub, post, notice_id, attempts),
        lambda attempts: _let_rest(hub, client_id, attempts),
    )


def _let_rest(hub: Hub, client_id: str, attempts: int) -> None:
    """What else is due for a client that did not answer waits as long as what it was called for."""
    now = hub.clock()
    due = select(LogoutNotice.id).where(LogoutNotice.client_id == client_id, LogoutNotice.due_at <= now)
    free = due.with_for_update(skip_locked=True)  # another worker has the others, and may let them rest as well
    with hub.db.write() as session:
        session.execute(
            update(LogoutNotice)
            .where(LogoutNotice.id.in_(free))
            .values(due_at=now + _pause(attempts))
            .execution_options(synchronize_session=False)
        )


def _pause(attempts: int) -> timedelta:
    return timedelta(seconds=PAUSES_S[min(attempts, len(PAUSES_S) - 1)])


def logout_token(hub: Hub, client: Client, *, psu_id: str, sid: str, now: datetime) -> str:
    """Back-Channel Logout 1.0, 2.4: protected like the client's ID tokens, and never with a nonce, so that it cannot
    pass for one. Raises NotSignable, NoEncryptionKey.
    """
    issued_s = int(now.timestamp())
    claims = {
        "iss": hub.settings.base_url,
        "aud": client.client_id,
        "iat": issued_s,
        "exp": issued_s + TOKEN_TTL_S,
        "jti": new_id(),
        "events": {EVENT: {}},
        "sub": subject(hub, client, psu_id),
        "sid": id_token.sid_at(hub, client, sid),
    }
    return protection.of_id_tokens(hub, client).protect(hub, claims, typ=TYPE)


def _attempt(hub: Hub, post: Post, notice_id: str, attempts: int) -> bool:
    """False if the client did not answer."""
    now = hub.clock()
    claimed = _claim(hub, notice_id, attempts, now)
    if claimed is None:
        return True  # another worker's, whose finding it is
    taken = False if claimed.is_too_late else _send(hub, post, claimed, now)
    if taken or claimed.is_last or claimed.is_too_late:
        _settle(hub, claimed, taken=bool(taken), now=hub.clock())
    return taken is not None


def _claim(hub: Hub, notice_id: str, attempts: int, now: datetime) -> _Claimed | None:
    """Of several workers that saw the same notice one gets it. Who dies after its last attempt leaves it due once more:
    then it is sent a time too often, which the client can bear.
    """
    with hub.db.write() as session:
        row = session.execute(
            update(LogoutNotice)
            .where(LogoutNotice.id == notice_id, LogoutNotice.attempts == attempts, LogoutNotice.due_at <= now)
            .values(attempts=attempts + 1, due_at=now + _pause(attempts))
            .returning(
                LogoutNotice.id,
                LogoutNotice.client_id,
                LogoutNotice.psu_id,
                LogoutNotice.sid,
                LogoutNotice.created_at,
            )
            .execution_options(synchronize_session=False)
        ).one_or_none()
    if row is None:
        return None
    return _Claimed(
        id=row.id,
        client_id=row.client_id,
        psu_id=row.psu_id,
        sid=row.sid,
        is_last=attempts >= len(PAUSES_S),
        is_too_late=now - row.created_at >= TOO_LATE,
    )


def _send(hub: Hub, post: Post, notice: _Claimed, now: datetime) -> bool | None:
    """Whether the client took it; None if it gave no answer, or has no key to tell it by."""
    with hub.db.read() as session:
        client = session.get_one(Client, notice.client_id)
    uri = client.registration.get(BACKCHANNEL_URI)
    if client.deleted_at is not None or not uri:
        return True  # nobody is there any more who wanted to hear of it
    try:
        token = logout_token(hub, client, psu_id=notice.psu_id, sid=notice.sid, now=now)
        status, why = post(str(uri), {"logout_token": token}), ""
    except OAuth2Error as error:
        status, why = None, error.error
    except NotReached as error:
        status, why = None, str(error)
    told = {"client_id": client.client_id, "notice_id": notice.id, "status": status, "why": why}
    log.info("a logout was told" if status in _TAKEN else "a logout could not be told", extra=told)
    return None if status is None else status in _TAKEN


def _settle(hub: Hub, notice: _Claimed, *, taken: bool, now: datetime) -> None:
    how = {"delivered_at": now} if taken else {"given_up_at": now}
    with hub.db.write() as session:
        settled = session.execute(
            update(LogoutNotice)
            .where(LogoutNotice.id == notice.id, LogoutNotice.due_at.is_not(None))
            .values(due_at=None, **how)
            .execution_options(synchronize_session=False)
        )
        if isinstance(settled, CursorResult) and settled.rowcount == 1:
            kind = "logout.delivered" if taken else "logout.given_up"
            body = {"client_id": notice.client_id}
            emit(session, kind, notice.id, now=now, psu_id=notice.psu_id, body=body)
