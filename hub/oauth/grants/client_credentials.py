"""A token for the client alone (RFC 6749 4.4): no person, no grant, no consent, so it opens no person's data.

No scope goes with it: every scope there is concerns a person.
"""

from authlib.oauth2.rfc6749.errors import InvalidScopeError, UnauthorizedClientError

from hub.oauth import authenticate, tokens
from hub.oauth.grants.base import Answer, TokenGrant


class ClientCredentialsGrant(TokenGrant):
    GRANT_TYPE = "client_credentials"

    def validate_token_request(self) -> None:
        super().validate_token_request()
        if self.request.auth_method == authenticate.NONE:
            raise UnauthorizedClientError("A public client cannot speak for itself.")
        if self.request.form.get("scope") is not None:
            raise InvalidScopeError("No scope can be had without a person.")

    def create_token_response(self) -> Answer:
        client_id = self.authenticated.client_id
        minted = tokens.mint_access_token(self.hub, client_id=client_id, sub=client_id, scope="", now=self.hub.clock())
        return self.answer(minted, scope="")
