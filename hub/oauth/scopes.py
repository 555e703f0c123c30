"""The words a scope may hold, and who may ask for which."""

from collections.abc import Iterable

from consent.model import Permission

OPENID = Permission.SIGN_IN.value
OFFLINE_ACCESS = "offline_access"

PROTOCOL = frozenset({OFFLINE_ACCESS})
"""They steer the protocol and give nothing by themselves."""

OF_THE_CLIENT: frozenset[str] = frozenset()
"""Scopes that a client holds for itself, without any person."""

NOT_YET = frozenset({Permission.PAYMENTS_WRITE.value})
"""The word is in the vocabulary, but no endpoint needs it so far: nobody is to be asked for it."""

KNOWN = (PROTOCOL | frozenset(permission.value for permission in Permission)) - NOT_YET
"""Every scope a client may be registered for."""


def parse(text: str) -> frozenset[str]:
    """A space-delimited scope (RFC 6749 3.3) as a set."""
    return frozenset(text.split())


def text_of(scopes: Iterable[str]) -> str:
    """The notation on the wire; sorted, so that equal sets read alike."""
    return " ".join(sorted(scopes))
