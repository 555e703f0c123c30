"""A client's public keys (RFC 7517), each with the algorithms that it may verify.

A set that holds a private or a symmetric key is refused whole: whoever published it has lost it. Keys of kinds that we
do not know are passed over, as RFC 7517 5 wants. Importing a key costs as much as a verification, so what has been
imported once is remembered by its value.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from joserfc.jwk import ECKey, OKPKey, RSAKey

from hub.oauth.jose import key_use

MAX_KEYS = 50
MAX_KID_LENGTH = 255
MIN_RSA_BITS, MAX_RSA_BITS = 2048, 8192  # FAPI 2.0 5.4.1; the upper end is what a verification may cost us
_KEPT = 4096
_SECRET_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_ED25519 = frozenset({"EdDSA", "Ed25519"})  # RFC 9864 2.2: the old name and the exact one

# Points of small order, without the sign bit: under such a key one signature fits every message (RFC 8032 8.4 leaves
# the check to us). In order: 0, 1, two of order 8, p-1, p, p+1.
_SMALL_ORDER = frozenset(
    bytes.fromhex(text)
    for text in (
        "00" * 32,
        "01" + "00" * 31,
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
    )
)


class BadKey(Exception):
    """A key, or a set of keys, that we do not take. ``why`` is one sentence that holds nothing of the input."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class PublicKey:
    """``algorithms``: the JWS algorithms that this key may verify. ``thumbprint``: RFC 7638, SHA-256."""

    kid: str | None
    algorithms: frozenset[str]
    thumbprint: str
    key: ECKey | RSAKey | OKPKey = field(repr=False)


def read_jwks(document: object) -> tuple[PublicKey, ...]:
    """The usable keys of a JWK Set, which may be none. Raises BadKey for a set that must not be used at all."""
    keys = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(keys, list) or not all(isinstance(key, Mapping) for key in keys):
        raise BadKey("A JWK Set is an object whose keys member is a list of objects.")
    if len(keys) > MAX_KEYS:
        raise BadKey(f"A JWK Set here holds at most {MAX_KEYS} keys.")
    for key in keys:
        _refuse_secrets(key)
    return tuple(found for key in keys if (found := _usable(key)) is not None)


def read_jwk(jwk: object) -> PublicKey:
    """One public key. Raises BadKey if it is secret, malformed, too weak, or not for verifying signatures."""
    if not isinstance(jwk, Mapping):
        raise BadKey("A JWK is a JSON object.")
    _refuse_secrets(jwk)
    key, thumbprint, algorithms = _material(jwk)
    alg, kid = jwk.get("alg"), jwk.get("kid")
    if not key_use.allows(jwk, "sig", key_use.VERIFY):
        raise BadKey("The key's use or key_ops does not allow verifying signatures.")
    if alg is not None:
        algorithms &= _ED25519 if alg in ("EdDSA", "Ed25519") else {alg if isinstance(alg, str) else ""}
        if not algorithms:
            raise BadKey("The key's alg is not one that this key can be used with here.")
    if kid is not None and not (isinstance(kid, str) and len(kid) <= MAX_KID_LENGTH):
        raise BadKey(f"A kid is a string of at most {MAX_KID_LENGTH} characters.")
    return PublicKey(kid, algorithms, thumbprint, key)


def _usable(jwk: Mapping[str, Any]) -> PublicKey | None:
    try:
        return read_jwk(jwk)
    except BadKey:
        return None


def _refuse_secrets(jwk: Mapping[str, Any]) -> None:
    if jwk.get("kty") == "oct" or not _SECRET_MEMBERS.isdisjoint(jwk):
        raise BadKey("A private or symmetric key was sent: it counts as lost; make a new one and send its public part.")


Material = tuple[ECKey | RSAKey | OKPKey, str, frozenset[str]]
_MEMBERS = {"EC": ("crv", "x", "y"), "OKP": ("crv", "x"), "RSA": ("n", "e")}


def _material(jwk: Mapping[str, Any]) -> Material:
    kty = jwk.get("kty")
    names = _MEMBERS.get(kty) if isinstance(kty, str) else None
    values = tuple(jwk.get(name) for name in names or ())
    if not values or not all(isinstance(value, str) for value in values):
        raise BadKey("A key is of kty EC, RSA or OKP and has the members of its kind.")
    return _import(str(kty), *values)


@lru_cache(maxsize=_KEPT)
def _import(kty: str, *values: str) -> Material:
    try:
        if kty == "RSA":
            return _import_rsa(*values)
        crv, *coordinates = values
        if any(len(_canonical(coordinate)) != 32 for coordinate in coordinates):
            raise BadKey("A coordinate of the key has the wrong length.")
        if (kty, crv) == ("EC", "P-256"):
            point = ECKey.import_key({"kty": kty, "crv": crv, "x": coordinates[0], "y": coordinates[1]})
            return point, point.thumbprint(), frozenset({"ES256"})
        if (kty, crv) == ("OKP", "Ed25519"):
            raw = _canonical(coordinates[0])
            if raw[:31] + bytes([raw[31] & 0x7F]) in _SMALL_ORDER:
                raise BadKey("The key is a point of small order, which anybody can sign for.")
            key = OKPKey.import_key({"kty": kty, "crv": crv, "x": coordinates[0]})
            return key, key.thumbprint(), _ED25519
    except ValueError as error:  # not on the curve, not base64url, an exponent that is none
        raise BadKey("The key's numbers are not those of a key of its kind.") from error
    raise BadKey("An elliptic key is on P-256 or Ed25519.")


def _import_rsa(n: str, e: str) -> Material:
    bits = int.from_bytes(_canonical(n)).bit_length()
    if not MIN_RSA_BITS <= bits <= MAX_RSA_BITS or len(_canonical(n)) != (bits + 7) // 8:
        raise BadKey(f"An RSA key has {MIN_RSA_BITS} to {MAX_RSA_BITS} bits.")
    if len(_canonical(e)) > 4:
        raise BadKey("An RSA key's exponent has at most 32 bits.")
    key = RSAKey.import_key({"kty": "RSA", "n": n, "e": e})
    return key, key.thumbprint(), frozenset({"PS256", "RS256"})


def _canonical(text: str) -> bytes:
    """base64url without padding in the one spelling it has, so that one key has one thumbprint. Raises ValueError."""
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        raise ValueError("not canonical base64url")
    return raw
