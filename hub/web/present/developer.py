"""Apps as their developers see them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from consent.model import Permission, Status
from consent.wording import explain
from hub.models.client import Client
from hub.models.consent import ConsentRow
from hub.oauth.policy import NONE
from hub.oauth.scopes import OFFLINE_ACCESS
from hub.web.present.apps import app_of
from hub.web.viewmodels import Choice, DeveloperAppPage, DeveloperAppRow, Form, GuidePage, NewAppPage

_READS = frozenset(Permission) - {Permission.PAYMENTS_WRITE}
_CHOICES = (
    *((item.permission.value, item.title) for item in explain(_READS)),
    (OFFLINE_ACCESS, "Stay connected between visits"),
)
OFFERED = frozenset(value for value, _ in _CHOICES)
"""What a new app may be registered for. Payments are not offered before the hub makes any."""
USUAL = frozenset({"openid", "accounts:read", "balances:read", "transactions:read"})


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
        is_confidential=client.token_endpoint_auth_method != NONE,
        created_at=client.created_at,
        consent_count=counts.get(client.client_id, 0),
    )


def new_app(form: Form, ticked: Collection[str]) -> NewAppPage:
    return NewAppPage(tuple(Choice(value, title, value, value in ticked) for value, title in _CHOICES), form)


def app_page(client: Client, counts: Mapping[str, int], form: Form) -> DeveloperAppPage:
    return DeveloperAppPage(
        app=app_of(client),
        is_confidential=client.token_endpoint_auth_method != NONE,
        redirect_uris=tuple(client.redirect_uris),
        scopes=tuple(client.scopes),
        created_at=client.created_at,
        consent_count=counts.get(client.client_id, 0),
        form=form,
    )


def guide(issuer: str, client: Client | None) -> GuidePage:
    """With the values of the person's newest app, so that what stands there can be run as it is."""
    if client is None:
        return GuidePage(issuer=issuer, scope=" ".join(sorted(USUAL)))
    return GuidePage(issuer, client.client_id, client.redirect_uris[0], " ".join(client.scopes))
