# mypy: disallow-subclassing-any=False
# Authlib ships no types.
"""OAuth errors that Authlib lacks or words unsafely. Texts are ours alone: nothing the caller sent is echoed."""

from authlib.oauth2.rfc6749.errors import InvalidRequestError, OAuth2Error, UnsupportedGrantTypeError

__all__ = ["InvalidTarget", "MissingParameter", "UnknownGrantType", "UnknownResponseType"]


class InvalidTarget(OAuth2Error):
    """RFC 8707 2: the resource asked for is not one we issue tokens for."""

    error = "invalid_target"
    description = "This server issues tokens for its own API only."


class UnknownResponseType(OAuth2Error):
    error = "unsupported_response_type"
    description = "The only response_type is code."


class UnknownGrantType(UnsupportedGrantTypeError):
    """Authlib's says back what came in; it is raised for it, so it stays its subclass."""

    def get_error_description(self) -> str:
        return "This grant_type is not one this server exchanges."


class MissingParameter(InvalidRequestError):
    """``name`` is a name of ours, never text from outside."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The parameter {name} is missing.")
