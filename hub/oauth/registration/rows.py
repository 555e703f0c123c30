"""A client's row as metadata, and metadata as a client's row."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from hub.models.client import Client
from hub.oauth import redirects
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


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
