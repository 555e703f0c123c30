# mypy: disallow-subclassing-any=False
# Authlib ships no types.
"""Token revocation (RFC 7009). An access token goes on the short deny list; a refresh token ends its grant, and with it
every token of it. What the person allowed (the consent) stays: that is theirs to end.
"""

from datetime import UTC, datetime
from typing import ClassVar

from authlib.oauth2.rfc7009 import RevocationEndpoint
from sqlalchemy.exc import IntegrityError

from hub.models.client import Client
from hub.models.oauth import DeniedToken
from hub.oauth import authenticate, issue
from hub.oauth.presented import PresentedAccess, PresentedRefresh, recognise
from hub.oauth.request import Request


class Revocation(RevocationEndpoint):
    CLIENT_AUTH_METHODS: ClassVar[list[str]] = list(authenticate.METHODS)

    def check_params(self, request: Request, client: Client) -> None:
        """A hint that we do not know is no error: RFC 7009 2.1 lets us ignore hints, and we do."""
        request.required("token")

    def query_token(self, token_string: str, token_type_hint: str | None) -> PresentedAccess | PresentedRefresh | None:
        return recognise(self.server.hub, token_string, self.server.hub.clock())

    def revoke_token(self, token: PresentedAccess | PresentedRefresh, request: Request) -> None:
        hub = self.server.hub
        if isinstance(token, PresentedRefresh):
            with hub.db.write() as session:
                issue.revoke_grant(session, token.grant_id, reason="client", now=hub.clock())
            return
        expires_at = datetime.fromtimestamp(token.claims.expires_at_s, UTC)
        try:
            with hub.db.write() as session:
                session.add(DeniedToken(jti=token.claims.jti, expires_at=expires_at))
        except IntegrityError:
            return  # it is denied already, which is what was asked for
