"""How we prove at a token endpoint who we are. Each way is made once per bank and asked before every call."""

import base64
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from providers.tpp import Tpp

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_TTL_S = 60


@dataclass(frozen=True, slots=True)
class Proof:
    """What joins the form and the headers of one call. Neither is shown."""

    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


ClientAuth = Callable[[datetime], Proof]


def private_key_jwt(tpp: Tpp, client_id: str, audience: str) -> ClientAuth:
    """A fresh signed assertion for each call (RFC 7523 2.2, OpenID Connect Core 9)."""

    def prove(now: datetime) -> Proof:
        return Proof({"client_id": client_id} | assertion(tpp, client_id, audience, now=now))

    return prove


def assertion(tpp: Tpp, client_id: str, audience: str, *, now: datetime) -> dict[str, str]:
    issued = int(now.timestamp())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "iat": issued,
        "exp": issued + ASSERTION_TTL_S,
        "jti": secrets.token_urlsafe(16),
    }
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": tpp.sign(claims)}


def certificate_only(client_id: str) -> ClientAuth:
    """The TLS certificate is the proof; the form names whose it is (RFC 8705 2)."""
    return lambda _: Proof({"client_id": client_id})


def secret_basic(client_id: str, secret: str) -> ClientAuth:
    """RFC 6749 2.3.1: both parts form-encoded before they are joined."""
    joined = f"{quote(client_id, safe='')}:{quote(secret, safe='')}".encode()
    headers = {"Authorization": f"Basic {base64.b64encode(joined).decode()}"}
    return lambda _: Proof(headers=headers)


def secret_post(client_id: str, secret: str) -> ClientAuth:
    return lambda _: Proof({"client_id": client_id, "client_secret": secret})
