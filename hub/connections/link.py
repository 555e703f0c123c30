"""Linking a person to a bank and renewing the link: out to the bank, and back through the callback.

- The bank is called outside any transaction. ``start`` writes after the bank answered, so a failed start leaves
  nothing behind but (at worst) a bank consent that nobody authorised.
- ``callback`` claims the attempt before it calls the bank (hub.connections.attempts). A bank that asks on a page of
  ours instead of its own is hub.connections.steps' job.
- Some banks want the PSU twice: each return but the last leads to a step under a new state, bound to the same browser.
- A crash between claim and answer leaves the connection as it was before, LINKING or whatever a renewal began from;
  beginning again with ``renew`` repairs it.

Several connections of one person to one institution are allowed, because one person may hold several logins there.
Accounts belong to (psu, institution, identity): when a newer connection shows an account that an older one showed,
the account keeps its id and is fed by the newer one.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.connections import sealed
from hub.connections.attempts import Claimed, Linked, LinkFailed, claim, end_bank_consent, failure_kind_of, hand_on
from hub.connections.capture import capturing
from hub.connections.circuit import Family
from hub.connections.plan import THEIR_TURN, put_job
from hub.connections.return_path import local_path
from hub.connections.state import Happening, Status, sources_of
from hub.connections.wording import why_link_failed
from hub.context import Hub
from hub.errors import BadInput, Conflict, NotFound
from hub.events.outbox import emit
from hub.hashing import secret_hash
from hub.ids import new_id, new_secret
from hub.models.connection import Connection, LinkAttempt
from providers.errors import ContractBroken, ProviderError
from providers.oauth.callback import unverified_state
from providers.port import Access, Ask, LinkRequest, LinkStart, Psu

__all__ = ["CALLBACK_PATH", "GONE", "STEP_PATH", "LinkFailed", "Linked", "callback", "start"]

log = logging.getLogger(__name__)
CALLBACK_PATH = "/connections/callback"
"""Registered at the banks; every bank sends the PSU back here."""
STEP_PATH = "/connect/step"
"""Our own page for a bank that asks there; the attempt's state follows."""

_MOST_STEPS = 40
_SHORTEST_STATE = 32

GONE = "This link was disconnected while you were at the bank."


def start(
    hub: Hub,
    *,
    psu_id: str,
    session_hash: str,
    institution_id: str,
    return_to: str | None,
    psu: Psu,
    now: datetime,
    renew: str | None = None,
) -> str | LinkFailed:
    """The address at the bank to send the browser to, or why that cannot be done now.

    ``renew`` is the connection to give access again, or one whose linking was not finished. Raises NotFound (no
    bank that can be linked here, or not this person's connection), BadInput (``return_to`` leaves this site, ``renew``
    is another bank's), Conflict (``renew`` was disconnected).
    """
    institution = hub.linkable(institution_id)
    return_to = local_path(return_to)
    if renew is not None:
        _check_renewable(hub, renew, psu_id=psu_id, institution_id=institution_id)
    adapter = hub.adapter(institution_id)
    state = new_secret()
    history_days = min(hub.settings.history_days, adapter.capabilities.max_history_days)
    request = LinkRequest(
        redirect_uri=hub.settings.base_url + CALLBACK_PATH,
        state=state,
        nonce=new_secret(),
        now=now,
        valid_until=(now + timedelta(days=hub.settings.bank_consent_days)).date(),
        history_from=(now - timedelta(days=history_days)).date(),
        psu=psu,
    )
    try:
        with hub.circuits.asking(institution_id, Family.LINK):
            started = adapter.start(request)
        address = address_of(hub, started)
    except ProviderError as error:
        kind = failure_kind_of(error)
        log.warning("a link could not be begun", extra={"institution_id": institution_id, "failure_kind": kind})
        why = why_link_failed(kind, bank=institution.name, is_renewal=renew is not None)
        return LinkFailed(renew, why, return_to, kind)
    state_hash, kept = secret_hash(state), sealed.keep(started)
    with hub.db.write() as session:
        connection_id = renew or _new_connection(session, psu_id=psu_id, institution_id=institution_id, now=now)
        session.add(
            LinkAttempt(
                state_hash=state_hash,
                connection_id=connection_id,
                psu_id=psu_id,
                session_hash=session_hash,
                link_state_sealed=sealed.seal_kept(hub.sealer, state_hash, kept),
                return_to=return_to,
                created_at=now,
                expires_at=now + timedelta(seconds=hub.settings.link_attempt_ttl_s),
                used_at=None,
            )
        )
    return address


