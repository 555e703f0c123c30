"""Which lines of signing keys there are, and how a key of each is made and read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from joserfc.jwk import ECKey, OKPKey, RSAKey

Key = ECKey | OKPKey | RSAKey

AS = "as"  # signs our own tokens
TPP = "tpp"  # speaks for us at banks

# The first of each is what signs where nothing else was agreed. FAPI 2.0 5.4.1 allows ES256, PS256 and EdDSA; RS256
# is there because OpenID Connect Core 15.1 asks it of every provider, and only for clients of the profile "oidc".
ALGORITHMS: Mapping[str, tuple[str, ...]] = {AS: ("ES256", "PS256", "EdDSA", "RS256"), TPP: ("PS256",)}
SCHEDULED = frozenset({AS})  # a bank may have our key registered by hand, so that line moves only when somebody says so

_RSA_BITS = 2048  # FAPI 2.0 5.4.1 asks for no less
_KINDS: Mapping[str, type[ECKey] | type[OKPKey] | type[RSAKey]] = {
    "ES256": ECKey,
    "PS256": RSAKey,
    "EdDSA": OKPKey,
    "RS256": RSAKey,
}


@dataclass(frozen=True, slots=True)
class Line:
    """``alg`` as in RFC 7518 3.1 and RFC 8037 3.1; EdDSA means Ed25519."""

    purpose: str
    alg: str

    def __str__(self) -> str:
        return f"{self.purpose} {self.alg}"


def line_of(purpose: str, alg: str | None = None) -> Line:
    """The line, or the purpose's usual one; raises ValueError if we have no such line."""
    offered = ALGORITHMS.get(purpose, ())
    if not offered or (alg is not None and alg not in offered):
        raise ValueError(f"there is no line of {purpose} keys for {alg}")
    return Line(purpose, alg or offered[0])


def lines_of(purpose: str) -> Iterator[Line]:
    return (Line(purpose, alg) for alg in ALGORITHMS[purpose])


def generate(alg: str) -> Key:
    """A new private key; an RSA key takes a tenth of a second or more, so never inside a transaction."""
    if alg == "ES256":
        return ECKey.generate_key("P-256")
    if alg == "EdDSA":
        return OKPKey.generate_key("Ed25519")
    return RSAKey.generate_key(_RSA_BITS)


def public_jwk(key: Key, alg: str) -> dict[str, Any]:
    """As it is published (RFC 7517 4). The kid is the RFC 7638 thumbprint, so two keys never share one."""
    return dict(key.as_dict(private=False)) | {"kid": key.thumbprint(), "use": "sig", "alg": alg}


def read_public(jwk: Mapping[str, Any]) -> Key:
    return _KINDS[jwk["alg"]].import_key(dict(jwk))


def read_private(pem: bytes, *, kid: str, alg: str) -> Key:
    return _KINDS[alg].import_key(pem, {"kid": kid, "use": "sig", "alg": alg})
