"""The ID token (OIDC Core 2): who logged in, when and how, said to one client and signed.

About the person it says only what the claims parameter asked for in the ID token and the consent discloses; anything
else is at userinfo.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from consent.disclose import only
from consent.model import permissions_of
from hub.consents import service as consents
from hub.context import Hub
from hub.models.client import Client
from hub.models.oauth import Grant
from hub.oauth import claims_parameter, person_claims, scopes
from hub.oauth.protection import Protection

SID = "sid"
"""Under which name hub.keys keeps the key of session ids."""

TYPE = "JWT"
_HASHES = {
    "ES256": hashlib.sha256,
    "PS256": hashlib.sha256,
    "RS256": hashlib.sha256,
    "EdDSA": hashlib.sha512,  # RFC 8032 5.1: Ed25519 is made with SHA-512
}


def mint(
    hub: Hub,
    client: Client,
    grant: Grant,
    protection: Protection,
    *,
    sub: str,
    nonce: str | None,
    access_token: str | None,
    now: datetime,
    extra: Mapping[str, Any] | None = None,
) -> str:
    """An ID token for the client, protected as it wants it (hub.oauth.protection.of_id_tokens).

    ``extra``: further claims of the flow, which can replace none of ours.
    """
    issued_s = int(now.timestamp())
    claims: dict[str, Any] = {
        **(extra or {}),
        **_about_the_person(hub, client, grant),
        "iss": hub.settings.base_url,
        "aud": client.client_id,
        "sub": sub,
        "iat": issued_s,
        "exp": issued_s + hub.settings.id_token_ttl_s,
        "auth_time": int(grant.auth_time.timestamp()),
        **_about_the_login(hub, client, grant),
    }
    if nonce is not None:
        claims["nonce"] = nonce
    if access_token is not None:
        claims["at_hash"] = half_hash(access_token, protection.alg)
    return protection.protect(hub, claims, typ=TYPE)


def sid_at(hub: Hub, client: Client, sid: str) -> str:
    """The session's name at this client: another one at every client, so that two cannot tell that they share it."""
    material = f"{client.client_id}\0{sid}".encode()
    digest = hmac.new(hub.keys.secret(SID), material, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def half_hash(value: str, alg: str) -> str:
    """OIDC Core 3.1.3.6: the left half of the hash that the signature uses (at_hash, and c_hash alike)."""
    digest = _HASHES[alg](value.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def _about_the_login(hub: Hub, client: Client, grant: Grant) -> dict[str, Any]:
    told: dict[str, Any] = {
        "acr": claims_parameter.acr_to_tell(grant.acr, grant.claims),
        "amr": grant.amr or None,
        "sid": None if grant.sid is None else sid_at(hub, client, grant.sid),
    }
    return {name: value for name, value in told.items() if value is not None}


def _about_the_person(hub: Hub, client: Client, grant: Grant) -> dict[str, Any]:
    """Asked for in the ID token, held by the consent, within the grant's scope and the client's registration."""
    asked = claims_parameter.asked_in_id_token(grant.claims)
    if not asked:
        return {}
    within = permissions_of(scopes.parse(grant.scope) & frozenset(client.scopes))
    with hub.db.read() as session:
        held = consents.load(session, grant.consent_id).holds
        known = person_claims.read(session, grant.psu_id) or {}
    return only(known, asked & person_claims.disclosed(held & within))
