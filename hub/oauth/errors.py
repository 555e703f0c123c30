# mypy: disallow-subclassing-any=False
# Authlib ships no types.
"""OAuth errors that Authlib lacks or words unsafely. Texts are ours alone: nothing the caller sent is echoed."""

from authlib.oauth2.rfc6749.errors import InvalidRequestError, OAuth2Error, UnsupportedGrantTypeError

__all__ = [
    "AuthorizationPending",
    "ExpiredToken",
    "InvalidAuthorizationDetails",
    "InvalidBindingMessage",
    "InvalidDpopProof",
    "InvalidGrantId",
    "InvalidRequestObject",
    "InvalidTarget",
    "MissingParameter",
    "SlowDown",
    "UnknownGrantType",
    "UnknownResponseType",
    "UnknownUserId",
    "UseDpopNonce",
]


class InvalidTarget(OAuth2Error):
    """RFC 8707 2: the resource asked for is not one we issue tokens for."""

    error = "invalid_target"
    description = "The resource is not one that this server issues tokens for, or not one of this grant."


class UnknownResponseType(OAuth2Error):
    error = "unsupported_response_type"
    description = "The only response_type is code."


class UnknownGrantType(UnsupportedGrantTypeError):
    """Authlib's says back what came in; it is raised for it, so it stays its subclass."""

    def __init__(self) -> None:
        super().__init__(None)

    def get_error_description(self) -> str:
        return "This grant_type is not one this server exchanges."


class MissingParameter(InvalidRequestError):
    """``name`` is a name of ours, never text from outside."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The parameter {name} is missing.")


class InvalidRequestObject(OAuth2Error):
    """RFC 9101 7: the signed request does not hold."""

    error = "invalid_request_object"


class InvalidAuthorizationDetails(OAuth2Error):
    """RFC 9396 5."""

    error = "invalid_authorization_details"


class InvalidGrantId(OAuth2Error):
    """Grant Management for OAuth 2.0, 5.4. One text for what never was, what ended and what is another's."""

    error = "invalid_grant_id"
    description = "There is no such grant of this client and this person that could be changed so."


class InvalidDpopProof(OAuth2Error):
    """RFC 9449 5."""

    error = "invalid_dpop_proof"


class UseDpopNonce(OAuth2Error):
    """RFC 9449 8: the proof must carry the nonce that this very answer hands out."""

    error = "use_dpop_nonce"
    description = "Send the proof again with the nonce of this answer's DPoP-Nonce header."


class AuthorizationPending(OAuth2Error):
    """RFC 8628 3.5, CIBA 11."""

    error = "authorization_pending"
    description = "The person has not answered yet. Ask again after the interval."


class SlowDown(OAuth2Error):
    """RFC 8628 3.5, CIBA 11."""

    error = "slow_down"
    description = "Nothing new, and asked too soon: from now on wait 5 seconds longer between two requests."


class ExpiredToken(OAuth2Error):
    """RFC 8628 3.5, CIBA 11."""

    error = "expired_token"
    description = "The person did not answer in time. Begin anew."


class InvalidBindingMessage(OAuth2Error):
    """CIBA 13."""

    error = "invalid_binding_message"
    description = "A binding_message is one line of at most 100 printable characters, with single spaces."


class UnknownUserId(OAuth2Error):
    """CIBA 13: only ever about a hint that this server gave to the client itself (hub.oauth.hints)."""

    error = "unknown_user_id"
    description = "The id_token_hint is not an ID token of this client's, or of a login that is not known any more."
