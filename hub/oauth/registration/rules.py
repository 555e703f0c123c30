"""What the members of one registration demand of each other and of the profile: a table of rules, each a few lines.

A rule takes the completed members and the policy, and raises BadMetadata naming the member that has to change.
"""

from collections.abc import Callable, Mapping
from typing import Any

from consent.details import DetailType
from hub.oauth import ciba, mtls, redirects, resources
from hub.oauth.encryption import ALGS, ENCS
from hub.oauth.grant_types import BACKCHANNEL, CLIENT, CODE, DEVICE, EXCHANGE, REFRESH
from hub.oauth.grants.token_exchange import EXCHANGEABLE, TARGETS
from hub.oauth.jose.algorithms import accepted
from hub.oauth.policy import KEY_METHODS, NONE, PRIVATE_KEY_JWT, SELF_SIGNED_TLS, TLS, Policy, Profile
from hub.oauth.registration import keys
from hub.oauth.registration.defaults import CERTIFICATE_BOUND, DPOP_BOUND
from hub.oauth.registration.errors import REDIRECT_URI, BadMetadata
from hub.oauth.registration.members import ENCRYPTED_FOR_CLIENT, SIGNED_BY_CLIENT, SIGNED_FOR_CLIENT
from hub.oauth.registration.profile import words

Members = Mapping[str, Any]
Rule = Callable[[Members, Policy], None]

GRANT_TYPES = (CODE, REFRESH, CLIENT, DEVICE, BACKCHANNEL, EXCHANGE)
FOR_CONFIDENTIAL = frozenset({CLIENT, BACKCHANNEL, EXCHANGE})
"""Grants in which the client speaks with nothing but its own proof."""

_NOTIFIED_AT = "backchannel_client_notification_endpoint"


def authentication(full: Members, policy: Policy) -> None:
    method = full["token_endpoint_auth_method"]
    if method not in policy.auth_methods:
        allowed = ", ".join(sorted(policy.auth_methods))
        raise BadMetadata("token_endpoint_auth_method", f"The {policy.title} profile allows {allowed}.")
    subject = next((member for member in mtls.SUBJECTS if member in full), None)
    if method == TLS:
        _certificate_subject(full, subject or next(iter(mtls.SUBJECTS)))
    elif subject is not None:
        raise BadMetadata(subject, "This goes with token_endpoint_auth_method tls_client_auth only.")


def _certificate_subject(full: Members, member: str) -> None:
    try:
        mtls.registered_subject(full)
    except ValueError as error:
        raise BadMetadata(member, f"It cannot match any certificate: {error}.") from error


def key_sets(full: Members, policy: Policy) -> None:
    """RFC 7591 2: by value or by reference, never both."""
    method = full["token_endpoint_auth_method"]
    if "jwks" in full and "jwks_uri" in full:
        raise BadMetadata("jwks", "Register jwks or jwks_uri, not both (RFC 7591 2).")
    needed = method in {PRIVATE_KEY_JWT, SELF_SIGNED_TLS} or policy.signed_requests or _encrypts(full)
    if needed and "jwks" not in full and "jwks_uri" not in full:
        raise BadMetadata("jwks", "The client's public keys are needed: register jwks, or jwks_uri.")
    if "jwks" in full:
        keys.check("jwks", full["jwks"], policy=policy, method=method)


def grants(full: Members, policy: Policy) -> None:
    asked, answers = set(full["grant_types"]), set(full["response_types"])
    if not asked <= set(GRANT_TYPES):
        raise BadMetadata("grant_types", f"This server exchanges {', '.join(GRANT_TYPES)}.")
    if policy.profile is Profile.RESOURCE_SERVER and asked - {EXCHANGE}:
        raise BadMetadata(
            "grant_types", f"A resource server exchanges what it was sent, or gets no tokens: {EXCHANGE}."
        )
    if policy.profile is not Profile.RESOURCE_SERVER and EXCHANGE in asked:
        raise BadMetadata("grant_types", "Token exchange is for resource servers, which only the operator registers.")
    if full["token_endpoint_auth_method"] == NONE and asked & FOR_CONFIDENTIAL:
        raise BadMetadata("grant_types", "A public client cannot prove itself, so these are not for it.")
    if not answers <= {"code"}:
        raise BadMetadata("response_types", "The only response type here is code.")
    if ("code" in answers) is not (CODE in asked):
        raise BadMetadata("response_types", "code and the grant type authorization_code go together (RFC 7591 2.1).")
    if REFRESH in asked and not asked - {REFRESH}:
        raise BadMetadata("grant_types", "A refresh token comes from another grant: name that too.")


def redirect_uris(full: Members, policy: Policy) -> None:
    given = full.get("redirect_uris", ())
    if CODE in full["grant_types"] and not given:
        raise BadMetadata("redirect_uris", "At least one redirect URI is needed.", error=REDIRECT_URI)
    _check_uris("redirect_uris", given, full, error=REDIRECT_URI)
    _check_uris("post_logout_redirect_uris", full.get("post_logout_redirect_uris", ()), full)
    if "sector_identifier_uri" in full and not all(map(redirects.assured, given)):
        raise BadMetadata("sector_identifier_uri", "A sector is for clients whose redirect URIs are all https.")
    if "sector_identifier_uri" not in full and len(redirects.hosts(given)) > 1:
        raise BadMetadata(
            "sector_identifier_uri",
            "Redirect URIs of several hosts need a sector_identifier_uri that lists them (OpenID Connect Core 8.1); or"
            " register a client for each host.",
        )


