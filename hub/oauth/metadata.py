"""What the server says about itself: RFC 8414 and OpenID Connect Discovery 1.0. Made from the tables that it obeys."""

from typing import Any

from consent.details import DetailType
from hub.oauth import addresses, authenticate, ciba, encryption, grant_management, openid_metadata, scopes
from hub.oauth.checks import CHALLENGE_METHOD, PROMPTS
from hub.oauth.jose.algorithms import FAPI_ALGORITHMS, OIDC_ALGORITHMS, accepted
from hub.oauth.policy import POLICIES
from hub.oauth.token_endpoint import GRANTS
from hub.settings import Settings

_BACK_CHANNEL = {
    "token_endpoint": addresses.TOKEN,
    "revocation_endpoint": addresses.REVOKE,
    "introspection_endpoint": addresses.INTROSPECT,
    "pushed_authorization_request_endpoint": addresses.PAR,
    "device_authorization_endpoint": addresses.DEVICE_AUTHORIZATION,
    "grant_management_endpoint": addresses.GRANTS,
    "backchannel_authentication_endpoint": addresses.BACKCHANNEL_AUTHENTICATION,
    "userinfo_endpoint": addresses.USERINFO,
}
"""Also reached with a client certificate, where another host asks for them (RFC 8705 5)."""


_VERIFIED = list(accepted(OIDC_ALGORITHMS))
"""What a client may sign with. Ed25519 is in it by both of its names, so that a client finds the one it writes."""


def document(settings: Settings) -> dict[str, Any]:
    """Both documents are the same one: RFC 8414 3.2 allows what OpenID adds."""
    base = settings.base_url
    told: dict[str, Any] = {
        "issuer": base,
        "authorization_endpoint": base + addresses.AUTHORIZE,
        **{name: base + path for name, path in _BACK_CHANNEL.items()},
        "jwks_uri": base + addresses.JWKS,
        "service_documentation": f"{base}/docs/api",
        "scopes_supported": sorted(scopes.KNOWN),
    }
    told |= _requests() | _clients() | _signatures() | _backchannel() | openid_metadata.members(settings)
    if settings.who_registers != "closed":
        told["registration_endpoint"] = base + addresses.REGISTER
    if settings.mtls_base_url is not None:
        told["mtls_endpoint_aliases"] = {name: settings.mtls_base_url + path for name, path in _BACK_CHANNEL.items()}
    return told


def _requests() -> dict[str, Any]:
    """How people are asked for something."""
    modes = dict.fromkeys(mode for one in POLICIES.values() for mode in one.response_modes)
    return {
        "response_types_supported": ["code"],
        "response_modes_supported": list(modes),
        "grant_types_supported": list(GRANTS),
        "code_challenge_methods_supported": [CHALLENGE_METHOD],
        "authorization_response_iss_parameter_supported": True,
        "prompt_values_supported": list(PROMPTS),
        "authorization_details_types_supported": list(DetailType),
        "grant_management_actions_supported": ["query", "revoke", *grant_management.ACTIONS],
        "grant_management_action_required": False,
        "request_parameter_supported": True,
        "request_uri_parameter_supported": False,  # of the client's own making; a pushed one is another matter
        "require_request_uri_registration": False,
        "require_pushed_authorization_requests": False,  # of every client; the FAPI 2.0 profiles do
    }


def _clients() -> dict[str, Any]:
    """How clients prove who they are."""
    methods, signed = list(authenticate.METHODS), _VERIFIED
    confidential = list(authenticate.CONFIDENTIAL)
    return {
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": signed,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": signed,
        "introspection_endpoint_auth_methods_supported": confidential,
        "introspection_endpoint_auth_signing_alg_values_supported": signed,
        "tls_client_certificate_bound_access_tokens": True,
    }


def _backchannel() -> dict[str, Any]:
    """CIBA 4."""
    return {
        "backchannel_token_delivery_modes_supported": list(ciba.MODES),
        "backchannel_authentication_request_signing_alg_values_supported": _VERIFIED,
        "backchannel_user_code_parameter_supported": False,
    }


def _signatures() -> dict[str, Any]:
    return {
        "authorization_signing_alg_values_supported": list(OIDC_ALGORITHMS),
        "authorization_encryption_alg_values_supported": list(encryption.ALGS),
        "authorization_encryption_enc_values_supported": list(encryption.ENCS),
        "introspection_signing_alg_values_supported": list(OIDC_ALGORITHMS),
        "request_object_signing_alg_values_supported": _VERIFIED,
        "dpop_signing_alg_values_supported": list(accepted(FAPI_ALGORITHMS)),
    }
