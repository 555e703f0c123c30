"""Claims about the person behind a token (OIDC Core 5.3): sub, and what consent and scope disclose, nothing else.

A client that registered for it gets them signed, encrypted, or both (5.3.2).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from consent.decide import Allowed, Ask, Denied, decide
from consent.disclose import only
from consent.model import Permission
from hub.consents import service as consents
from hub.context import Hub
from hub.errors import NotPermitted
from hub.models.client import Client
from hub.oauth import clients, encryption, person_claims, response_jwt
from hub.oauth.bearer import Token, invalid
from hub.oauth.encryption import Envelope
from hub.oauth.errors import OAuth2Error

JSON, JWT = "application/json", "application/jwt"


@dataclass(frozen=True, slots=True)
class Answer:
    """``body`` is a JSON object, or a JWT in compact form."""

    body: bytes
    content_type: str


def answer(hub: Hub, token: Token, now: datetime) -> Answer:
    """Raises NotPermitted without the openid scope, once the consent is not valid any more, and where the client's
    registration asks for a signature or an encryption that cannot be had: it gets nothing rather than plain claims.
    """
    with hub.db.read() as session:
        client = clients.find(session, token.client_id)
    if client is None:
        raise invalid()
    try:
        wrapping = _wrapping(hub, client)  # before the reading is written down: what is not told was not read
    except OAuth2Error as error:
        raise NotPermitted(error.get_error_description(), reason=error.error) from error
    return wrapping.wrapped(hub, client, claims(hub, token, now))


def claims(hub: Hub, token: Token, now: datetime) -> dict[str, Any]:
    """Raises NotPermitted without the openid scope, and once the consent is not valid any more."""
    signed_in = _ask(token, Permission.SIGN_IN, now)
    if isinstance(signed_in, Denied):
        raise NotPermitted(signed_in.message, reason=signed_in.public_reason.value)
    further = (_ask(token, permission, now) for permission in (Permission.PROFILE, Permission.EMAIL))
    allowed = [signed_in, *(answer for answer in further if isinstance(answer, Allowed))]
    disclosed = frozenset[str]().union(*(answer.claims for answer in allowed))
    with hub.db.read() as session:
        person = None if token.psu_id is None else person_claims.read(session, token.psu_id)
    if person is None:
        raise invalid()
    for answer in allowed:
        consents.record_access(hub, answer, now=now)
    return {"sub": token.sub} | only(person, disclosed)


@dataclass(frozen=True, slots=True)
class _Wrapping:
    """As the client is registered: JSON, signed (with iss and aud), encrypted, or signed and then encrypted."""

    alg: str | None
    envelope: Envelope | None

    def wrapped(self, hub: Hub, client: Client, told: Mapping[str, Any]) -> Answer:
        inner: str | bytes = orjson.dumps(told)
        if self.alg is not None:
            claims = {**told, "iss": hub.settings.base_url, "aud": client.client_id}
            inner = response_jwt.sign(hub, claims, alg=self.alg, typ="JWT")
        if self.envelope is not None:
            inner = self.envelope.seal(inner, signed=self.alg is not None)
        return Answer(inner, JSON) if isinstance(inner, bytes) else Answer(inner.encode(), JWT)


def _wrapping(hub: Hub, client: Client) -> _Wrapping:
    """Raises NotSignable, NoEncryptionKey."""
    signing = client.registration.get("userinfo_signed_response_alg")
    alg = None if signing is None else response_jwt.algorithm(client, signing)
    return _Wrapping(alg, encryption.envelope(hub, client, "userinfo"))


def _ask(token: Token, permission: Permission, now: datetime) -> Allowed | Denied:
    ask = Ask(client_id=token.client_id, psu_id=token.psu_id or "", permission=permission, scopes=token.scopes)
    return decide(token.consent, ask, now)
