"""Read the parameters of an OAuth request, strictly: from one place only, each at most once, nothing unprintable.

Werkzeug's and Authlib's mixing of query and form is not used: a credential in a query string ends up in logs, and a
repeated parameter is read differently by two parties (RFC 6749 3.1, 3.2).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from hub.oauth.errors import InvalidRequestError

FORM = "application/x-www-form-urlencoded"
MAX_PARAMETERS = 64
MAX_LENGTH = 4096
MAX_LENGTH_OF: Mapping[str, int] = {
    "state": 2048,
    "nonce": 512,
    "purpose": 200,
    "login_hint": 254,
    "request": 16384,
    "id_token_hint": 8192,
    "authorization_details": 8192,
}


@dataclass(frozen=True, slots=True, repr=False)
class Parameters:
    """``values`` holds every parameter that came exactly once, with a value that is not empty.

    ``repeated`` are the names that came more often; their values are not kept, since neither is more right than the
    other. A parameter without a value counts as absent (RFC 6749 3.1). There is no repr: codes and secrets are in here.
    """

    values: Mapping[str, str]
    repeated: frozenset[str] = frozenset()

    def get(self, name: str) -> str | None:
        return self.values.get(name)

    def too_long(self) -> str | None:
        """The first name whose value is longer than it may be; None if all fit."""
        for name, value in self.values.items():
            if len(value) > MAX_LENGTH_OF.get(name, MAX_LENGTH):
                return name
        return None


def parse(encoded: bytes) -> Parameters:
    """Raises InvalidRequestError if the text is not a form: bad UTF-8, unprintable characters, too many parameters."""
    try:
        pairs = parse_qsl(
            encoded.decode("ascii"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )
    except ValueError as error:  # covers UnicodeDecodeError
        raise InvalidRequestError("The parameters cannot be read.") from error
    values: dict[str, str] = {}
    repeated: set[str] = set()
    for name, value in pairs:
        # A control character has no place in any parameter; PostgreSQL cannot even keep a NUL.
        if not (name + value).isprintable():
            raise InvalidRequestError("A parameter holds a character that is not printable.")
        if name in values or name in repeated:
            repeated.add(name)
            values.pop(name, None)
        else:
            values[name] = value
    return Parameters({name: value for name, value in values.items() if value}, frozenset(repeated))


def parse_form(*, content_type: str, query: bytes, body: bytes) -> Parameters:
    """The parameters of a POST to a back-channel endpoint: in the body and nowhere else.

    Raises InvalidRequestError for another content type, anything in the query string, a repeated or overlong parameter.
    """
    if query:
        raise InvalidRequestError("Parameters belong into the body, never into the address.")
    if content_type.lower() != FORM:
        raise InvalidRequestError(f"The body must be {FORM}.")
    found = parse(body)
    if found.repeated:
        raise InvalidRequestError("A parameter came more than once.")
    if found.too_long():
        raise InvalidRequestError("A parameter is too long.")
    return found
