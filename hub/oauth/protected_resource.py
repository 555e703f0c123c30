"""What the hub's API says about itself as a protected resource: RFC 9728. Whoever meets a refusal finds the way here
by ``resource_metadata`` in its challenge (5.1), and from here to the authorisation server.

``dpop_bound_access_tokens_required`` is false because a certificate binds as well (RFC 8705), and because a client that
only signs people in may hold bearer tokens; what a token is bound to is demanded of each client by its profile.
"""

from typing import Any

from consent.details import DetailType
from hub.oauth import addresses, scopes
from hub.oauth.jose.algorithms import FAPI_ALGORITHMS, accepted
from hub.settings import Settings


def document(settings: Settings) -> dict[str, Any]:
    """RFC 9728 2. ``resource`` is what tokens for our API name as their audience, wherever it is reached."""
    base = settings.base_url
    return {
        "resource": base,
        "resource_name": "Rialto",
        "resource_documentation": f"{base}/docs/api",
        "authorization_servers": [base],
        "scopes_supported": sorted(scopes.KNOWN - scopes.PROTOCOL),
        "bearer_methods_supported": ["header"],
        "authorization_details_types_supported": list(DetailType),
        "dpop_signing_alg_values_supported": list(accepted(FAPI_ALGORITHMS)),
        "dpop_bound_access_tokens_required": False,
        "tls_client_certificate_bound_access_tokens": True,
    }


def address(settings: Settings) -> str:
    """Where the document is (3): our resource has no path of its own."""
    return settings.base_url + addresses.RESOURCE_METADATA
