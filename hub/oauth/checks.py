"""What an authorization request must fulfil: one table of small checks, in order. Each returns what it established.

Until the redirect URI is known to be the client's, an error is shown to the person and never sent anywhere
(RFC 9700 4.11): those checks raise BadInput. From then on a check raises an OAuth error, which goes back to the client.
A pushed request goes through the same table, and every error is the answer to whoever pushed it.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from consent.lifecycle import MAX_CONSENT_DAYS
from hub.errors import BadInput
from hub.identity.assurance import ACRS
from hub.oauth import claims_parameter, redirects, scopes
from hub.oauth.answers import QUERY
from hub.oauth.asked import Asked
from hub.oauth.detailed import scopes_asked, what_is_asked
from hub.oauth.errors import (
    InvalidRequestError,
    InvalidRequestObject,
    InvalidScopeError,
    InvalidTarget,
    RegistrationNotSupportedError,
    RequestNotSupportedError,
    RequestURINotSupportedError,
    UnauthorizedClientError,
    UnknownResponseType,
)
from hub.oauth.grant_management import grant_management_holds
from hub.oauth.policy import NONE
from hub.oauth.wanted_acr import UnmetAuthenticationRequirements, wanted_acr

PROMPTS = ("none", "login", "consent")
CHALLENGE_METHOD = "S256"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # the base64url of a SHA-256 is never longer or shorter
_WHOLE = re.compile(r"\d{1,9}", re.ASCII)

Facts = dict[str, Any]
Check = Callable[[Asked], Facts]


def client_is_known(asked: Asked) -> Facts:
    if "client_id" in asked.parameters.repeated:
        raise BadInput("The app's request names itself twice.", parameter="client_id")
    if asked.parameters.get("client_id") not in {None, asked.known_client.client_id}:
        raise BadInput("The app's request names another app.", parameter="client_id")
    return {"client_id": asked.known_client.client_id}


def redirect_uri_is_the_clients(asked: Asked) -> Facts:
    """Also for a pushed request: RFC 9126 2.4 would let a client that has authenticated name another address, but a
    bank's client is held to what it registered.
    """
    uri = asked.parameters.get("redirect_uri")
    client = asked.known_client
    native = client.token_endpoint_auth_method == NONE
    if uri is None or not redirects.registered_as(uri, client.redirect_uris, native=native):
        raise BadInput(
            "The app asked to be answered at an address that it is not registered with, so nothing was sent there.",
            parameter="redirect_uri",
        )
    return {"redirect_uri": uri}


def response_mode_is_allowed(asked: Asked) -> Facts:
    """Early, so that every refusal from here on is delivered in the mode that was asked for."""
    mode = asked.parameters.get("response_mode")
    allowed = asked.policy.response_modes
    if mode is None and QUERY in allowed:
        return {"response_mode": QUERY}
    if mode not in allowed:
        raise InvalidRequestError(f"The response_mode of this client is one of: {', '.join(allowed)}.")
    return {"response_mode": mode}


def nothing_comes_twice(asked: Asked) -> Facts:
    if asked.parameters.repeated:
        raise InvalidRequestError("A parameter came more than once.")
    return {}


def nothing_is_too_long(asked: Asked) -> Facts:
    if asked.parameters.too_long():
        raise InvalidRequestError("A parameter is too long.")
    return {}


def pushed_if_it_must(asked: Asked) -> Facts:
    """FAPI 2.0 5.3.2.2 (2, 3)."""
    if asked.policy.pushed_requests and not asked.pushed:
        raise InvalidRequestError("This client pushes its requests first (PAR, RFC 9126).")
    return {}


def request_object_holds(asked: Asked) -> Facts:
    """RFC 9101 6; FAPI 2.0 Message Signing 5.3.1. OIDC Core 6.1 knows unsigned objects, which are not supported here;
    to a client that has to sign one is just a bad object.
    """
    if asked.is_unsigned and not (asked.policy.signed_requests or asked.policy.holds_data):
        raise RequestNotSupportedError()
    if asked.broken_object is not None:
        raise InvalidRequestObject(asked.broken_object)
    if asked.policy.signed_requests and not asked.is_signed:
        raise InvalidRequestError("This client signs its requests: send a request object (RFC 9101).")
    return {}


def nothing_unsupported(asked: Asked) -> Facts:
    for name, error in _NOT_SUPPORTED.items():
        if asked.parameters.get(name) is not None:
            raise error()
    return {}


_NOT_SUPPORTED: Mapping[str, Callable[[], Exception]] = {
    "request": RequestNotSupportedError,  # one inside another; by itself it was read before
    "request_uri": RequestURINotSupportedError,
    "registration": RegistrationNotSupportedError,
}


def response_type_is_code(asked: Asked) -> Facts:
    """RFC 9700 2.1.2: no token ever travels through the browser."""
    if (found := asked.parameters.get("response_type")) is None:
        raise InvalidRequestError("The parameter response_type is missing.")
    if found != "code":
        raise UnknownResponseType()
    return {}


def client_may_ask_people(asked: Asked) -> Facts:
    if "authorization_code" not in asked.known_client.grant_types:
        raise UnauthorizedClientError("This client is not registered for authorization_code.")
    return {}


def challenge_is_s256(asked: Asked) -> Facts:
    """PKCE (RFC 9700 2.1.1): always for public clients and FAPI 2.0; for a confidential client that only signs people
    in it is its own choice, as OpenID Connect leaves it. ``plain`` protects nothing from whoever sees this request.
    """
    challenge = asked.parameters.get("code_challenge")
    method = asked.parameters.get("code_challenge_method")
    if challenge is None:
        if asked.policy.challenge_always or method is not None:
            raise InvalidRequestError("The parameter code_challenge is missing (PKCE, RFC 7636).")
        return {}
    if method != CHALLENGE_METHOD:
        raise InvalidRequestError("The only code_challenge_method is S256.")
    if not _CHALLENGE.fullmatch(challenge):
        raise InvalidRequestError("The code_challenge is not the base64url of a SHA-256.")
    return {"code_challenge": challenge}


def key_is_a_thumbprint(asked: Asked) -> Facts:
    """RFC 9449 10: the key that the code will be bound to."""
    jkt = asked.parameters.get("dpop_jkt")
    if jkt is not None and not _CHALLENGE.fullmatch(jkt):
        raise InvalidRequestError("dpop_jkt is not the base64url of a SHA-256.")
    return _kept(asked, "dpop_jkt")


def scope_is_registered(asked: Asked) -> Facts:
    """Asking for more than one registered is an error, not a wish to be cut down: the person must not be surprised.

    A word that nobody knows is passed over for clients that sign people in (OIDC Core 3.1.2.1).
    """
    wanted = scopes_asked(asked)
    held = frozenset(filter(asked.policy.may_hold, asked.known_client.scopes))
    if beyond := wanted - (held & scopes.OF_PEOPLE):
        raise InvalidScopeError(_why_not(beyond))
    return {"scope": scopes.text_of(wanted)}


def _why_not(beyond: frozenset[str]) -> str:
    """Names words of ours alone: the developer is shown what is said here, and nothing else that was sent."""
    said = {
        "The client is not registered for {}, or its profile bars it.": beyond & scopes.OF_PEOPLE,
        "No person is asked for {}: it is had by client_credentials.": beyond & scopes.OF_THE_CLIENT,
        "The scope holds a word that is not known here.": beyond - scopes.KNOWN,
    }
    return " ".join(text.format(", ".join(sorted(words))) for text, words in said.items() if words)


def resource_is_known(asked: Asked) -> Facts:
    """RFC 8707: our own API, or that of a member service which the operator named."""
    if "resource" in asked.parameters.values and not asked.resource_is_known:
        raise InvalidTarget()
    return _kept(asked, "resource")


def state_and_nonce(asked: Asked) -> Facts:
    return _kept(asked, "state", "nonce")


def prompt_makes_sense(asked: Asked) -> Facts:
    given = (asked.parameters.get("prompt") or "").split()
    if not set(given) <= set(PROMPTS):
        raise InvalidRequestError("The values of prompt are none, login and consent.")
    if "none" in given and len(given) > 1:
        raise InvalidRequestError("prompt=none goes with nothing else.")
    return {"prompt": sorted(set(given))}


def max_age_is_a_number(asked: Asked) -> Facts:
    """What the request says, else what the client registered (OIDC Registration 2)."""
    default = asked.known_client.registration.get("default_max_age")
    facts = _whole(asked, "max_age", at_least=0, at_most=10**9)
    return facts or ({} if default is None else {"max_age": int(default)})


def claims_can_be_read(asked: Asked) -> Facts:
    """OIDC Core 5.5. An essential acr that no login here can be is refused at once (5.5.1.1)."""
    claims = _claims(asked)
    if not wanted_acr({"claims": claims}).possible:
        raise UnmetAuthenticationRequirements()
    return {"claims": claims} if claims else {}


def hint_names_a_person(asked: Asked) -> Facts:
    """OIDC Core 3.1.2.1: an ID token of ours, given to this client; its time may be over."""
    hint = asked.id_token_hint
    if "id_token_hint" not in asked.parameters.values:
        return {}
    if hint is None or hint.client_id != asked.known_client.client_id:
        raise InvalidRequestError("The id_token_hint is not an ID token that this client got here.")
    return {"hint_sub": hint.sub}


def acr_values_are_ours(asked: Asked) -> Facts:
    """How surely the client would like the person to log in (OIDC Core 3.1.2.1, RFC 9470 4); unknown values are passed
    over, since the request is voluntary.
    """
    registered = asked.known_client.registration.get("default_acr_values", [])
    wanted = (asked.parameters.get("acr_values") or " ".join(registered)).split()
    return {"acr_values": known} if (known := [value for value in wanted if value in ACRS]) else {}


def hints_are_kept(asked: Asked) -> Facts:
    """``ui_locales``, ``claims_locales`` and ``display`` are wishes that the hub has no use for (OIDC Core 3.1.2.1)."""
    return _kept(asked, "login_hint")


def purpose_is_kept(asked: Asked) -> Facts:
    """The client's own words for the consent screen, which marks them as such (our extension)."""
    return _kept(asked, "purpose")


