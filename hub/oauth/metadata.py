"""What the server says about itself: RFC 8414 and OpenID Connect Discovery 1.0. Made from the tables that it obeys."""

from typing import Any

from hub.oauth import authenticate, openid_metadata, scopes
from hub.oauth.checks import CHALLENGE_METHOD, PROMPTS
from hub.oauth.introspection import Introspection
from hub.oauth.server import TOKEN_GRANTS
from hub.settings import Settings

AUTHORIZE = "/oauth/authorize"
TOKEN = "/oauth/token"  # noqa: S105  # an address, not a secret
REVOKE = "/oauth/revoke"
INTROSPECT = "/oauth/introspect"
USERINFO = "/oauth/userinfo"
JWKS = "/oauth/jwks"
OAUTH_METADATA = "/.well-known/oauth-authorization-server"
OPENID_METADATA = "/.well-known/openid-configuration"
TPP_JWKS = "/.well-known/tpp-jwks.json"


def document(settings: Settings) -> dict[str, Any]:
    """Both documents are the same one: RFC 8414 3.2 allows what OpenID adds."""
    base = settings.base_url
    methods = list(authenticate.METHODS)
    return {
        "issuer": base,
        "authorization_endpoint": base + AUTHORIZE,
        "token_endpoint": base + TOKEN,
        "revocation_endpoint": base + REVOKE,
        "introspection_endpoint": base + INTROSPECT,
        "userinfo_endpoint": base + USERINFO,
        "jwks_uri": base + JWKS,
        "service_documentation": f"{base}/docs/api",
        "scopes_supported": sorted(scopes.KNOWN),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [grant.GRANT_TYPE for grant in TOKEN_GRANTS],
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_methods_supported": list(Introspection.CLIENT_AUTH_METHODS),
        "code_challenge_methods_supported": [CHALLENGE_METHOD],
        "authorization_response_iss_parameter_supported": True,
        "prompt_values_supported": list(PROMPTS),
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        **openid_metadata.members(settings),
    }
