"""A person ended the bank consent at the bank, and the bank says so before we ask: the connection needs the person,
exactly as if a sync had found out.

The bank is believed only in what its own keys signed for us, once, and about its own consents.
"""

import logging
from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import select, update

from hub.connections import sealed
from hub.connections.plan import put_job
from hub.connections.state import FailureKind, Happening, Status, sources_of
from hub.context import Hub
from hub.events.outbox import emit
from hub.models.connection import Connection
from hub.oauth.jose.read import BadJwt, parse
from providers.errors import ProviderError, Transient
from providers.port import RevocationNotice, TellsOfRevocations

log = logging.getLogger(__name__)
MAX_JWT_LENGTH = 8192
CALLING = frozenset({"au_cdr"})
"""The standards whose banks call; one adapter of every bank is made to find out who did."""


class NotBelieved(Exception):
    """Nobody we know said this. ``why`` repeats nothing of what was sent."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class NotUsable(Exception):
    """Whether it is true cannot be found out now."""


class Unknown(Exception):
    """The bank has no such consent here."""


def believe(
    hub: Hub, unverified_bearer: str, unverified_notice: str, *, addresses: Collection[str], now: datetime
) -> None:
    """End the consent that the bank says is over. Raises NotBelieved, NotUsable, Unknown.

    Saying it again in new words changes nothing and is no error; the same words are refused.
    """
    institution_id, bank = _caller(hub, unverified_bearer)
    notice = _read(hub, institution_id, bank, unverified_bearer, unverified_notice, addresses, now)
    if not hub.replay.burn("revocation", institution_id, notice.jti, notice.expires_at, now):
        raise NotBelieved("This bearer was used already.")
    _end(hub, institution_id, notice.bank_consent_id, now=now)


def _caller(hub: Hub, unverified_bearer: str) -> tuple[str, TellsOfRevocations]:
    try:
        issuer = parse(unverified_bearer, max_length=MAX_JWT_LENGTH).claims.get("iss")
    except BadJwt as error:
        raise NotBelieved(error.why) from error
    for institution_id, bank in _callers(hub):
        if bank.calls_itself is not None and bank.calls_itself == issuer:
            return institution_id, bank
    raise NotBelieved("No bank of this hub calls itself that.")


def _callers(hub: Hub) -> Iterator[tuple[str, TellsOfRevocations]]:
    for one in hub.enabled_institutions:
        if one.standard in CALLING and isinstance(bank := hub.adapter(one.id), TellsOfRevocations):
            yield one.id, bank


def _read(
    hub: Hub,
    institution_id: str,
    bank: TellsOfRevocations,
    unverified_bearer: str,
    unverified_notice: str,
    addresses: Collection[str],
    now: datetime,
) -> RevocationNotice:
    if len(unverified_notice) > MAX_JWT_LENGTH:
        raise NotBelieved(f"A JWT here has at most {MAX_JWT_LENGTH} characters.")
    try:
        return bank.revocation(unverified_bearer, unverified_notice, addresses=addresses, now=now)
    except Transient as error:
        raise NotUsable(error.reason) from error
    except ProviderError as error:
        extra = {"institution_id": institution_id, "step": error.step, "reason": error.reason}
        log.warning("a bank's word was not believed", extra=extra)
        raise NotBelieved(error.reason) from error


def _end(hub: Hub, institution_id: str, bank_consent_id: str, *, now: datetime) -> None:
    """A sync that runs at this moment loses its lease, so that its verdict cannot undo this. A consent that a renewal
    has replaced is not that of any connection any more."""
    this = (
        Connection.institution_id == institution_id,
        Connection.bank_consent_id == sealed.beginning(bank_consent_id, 200),
    )
    with hub.db.write() as session:
        moved = session.execute(
            update(Connection)
            .where(*this, Connection.status.in_([one.value for one in sources_of(Happening.ACCESS_ENDED)]))
            .values(
                status=Status.NEEDS_PSU.value,
                failure_kind=FailureKind.CONSENT_ENDED.value,
                failure_detail=None,
                failure_raw_sealed=None,
                last_failure_at=now,
                next_sync_at=None,
                sync_owner=None,
                sync_until=None,
            )
            .returning(Connection.id, Connection.psu_id)
            .execution_options(synchronize_session=False)
        ).all()
        for row in moved:
            body = {"institution_id": institution_id, "status": Status.NEEDS_PSU.value, "by": "bank"}
            body["failure_kind"] = FailureKind.CONSENT_ENDED.value
            put_job(session, row.id, institution_id, None, now=now)
            emit(session, "connection.needs_psu", row.id, now=now, psu_id=row.psu_id, body=body)
        if not moved and session.scalar(select(Connection.id).where(*this).limit(1)) is None:
            raise Unknown