def callback(
    hub: Hub, *, params: Mapping[str, str], session_hash: str | None, psu_id: str | None, psu: Psu, now: datetime
) -> str | Linked | LinkFailed:
    """Somebody is back from the bank with ``params``; None where nobody is signed in. Returns the finished link, why it
    came to nothing, or where the browser goes next. Never raises for anything that the bank or a browser does.
    """
    state_hash = secret_hash(unverified_state(params))
    claimed = claim(hub, state_hash, psu_id=psu_id, session_hash=session_hash, now=now)
    if isinstance(claimed, LinkFailed):
        return claimed
    adapter = hub.adapter(claimed.institution_id)
    try:
        circuit = hub.circuits.asking(claimed.institution_id, Family.LINK, whatever=True)
        with capturing(hub, claimed.connection_id), circuit:
            gone_on = adapter.finish(claimed.kept.state, params, now=now, psu=psu)
        address = _address_of_new(hub, gone_on, claimed.kept) if isinstance(gone_on, LinkStart) else ""
    except ProviderError as error:
        return failed(hub, claimed, error, now=now)
    if isinstance(gone_on, LinkStart):
        hand_on(hub, claimed, sealed.keep(gone_on, claimed.kept.number + 1), now=now)
        return address
    return finished(hub, claimed, gone_on, now=now)


def address_of(hub: Hub, started: LinkStart) -> str:
    """Where the browser goes next: to the bank, or to our own page that asks. Raises ContractBroken for no address."""
    if isinstance(started.step, Ask):
        return f"{STEP_PATH}/{started.state.state}"
    _check_bank_url(started.step.url, secure=not hub.settings.local)
    return started.step.url


def _address_of_new(hub: Hub, started: LinkStart, before: sealed.Kept) -> str:
    """As ``address_of``. Raises ContractBroken for an adapter that goes on for ever, or under a state that somebody
    may know."""
    if before.number >= _MOST_STEPS:
        raise ContractBroken("the link has no end", step="finish")
    if started.state.state == before.state.state or len(started.state.state) < _SHORTEST_STATE:
        raise ContractBroken("the adapter goes on under a state that is not new", step="finish")
    return address_of(hub, started)


def finished(hub: Hub, claimed: Claimed, access: Access, *, now: datetime) -> Linked | LinkFailed:
    """The bank gave access: keep it, and end what it replaces."""
    with hub.db.write() as session:
        before = _store(session, hub, claimed, access, now=now)
    if before is None:
        end_bank_consent(hub, claimed.institution_id, access)  # disconnected meanwhile: we must not keep this
        return LinkFailed(None, GONE, claimed.return_to)
    if before.access_sealed is not None and before.bank_consent_id != _short(access.bank_consent_id):
        old = sealed.open_access(hub.sealer, claimed.connection_id, before.access_sealed)
        end_bank_consent(hub, claimed.institution_id, old)
    return Linked(claimed.connection_id, claimed.return_to)


def _check_renewable(hub: Hub, connection_id: str, *, psu_id: str, institution_id: str) -> None:
    query = select(Connection.institution_id, Connection.status)
    with hub.db.read() as session:
        found = session.execute(query.where(Connection.id == connection_id, Connection.psu_id == psu_id)).one_or_none()
    if found is None:
        raise NotFound("No such connection.")
    if found.institution_id != institution_id:
        raise BadInput("This connection is to another bank.", parameter="renew")
    if Status(found.status) not in sources_of(Happening.LINKED):
        raise Conflict("This connection was disconnected; link the bank anew.")