def _check_uris(member: str, given: tuple[str, ...], full: Members, **kind: str) -> None:
    if len(given) > redirects.MAX_URIS:
        raise BadMetadata(member, f"There are more than {redirects.MAX_URIS}.", **kind)
    public = full["token_endpoint_auth_method"] == NONE
    for uri in given:
        if (why := redirects.fault(uri, public=public)) is not None:
            raise BadMetadata(member, why, **kind)


def binding(full: Members, policy: Policy) -> None:
    """FAPI 2.0 5.3.2.1 (4): no bearer tokens."""
    if policy.sender_constrained and not (full.get(DPOP_BOUND) or full.get(CERTIFICATE_BOUND)):
        raise BadMetadata(DPOP_BOUND, f"Tokens of the {policy.title} profile are bound: by DPoP or by certificate.")


def algorithms(full: Members, policy: Policy) -> None:
    by_client = accepted(policy.algorithms)
    for member in (*SIGNED_FOR_CLIENT, *SIGNED_BY_CLIENT):
        possible = by_client if member in SIGNED_BY_CLIENT else policy.algorithms
        if full.get(member, possible[0]) not in possible:
            raise BadMetadata(member, f"The {policy.title} profile signs with {', '.join(possible)}.")
    if "token_endpoint_auth_signing_alg" in full and full["token_endpoint_auth_method"] != PRIVATE_KEY_JWT:
        raise BadMetadata("token_endpoint_auth_signing_alg", "This goes with private_key_jwt only.")


def encryption(full: Members, policy: Policy) -> None:
    for what in ENCRYPTED_FOR_CLIENT:
        alg, enc = f"{what}_alg", f"{what}_enc"
        if enc in full and alg not in full:
            raise BadMetadata(alg, f"{enc} needs it.")
        if full.get(alg, ALGS[0]) not in ALGS:
            raise BadMetadata(alg, f"This server encrypts with {', '.join(ALGS)}.")
        if full.get(enc, ENCS[0]) not in ENCS:
            raise BadMetadata(enc, f"This server encrypts with {', '.join(ENCS)}.")
    if "jwks" in full:
        keys.check_encryption("jwks", full["jwks"], full)


def _encrypts(full: Members) -> bool:
    return any(f"{what}_alg" in full for what in ENCRYPTED_FOR_CLIENT)


def backchannel(full: Members, policy: Policy) -> None:
    """CIBA 4."""
    mode, notified = full.get(ciba.MODE), _NOTIFIED_AT in full
    if BACKCHANNEL in full["grant_types"]:
        if mode is None:
            raise BadMetadata(ciba.MODE, f"The grant type {BACKCHANNEL} needs poll or ping.")
        if (mode == ciba.PING) is not notified:
            raise BadMetadata(_NOTIFIED_AT, "It goes with the delivery mode ping, and ping needs it.")
        if full["token_endpoint_auth_method"] not in KEY_METHODS:
            raise BadMetadata("token_endpoint_auth_method", "CIBA clients authenticate with a key (FAPI-CIBA 5.2.2).")
        if full.get("backchannel_user_code_parameter"):
            raise BadMetadata("backchannel_user_code_parameter", "This server asks people for no user code.")
    elif mode is not None or notified:
        raise BadMetadata(ciba.MODE, f"This goes with the grant type {BACKCHANNEL} only.")


def detail_types(full: Members, policy: Policy) -> None:
    """RFC 9396 10."""
    if not set(full.get("authorization_details_types", ())) <= set(DetailType):
        raise BadMetadata("authorization_details_types", f"This server knows {', '.join(DetailType)}.")


def member_service(full: Members, policy: Policy) -> None:
    """RFC 8707, RFC 8693: what names a service of its own, and what it may exchange tokens for."""
    named, targets = resources.MEMBER in full, full.get(TARGETS, ())
    if policy.profile is not Profile.RESOURCE_SERVER:
        for member in (resources.MEMBER, TARGETS):
            if member in full:
                raise BadMetadata(member, "Only the operator says this, of a resource server.")
    if EXCHANGE in full["grant_types"]:
        if not named or not targets:
            raise BadMetadata(TARGETS, f"Token exchange needs {resources.MEMBER}, and at least one target.")
        if not (full.get(DPOP_BOUND) or full.get(CERTIFICATE_BOUND)):
            raise BadMetadata(DPOP_BOUND, "Exchanged tokens are bound: by DPoP or by certificate.")
        if not words(full) <= EXCHANGEABLE:
            raise BadMetadata("scope", f"What can be exchanged is {' '.join(sorted(EXCHANGEABLE))}.")
    elif targets:
        raise BadMetadata(TARGETS, f"This goes with the grant type {EXCHANGE} only.")


RULES: tuple[Rule, ...] = (
    authentication,
    key_sets,
    grants,
    redirect_uris,
    binding,
    algorithms,
    encryption,
    backchannel,
    member_service,
    detail_types,
)


def check(full: Members, policy: Policy) -> None:
    """Raises BadMetadata for the first rule that does not hold."""
    for rule in RULES:
        rule(full, policy)
