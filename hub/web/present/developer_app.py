"""One app as its developer sees it: what it is registered with, and why it was refused."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from hub.models.client import Client
from hub.models.oauth import RefusedRequest
from hub.oauth.policy import SECRET_METHODS, Profile, policy_of
from hub.oauth.registration import rows
from hub.web.present.apps import app_of
from hub.web.present.demands import PROOF, PURPOSE, demands
from hub.web.viewmodels import DeveloperAppPage, Form, KeyRow, RefusalRow

ADDRESSES: Mapping[str, tuple[str, bool]] = {
    "redirect_uris": ("redirect_uris", True),
    "site": ("client_uri", False),
    "policy_uri": ("policy_uri", False),
    "tos_uri": ("tos_uri", False),
    "initiate_login_uri": ("initiate_login_uri", False),
    "post_logout_redirect_uris": ("post_logout_redirect_uris", True),
    "backchannel_logout_uri": ("backchannel_logout_uri", False),
}
"""Field of the form -> the member that it changes, and whether it is a list with one address a line."""


def app_page(client: Client, count: int, refused: Sequence[RefusedRequest], form: Form) -> DeveloperAppPage:
    return DeveloperAppPage(
        app=app_of(client),
        profile=PURPOSE[Profile(client.profile)],
        demands=demands(policy_of(client)),
        proof=PROOF[client.token_endpoint_auth_method],
        has_secret=client.token_endpoint_auth_method in SECRET_METHODS,
        keys=tuple(map(_key, (client.jwks or {}).get("keys", ()))),
        jwks_uri=client.jwks_uri or "",
        scopes=tuple(client.scopes),
        created_at=client.created_at,
        consent_count=count,
        refusals=tuple(
            RefusalRow(row.at, row.endpoint, row.error, row.description, row.proven, row.interaction_id)
            for row in refused
        ),
        registered=orjson.dumps(rows.document(client), option=orjson.OPT_INDENT_2).decode(),
        form=form if form.values else Form(_addresses(client), form.errors),
    )


def _addresses(client: Client) -> dict[str, str]:
    held = rows.document(client)
    found = {field: held.get(member) or "" for field, (member, _many) in ADDRESSES.items()}
    return {field: "\n".join(value) if isinstance(value, list) else value for field, value in found.items()}


def _key(jwk: Mapping[str, Any]) -> KeyRow:
    kind = jwk.get("crv") or jwk.get("alg") or jwk.get("kty") or "?"
    return KeyRow(str(jwk.get("kid", "")), str(kind), str(jwk.get("use", "sig")))
