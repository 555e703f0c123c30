"""Exchange a device_code (RFC 8628 3.4, 3.5) or an auth_req_id (CIBA 10.1, 11): the client asks again and again until
the person has answered elsewhere.

The secret is claimed by ONE conditional UPDATE whose WHERE holds every condition: answered with yes, unused, in time,
this client, this key. Only where that finds nothing is the row read, to say why.

For a public client the device_code is all it takes to get the tokens. Whoever comes with a used one has shown that
there are two who know it, so the grant ends, as it does for an authorization code. A confidential client that asks
twice at once has merely asked twice.
"""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from hub.events.outbox import emit
from hub.hashing import secret_hash
from hub.models.decoupled import DecoupledRequest
from hub.models.oauth import Grant
from hub.oauth import issue
from hub.oauth.decoupled import Kind
from hub.oauth.errors import (
    AccessDeniedError,
    AuthorizationPending,
    ExpiredToken,
    InvalidGrantError,
    OAuth2Error,
    SlowDown,
)
from hub.oauth.grants import first_tokens
from hub.oauth.grants.base import Answer, Exchange, Exchanged
from hub.oauth.policy import NONE

AUTH_REQ_ID = "urn:openid:params:jwt:claim:auth_req_id"  # CIBA 7.3, 10.3.1
SLOWER_S = 5  # RFC 8628 3.5: for this and all later requests
SLOWEST_S = 60
EARLY_S = 1
"""So much too early is the network's doing, not the client's."""


def device(ask: Exchange) -> Answer:
    """Raises OAuth2Error."""
    return _exchange(ask, Kind.DEVICE, ask.call.required("device_code"), {})


def backchannel(ask: Exchange) -> Answer:
    """The ID token says which request it answers. Raises OAuth2Error."""
    auth_req_id = ask.call.required("auth_req_id")
    return _exchange(ask, Kind.BACKCHANNEL, auth_req_id, {AUTH_REQ_ID: auth_req_id})


def _exchange(ask: Exchange, kind: Kind, secret: str, extra: Mapping[str, str]) -> Answer:
    """While the client's key for its ID token cannot be had nothing is claimed: the client hears of it once there would
    be tokens, and may ask again.
    """
    mine = _mine(ask, kind, secret)
    of_answer = select(Grant.scope).join(DecoupledRequest, DecoupledRequest.grant_id == Grant.id).where(*mine)
    try:
        protected = first_tokens.ready(ask, of_answer)
    except OAuth2Error as error:
        with ask.hub.db.write() as session:
            refused = _refusal(session, ask, mine, answered=error)
        raise refused from error
    return first_tokens.hand_out(ask, _redeem(ask, kind, mine), protected, extra=extra)


def _mine(ask: Exchange, kind: Kind, secret: str) -> tuple[ColumnElement[bool], ...]:
    return (
        DecoupledRequest.secret_hash == secret_hash(secret),
        DecoupledRequest.client_id == ask.client.client_id,
        DecoupledRequest.kind == kind.value,
        or_(DecoupledRequest.dpop_jkt.is_(None), DecoupledRequest.dpop_jkt == (ask.bound.jkt or "")),
    )


def _redeem(ask: Exchange, kind: Kind, mine: tuple[ColumnElement[bool], ...]) -> Exchanged:
    now = ask.call.now
    # Refusals are decided inside and raised outside: raising would roll back what the refusal has to leave behind.
    with ask.hub.db.write() as session:
        claimed = session.execute(
            update(DecoupledRequest)
            .where(
                *mine,
                DecoupledRequest.redeemed_at.is_(None),
                DecoupledRequest.expires_at > now,
                first_tokens.held(DecoupledRequest.grant_id),
            )
            .values(redeemed_at=now)
            .returning(DecoupledRequest.id, DecoupledRequest.psu_id, DecoupledRequest.grant_id)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        found: Exchanged | OAuth2Error
        if claimed is None:
            found = _refusal(session, ask, mine, answered=AuthorizationPending())
        else:
            body = {"client_id": ask.client.client_id}
            emit(session, f"{kind}.redeemed", claimed.id, now=now, psu_id=claimed.psu_id, body=body)
            found = first_tokens.prepare(session, ask, claimed.grant_id) or _unknown()
    if isinstance(found, OAuth2Error):
        raise found
    return found


def _refusal(
    session: Session, ask: Exchange, mine: tuple[ColumnElement[bool], ...], *, answered: OAuth2Error
) -> OAuth2Error:
    """Why there are no tokens, or none yet. Counts the time between two questions.

    ``answered``: what holds a yes back. After our own attempt to claim it that is only that it came between our two
    statements: then the next question finds it.
    """
    now = ask.call.now
    row = session.scalar(select(DecoupledRequest).where(*mine).with_for_update())
    if row is None:
        return _unknown()
    if row.redeemed_at is not None:
        if row.grant_id is not None and ask.client.token_endpoint_auth_method == NONE:
            issue.revoke_grant(session, row.grant_id, reason="device_code_reused", now=now)
        return _unknown()
    if row.answered_at is not None and row.grant_id is None:
        return AccessDeniedError("The person said no, or could not log in as the request demands.")
    if row.expires_at <= now:
        return ExpiredToken()
    if row.answered_at is not None:
        return answered
    is_early = row.polled_at is not None and now < row.polled_at + timedelta(seconds=row.interval_s - EARLY_S)
    row.polled_at = now
    if is_early:
        row.interval_s = min(row.interval_s + SLOWER_S, SLOWEST_S)
        return SlowDown()
    return AuthorizationPending()


def _unknown() -> InvalidGrantError:
    return InvalidGrantError("It is wrong, was used, has ended, or is not for this client or key.")
