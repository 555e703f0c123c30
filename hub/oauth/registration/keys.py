"""Which JWK Sets a client may register, or publish at its jwks_uri (FAPI 2.0 5.4; RFC 7517; RFC 8725 3.5)."""

from collections.abc import Mapping
from typing import Any

from hub.oauth import encryption
from hub.oauth.jose import key_use
from hub.oauth.jose.algorithms import accepted
from hub.oauth.jose.public_key import BadKey, PublicKey, read_jwk, read_jwks
from hub.oauth.policy import PRIVATE_KEY_JWT, SELF_SIGNED_TLS, Policy
from hub.oauth.registration.errors import BadMetadata
from hub.oauth.registration.members import ENCRYPTED_FOR_CLIENT


def check(member: str, document: Mapping[str, Any], *, policy: Policy, method: str) -> None:
    """Refuse a set that could not be used. ``member`` is jwks, or jwks_uri for what was found there.

    Unlike hub.oauth.jose, which passes over what it does not know, each key must be usable: whoever registers one that
    never will work wants to hear of it now. Raises BadMetadata.
    """
    try:
        read_jwks(document)
        for key in document["keys"]:
            if (why := key_use.fault(key)) is not None:
                raise BadMetadata(member, why)
        signing = tuple(_read(member, key, policy) for key in document["keys"] if not key_use.only_encrypts(key))
    except BadKey as error:
        raise BadMetadata(member, error.why) from error
    kids = [key["kid"] for key in document["keys"] if "kid" in key]
    if len(kids) != len(set(map(str, kids))):
        raise BadMetadata(member, "Two keys of the set have the same kid (FAPI 2.0 5.4.3).")
    if method in {PRIVATE_KEY_JWT, SELF_SIGNED_TLS} and not signing:
        raise BadMetadata(member, f"There is no signing key in the set, and {method} needs one.")
    if method == PRIVATE_KEY_JWT and not any(key.algorithms & set(accepted(policy.algorithms)) for key in signing):
        raise BadMetadata(member, f"No key of the set signs with {' or '.join(policy.algorithms)}.")


def check_encryption(member: str, document: Mapping[str, Any], full: Mapping[str, Any]) -> None:
    """Refuse a set without a key for what is to be encrypted, as ``full`` (a whole registration) has it.

    Raises BadMetadata.
    """
    for alg in sorted({full[f"{what}_alg"] for what in ENCRYPTED_FOR_CLIENT if f"{what}_alg" in full}):
        if not encryption.suits(document, alg):
            raise BadMetadata(member, f"No key of the set is one for {alg}, by its kty, use, key_ops and alg.")


def _read(member: str, key: Mapping[str, Any], policy: Policy) -> PublicKey:
    for name in ("x5u", "jku"):
        if name in key:
            raise BadMetadata(member, f"A key has no {name} here (FAPI 2.0 5.4.3): give the key itself.")
    found = read_jwk(key)
    if not found.algorithms & set(accepted(policy.algorithms)):
        raise BadMetadata(member, f"A signing key is for {', '.join(policy.algorithms)}.")
    return found
