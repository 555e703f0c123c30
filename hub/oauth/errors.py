# mypy: disallow-subclassing-any=False
# Authlib ships no types.
"""Why a request is refused, in OAuth's words. Authlib gives the codes; the texts are ours, and all of them pass through
one constructor: what a standard does not let a description hold never gets into one, whoever worded it.
"""

import re

from authlib.oauth2.rfc6749 import errors
from authlib.oauth2.rfc6749.errors import OAuth2Error
from authlib.oidc.core import errors as openid

__all__ = [
    "AccessDeniedError",
    "AuthorizationPending",
    "ConsentRequiredError",
    "ExpiredToken",
    "InteractionRequiredError",
    "InvalidAuthorizationDetails",
    "InvalidBindingMessage",
    "InvalidClientError",
    "InvalidDpopProof",
    "InvalidGrantError",
    "InvalidGrantId",
    "InvalidRequestError",
    "InvalidRequestObject",
    "InvalidScopeError",
    "InvalidTarget",
    "LoginRequiredError",
    "MissingParameter",
    "OAuth2Error",
    "OAuthRefusal",
    "RegistrationNotSupportedError",
    "RequestNotSupportedError",
    "RequestURINotSupportedError",
    "SlowDown",
    "UnauthorizedClientError",
    "UnknownGrantType",
    "UnknownResponseType",
    "UnknownUserId",
    "UseDpopNonce",
    "printable",
]

_LOOKALIKES = str.maketrans({'"': "'", "\\": "/", "\r": " ", "\n": " ", "\t": " "})
_OTHERS = re.compile(r"[^\x20-\x7E]")


def printable(text: str) -> str:
    """In the characters that an error_description may hold (RFC 6749 5.2: %x20-21, %x23-5B, %x5D-7E): a quote becomes
    an apostrophe, a backslash a slash, a line's end a space, and whatever else is outside a question mark.
    """
    return _OTHERS.sub("?", text.translate(_LOOKALIKES))


class OAuthRefusal(OAuth2Error):
    """``description``: None for the class's own text, which the test of this file looks at."""

    def __init__(self, description: str | None = None, *, status_code: int | None = None) -> None:
        super().__init__(None if description is None else printable(description), status_code=status_code)


class InvalidRequestError(OAuthRefusal, errors.InvalidRequestError):
    pass


class InvalidClientError(OAuthRefusal, errors.InvalidClientError):
    pass


class InvalidGrantError(OAuthRefusal, errors.InvalidGrantError):
    pass


class UnauthorizedClientError(OAuthRefusal, errors.UnauthorizedClientError):
    pass


class InvalidScopeError(OAuthRefusal, errors.InvalidScopeError):
    pass


class AccessDeniedError(OAuthRefusal, errors.AccessDeniedError):
    pass


class LoginRequiredError(OAuthRefusal, openid.LoginRequiredError):
    pass


class ConsentRequiredError(OAuthRefusal, openid.ConsentRequiredError):
    pass


class InteractionRequiredError(OAuthRefusal, openid.InteractionRequiredError):
    pass


class RequestNotSupportedError(OAuthRefusal, openid.RequestNotSupportedError):
    pass


class RequestURINotSupportedError(OAuthRefusal, openid.RequestURINotSupportedError):
    pass


class RegistrationNotSupportedError(OAuthRefusal, openid.RegistrationNotSupportedError):
    pass


class InvalidTarget(OAuthRefusal):
    """RFC 8707 2: the resource asked for is not one we issue tokens for."""

    error = "invalid_target"
    description = "The resource is not one that this server issues tokens for, or not one of this grant."


class UnknownResponseType(OAuthRefusal):
    error = "unsupported_response_type"
    description = "The only response_type is code."


class UnknownGrantType(OAuthRefusal):
    error = "unsupported_grant_type"
    description = "This grant_type is not one this server exchanges."


class MissingParameter(InvalidRequestError):
    """``name`` is a name of ours, never text from outside."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The parameter {name} is missing.")


class InvalidRequestObject(OAuthRefusal):
    """RFC 9101 7: the signed request does not hold."""

    error = "invalid_request_object"


class InvalidAuthorizationDetails(OAuthRefusal):
    """RFC 9396 5."""

    error = "invalid_authorization_details"


class InvalidGrantId(OAuthRefusal):
    """Grant Management for OAuth 2.0, 5.4. One text for what never was, what ended and what is another's."""

    error = "invalid_grant_id"
    description = "There is no such grant of this client and this person that could be changed so."


class InvalidDpopProof(OAuthRefusal):
    """RFC 9449 5."""

    error = "invalid_dpop_proof"


class UseDpopNonce(OAuthRefusal):
    """RFC 9449 8: the proof must carry the nonce that this very answer hands out."""

    error = "use_dpop_nonce"
    description = "Send the proof again with the nonce of this answer's DPoP-Nonce header."


class AuthorizationPending(OAuthRefusal):
    """RFC 8628 3.5, CIBA 11."""

    error = "authorization_pending"
    description = "The person has not answered yet. Ask again after the interval."


class SlowDown(OAuthRefusal):
    """RFC 8628 3.5, CIBA 11."""

    error = "slow_down"
    description = "Nothing new, and asked too soon: from now on wait 5 seconds longer between two requests."


class ExpiredToken(OAuthRefusal):
    """RFC 8628 3.5, CIBA 11."""

    error = "expired_token"
    description = "The person did not answer in time. Begin anew."


class InvalidBindingMessage(OAuthRefusal):
    """CIBA 13."""

    error = "invalid_binding_message"
    description = "A binding_message is one line of at most 100 printable characters, with single spaces."


class UnknownUserId(OAuthRefusal):
    """CIBA 13: only ever about a hint that this server gave to the client itself (hub.oauth.hints)."""

    error = "unknown_user_id"
    description = "The id_token_hint is not an ID token of this client's, or of a login that is not known any more."
