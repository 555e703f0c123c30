"""What the TPP can find out about the bank by itself (OpenID Connect Discovery 1.0, RFC 8414)."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from sandbox.jose import ALGORITHM
from sandbox.uk.bank import Bank


def pages(bank: Bank) -> Blueprint:
    blueprint = Blueprint("discovery", __name__)

    @blueprint.get("/.well-known/openid-configuration")
    def configuration() -> ResponseReturnValue:
        return {
            "issuer": bank.issuer,
            "authorization_endpoint": f"{bank.issuer}/authorize",
            "token_endpoint": bank.token_endpoint,
            "jwks_uri": f"{bank.issuer}/jwks",
            "scopes_supported": [
                "openid",
                "accounts",
                *(["fundsconfirmations"] if bank.profile.confirms_funds else []),
            ],
            "response_types_supported": list(bank.profile.answers),
            "response_modes_supported": list(bank.profile.answers.values()),
            "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
            "subject_types_supported": ["pairwise"],
            "acr_values_supported": ["urn:openbanking:psd2:sca"],
            "claims_supported": ["sub", "acr", "openbanking_intent_id"],
            "claims_parameter_supported": True,
            "request_parameter_supported": True,
            "request_uri_parameter_supported": False,
            "request_object_signing_alg_values_supported": [ALGORITHM],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "token_endpoint_auth_methods_supported": list(bank.profile.token_auth),
            "token_endpoint_auth_signing_alg_values_supported": [ALGORITHM],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }

    @blueprint.get("/jwks")
    def jwks() -> ResponseReturnValue:
        return bank.key.public_jwks()

    return blueprint
