"""What an authorization request must fulfil: one table of small checks, in order. Each returns what it established.

Until the redirect URI is known to be the client's, an error is shown to the person and never sent anywhere
(RFC 6749 4.1.2.1, RFC 9700 4.11): those checks raise BadInput. From then on a check raises an OAuth error, which goes
back to the client.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc6749.errors import InvalidRequestError, InvalidScopeError, UnauthorizedClientError
from authlib.oidc.core.errors import (
    RegistrationNotSupportedError,
    RequestNotSupportedError,
    RequestURINotSupportedError,
)

from consent.lifecycle import MAX_CONSENT_DAYS
from consent.model import permissions_of
from hub.errors import BadInput
from hub.models.client import Client
from hub.oauth import redirects, scopes
from hub.oauth.authenticate import NONE
from hub.oauth.errors import InvalidTarget, UnknownResponseType
from hub.oauth.parameters import Parameters
from hub.settings import Settings

PROMPTS = ("none", "login", "consent")
CHALLENGE_METHOD = "S256"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # the base64url of a SHA-256 is never longer or shorter
_WHOLE = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """One authorization request before it is believed. ``client`` is the row its client_id names, None if none does."""

    parameters: Parameters
    client: Client | None
    settings: Settings

    @property
    def known_client(self) -> Client:
        """For the checks after the first one."""
        if self.client is None:
            raise BadInput("This app is not known here.", parameter="client_id")
        return self.client


Facts = dict[str, Any]
Check = Callable[[Asked], Facts]


def client_is_known(asked: Asked) -> Facts:
    if "client_id" in asked.parameters.repeated:
        raise BadInput("The app's request names itself twice.", parameter="client_id")
    return {"client_id": asked.known_client.client_id}


def redirect_uri_is_the_clients(asked: Asked) -> Facts:
    uri = asked.parameters.get("redirect_uri")
    client = asked.known_client
    native = client.token_endpoint_auth_method == NONE
    if uri is None or not redirects.registered_as(uri, client.redirect_uris, native=native):
        raise BadInput(
            "The app asked to be answered at an address that it is not registered with, so nothing was sent there.",
            parameter="redirect_uri",
        )
    return {"redirect_uri": uri}


def nothing_comes_twice(asked: Asked) -> Facts:
    if asked.parameters.repeated:
        raise InvalidRequestError("A parameter came more than once.")
    return {}


def nothing_is_too_long(asked: Asked) -> Facts:
    if asked.parameters.too_long():
        raise InvalidRequestError("A parameter is too long.")
    return {}


def no_request_object(asked: Asked) -> Facts:
    for name, error in _NOT_SUPPORTED.items():
        if asked.parameters.get(name) is not None:
            raise error()
    return {}


_NOT_SUPPORTED: Mapping[str, Callable[[], Exception]] = {
    "request": RequestNotSupportedError,
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


def response_mode_is_query(asked: Asked) -> Facts:
    if asked.parameters.get("response_mode") not in {None, "query"}:
        raise InvalidRequestError("The only response_mode is query.")
    return {}


def client_may_ask_people(asked: Asked) -> Facts:
    if "authorization_code" not in asked.known_client.grant_types:
        raise UnauthorizedClientError("This client is not registered for authorization_code.")
    return {}


def challenge_is_s256(asked: Asked) -> Facts:
    """PKCE for everybody (RFC 9700 2.1.1); ``plain`` protects nothing from whoever sees this request."""
    challenge = asked.parameters.get("code_challenge")
    if challenge is None:
        raise InvalidRequestError("The parameter code_challenge is missing (PKCE, RFC 7636).")
    if asked.parameters.get("code_challenge_method") != CHALLENGE_METHOD:
        raise InvalidRequestError("The only code_challenge_method is S256.")
    if not _CHALLENGE.fullmatch(challenge):
        raise InvalidRequestError("The code_challenge is not the base64url of a SHA-256.")
    return {"code_challenge": challenge}


def scope_is_registered(asked: Asked) -> Facts:
    """Asking for more than one registered is an error, not a wish to be cut down: the person must not be surprised."""
    wanted = scopes.parse(asked.parameters.get("scope") or "")
    if not wanted <= frozenset(asked.known_client.scopes) & scopes.KNOWN:
        raise InvalidScopeError("The scope is unknown, or the client is not registered for it.")
    if not permissions_of(wanted):
        raise InvalidScopeError("The scope asks for no permission of the person.")
    return {"scope": scopes.text_of(wanted)}


def resource_is_our_api(asked: Asked) -> Facts:
    """RFC 8707; there is one resource yet, and every token is for it."""
    if asked.parameters.get("resource") not in {None, asked.settings.base_url}:
        raise InvalidTarget()
    return {}


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
    return _whole(asked, "max_age", at_least=0, at_most=10**9)


def login_hint_is_kept(asked: Asked) -> Facts:
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
    nothing_comes_twice,
    nothing_is_too_long,
    no_request_object,
    response_type_is_code,
    response_mode_is_query,
    client_may_ask_people,
    challenge_is_s256,
    scope_is_registered,
    resource_is_our_api,
    state_and_nonce,
    prompt_makes_sense,
    max_age_is_a_number,
    login_hint_is_kept,
    purpose_is_kept,
    wished_consent_length,
    wished_history,
)


def _kept(asked: Asked, *names: str) -> Facts:
    return {name: value for name in names if (value := asked.parameters.get(name)) is not None}


def _whole(asked: Asked, name: str, *, at_least: int, at_most: int) -> Facts:
    text = asked.parameters.get(name)
    if text is None:
        return {}
    if not _WHOLE.fullmatch(text) or not at_least <= int(text) <= at_most:
        raise InvalidRequestError(f"{name} is a whole number from {at_least} to {at_most}.")
    return {name: int(text)}
