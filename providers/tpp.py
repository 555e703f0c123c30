"""Who the hub is to a bank: the third party provider, its name and its signing key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from providers.door import Door
from providers.signing.seal import Seal

ALGORITHM = "PS256"  # FAPI 1.0 Advanced 8.6; RS256 is not allowed there


@lru_cache(maxsize=4)
def _key(pem: bytes, kid: str) -> RSAKey:
    return RSAKey.import_key(pem, {"kid": kid, "use": "sig", "alg": ALGORITHM})


@dataclass(frozen=True, slots=True)
class Tpp:
    """``signing_key_pem`` is an RSA private key, ``kid`` its name in our JWKS; ``client_certificate`` the paths of a
    certificate and its key for mutual TLS, where a bank asks for one. ``seal_certificate`` is the QSealC of the
    signing key, PEM, for banks that want messages signed with one. ``encryption_key_pem`` is an RSA private key, for
    banks that encrypt what they send. ``door`` leads to addresses that a person named."""

    client_name: str
    signing_key_pem: bytes = field(repr=False)
    kid: str
    client_certificate: tuple[str, str] | None = field(default=None, repr=False)
    seal_certificate: bytes | None = field(default=None, repr=False)
    encryption_key_pem: bytes | None = field(default=None, repr=False)
    door: Door | None = field(default=None, repr=False, compare=False)

    @property
    def seal(self) -> Seal:
        return Seal(self.signing_key_pem, self.kid, self.seal_certificate)

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """The public half, as the JWKS that banks fetch from the hub (RFC 7517 5)."""
        keys = [dict(_key(self.signing_key_pem, self.kid).as_dict(private=False))]
        if self.encryption_key_pem is not None:
            key = RSAKey.import_key(
                self.encryption_key_pem, {"kid": f"{self.kid}-enc", "use": "enc", "alg": "RSA-OAEP"}
            )
            keys.append(dict(key.as_dict(private=False)))
        return {"keys": keys}

    def sign(self, claims: Mapping[str, object], *, typ: str = "JWT") -> str:
        """``claims`` as a compact JWS under our key."""
        header = {"alg": ALGORITHM, "kid": self.kid, "typ": typ}
        key = _key(self.signing_key_pem, self.kid)
        return jwt.encode(header, dict(claims), key, algorithms=[ALGORITHM], default_type=None)
