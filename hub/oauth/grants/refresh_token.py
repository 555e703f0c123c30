"""Refresh an access token (RFC 6749 6).

A confidential client proves itself at every refresh, so its token stays the same (FAPI 2.0 5.3.2.1 (9): rotation only
loses tokens); its end moves ahead while it is used. So it is for a public client whose token is bound to its DPoP key.

Any other public client's token is exchanged for the next one (RFC 9700 4.14.2). Networks lose answers, so the old
token may be tried again until its successor is used, for RETRY_S and RETRIES times at most; each try gets a successor
of its own, and the first one used ends the others. Whoever comes with a token that is past this has one that was
copied: then the grant ends, and with it the whole family. All of it happens under the grant's row lock, so no two
requests of one family overlap.
"""

from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from consent.model import Consent
from hub.context import Hub
from hub.hashing import secret_hash
from hub.models.oauth import Grant, RefreshToken
from hub.oauth import issue, scopes
from hub.oauth.errors import InvalidGrantError, InvalidScopeError
from hub.oauth.grants.base import (
    Answer,
    Exchange,
    Exchanged,
    answer,
    audience_of,
    granted,
    named,
    tokens_for,
    usable_consent,
)
from hub.oauth.policy import NONE

RETRY_S = 60
RETRIES = 5
_TICK = timedelta(microseconds=1)


def exchange(ask: Exchange) -> Answer:
    """Raises InvalidGrantError, InvalidScopeError, MissingParameter, InvalidTarget."""
    token_hash = secret_hash(ask.call.required("refresh_token"))
    # Refusals are decided inside and raised outside: raising would roll back a revocation.
    with ask.hub.db.write() as session:
        found = _exchange(session, ask, token_hash, ask.call.form.get("scope"))
    if isinstance(found, Exchanged):
        minted, _sub = tokens_for(ask, found)
        return answer(ask, minted, scope=found.scope, refresh_token=found.refresh_token, **granted(ask, found))
    raise found


def _exchange(
    session: Session, ask: Exchange, token_hash: str, wanted: str | None
) -> Exchanged | InvalidGrantError | InvalidScopeError:
    now = ask.call.now
    refused = InvalidGrantError("The refresh token is wrong, has ended, or is not this client's.")
    grant_id = session.scalar(
        select(RefreshToken.grant_id).where(
            RefreshToken.token_hash == token_hash, RefreshToken.client_id == ask.client.client_id
        )
    )
    if grant_id is None:
        return refused
    grant = session.scalars(select(Grant).where(Grant.id == grant_id).with_for_update()).one()
    row = session.get_one(RefreshToken, token_hash)  # after the lock: only now is what it says the latest
    consent = usable_consent(session, grant, now)
    if consent is None or row.expires_at <= now or row.jkt not in {None, ask.bound.jkt, ask.bound.x5t}:
        return refused
    if not _is_current(row):
        again = _judge(session, row, now)
        if again is _Again.REUSE:
            issue.revoke_grant(session, grant.id, reason="refresh_token_reused", now=now)
        if again is not _Again.RETRY:
            return refused
    # Only the wish is judged here; a scope the client lost since is taken out of the token at its use.
    scope = row.scope if wanted is None else wanted
    if not scopes.parse(scope) <= scopes.parse(row.scope):
        return InvalidScopeError("A refresh gives no more scope than was granted.")
    narrowed, audience = scopes.text_of(scopes.parse(scope)), audience_of(ask, grant)
    if ask.client.token_endpoint_auth_method == NONE and row.jkt is None:
        rotated = _rotate(session, ask.hub, grant, row, consent, now)
        return Exchanged(grant, None, consent, narrowed, audience, rotated)
    _keep_alive(ask.hub, row, consent, now)
    return Exchanged(grant, named(session, ask, consent), consent, narrowed, audience)


def _is_current(row: RefreshToken) -> bool:
    return row.rotated_at is None and row.revoked_at is None


class _Again(Enum):
    """What it means that an exchanged token comes once more."""

    RETRY = 1  # the answer may have been lost on the way
    ENOUGH = 2  # the same, but it was answered often enough; nobody has used any of the answers
    REUSE = 3  # a copy is about


def _judge(session: Session, row: RefreshToken, now: datetime) -> _Again:
    if row.rotated_at is None or row.revoked_at is not None or now - row.rotated_at > timedelta(seconds=RETRY_S):
        return _Again.REUSE
    # Times within a family rise strictly (see _rotate), so this finds the successors and nobody else.
    made, used = session.execute(
        select(func.count(), func.count(RefreshToken.rotated_at)).where(
            RefreshToken.grant_id == row.grant_id, RefreshToken.created_at >= row.rotated_at
        )
    ).one()
    if used:
        return _Again.REUSE
    return _Again.RETRY if made <= RETRIES else _Again.ENOUGH


def _rotate(session: Session, hub: Hub, grant: Grant, row: RefreshToken, consent: Consent, now: datetime) -> str:
    if row.rotated_at is None:
        # First use: whatever else its predecessor's retries brought forth is over.
        session.execute(
            update(RefreshToken)
            .where(
                RefreshToken.grant_id == grant.id,
                RefreshToken.token_hash != row.token_hash,
                RefreshToken.rotated_at.is_(None),
                RefreshToken.revoked_at.is_(None),
            )
            .values(revoked_at=now)
            .execution_options(synchronize_session=False)
        )
        row.rotated_at = max(now, row.created_at + _TICK)
    return issue.refresh_token(
        session,
        hub.settings,
        grant,
        scope=row.scope,
        jkt=None,
        valid_until=consent.valid_until,
        now=max(now, row.rotated_at),
    )


def _keep_alive(hub: Hub, row: RefreshToken, consent: Consent, now: datetime) -> None:
    """Move the end ahead, but not with every refresh: a write each time would buy nothing."""
    end = issue.refresh_end(hub.settings, valid_until=consent.valid_until, now=now)
    if row.expires_at - now < timedelta(seconds=hub.settings.refresh_token_ttl_s) / 2 and row.expires_at < end:
        row.expires_at = end
