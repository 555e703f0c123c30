"""The ``claims`` parameter of an authorization request (OIDC Core 5.5): read strictly, kept in one normal form.

    {"userinfo": {"name": {"essential": true}}, "id_token": {"acr": {"values": ["phr"]}, "email": {}}}

In the normal form a claim that was asked for as ``null`` is ``{}``, ``value`` has become ``values`` with one member,
and what the hub does not know is gone: the standard wants it ignored, and what is not kept cannot grow.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from consent.model import Permission
from hub.identity.assurance import ACRS, satisfies
from hub.oauth import person_claims
from hub.oauth.errors import InvalidRequestError

MAX_LENGTH = 4096
MAX_VALUES = 16
MAX_VALUE_LENGTH = 256
MEMBERS = ("userinfo", "id_token")
_COMPARED = frozenset({"sub", "acr"})
"""Claims whose asked-for values the hub looks at. For any other a value is a wish that changes nothing (5.5.1)."""

KNOWN = frozenset({*person_claims.NAMES, "sub", "acr", "auth_time"})

Claims = Mapping[str, Mapping[str, Mapping[str, Any]]]


def parse(given: str | Mapping[str, Any]) -> dict[str, Any]:
    """The normal form. ``given`` is the parameter's text or, inside a request object, the JSON object itself.

    Raises InvalidRequestError for what is not such a JSON object. Unknown members and claims are ignored.
    """
    document = _document(given)
    normal: dict[str, Any] = {}
    for member in MEMBERS:
        asked = document.get(member)
        if asked is None:
            continue
        if not isinstance(asked, Mapping):
            raise _wrong(f"its member {member} is not an object")
        if kept := {name: _wish(name, wish) for name, wish in asked.items() if name in KNOWN}:
            normal[member] = kept
    return normal


def asked_in_id_token(claims: Claims | None) -> frozenset[str]:
    """Claims about the person that the ID token is to carry, besides userinfo."""
    return frozenset((claims or {}).get("id_token", {})) & frozenset(person_claims.NAMES)


def permissions_asked(claims: Claims | None) -> frozenset[Permission]:
    """What the person must allow for these claims. Each is a scope too: the client must be registered for it."""
    names = {name for member in (claims or {}).values() for name in member}
    return frozenset(found for name in names if (found := person_claims.permission_of(name)) is not None)


def required_acr(claims: Claims | None) -> list[str]:
    """The acr values of which the login must meet one (5.5.1.1), [] if none is essential; in the client's order.

    acr tells of this login, so it is asked for in the ID token; in the userinfo member it requires nothing.
    """
    wish = (claims or {}).get("id_token", {}).get("acr", {})
    return list(wish.get("values", [])) if wish.get("essential") else []


def preferred_acr(claims: Claims | None) -> list[str]:
    """The acr values that the client would like, without insisting."""
    wish = (claims or {}).get("id_token", {}).get("acr", {})
    return [] if wish.get("essential") else list(wish.get("values", []))


def wrong_subject(claims: Claims | None, sub: str) -> bool:
    """Whether the client asked for another person than ``sub``: the answer must then be an error (5.5.1)."""
    wishes = [(claims or {}).get(member, {}).get("sub", {}) for member in MEMBERS]
    return any("values" in wish and sub not in wish["values"] for wish in wishes)


def acr_to_tell(acr: str | None, claims: Claims | None) -> str | None:
    """The acr for the ID token. 5.5.1.1: where values were essential the answer is one of them.

    So a login that was stronger than any of them is told as the strongest one that it met.
    """
    asked = required_acr(claims)
    if acr is None or acr in asked:
        return acr
    met = [wanted for wanted in asked if satisfies(acr, wanted)]
    return max(met, key=ACRS.index, default=acr)


def _document(given: str | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(given, str):
        if len(given) > MAX_LENGTH:
            raise _wrong(f"it is longer than {MAX_LENGTH} characters")
        try:
            given = orjson.loads(given)
        except ValueError as error:
            raise _wrong("it is not JSON") from error
    if not isinstance(given, Mapping):
        raise _wrong("it is not a JSON object")
    return given


def _wish(name: str, wish: object) -> dict[str, Any]:
    """One claim's request in normal form."""
    if wish is None:
        return {}
    if not isinstance(wish, Mapping):
        raise _wrong(f"the request for {name} is neither null nor an object")
    essential = wish.get("essential", False)
    if not isinstance(essential, bool):
        raise _wrong(f"essential of {name} is not true or false")
    normal: dict[str, Any] = {"essential": True} if essential else {}
    if name in _COMPARED and ("value" in wish or "values" in wish):
        normal["values"] = _values(name, wish)
    return normal


def _values(name: str, wish: Mapping[str, Any]) -> list[str]:
    if "value" in wish and "values" in wish:
        raise _wrong(f"{name} has both value and values")
    values = [wish["value"]] if "value" in wish else wish["values"]
    if not isinstance(values, list) or not 1 <= len(values) <= MAX_VALUES:
        raise _wrong(f"values of {name} is a list of 1 to {MAX_VALUES}")
    if not all(isinstance(value, str) and len(value) <= MAX_VALUE_LENGTH for value in values):
        raise _wrong(f"a value of {name} is a string of at most {MAX_VALUE_LENGTH} characters")
    return list(dict.fromkeys(values))


def _wrong(why: str) -> InvalidRequestError:
    return InvalidRequestError(f"The claims parameter cannot be used: {why}.")
