"""Exchange an authorization code (RFC 6749 4.1.3, RFC 7636 4.5).

The code is claimed first, by ONE conditional UPDATE whose WHERE holds every condition: unused, in time, this client,
this redirect URI, this verifier, this DPoP key; and not taken back since (hub.identity.unfetched). So of any number of
simultaneous exchanges one wins, and a wrong attempt uses nothing up.

Who comes with a used code *and* every proof right has shown that the code was redeemed twice by somebody who holds all
of the client's secrets; one of the two is a thief, so the grant ends (RFC 6749 4.1.2, RFC 9700 4.5). That is so for a
client that merely sends its request twice, too: the two cannot be told apart. Who comes with a used code and a wrong
proof changes nothing: else anybody who finds an old code in a log could end people's grants.
"""

import base64
import hashlib
import re

from sqlalchemy import ColumnElement, or_, select, update

from hub.hashing import secret_hash
from hub.models.oauth import AuthorizationCode, Grant
from hub.oauth import issue
from hub.oauth.binding import Binding
from hub.oauth.errors import InvalidGrantError, InvalidRequestError
from hub.oauth.grants import first_tokens
from hub.oauth.grants.base import Answer, Exchange

_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")


def exchange(ask: Exchange) -> Answer:
    """Raises InvalidGrantError, MissingParameter; NoEncryptionKey while the client's key cannot be had: the code stays
    as it is.
    """
    now = ask.call.now
    conditions = (
        AuthorizationCode.code_hash == secret_hash(ask.call.required("code")),
        AuthorizationCode.client_id == ask.client.client_id,
        AuthorizationCode.redirect_uri == ask.call.required("redirect_uri"),
        _challenge_met(ask),
        _key_met(ask.bound),
    )
    of_code = select(Grant.scope).join(AuthorizationCode, AuthorizationCode.grant_id == Grant.id).where(*conditions)
    protected = first_tokens.ready(ask, of_code)
    # Refusals are decided inside and raised outside: raising would roll back what the refusal has to leave behind.
    with ask.hub.db.write() as session:
        claimed = session.execute(
            update(AuthorizationCode)
            .where(
                *conditions,
                AuthorizationCode.used_at.is_(None),
                AuthorizationCode.expires_at > now,
                first_tokens.held(AuthorizationCode.grant_id),
            )
            .values(used_at=now)
            .returning(AuthorizationCode.grant_id, AuthorizationCode.nonce)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        if claimed is not None:
            found = first_tokens.prepare(session, ask, claimed.grant_id, nonce=claimed.nonce)
        else:
            found = None
            used = select(AuthorizationCode.grant_id).where(*conditions, AuthorizationCode.used_at.is_not(None))
            if (grant_id := session.scalar(used)) is not None:
                issue.revoke_grant(session, grant_id, reason="code_reused", now=now)
    if found is None:
        raise InvalidGrantError("The code is wrong, was used, has expired, or is not for this client, key or verifier.")
    return first_tokens.hand_out(ask, found, protected)


def _challenge_met(ask: Exchange) -> ColumnElement[bool]:
    """RFC 7636 4.6. A verifier for a code that was asked for without a challenge is refused as well: somebody took
    the challenge out of the request (RFC 9700 4.8.2).

    Raises InvalidGrantError for what cannot be a verifier, InvalidRequestError where the profile demands one.
    """
    verifier = ask.call.form.get("code_verifier")
    if verifier is None:
        if ask.policy.challenge_always:
            raise InvalidRequestError("The parameter code_verifier is missing (PKCE, RFC 7636).")
        return AuthorizationCode.code_challenge.is_(None)
    if not _VERIFIER.fullmatch(verifier):
        raise InvalidGrantError("The code_verifier is not one.")
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return AuthorizationCode.code_challenge == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _key_met(bound: Binding) -> ColumnElement[bool]:
    """RFC 9449 10: a code that was asked for with a key is redeemed with that key."""
    if bound.jkt is None:
        return AuthorizationCode.dpop_jkt.is_(None)
    return or_(AuthorizationCode.dpop_jkt.is_(None), AuthorizationCode.dpop_jkt == bound.jkt)
