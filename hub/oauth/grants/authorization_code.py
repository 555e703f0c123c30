"""Exchange an authorization code (RFC 6749 4.1.3, RFC 7636 4.5).

The code is claimed first, by ONE conditional UPDATE whose WHERE holds every condition: unused, in time, this client,
this redirect URI, this verifier. So of any number of simultaneous exchanges one wins, and a wrong attempt uses nothing
up.

Who comes with a used code *and* every proof right has shown that the code was redeemed twice by somebody who holds all
of the client's secrets; one of the two is a thief, so the grant ends (RFC 6749 4.1.2, RFC 9700 4.5). That is so for a
client that merely sends its request twice, too: the two cannot be told apart. Who comes with a used code and a wrong
proof changes nothing: else anybody who finds an old code in a log could end people's grants.
"""

import base64
import hashlib
import re
from datetime import datetime

from authlib.oauth2.rfc6749.errors import InvalidGrantError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.hashing import secret_hash
from hub.models.oauth import AuthorizationCode, Grant
from hub.oauth import id_token, issue, scopes
from hub.oauth.grants.base import Answer, Exchanged, TokenGrant, usable_consent

_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")


class AuthorizationCodeGrant(TokenGrant):
    GRANT_TYPE = "authorization_code"

    def create_token_response(self) -> Answer:
        now = self.hub.clock()
        conditions = (
            AuthorizationCode.code_hash == secret_hash(self.request.required("code")),
            AuthorizationCode.client_id == self.authenticated.client_id,
            AuthorizationCode.redirect_uri == self.request.required("redirect_uri"),
            AuthorizationCode.code_challenge == _challenge(self.request.required("code_verifier")),
        )
        # Refusals are decided inside and raised outside: raising would roll back what the refusal has to leave behind.
        with self.hub.db.write() as session:
            claimed = session.execute(
                update(AuthorizationCode)
                .where(*conditions, AuthorizationCode.used_at.is_(None), AuthorizationCode.expires_at > now)
                .values(used_at=now)
                .returning(AuthorizationCode.grant_id, AuthorizationCode.scope, AuthorizationCode.nonce)
                .execution_options(synchronize_session=False)
            ).one_or_none()
            if claimed is not None:
                found = self._exchange(session, claimed.grant_id, claimed.scope, claimed.nonce, now)
            else:
                found = None
                used = select(AuthorizationCode.grant_id).where(*conditions, AuthorizationCode.used_at.is_not(None))
                if (grant_id := session.scalar(used)) is not None:
                    issue.revoke_grant(session, grant_id, reason="code_reused", now=now)
        if found is None:
            raise InvalidGrantError("The code is wrong, was used, has expired, or is not this client's.")
        return self._answer(found, now)

    def _exchange(
        self, session: Session, grant_id: str, scope: str, nonce: str | None, now: datetime
    ) -> Exchanged | None:
        grant = session.get_one(Grant, grant_id)
        consent = usable_consent(session, grant, now)
        if consent is None:
            return None
        refresh_token = None
        if scopes.OFFLINE_ACCESS in scopes.parse(scope) and "refresh_token" in self.authenticated.grant_types:
            refresh_token = issue.refresh_token(
                session, self.hub.settings, grant, scope=scope, valid_until=consent.valid_until, now=now
            )
        return Exchanged(grant, consent, scope, refresh_token, nonce)

    def _answer(self, found: Exchanged, now: datetime) -> Answer:
        minted, sub = self.tokens_for(found, now)
        signed_in = None
        if scopes.OPENID in scopes.parse(found.scope):
            signed_in = id_token.mint(
                self.hub,
                self.authenticated,
                found.grant,
                sub=sub,
                nonce=found.nonce,
                access_token=minted.value,
                now=now,
            )
        return self.answer(minted, scope=found.scope, refresh_token=found.refresh_token, id_token=signed_in)


def _challenge(verifier: str) -> str:
    """RFC 7636 4.6 for S256. Raises InvalidGrantError for what cannot be a verifier (4.1)."""
    if not _VERIFIER.fullmatch(verifier):
        raise InvalidGrantError("The code_verifier is not one.")
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode()
