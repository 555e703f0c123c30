"""What is taken for what a registration leaves out. The answer says it, so nobody has to guess (RFC 7591 3.2.1)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from hub.oauth import redirects, scopes
from hub.oauth.grant_types import CODE, EXCHANGE, REFRESH
from hub.oauth.policy import BASIC, DATA_SCOPES, PRIVATE_KEY_JWT, SELF_SIGNED_TLS, TLS, Policy, Profile
from hub.oauth.registration.errors import BadMetadata
from hub.oauth.registration.profile import words

DPOP_BOUND, CERTIFICATE_BOUND = "dpop_bound_access_tokens", "tls_client_certificate_bound_access_tokens"
FAPI_ALGORITHM, OIDC_ALGORITHM = "ES256", "RS256"  # OpenID Connect Registration 2; FAPI 2.0 5.4 forbids its default


def complete(members: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    """``members`` with its gaps filled. Raises BadMetadata for a scope that this profile's clients must know better."""
    full = dict(members)
    full.setdefault("client_name", _name(full))
    fapi = policy.sender_constrained
    full.setdefault("token_endpoint_auth_method", PRIVATE_KEY_JWT if fapi else BASIC)
    by_default = OIDC_ALGORITHM if OIDC_ALGORITHM in policy.algorithms else FAPI_ALGORITHM
    full.setdefault("id_token_signed_response_alg", by_default)
    full.setdefault("grant_types", _grant_types(full, policy))
    full.setdefault("response_types", ("code",) if CODE in full["grant_types"] else ())
    full["scope"] = scopes.text_of(_scopes(full, policy))
    if policy.profile is not Profile.RESOURCE_SERVER:
        full.setdefault("subject_type", "pairwise")
    if fapi:
        by_certificate = full["token_endpoint_auth_method"] in {TLS, SELF_SIGNED_TLS}
        if not any(member in full for member in (DPOP_BOUND, CERTIFICATE_BOUND)):
            full[CERTIFICATE_BOUND if by_certificate else DPOP_BOUND] = True
        full["require_pushed_authorization_requests"] = True
    if policy.signed_requests:
        full["require_signed_request_object"] = True
        full.setdefault("authorization_signed_response_alg", FAPI_ALGORITHM)
    return full


def _name(full: Mapping[str, Any]) -> str:
    """What people read where the client gave no name: the host that they go back to."""
    hosts = (
        urlsplit(uri).hostname for uri in full.get("redirect_uris", ()) if redirects.fault(uri, public=True) is None
    )
    return next((host for host in hosts if host), None) or "An app without a name"


def _grant_types(full: Mapping[str, Any], policy: Policy) -> tuple[str, ...]:
    if policy.profile is Profile.RESOURCE_SERVER:
        return ()
    return (CODE, REFRESH) if scopes.OFFLINE_ACCESS in words(full) else (CODE,)


def _scopes(full: Mapping[str, Any], policy: Policy) -> frozenset[str]:
    """Without a scope: all that concerns the person alone. Unknown words: as the profile has it (Policy)."""
    if "scope" in full or CODE not in full["grant_types"]:
        asked = words(full)
    else:
        unwanted = frozenset() if REFRESH in full["grant_types"] else {scopes.OFFLINE_ACCESS}
        asked = scopes.OF_PEOPLE - DATA_SCOPES - unwanted
    if policy.profile is Profile.RESOURCE_SERVER and asked and EXCHANGE not in full["grant_types"]:
        raise BadMetadata("scope", "A resource server gets no tokens: leave this empty.")
    if not asked <= scopes.KNOWN and not policy.unknown_scopes_ignored:
        raise BadMetadata("scope", f"The scopes here are {' '.join(sorted(scopes.KNOWN))}.")
    return asked & scopes.KNOWN
