"""A client's row as metadata, and metadata as a client's row."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import orjson

from hub.models.client import Client
from hub.oauth import mtls, redirects
from hub.oauth.registration.members import FOR_PEOPLE
from hub.oauth.registration.metadata import Metadata

COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "client_name": "name",
        "client_uri": "site_uri",
        "redirect_uris": "redirect_uris",
        "token_endpoint_auth_method": "token_endpoint_auth_method",
        "grant_types": "grant_types",
        "id_token_signed_response_alg": "id_token_signed_response_alg",
        "jwks": "jwks",
        "jwks_uri": "jwks_uri",
        "software_statement": "software_statement",
    }
)
"""Registered name -> column. ``scope`` is a list in its column; whatever else there is lies in ``registration``."""


def write(client: Client, metadata: Metadata, *, sector: str | None) -> None:
    """``sector``: the host of the checked sector_identifier_uri, None without one.

    Other redirect hosts make another sector, so people then have other subs at this client: a sector that stayed behind
    would let an app collect the subs of a host that is not its own.
    """
    plain = {name: _plain(value) for name, value in metadata.members.items()}
    for name, column in COLUMNS.items():
        setattr(client, column, plain.pop(name, [] if name == "redirect_uris" else None))
    plain.pop("response_types")
    client.profile = metadata.profile.value
    client.scopes = plain.pop("scope").split()
    client.registration = plain
    client.sector = sector or redirects.sector(client.redirect_uris, client_id=client.client_id)


def document(client: Client) -> dict[str, Any]:
    """The client's metadata under its registered names, as it can be sent and read again. It holds no secret."""
    held = {name: getattr(client, column) for name, column in COLUMNS.items()}
    held |= client.registration
    held["scope"] = " ".join(client.scopes)
    held["response_types"] = ["code"] if "authorization_code" in client.grant_types else []
    return {name: value for name, value in sorted(held.items()) if value is not None}


def face(client: Client) -> list[Any]:
    """What people go by when they trust this client: its name, its addresses, and where answers go."""
    told = client.registration or {}
    seen = {name: value for name, value in told.items() if name.partition("#")[0] in FOR_PEOPLE}
    return [client.name, client.site_uri, sorted(client.redirect_uris or ()), seen]


def identity(client: Client) -> frozenset[bytes]:
    """What makes the client the one that people allowed something: where its answers go, and whose keys prove that it
    is the client. Whoever adds to this may be somebody else by now; taking from it makes nobody else.
    """
    told = client.registration or {}
    facts: list[tuple[str, Any]] = [("redirect_uri", uri) for uri in client.redirect_uris or ()]
    facts += [("key", key) for key in (client.jwks or {}).get("keys", ())]
    facts += [("jwks_uri", client.jwks_uri), ("method", client.token_endpoint_auth_method)]
    facts += [(name, told.get(name)) for name in (*mtls.SUBJECTS, "backchannel_client_notification_endpoint")]
    return frozenset(orjson.dumps(fact, option=orjson.OPT_SORT_KEYS) for fact in facts if fact[1] is not None)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
