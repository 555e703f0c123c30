"""A client's key and what it signs with it: assertions, DPoP proofs, request objects. Every claim can be overridden.

A claim or header given as ``LEFT_OUT`` is not there at all.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from hub.ids import new_id

LEFT_OUT: Any = object()


def b64(raw: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def compact(header: dict[str, Any], claims: Any, key: ECKey | RSAKey | OKPKey, alg: str | None = None) -> str:
    """Sign exactly this, however wrong. ``alg``: sign with another algorithm than the header says."""
    payload = claims if isinstance(claims, bytes) else orjson.dumps(claims)
    signed = f"{b64(orjson.dumps(header))}.{b64(payload)}"
    signature = JWSRegistry.algorithms[alg or header["alg"]].sign(signed.encode(), key)
    return f"{signed}.{b64(signature)}"


def _kept(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not LEFT_OUT}


@dataclass(frozen=True)
class ClientKey:
    """``alg`` is PS256, RS256, ES256, EdDSA or Ed25519. ``kid`` None: neither the JWK nor the headers have one."""

    alg: str
    key: ECKey | RSAKey | OKPKey
    kid: str | None = "key-1"

    @classmethod
    def make(cls, alg: str = "ES256", *, kid: str | None = "key-1", bits: int = 2048) -> "ClientKey":
        if alg in ("PS256", "RS256"):
            return cls(alg, RSAKey.generate_key(bits), kid)
        return cls(alg, ECKey.generate_key("P-256") if alg == "ES256" else OKPKey.generate_key("Ed25519"), kid)

    @property
    def thumbprint(self) -> str:
        """The RFC 7638 thumbprint: what ``jkt`` is for a token bound to this key."""
        return self.key.thumbprint()

    def jwk(self, **more: Any) -> dict[str, Any]:
        """The public key."""
        named = {} if self.kid is None else {"kid": self.kid}
        return _kept({**self.key.as_dict(private=False), **named, "use": "sig", "alg": self.alg, **more})

    def jwks(self) -> dict[str, Any]:
        return {"keys": [self.jwk()]}

    def sign(self, claims: dict[str, Any], *, typ: str | None = None, header: dict[str, Any] | None = None) -> str:
        """Any JWT. ``header`` overrides header members."""
        usual = {"alg": self.alg, "kid": self.kid or LEFT_OUT, "typ": typ or LEFT_OUT}
        whole = _kept({**usual, **(header or {})})
        return compact(whole, _kept(claims), self.key, alg=self.alg)

    def assertion(
        self, *, client_id: str, issuer: str, now: datetime, header: dict[str, Any] | None = None, **claims: Any
    ) -> str:
        """A client assertion (RFC 7523) that is right but for what is overridden."""
        at = int(now.timestamp())
        usual = {"iss": client_id, "sub": client_id, "aud": issuer, "jti": new_id(), "iat": at, "exp": at + 60}
        return self.sign({**usual, **claims}, typ="JWT", header=header)

    def proof(
        self,
        *,
        method: str,
        url: str,
        now: datetime,
        access_token: str | None = None,
        nonce: str | None = None,
        header: dict[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        """A DPoP proof (RFC 9449) that is right but for what is overridden."""
        usual: dict[str, Any] = {"jti": new_id(), "htm": method, "htu": url, "iat": int(now.timestamp())}
        if access_token is not None:
            usual["ath"] = b64(hashlib.sha256(access_token.encode()).digest())
        if nonce is not None:
            usual["nonce"] = nonce
        bare = self.jwk(use=LEFT_OUT, alg=LEFT_OUT, kid=LEFT_OUT)
        return self.sign({**usual, **claims}, typ="dpop+jwt", header={"kid": LEFT_OUT, "jwk": bare, **(header or {})})

    def request_object(
        self,
        parameters: dict[str, Any],
        *,
        client_id: str,
        issuer: str,
        now: datetime,
        header: dict[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        """A signed authorization request (RFC 9101) that is right but for what is overridden."""
        at = int(now.timestamp())
        usual = {"iss": client_id, "aud": issuer, "client_id": client_id, "iat": at, "nbf": at, "exp": at + 300}
        return self.sign({**usual, **parameters, **claims}, typ="oauth-authz-req+jwt", header=header)
