"""A registered client, made at once: what the rules of registration would say of it is tests/oauth/registration's."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from hub.hashing import secret_hash
from hub.ids import new_id, new_secret
from hub.models.client import Client
from hub.oauth import redirects
from hub.oauth.clients import Registered
from hub.oauth.grant_types import CLIENT, CODE, REFRESH
from hub.oauth.policy import BASIC, NONE


def registered(
    session: Session,
    *,
    redirect_uris: Sequence[str],
    scopes: Collection[str],
    now: datetime,
    owner_psu_id: str | None = None,
    name: str = "Budget Buddy",
    site_uri: str | None = None,
    description: str = "",
    public: bool = False,
    auth_method: str = BASIC,
) -> Registered:
    """One that signs people in, with a secret unless it is ``public``; whoever needs another kind changes its row."""
    client_id, secret = new_id(), None if public else new_secret()
    client = Client(
        client_id=client_id,
        owner_psu_id=owner_psu_id,
        name=name,
        site_uri=site_uri,
        description=description,
        redirect_uris=list(redirect_uris),
        token_endpoint_auth_method=NONE if public else auth_method,
        secret_hash=None if secret is None else secret_hash(secret),
        grant_types=[CODE, REFRESH] if public else [CODE, REFRESH, CLIENT],
        scopes=sorted(set(scopes)),
        sector=redirects.sector(redirect_uris, client_id=client_id),
        profile="oidc",
        id_token_signed_response_alg="ES256",
        registration={},
        created_at=now,
    )
    session.add(client)
    session.flush()
    return Registered(client, secret)
