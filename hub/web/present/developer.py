"""Apps as their developers see them: the list, the form for a new one, the guide."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from consent.model import Status, permissions_of
from consent.wording import explain
from hub.models.client import Client
from hub.models.consent import ConsentRow
from hub.oauth.grant_types import BACKCHANNEL, CLIENT, CODE, DEVICE, REFRESH
from hub.oauth.policy import DATA_SCOPES, POLICIES, Profile
from hub.oauth.scopes import GRANT_QUERY, GRANT_REVOKE, KNOWN, OFFLINE_ACCESS, WEBHOOKS
from hub.web.present.apps import app_of
from hub.web.present.demands import PURPOSE, demands
from hub.web.viewmodels import Choice, DeveloperAppRow, Form, GuidePage, NewAppPage

Purpose = Literal["sign-in", "bank-data"]
PROFILE: Mapping[Purpose, Profile] = {"sign-in": Profile.OIDC, "bank-data": Profile.FAPI2}
USUAL: Mapping[Purpose, frozenset[str]] = {
    "sign-in": frozenset({"openid", "profile"}),
    "bank-data": frozenset({"openid", "accounts:read", "balances:read", "transactions:read"}),
}

SECRET, PUBLIC, MADE, PASTED, PUBLISHED, CERTIFICATE = "secret", "public", "made", "jwks", "jwks_uri", "certificate"
_KEYS = (
    (MADE, "Make a key pair for me", "You download the private half once; we keep the public half only."),
    (PASTED, "I have a key", "Paste its public half, a JWK Set."),
    (PUBLISHED, "My keys are at an address", "So you can change them without telling us."),
)
PROOFS: Mapping[Purpose, tuple[tuple[str, str, str], ...]] = {
    "sign-in": (
        (SECRET, "With a secret", "It runs on a server, which can keep one."),
        (PUBLIC, "Not at all", "It runs in a browser, on a phone or a desk. PKCE protects it."),
        *_KEYS,
    ),
    "bank-data": (
        *_KEYS,
        (CERTIFICATE, "With a TLS certificate", "From an authority that this hub trusts. Name its subject below."),
    ),
}


OWN_TOKENS, DEVICES, ELSEWHERE, LOOK_UP, GIVE_BACK = "own", "device", "elsewhere", GRANT_QUERY, GRANT_REVOKE
LISTEN = WEBHOOKS
_WAYS = (
    (OWN_TOKENS, "Speak for itself", "It gets tokens of its own, which open nobody’s data."),
    (DEVICES, "Be connected from another screen", "On a television or a terminal: the person types a short code here."),
    (
        ELSEWHERE,
        "Ask people who are elsewhere",
        "They answer on their pages here while the app waits; it needs a key.",
    ),
    (LOOK_UP, "Look up what it was given", "It can read what somebody still allows it; needs bound tokens of its own."),
    (LISTEN, "Look after its webhooks", "By the API instead of these pages; needs bound tokens of its own."),
    (GIVE_BACK, "Give back what it was given", "It can end somebody’s grant; needs bound tokens of its own."),
)
"""Beyond a person at a browser. The last three are scopes that the app holds for itself."""


def grant_types(ways: frozenset[str], scopes: frozenset[str]) -> list[str]:
    """As they are registered (RFC 7591 2), for what was ticked."""
    told = {
        CODE: True,
        REFRESH: OFFLINE_ACCESS in scopes,
        CLIENT: bool(ways & {OWN_TOKENS, LOOK_UP, LISTEN, GIVE_BACK}),
        DEVICE: DEVICES in ways,
        BACKCHANNEL: ELSEWHERE in ways,
    }
    return [name for name, wanted in told.items() if wanted]


def offered(purpose: Purpose) -> tuple[Choice, ...]:
    """What an app of this purpose may be registered for, unticked."""
    words = KNOWN - DATA_SCOPES if purpose == "sign-in" else KNOWN
    told = [(item.permission.value, item.title) for item in explain(permissions_of(words))]
    told.append((OFFLINE_ACCESS, "Stay connected between visits"))
    return tuple(Choice(value, title, value) for value, title in told)


def consent_counts(session: Session, client_ids: Sequence[str], now: datetime) -> Mapping[str, int]:
    """How many people's consents hold at ``now``, by client."""
    found = session.execute(
        select(ConsentRow.client_id, func.count().label("people"))
        .where(
            ConsentRow.client_id.in_(client_ids),
            ConsentRow.status == Status.VALID.value,
            ConsentRow.valid_until > now,
        )
        .group_by(ConsentRow.client_id)
    )
    return {row.client_id: row.people for row in found}


def row(client: Client, counts: Mapping[str, int]) -> DeveloperAppRow:
    return DeveloperAppRow(
        app=app_of(client),
        profile=PURPOSE[Profile(client.profile)],
        created_at=client.created_at,
        consent_count=counts.get(client.client_id, 0),
    )


def new_app(
    purpose: Purpose,
    form: Form,
    ticked: frozenset[str],
    proof: str,
    *,
    ways: frozenset[str] = frozenset(),
    needs_statement: bool = False,
) -> NewAppPage:
    policy = POLICIES[PROFILE[purpose]]
    return NewAppPage(
        purpose=purpose,
        profile=policy.title,
        demands=demands(policy),
        scopes=tuple(Choice(one.value, one.label, one.note, one.value in ticked) for one in offered(purpose)),
        proofs=tuple(Choice(value, label, note, value == proof) for value, label, note in PROOFS[purpose]),
        ways=tuple(Choice(value, label, note, value in ways) for value, label, note in _WAYS),
        needs_statement=needs_statement,
        form=form,
    )


def guide(issuer: str, mine: Sequence[Client]) -> GuidePage:
    """With the values of the person's newest apps, so that what stands there can be run as it is."""
    newest = {Profile(client.profile): client for client in mine if client.redirect_uris}
    values: dict[str, str] = {}
    for prefix, client in (
        ("data", newest.get(Profile.FAPI2)),
        ("sign_in", newest.get(Profile.OIDC)),
    ):
        if client is not None:
            values |= {
                f"{prefix}_client_id": client.client_id,
                f"{prefix}_redirect_uri": client.redirect_uris[0],
                f"{prefix}_scope": " ".join(client.scopes),
            }
    return GuidePage(issuer, **values)
