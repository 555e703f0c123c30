"""An attempt to link a bank: claimed by whoever comes back with its state, once for each step.

Claiming is ONE conditional UPDATE before the bank is called: of any number of simultaneous or replayed returns one
gets through, and only in the browser session and for the person that began it. A return in any other browser (RFC 6749
10.12; RFC 9700 4.7) burns the attempt and ends the bank consent behind it.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from hub.connections import sealed
from hub.connections.circuit import Family
from hub.connections.sealed import Kept
from hub.connections.state import FailureKind, Status
from hub.context import Hub
from hub.hashing import secret_hash
from hub.models.connection import Connection, LinkAttempt
from providers.errors import ProviderError, ReconsentRequired, Refused, Transient
from providers.port import Access

log = logging.getLogger(__name__)

STALE = "This return from a bank does not belong to a link you began here just now. Nothing was changed; begin again."
FOREIGN = (
    "This return from a bank belongs to a link that was begun in another browser or before you logged in again. "
    "We linked nothing and told the bank to forget it. If you agreed to something there just now, check at the bank."
)
ALREADY_USED = "This return from the bank was used already. If the bank is not linked, begin again."


@dataclass(frozen=True, slots=True)
class Linked:
    connection_id: str
    return_to: str | None


@dataclass(frozen=True, slots=True)
class LinkFailed:
    """``why`` is plain words for the person. ``connection_id`` lets them try again (``start(renew=...)``); it is None
    where nothing of theirs was found. ``kind`` is None where the bank was not asked.
    """

    connection_id: str | None
    why: str
    return_to: str | None = None
    kind: FailureKind | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """An attempt that nobody else can go on with."""

    psu_id: str
    session_hash: str
    connection_id: str
    institution_id: str
    kept: Kept
    return_to: str | None
    is_renewal: bool


def claim(
    hub: Hub, state_hash: str, *, psu_id: str | None, session_hash: str | None, now: datetime
) -> Claimed | LinkFailed:
    """Claim the attempt whoever returns with its state; only in the browser that began it does it go on.

    A return elsewhere burns the attempt: at a bank that gives no code the state is all there is, so a state that was
    seen by a second person must be worth nothing to the first. What was agreed to at the bank is ended there.
    """
    with hub.db.write() as session:
        attempt = session.execute(
            update(LinkAttempt)
            .where(LinkAttempt.state_hash == state_hash, LinkAttempt.used_at.is_(None), LinkAttempt.expires_at > now)
            .values(used_at=now)
            .returning(
                LinkAttempt.connection_id,
                LinkAttempt.psu_id,
                LinkAttempt.session_hash,
                LinkAttempt.link_state_sealed,
                LinkAttempt.return_to,
            )
            .execution_options(synchronize_session=False)
        ).one_or_none()
        if attempt is not None:
            query = select(Connection.institution_id, Connection.status).where(Connection.id == attempt.connection_id)
            connection = session.execute(query).one()
    if attempt is None:
        return _why_not_claimed(hub, state_hash, psu_id=psu_id, session_hash=session_hash)
    kept = sealed.open_kept(hub.sealer, state_hash, attempt.link_state_sealed)
    if kept is None:  # begun under an older release, of which nothing else is left in a few minutes
        return LinkFailed(None, STALE)
    if (attempt.psu_id, attempt.session_hash) != (psu_id, session_hash):
        log.warning("a return from a bank came to another browser", extra={"connection_id": attempt.connection_id})
        given_up = Access(kept.state.bank_consent_id, None, None, kept.state.data)
        end_bank_consent(hub, connection.institution_id, given_up)
        return LinkFailed(None, FOREIGN)
    return Claimed(
        psu_id=attempt.psu_id,
        session_hash=attempt.session_hash,
        connection_id=attempt.connection_id,
        institution_id=connection.institution_id,
        kept=kept,
        return_to=attempt.return_to,
        is_renewal=connection.status != Status.LINKING,
    )


def _why_not_claimed(hub: Hub, state_hash: str, *, psu_id: str | None, session_hash: str | None) -> LinkFailed:
    """Only the browser that began the link learns more than that this return is worth nothing."""
    own = (
        LinkAttempt.state_hash == state_hash,
        LinkAttempt.psu_id == psu_id,
        LinkAttempt.session_hash == session_hash,
    )
    with hub.db.read() as session:
        used = session.execute(select(LinkAttempt.connection_id, LinkAttempt.used_at).where(*own)).one_or_none()
    if used is None:
        return LinkFailed(None, STALE)
    return LinkFailed(used.connection_id, STALE if used.used_at is None else ALREADY_USED)


def keep_open(hub: Hub, claimed: Claimed, kept: Kept, *, now: datetime) -> None:
    """The claimed attempt goes on with its next step, for as long as a new one would."""
    state_hash = secret_hash(kept.state.state)
    with hub.db.write() as session:
        session.execute(
            update(LinkAttempt)
            .where(LinkAttempt.state_hash == state_hash, LinkAttempt.connection_id == claimed.connection_id)
            .values(
                used_at=None,
                expires_at=now + timedelta(seconds=hub.settings.link_attempt_ttl_s),
                link_state_sealed=sealed.seal_kept(hub.sealer, state_hash, kept),
            )
            .execution_options(synchronize_session=False)
        )


def hand_on(hub: Hub, claimed: Claimed, kept: Kept, *, now: datetime) -> None:
    """A return from the bank led to one more step: it is known by a state of its own, in the same browser. What the
    return came with stays used."""
    state_hash = secret_hash(kept.state.state)
    with hub.db.write() as session:
        session.add(
            LinkAttempt(
                state_hash=state_hash,
                connection_id=claimed.connection_id,
                psu_id=claimed.psu_id,
                session_hash=claimed.session_hash,
                link_state_sealed=sealed.seal_kept(hub.sealer, state_hash, kept),
                return_to=claimed.return_to,
                created_at=now,
                expires_at=now + timedelta(seconds=hub.settings.link_attempt_ttl_s),
                used_at=None,
            )
        )


def failure_kind_of(error: ProviderError) -> FailureKind:
    """What an adapter's error is called in a connection's row."""
    match error:
        case Transient():
            return FailureKind.BANK_UNAVAILABLE
        case ReconsentRequired():
            return FailureKind.CONSENT_ENDED
        case Refused(code="access_denied"):
            return FailureKind.ACCESS_DENIED
        case Refused():
            return FailureKind.REFUSED
        case _:
            return FailureKind.CONTRACT_BROKEN


def end_bank_consent(hub: Hub, institution_id: str, access: Access) -> None:
    """Best effort, once: for access that was superseded, which the bank drops by itself in time."""
    try:
        with hub.circuits.asking(institution_id, Family.READ):
            hub.adapter(institution_id).revoke(access)
    except ProviderError as error:
        extra = {"institution_id": institution_id, "failure_kind": failure_kind_of(error)}
        log.warning("a superseded bank consent could not be ended", extra=extra)