def wished_consent_length(asked: Asked) -> Facts:
    """How long the client would like the consent to last; the person decides (our extension)."""
    return _whole(asked, "consent_days", at_least=1, at_most=MAX_CONSENT_DAYS)


def wished_history(asked: Asked) -> Facts:
    """How far back the client would like to see; the person may only shorten it (our extension)."""
    return _whole(asked, "history_days", at_least=1, at_most=asked.settings.history_days)


CHECKS: tuple[Check, ...] = (
    client_is_known,
    redirect_uri_is_the_clients,
    # From here on errors go back to the client.
    response_mode_is_allowed,
    nothing_comes_twice,
    nothing_is_too_long,
    pushed_if_it_must,
    request_object_holds,
    nothing_unsupported,
    response_type_is_code,
    client_may_ask_people,
    challenge_is_s256,
    key_is_a_thumbprint,
    scope_is_registered,
    resource_is_known,
    state_and_nonce,
    prompt_makes_sense,
    max_age_is_a_number,
    claims_can_be_read,
    hint_names_a_person,
    acr_values_are_ours,
    hints_are_kept,
    purpose_is_kept,
    wished_consent_length,
    wished_history,
    grant_management_holds,
    what_is_asked,
)


def _claims(asked: Asked) -> dict[str, Any]:
    text = asked.parameters.get("claims")
    return {} if text is None else claims_parameter.parse(text)


def _kept(asked: Asked, *names: str) -> Facts:
    return {name: value for name in names if (value := asked.parameters.get(name)) is not None}


def _whole(asked: Asked, name: str, *, at_least: int, at_most: int) -> Facts:
    text = asked.parameters.get(name)
    if text is None:
        return {}
    if not _WHOLE.fullmatch(text) or not at_least <= int(text) <= at_most:
        raise InvalidRequestError(f"{name} is a whole number from {at_least} to {at_most}.")
    return {name: int(text)}
