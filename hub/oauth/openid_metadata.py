"""What the server says about itself as an OpenID provider: Discovery 1.0 and the logout specifications.

Front-channel logout and session management are not offered: both need third-party cookies, which browsers withhold.
"""

from typing import Any

from hub.identity.assurance import ACRS
from hub.oauth import encryption, end_session, person_claims
from hub.oauth.jose.algorithms import OIDC_ALGORITHMS
from hub.settings import Settings


def members(settings: Settings) -> dict[str, Any]:
    """The members of the published document that concern sign-in."""
    return {
        "end_session_endpoint": settings.base_url + end_session.PATH,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "subject_types_supported": ["pairwise"],
        "acr_values_supported": list(ACRS),
        "id_token_signing_alg_values_supported": list(OIDC_ALGORITHMS),
        "id_token_encryption_alg_values_supported": list(encryption.ALGS),
        "id_token_encryption_enc_values_supported": list(encryption.ENCS),
        "userinfo_signing_alg_values_supported": list(OIDC_ALGORITHMS),
        "userinfo_encryption_alg_values_supported": list(encryption.ALGS),
        "userinfo_encryption_enc_values_supported": list(encryption.ENCS),
        "claim_types_supported": ["normal"],
        "claims_supported": [*_PROTOCOL, *person_claims.NAMES],
        "claims_parameter_supported": True,
    }


_PROTOCOL = ("iss", "sub", "aud", "exp", "iat", "auth_time", "acr", "amr", "sid", "nonce", "at_hash")
