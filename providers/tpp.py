"""Who the hub is to a bank: the third party provider, its name and its signing key."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from providers.door import Door
from providers.interaction import Heard
from providers.signing.seal import Seal

ALGORITHM = "PS256"  # FAPI 1.0 Advanced 8.6; RS256 is not allowed there


@lru_cache(maxsize=4)
def _key(pem: bytes, kid: str) -> RSAKey:
    return RSAKey.import_key(pem, {"kid": kid, "use": "sig", "alg": ALGORITHM})


@dataclass(frozen=True, slots=True)
class OpeningKey:
    """An RSA private key of ours that banks encrypt to, and its name in our JWKS."""

    kid: str
    pem: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tpp:
    """``signing_key_pem`` is an RSA private key, ``kid`` its name in our JWKS; ``client_certificate`` the paths of a
    certificate and its key (QWAC) for mutual TLS, where a bank asks for one. ``qualified_seal`` signs messages for
    banks that want a QSealC. ``opening_keys`` is asked when something encrypted came: the present key first, then those
    before it. ``door`` leads to addresses that a person named. ``heard`` is told how each call went."""

    client_name: str
    signing_key_pem: bytes = field(repr=False)
    kid: str
    client_certificate: tuple[str, str] | None = field(default=None, repr=False)
    qualified_seal: Seal | None = field(default=None, repr=False)
    opening_keys: Callable[[], tuple[OpeningKey, ...]] = field(default=tuple, repr=False, compare=False)
    door: Door | None = field(default=None, repr=False, compare=False)
    heard: Heard | None = field(default=None, repr=False, compare=False)

    @property
    def seal(self) -> Seal:
        """Our own key, for banks that take it from our JWKS."""
        return Seal(self.signing_key_pem, self.kid)

    def seal_for(self, key_id: str) -> Seal:
        """What signs under ``key_id``, a template: the qualified seal, if we have one and the bank does not call the
        key by its name in our JWKS."""
        return self.seal if "{kid}" in key_id or self.qualified_seal is None else self.qualified_seal

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """The public half, as the JWKS that banks fetch from the hub (RFC 7517 5)."""
        keys = [dict(_key(self.signing_key_pem, self.kid).as_dict(private=False))]
        for one in self.opening_keys()[:1]:
            key = RSAKey.import_key(one.pem, {"kid": one.kid, "use": "enc", "alg": "RSA-OAEP"})
            keys.append(dict(key.as_dict(private=False)))
        return {"keys": keys}

    def sign(self, claims: Mapping[str, object], *, typ: str = "JWT") -> str:
        """``claims`` as a compact JWS under our key."""
        header = {"alg": ALGORITHM, "kid": self.kid, "typ": typ}
        key = _key(self.signing_key_pem, self.kid)
        return jwt.encode(header, dict(claims), key, algorithms=[ALGORITHM], default_type=None)
