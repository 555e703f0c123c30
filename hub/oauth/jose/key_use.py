"""What a key may be used for: its ``use`` and its ``key_ops`` (RFC 7517 4.2, 4.3)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

Use = Literal["sig", "enc"]

OPERATIONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "sig": frozenset({"sign", "verify"}),
        "enc": frozenset({"encrypt", "decrypt", "wrapKey", "unwrapKey", "deriveKey", "deriveBits"}),
    }
)
VERIFY, WRAP, AGREE = frozenset({"verify"}), frozenset({"wrapKey", "encrypt"}), frozenset({"deriveKey", "deriveBits"})
"""What others do with a public key, by its kind."""


def fault(jwk: Mapping[str, Any]) -> str | None:
    """Why it cannot be said what the key is for, None if it can. An empty ``key_ops`` allows nothing."""
    use, operations = jwk.get("use"), jwk.get("key_ops")
    if use is not None and not isinstance(use, str):
        return "A key's use is sig or enc."
    if operations is None:
        return None
    if not isinstance(operations, list) or not all(isinstance(one, str) for one in operations):
        return "A key's key_ops is a list of texts."
    if not operations or len(set(operations)) != len(operations):
        return "A key's key_ops names what it is for, each operation once; leave it out to allow all."
    if use is not None and not set(operations) <= OPERATIONS.get(use, set()):
        return "A key's use and its key_ops contradict each other: leave one of them out (RFC 7517 4.3)."
    return None


def allows(jwk: Mapping[str, Any], use: Use, operations: frozenset[str]) -> bool:
    """Whether one of ``operations`` may be done with the key."""
    given = jwk.get("key_ops")
    return fault(jwk) is None and jwk.get("use") in {None, use} and (given is None or not operations.isdisjoint(given))


def only_encrypts(jwk: Mapping[str, Any]) -> bool:
    """Whether it says of itself that it is not for signatures."""
    given = jwk.get("key_ops")
    return jwk.get("use") == "enc" or (given is not None and OPERATIONS["sig"].isdisjoint(given))
