"""Encrypt what only one client may read (RFC 7516), to the encryption key that it published.

Signed first, then encrypted (RFC 7519 11.2): the inner signature says who speaks, and an attacker who knows the
client's public key can make the outer layer alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from hub.context import Hub
from hub.models.client import Client
from hub.oauth.errors import OAuthRefusal
from hub.oauth.jose import key_use
from hub.oauth.jose.public_key import BadKey

DEFAULT_ENC = "A128CBC-HS256"  # OpenID Connect Registration 2
ENCS = (DEFAULT_ENC, "A192CBC-HS384", "A256CBC-HS512", "A128GCM", "A192GCM", "A256GCM")
_RSA = ("RSA-OAEP-256", "RSA-OAEP")
_ECDH = ("ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW")
ALGS = (*_RSA, *_ECDH)
"""RSA1_5 is not among them: it falls to padding oracles (RFC 8725 3.2)."""

_CURVES = {"EC": ("P-256", "P-384", "P-521"), "OKP": ("X25519",)}
_MIN_RSA_BITS, _MAX_RSA_BITS = 2048, 8192
_MAX_EXPONENT_BITS = 32
_SECRET_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
Key = ECKey | OKPKey | RSAKey


class NoEncryptionKey(OAuthRefusal):
    """The client wants encrypted answers and has no key of its own that fits."""

    error = "invalid_client_metadata"  # RFC 7591 3.2.2
    description = "The client is registered for encrypted answers, and its key set holds no key that they can use."


@dataclass(frozen=True, slots=True)
class Envelope:
    """The client's key, at hand, and what it is used with (RFC 7518 4, 5)."""

    alg: str
    enc: str
    key: Key

    def seal(self, inner: str | bytes, *, signed: bool) -> str:
        """A compact JWE for the client. ``signed``: ``inner`` is a JWS, else it is a JSON object."""
        header = {"alg": self.alg, "enc": self.enc} | ({"cty": "JWT"} if signed else {})
        if self.key.kid is not None:
            header["kid"] = self.key.kid
        return jwe.encrypt_compact(header, inner, self.key, algorithms=[self.alg, self.enc])


def envelope(hub: Hub, client: Client, what: Literal["id_token", "authorization", "userinfo"]) -> Envelope | None:
    """As the client registered for this kind of answer: ``{what}_encrypted_response_alg`` and ``_enc``. None if it did
    not.

    May fetch the client's key set: not to be called inside a transaction. Raises NoEncryptionKey.
    """
    alg = client.registration.get(f"{what}_encrypted_response_alg")
    if alg is None:
        return None
    enc = client.registration.get(f"{what}_encrypted_response_enc") or DEFAULT_ENC
    if alg not in ALGS or enc not in ENCS:
        raise NoEncryptionKey()
    return Envelope(alg, enc, _key_for(hub, client, alg))


def _key_for(hub: Hub, client: Client, alg: str) -> Key:
    """The key for ``alg``. Raises NoEncryptionKey."""
    try:
        key = _chosen(hub.client_keys.document(client, suits=lambda jwks: suits(jwks, alg)), alg)
    except BadKey as error:
        raise NoEncryptionKey(error.why) from error
    if key is None:
        raise NoEncryptionKey()
    return key


def _chosen(document: Mapping[str, Any], alg: str) -> Key | None:
    """One published for encryption if there is one, else one published for no use at all."""
    found = document.get("keys")
    keys = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    for use in ("enc", None):
        for jwk in keys:
            if jwk.get("use") == use and jwk.get("alg", alg) == alg and (key := _usable(jwk, alg)) is not None:
                return key
    return None


def suits(document: Mapping[str, Any], alg: str) -> bool:
    """Whether a JWK Set holds a key that can be encrypted to with ``alg``."""
    return _chosen(document, alg) is not None


def _usable(jwk: dict[str, Any], alg: str) -> Key | None:
    """The key if it fits; a private key counts as lost, and a key for other operations is not meant for this."""
    operations = key_use.WRAP if alg in _RSA else key_use.AGREE
    if not _SECRET_MEMBERS.isdisjoint(jwk) or not key_use.allows(jwk, "enc", operations):
        return None
    # What makes up the key and its name, nothing beside them: what else a client writes there cannot spoil it.
    named = {name: jwk[name] for name in ("kty", "crv", "x", "y", "n", "e", "kid") if jwk.get(name) is not None}
    if not all(isinstance(value, str) for value in named.values()):
        return None
    try:
        return _rsa(named) if alg in _RSA else _elliptic(named)
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _rsa(jwk: dict[str, str]) -> RSAKey | None:
    if jwk.get("kty") != "RSA":
        return None
    key = RSAKey.import_key({**jwk})
    numbers = key.public_key.public_numbers()
    if not _MIN_RSA_BITS <= numbers.n.bit_length() <= _MAX_RSA_BITS or numbers.e.bit_length() > _MAX_EXPONENT_BITS:
        return None
    return key


def _elliptic(jwk: dict[str, str]) -> ECKey | OKPKey | None:
    kty = jwk.get("kty", "")
    if jwk.get("crv") not in _CURVES.get(kty, ()):
        return None
    if kty == "EC":
        return ECKey.import_key({**jwk})
    key = OKPKey.import_key({**jwk})
    if isinstance(key.public_key, X25519PublicKey):
        X25519PrivateKey.generate().exchange(key.public_key)  # with a point of small order nothing can be agreed
    return key
