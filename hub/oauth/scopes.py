"""The words a scope may hold, and who may ask for which."""

from collections.abc import Iterable

from consent.model import Permission

OPENID = Permission.SIGN_IN.value
OFFLINE_ACCESS = "offline_access"

PROTOCOL = frozenset({OFFLINE_ACCESS})
"""They steer the protocol and give nothing by themselves."""

GRANT_QUERY, GRANT_REVOKE = "grant_management_query", "grant_management_revoke"

WEBHOOKS = "webhooks"
"""To look after the addresses where the app is told of events."""

OF_THE_CLIENT = frozenset({GRANT_QUERY, GRANT_REVOKE, WEBHOOKS})
"""Scopes that a client holds for itself, without any person (Grant Management for OAuth 2.0, 6.1; ours)."""

OF_PEOPLE = PROTOCOL | frozenset(permission.value for permission in Permission)
"""Those that a person can be asked for."""

KNOWN = OF_PEOPLE | OF_THE_CLIENT
"""Every scope a client may be registered for."""


def parse(text: str) -> frozenset[str]:
    """A space-delimited scope (RFC 6749 3.3) as a set."""
    return frozenset(text.split())


def text_of(scopes: Iterable[str]) -> str:
    """The notation on the wire; sorted, so that equal sets read alike."""
    return " ".join(sorted(scopes))
