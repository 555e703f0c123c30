"""Which profile a registration falls under. What a client wants to see or move decides it, not what it calls itself."""

from collections.abc import Mapping
from typing import Any

from hub.oauth.policy import DATA_SCOPES, Profile
from hub.oauth.registration.errors import BadMetadata

SIGNED = ("require_signed_request_object", "authorization_signed_response_alg")
"""Either of them makes a FAPI 2.0 client one of the Message Signing profile."""


def derive(members: Mapping[str, Any], wanted: Profile | None) -> Profile:
    """``wanted`` is a profile asked for outside the metadata: by the operator, or because the client has it already. It
    may be stricter than the metadata needs, never laxer. Raises BadMetadata.
    """
    asks_data = bool(DATA_SCOPES & words(members) or members.get("authorization_details_types"))
    if wanted is Profile.RESOURCE_SERVER:
        return wanted
    if asks_data and wanted is Profile.OIDC:
        raise BadMetadata("scope", "Accounts and payments are only for clients of a FAPI 2.0 profile.")
    if not asks_data and wanted in {None, Profile.OIDC}:
        return Profile.OIDC
    if wanted is Profile.FAPI2_MS or any(members.get(member) for member in SIGNED):
        return Profile.FAPI2_MS
    return Profile.FAPI2


def words(members: Mapping[str, Any]) -> frozenset[str]:
    """The scope that was asked for, as a set."""
    return frozenset(members.get("scope", "").split())
