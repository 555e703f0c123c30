"""What all grant types of the token endpoint share."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from consent.details_form import PARAMETER
from consent.granted import granted as as_granted
from consent.lifecycle import TERMINAL, status_at
from consent.model import Consent, Status
from hub.consents import service as consents
from hub.consents import succession
from hub.context import Hub
from hub.identity.subjects import pairwise_sub
from hub.models.client import Client
from hub.models.oauth import Grant
from hub.oauth import resources, scopes, tokens
from hub.oauth.binding import Binding
from hub.oauth.call import Call
from hub.oauth.policy import NONE, Policy
from hub.oauth.tokens import Minted

Answer = dict[str, Any]
"""The members of a successful token response."""

PAIRWISE = "pairwise"
"""Under which name hub.keys keeps the salt of pairwise subjects."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call of the token endpoint by an authenticated client. ``bound`` is what its tokens will be bound to."""

    hub: Hub
    call: Call
    client: Client
    policy: Policy
    bound: Binding
    resource: str | None


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What a grant type's own file found and claimed. ``refresh_token`` is a new one to hand out, if there is one.

    ``grant_id`` is the client's name for the grant (``named``).
    """

    grant: Grant
    grant_id: str | None
    consent: Consent
    scope: str
    audience: str
    refresh_token: str | None = None
    nonce: str | None = None


def audience_of(ask: Exchange, grant: Grant) -> str:
    """Raises InvalidTarget."""
    return resources.chosen(ask.hub, ask.resource, grant.resources)


def named(session: Session, ask: Exchange, consent: Consent) -> str | None:
    """By which grant_id the client can query and change the grant; None for a public one, which cannot (Grant
    Management for OAuth 2.0, 5.5).
    """
    if ask.client.token_endpoint_auth_method == NONE:
        return None
    return succession.grant_id_of(session, consent.id)


def tokens_for(ask: Exchange, found: Exchanged) -> tuple[Minted, str]:
    """An access token within the consent, and the person's sub at this client."""
    sub = subject(ask.hub, ask.client, found.grant.psu_id)
    minted = tokens.mint_access_token(
        ask.hub,
        client_id=ask.client.client_id,
        sub=sub,
        scope=found.scope,
        audience=found.audience,
        cnf=ask.bound.cnf,
        now=ask.call.now,
        until=found.consent.valid_until,
        more={
            tokens.AUTHORIZATION: found.grant.id,
            "grant_id": found.grant_id,
            "consent_id": found.consent.id,
            "auth_time": int(found.grant.auth_time.timestamp()),
            "acr": found.grant.acr,
            "amr": found.grant.amr or None,
        },
    )
    return minted, sub


def granted(ask: Exchange, found: Exchanged) -> Answer:
    """What the answer says of the grant itself: its id, for those who can manage it (Grant Management for OAuth 2.0,
    5.5), and the details as granted (RFC 9396 7).
    """
    told: Answer = {} if found.grant_id is None else {"grant_id": found.grant_id}
    if found.consent.details:
        told[PARAMETER] = as_granted(found.consent, scopes.parse(found.scope) & frozenset(ask.client.scopes))
    return told


def answer(ask: Exchange, minted: Minted, *, scope: str, **more: Any) -> Answer:
    """RFC 6749 5.1; members that are None are left out. ``scope`` always says what was really given."""
    body: dict[str, Any] = {
        "access_token": minted.value,
        "token_type": ask.bound.token_type,
        "expires_in": minted.expires_in_s,
        "scope": scope,
    }
    return body | {name: value for name, value in more.items() if value is not None}


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
