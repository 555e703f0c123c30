"""What a registration needs from elsewhere, looked at before any transaction: statement, sector, keys by URI."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from hub.context import Hub
from hub.models.client import Client
from hub.oauth.policy import DATA_SCOPES, POLICIES, Profile
from hub.oauth.registration import keys, metadata, statements
from hub.oauth.registration.errors import STATEMENT, BadMetadata
from hub.oauth.registration.fetch import fetch_list, fetch_object
from hub.oauth.registration.metadata import Metadata
from hub.oauth.registration.statements import Statement


@dataclass(frozen=True, slots=True)
class Prepared:
    """Ready to be written. ``sector``: host of the checked sector_identifier_uri. ``trust_anchor`` vouches for it."""

    metadata: Metadata
    sector: str | None = None
    trust_anchor: str | None = None


def prepare(
    hub: Hub,
    document: Mapping[str, Any],
    *,
    now: datetime,
    wanted: Profile | None = None,
    present: Client | None = None,
) -> Prepared:
    """Check metadata in full. ``present`` is the client that it is to replace.

    Raises BadMetadata. Calls the network, so not inside a transaction.
    """
    statement = _statement(hub, document, now, present)
    if statement is not None:
        document = statements.applied(document, statement)
    found = metadata.read(document, loopback=hub.settings.local, wanted=wanted)
    if statement is not None:
        statements.check_pins(statement, found)
    _check_published_keys(hub, found, present)
    return Prepared(found, _sector(hub, found), None if statement is None else statement.anchor)


def demand_statement(hub: Hub, prepared: Prepared, *, anchor: str | None = None) -> None:
    """For those who register themselves: where the operator wants a statement, there is one. ``anchor``: by this one.

    Raises BadMetadata.
    """
    wants_data = bool(prepared.metadata.scopes & DATA_SCOPES) or prepared.metadata.profile is not Profile.OIDC
    if hub.settings.require_software_statement and wants_data and prepared.trust_anchor is None:
        raise BadMetadata(statements.MEMBER, "Registering for data takes a software statement here.", error=STATEMENT)
    if anchor is not None and prepared.trust_anchor != anchor:
        raise BadMetadata(
            statements.MEMBER, "The software statement of another issuer is needed here.", error=STATEMENT
        )


def _statement(hub: Hub, document: Mapping[str, Any], now: datetime, present: Client | None) -> Statement | None:
    """The one that was sent; else the one that the client was registered with, which it cannot shake off."""
    sent = document.get(statements.MEMBER)
    held = None if present is None else present.software_statement
    if present is not None and present.trust_anchor is not None and held is not None and sent in (None, held):
        return statements.kept(held, present.trust_anchor)
    return None if sent is None else statements.read(hub, sent, now)


def _check_published_keys(hub: Hub, found: Metadata, present: Client | None) -> None:
    """The keys at a new jwks_uri. One that is known already is not asked: its host may be down at the moment."""
    uri = found.members.get("jwks_uri")
    if uri is None or (present is not None and present.jwks_uri == uri):
        return
    there = fetch_object(hub, "jwks_uri", uri)
    keys.check("jwks_uri", there, policy=POLICIES[found.profile], method=found.auth_method)


def _sector(hub: Hub, found: Metadata) -> str | None:
    """OpenID Connect Registration 5: the list there names every redirect URI, which proves that they are one's."""
    uri: str | None = found.members.get("sector_identifier_uri")
    if uri is None:
        return None
    listed = fetch_list(hub, "sector_identifier_uri", uri)
    if not all(one in listed for one in found.redirect_uris):
        raise BadMetadata("sector_identifier_uri", "The list there does not name every redirect URI.")
    return urlsplit(uri).hostname
