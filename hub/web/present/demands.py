"""What a profile demands of an app, in plain words, made from the very object that the endpoints obey."""

from collections.abc import Mapping
from types import MappingProxyType

from hub.oauth.policy import BASIC, NONE, POST, PRIVATE_KEY_JWT, SELF_SIGNED_TLS, TLS, Policy, Profile

PURPOSE: Mapping[Profile, str] = MappingProxyType(
    {
        Profile.OIDC: "Signs people in",
        Profile.FAPI2: "Sees accounts or starts payments",
        Profile.FAPI2_MS: "Sees accounts or starts payments, everything signed",
        Profile.RESOURCE_SERVER: "Checks tokens",
    }
)

PROOF: Mapping[str, str] = MappingProxyType(
    {
        BASIC: "with its secret (client_secret_basic)",
        POST: "with its secret (client_secret_post)",
        NONE: "not at all: a public app (PKCE stands in)",
        PRIVATE_KEY_JWT: "with a signature by its key (private_key_jwt)",
        TLS: "with its TLS certificate (tls_client_auth)",
        SELF_SIGNED_TLS: "with its own TLS certificate (self_signed_tls_client_auth)",
    }
)


def demands(policy: Policy) -> tuple[str, ...]:
    """Whole sentences, the most work first."""
    told = (
        (not policy.auth_methods & {BASIC, POST, NONE}, "It proves itself with a key or a TLS certificate; no secret."),
        (policy.pushed_requests, "It pushes every request to /oauth/par first; the browser carries a reference only."),
        (policy.challenge_always, "It sends a PKCE challenge (S256) with every request."),
        (
            policy.sender_constrained,
            "Its tokens are bound to its key, by DPoP or by its certificate: a stolen one opens nothing.",
        ),
        (policy.signed_requests, "It signs every request, and our answers come back signed (JARM)."),
        (
            policy.assertion_for_issuer_only,
            "Its signatures name us: aud is our issuer, one string, not an endpoint's address.",
        ),
        (True, f"Signatures use {', '.join(policy.algorithms)}."),
    )
    return tuple(sentence for holds, sentence in told if holds)