def _check_bank_url(url: str, *, secure: bool) -> None:
    """The browser is sent there: never to a script or to plain http from a public hub."""
    if not url.isascii() or not url.isprintable():
        raise ContractBroken("the bank's address for the PSU cannot stand in a header", step="start")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ContractBroken("the bank's address for the PSU is not a URL", step="start") from None
    if parts.scheme not in ({"https"} if secure else {"https", "http"}) or not parts.netloc:
        raise ContractBroken("the bank's address for the PSU is not a web address", step="start")


def _new_connection(session: Session, *, psu_id: str, institution_id: str, now: datetime) -> str:
    connection_id = new_id()
    session.add(
        Connection(
            id=connection_id,
            psu_id=psu_id,
            institution_id=institution_id,
            status=Status.LINKING.value,
            failures=0,
            change_seq=0,
            created_at=now,
        )
    )
    emit(session, "connection.begun", connection_id, now=now, psu_id=psu_id, body={"institution_id": institution_id})
    session.flush()  # the attempt's foreign key needs the row
    return connection_id


def failed(hub: Hub, claimed: Claimed, error: ProviderError, *, now: datetime) -> LinkFailed:
    """A first link shows why it failed; a renewal that failed leaves the connection as good as it was."""
    kind = failure_kind_of(error)
    values: dict[str, object] = {"last_failure_at": now, "failure_kind": kind.value}
    values["failure_detail"] = sealed.beginning(error.reason)
    if isinstance(error, ContractBroken) and error.raw:
        values["failure_raw_sealed"] = sealed.seal_failure_raw(hub.sealer, claimed.connection_id, error.raw)
    with hub.db.write() as session:
        session.execute(
            update(Connection)
            .where(Connection.id == claimed.connection_id, Connection.status == Status.LINKING.value)
            .values(values)
            .execution_options(synchronize_session=False)
        )
        body = {"institution_id": claimed.institution_id, "reason": kind.value}
        emit(session, "connection.link_failed", claimed.connection_id, now=now, psu_id=claimed.psu_id, body=body)
    why = why_link_failed(kind, bank=hub.institution(claimed.institution_id).name, is_renewal=claimed.is_renewal)
    return LinkFailed(claimed.connection_id, why, claimed.return_to, kind)


def _short(bank_consent_id: str) -> str:
    """As much of the bank's id as the column holds; the whole is inside the sealed access."""
    return sealed.beginning(bank_consent_id, 200)


@dataclass(frozen=True, slots=True)
class _Before:
    access_sealed: bytes | None
    bank_consent_id: str | None


def _store(session: Session, hub: Hub, claimed: Claimed, access: Access, *, now: datetime) -> _Before | None:
    """Make the connection READY with ``access``; None if it may not be any more. Ends the lease of any sync that still
    runs on the old access, so that its late verdict ("the bank wants the PSU") cannot land on the new one.
    """
    before = session.execute(
        select(Connection.status, Connection.access_sealed, Connection.bank_consent_id)
        .where(Connection.id == claimed.connection_id)
        .with_for_update()
    ).one()
    if Status(before.status) not in sources_of(Happening.LINKED):
        return None
    session.execute(
        update(Connection)
        .where(Connection.id == claimed.connection_id)
        .values(
            status=Status.READY.value,
            access_sealed=sealed.seal_access(hub.sealer, claimed.connection_id, access),
            bank_consent_id=_short(access.bank_consent_id),
            bank_consent_until=access.valid_until,
            sca_at=now,
            next_sync_at=now,
            sync_owner=None,
            sync_until=None,
            failure_kind=None,
            failure_detail=None,
            failure_raw_sealed=None,
            failures=0,
        )
        .execution_options(synchronize_session=False)
    )
    put_job(session, claimed.connection_id, claimed.institution_id, now + THEIR_TURN, now=now)
    body = {
        "institution_id": claimed.institution_id,
        "is_renewal": claimed.is_renewal,
        "access_until": access.valid_until.isoformat() if access.valid_until else None,
    }
    emit(session, "connection.linked", claimed.connection_id, now=now, psu_id=claimed.psu_id, body=body)
    return _Before(before.access_sealed, before.bank_consent_id)
