"""Which signatures count, and are made: explicit lists (RFC 8725 3.1)."""

from collections.abc import Iterable

FAPI_ALGORITHMS = ("PS256", "ES256", "EdDSA")  # FAPI 2.0 5.4.1
OIDC_ALGORITHMS = ("RS256", *FAPI_ALGORITHMS)  # OIDC Core 15.1 asks every provider for RS256

_ED25519 = ("EdDSA", "Ed25519")
"""One algorithm here: its old name, and the exact one that newer libraries write (RFC 9864 2.2, 4.1)."""


def accepted(algorithms: Iterable[str]) -> tuple[str, ...]:
    """What may stand in a header for these: where one of Ed25519's names does, the other does too. We ourselves sign
    under the name in the lists above, which FAPI 2.0 gives.
    """
    names = (_ED25519 if name in _ED25519 else (name,) for name in algorithms)
    return tuple(dict.fromkeys(one for both in names for one in both))
