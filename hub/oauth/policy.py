"""What a client's profile demands of it: one object, which every endpoint asks and nobody second-guesses.

oidc             OpenID Connect sign-in. No money, no account data.
fapi2            FAPI 2.0 Security Profile (Final): every client that touches money or account data.
fapi2_ms         the same with FAPI 2.0 Message Signing: signed requests and signed answers.
resource_server  asks about tokens (RFC 7662, 9701) and does nothing else; only the operator makes one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from consent.model import ACCOUNT_PERMISSIONS
from hub.models.client import Client
from hub.oauth.jose.algorithms import FAPI_ALGORITHMS, OIDC_ALGORITHMS

BASIC, POST, NONE = "client_secret_basic", "client_secret_post", "none"
PRIVATE_KEY_JWT = "private_key_jwt"
TLS, SELF_SIGNED_TLS = "tls_client_auth", "self_signed_tls_client_auth"

SECRET_METHODS = frozenset({BASIC, POST})
KEY_METHODS = frozenset({PRIVATE_KEY_JWT, TLS, SELF_SIGNED_TLS})

DATA_SCOPES = frozenset(permission.value for permission in ACCOUNT_PERMISSIONS)
"""Scopes that concern money or account data: only under a FAPI 2.0 profile."""


class Profile(StrEnum):
    OIDC = "oidc"
    FAPI2 = "fapi2"
    FAPI2_MS = "fapi2_ms"
    RESOURCE_SERVER = "resource_server"


@dataclass(frozen=True, slots=True)
class Policy:
    """One profile's demands.

    ``algorithms`` sign what the client sends (assertions, request objects) and what is signed for it (ID tokens,
    answers). ``assertion_for_issuer_only``: the ``aud`` of a client assertion is the issuer as one string (FAPI 2.0
    5.3.2.1 (8)); else the endpoint's own URL, or a list that holds either, will do (OIDC Core 9).
    ``unknown_scopes_ignored``: OIDC Core 3.1.2.1 wants it; a bank's client is told.
    """

    profile: Profile
    title: str
    auth_methods: frozenset[str]
    algorithms: tuple[str, ...]
    response_modes: tuple[str, ...]
    holds_data: bool
    pushed_requests: bool
    signed_requests: bool
    challenge_always: bool
    sender_constrained: bool
    assertion_for_issuer_only: bool
    unknown_scopes_ignored: bool

    def may_hold(self, scope: str) -> bool:
        """Whether a client of this profile may be registered for the scope."""
        return self.holds_data or scope not in DATA_SCOPES


_FAPI2 = Policy(
    profile=Profile.FAPI2,
    title="FAPI 2.0 Security Profile",
    auth_methods=KEY_METHODS,
    algorithms=FAPI_ALGORITHMS,
    response_modes=("query", "jwt", "query.jwt"),
    holds_data=True,
    pushed_requests=True,
    signed_requests=False,
    challenge_always=True,
    sender_constrained=True,
    assertion_for_issuer_only=True,
    unknown_scopes_ignored=False,
)

POLICIES: Mapping[Profile, Policy] = MappingProxyType(
    {
        Profile.OIDC: Policy(
            profile=Profile.OIDC,
            title="OpenID Connect",
            auth_methods=SECRET_METHODS | KEY_METHODS | {NONE},
            algorithms=OIDC_ALGORITHMS,
            response_modes=("query", "form_post", "jwt", "query.jwt", "form_post.jwt"),
            holds_data=False,
            pushed_requests=False,
            signed_requests=False,
            challenge_always=False,
            sender_constrained=False,
            assertion_for_issuer_only=False,
            unknown_scopes_ignored=True,
        ),
        Profile.FAPI2: _FAPI2,
        Profile.FAPI2_MS: replace(
            _FAPI2,
            profile=Profile.FAPI2_MS,
            title="FAPI 2.0 with Message Signing",
            response_modes=("jwt", "query.jwt"),
            signed_requests=True,
        ),
        Profile.RESOURCE_SERVER: Policy(
            profile=Profile.RESOURCE_SERVER,
            title="Resource server",
            auth_methods=SECRET_METHODS | KEY_METHODS,
            algorithms=FAPI_ALGORITHMS,
            response_modes=(),
            holds_data=False,
            pushed_requests=False,
            signed_requests=False,
            challenge_always=False,
            sender_constrained=False,
            assertion_for_issuer_only=True,
            unknown_scopes_ignored=False,
        ),
    }
)


def policy_of(client: Client) -> Policy:
    """The profile's demands, and those that the client's own registration adds to them; it can lower none."""
    told = client.registration
    return _raised(
        client.profile,
        bool(told.get("require_pushed_authorization_requests")),
        bool(told.get("require_signed_request_object")),
        client.token_endpoint_auth_method == NONE,
        bool(told.get("dpop_bound_access_tokens") or told.get("tls_client_certificate_bound_access_tokens")),
    )


@lru_cache  # a few dozen of them, asked for ten times in one request
def _raised(profile: str, pushed: bool, signed: bool, public: bool, bound: bool) -> Policy:
    policy = POLICIES[Profile(profile)]
    return replace(
        policy,
        pushed_requests=policy.pushed_requests or pushed,
        signed_requests=policy.signed_requests or signed,
        challenge_always=policy.challenge_always or public,
        sender_constrained=policy.sender_constrained or bound,
    )
