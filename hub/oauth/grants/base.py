# mypy: disallow-subclassing-any=False
# Authlib ships no types.
"""What all grants of the token endpoint share: Authlib's skeleton, our client authentication, our tokens."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from authlib.oauth2.rfc6749.errors import UnauthorizedClientError
from authlib.oauth2.rfc6749.grants import BaseGrant, TokenEndpointMixin
from sqlalchemy.orm import Session

from consent.lifecycle import TERMINAL, status_at
from consent.model import Consent, Status
from hub.consents import service as consents
from hub.context import Hub
from hub.identity.subjects import pairwise_sub
from hub.models.client import Client
from hub.models.oauth import Grant
from hub.oauth import authenticate, tokens
from hub.oauth.errors import InvalidTarget
from hub.oauth.request import Request
from hub.oauth.tokens import Minted

Answer = tuple[int, dict[str, Any], list[tuple[str, str]]]
PAIRWISE = "pairwise"
"""Under which name hub.keys keeps the salt of pairwise subjects."""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What a grant type's own file found and claimed. ``refresh_token`` is a new one to hand out, if there is one."""

    grant: Grant
    consent: Consent
    scope: str
    refresh_token: str | None = None
    nonce: str | None = None


class TokenGrant(BaseGrant, TokenEndpointMixin):
    """Authlib calls validate_token_request, then create_token_response."""

    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar[list[str]] = list(authenticate.METHODS)
    request: Request

    @property
    def hub(self) -> Hub:
        hub: Hub = self.server.hub
        return hub

    def validate_token_request(self) -> None:
        client: Client = self.authenticate_token_endpoint_client()
        if self.GRANT_TYPE not in client.grant_types:
            raise UnauthorizedClientError("The client is not registered for this grant_type.")
        if self.request.form.get("resource") not in {None, self.hub.settings.base_url}:
            raise InvalidTarget()

    @property
    def authenticated(self) -> Client:
        client = self.request.client
        if client is None:
            raise RuntimeError("create_token_response comes after validate_token_request")
        return client

    def tokens_for(self, found: Exchanged, now: datetime) -> tuple[Minted, str]:
        """An access token within the consent, and the person's sub at this client."""
        sub = subject(self.hub, self.authenticated, found.grant.psu_id)
        minted = tokens.mint_access_token(
            self.hub,
            client_id=self.authenticated.client_id,
            sub=sub,
            scope=found.scope,
            now=now,
            until=found.consent.valid_until,
            grant={
                "grant_id": found.grant.id,
                "consent_id": found.consent.id,
                "auth_time": int(found.grant.auth_time.timestamp()),
            },
        )
        return minted, sub

    def answer(self, minted: Minted, *, scope: str, **more: str | None) -> Answer:
        """RFC 6749 5.1; members that are None are left out. ``scope`` always says what was really given."""
        body: dict[str, Any] = {
            "access_token": minted.value,
            "token_type": "Bearer",
            "expires_in": minted.expires_in_s,
            "scope": scope,
        }
        return 200, body | {name: value for name, value in more.items() if value is not None}, []


def subject(hub: Hub, client: Client, psu_id: str) -> str:
    """Under which name this client knows the person."""
    return pairwise_sub(hub.keys.secret(PAIRWISE), client.sector, psu_id)


def usable_consent(session: Session, grant: Grant, now: datetime) -> Consent | None:
    """The grant's consent if tokens may still be made for it, None if grant or consent has ended.

    A suspended consent counts: its tokens open nothing, and a refused refresh would make clients drop what comes back
    to life when the hub lifts the suspension.
    """
    if grant.revoked_at is not None:
        return None
    consent = consents.load(session, grant.consent_id)
    status = status_at(consent, now)
    return None if status in TERMINAL or status is Status.RECEIVED else consent
