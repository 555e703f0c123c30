"""What a registration needs from elsewhere, looked at before any transaction: statement, sector, keys by URI."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from hub.context import Hub
from hub.models.client import Client
from hub.oauth.grant_types import BACKCHANNEL
from hub.oauth.policy import DATA_SCOPES, POLICIES, PRIVATE_KEY_JWT, SELF_SIGNED_TLS, Profile
from hub.oauth.registration import keys, metadata, statements
from hub.oauth.registration.errors import STATEMENT, BadMetadata
from hub.oauth.registration.fetch import fetch_list, fetch_object
from hub.oauth.registration.metadata import Metadata
from hub.oauth.registration.statements import Statement


@dataclass(frozen=True, slots=True)
class Prepared:
    """Ready to be written. ``sector``: the host that was proven to be the client's, apart from its redirect URIs' (OIDC
    Core 8.1). ``vouched`` is what a trust anchor said of it; whether it still counts is seen in the transaction.
    """

    metadata: Metadata
    sector: str | None = None
    vouched: Statement | None = None

    @property
    def trust_anchor(self) -> str | None:
        return None if self.vouched is None else self.vouched.anchor


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
    return Prepared(found, _sector(hub, found, statement), statement)


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
        return statements.kept(hub, held, present.trust_anchor)
    if sent is None:
        return None
    found = statements.read(hub, sent, now)
    if held is not None:
        statements.check_same_software(found, held)
    return found


def _check_published_keys(hub: Hub, found: Metadata, present: Client | None) -> None:
    """The keys at a new jwks_uri. One that is known already is not asked: its host may be down at the moment."""
    uri = found.members.get("jwks_uri")
    if uri is None or (present is not None and present.jwks_uri == uri):
        return
    there = fetch_object(hub, "jwks_uri", uri)
    keys.check("jwks_uri", there, policy=POLICIES[found.profile], method=found.auth_method)
    keys.check_encryption("jwks_uri", there, found.members)


def _sector(hub: Hub, found: Metadata, statement: Statement | None) -> str | None:
    """The host of the sector that the client was proven to be of. None: what its redirect URIs say counts.

    OpenID Connect Registration 5: a list at the sector_identifier_uri names every redirect URI, which proves that they
    are one's. CIBA 4: keys do the same, since nobody else can authenticate with them.
    """
    uri: str | None = found.members.get("sector_identifier_uri")
    keys_uri = _proven_keys_uri(found)
    if uri is None:
        # The host of a directory that publishes everybody's keys is no client's own; and of member services each knows
        # people by other names, wherever its keys are.
        is_own = statement is None or "jwks_uri" not in statement.claims
        counts = is_own and not found.redirect_uris and found.profile is not Profile.RESOURCE_SERVER
        return urlsplit(keys_uri).hostname if keys_uri and counts else None
    named = set(found.redirect_uris)
    if keys_uri and (not named or BACKCHANNEL in found.members["grant_types"]):
        named.add(keys_uri)
    if not named:
        raise BadMetadata(
            "sector_identifier_uri",
            "It lists redirect URIs, or the jwks_uri that the client authenticates with; this client has neither.",
        )
    listed = fetch_list(hub, "sector_identifier_uri", uri)
    if not named <= set(listed):
        raise BadMetadata(
            "sector_identifier_uri",
            "The list there does not name every redirect URI, and a CIBA client's jwks_uri (CIBA 4).",
        )
    return urlsplit(uri).hostname


def _proven_keys_uri(found: Metadata) -> str | None:
    """The jwks_uri, if nobody can use this client who does not hold a key published there."""
    uri: str | None = found.members.get("jwks_uri")
    return uri if found.auth_method in {PRIVATE_KEY_JWT, SELF_SIGNED_TLS} else None
