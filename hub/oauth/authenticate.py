"""How a client proves who it is at the back-channel endpoints: one table of methods.

Exactly one method may be used in a request (RFC 6749 2.3), it must be the one the client is registered with and one
that its profile allows. Failures of a secret all look the same, so that nobody learns anything by trying; failures of
a signature say what is wrong with it, since that tells only the signer about what they sent.
"""

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from urllib.parse import unquote_plus

from hub.context import Hub
from hub.hashing import secret_hash
from hub.models.client import Client
from hub.oauth import addresses, binding, clients, grant_types, mtls
from hub.oauth.call import Call
from hub.oauth.errors import InvalidClientError, InvalidRequestError, OAuth2Error
from hub.oauth.jose.assertion import parse_assertion, peek_client_id, read_assertion
from hub.oauth.jose.public_key import BadKey
from hub.oauth.jose.read import BadJwt, Unverified
from hub.oauth.policy import BASIC, NONE, POST, PRIVATE_KEY_JWT, SELF_SIGNED_TLS, TLS, Policy, policy_of

BACKCHANNEL = "backchannel_authentication"
"""What the endpoint of CIBA is called in the record of refusals."""
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CREDENTIALS = frozenset({"client_secret", "client_assertion", "client_assertion_type"})
"""Parameters that prove who the client is; whatever else there is says what it wants."""
_NOBODY = secret_hash("nobody holds this")


@dataclass(frozen=True, slots=True)
class Presented:
    """What a request claims: a client id, and its proof where the request itself carries one."""

    client_id: str
    secret: str | None = field(default=None, repr=False)
    assertion: Unverified | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Authenticated:
    """The client that made the call, what its profile demands, and how it proved itself."""

    client: Client
    policy: Policy
    method: str


def _basic(call: Call) -> Presented | None:
    """RFC 6749 2.3.1: id and secret are form-urlencoded first, then joined and base64 encoded."""
    if call.authorization is None:
        return None
    scheme, _, encoded = call.authorization.partition(" ")
    try:
        if scheme.lower() != "basic":
            raise ValueError("another scheme is no client authentication")
        plain = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (ValueError, binascii.Error) as error:
        raise failed() from error
    client_id, colon, secret = plain.partition(":")
    if not colon or not secret or not plain.isprintable():
        raise failed()
    return Presented(unquote_plus(client_id), unquote_plus(secret))


def _post(call: Call) -> Presented | None:
    secret = call.form.get("client_secret")
    return None if secret is None else Presented(call.form.get("client_id", ""), secret)


def _assertion(call: Call) -> Presented | None:
    """RFC 7523 2.2. Whose it is stands in the assertion itself; it is believed only once its signature holds."""
    token, kind = call.form.get("client_assertion"), call.form.get("client_assertion_type")
    if token is None and kind is None:
        return None
    if token is None or kind != ASSERTION_TYPE:
        raise InvalidRequestError(f"A client_assertion comes with client_assertion_type={ASSERTION_TYPE}.")
    try:
        unverified = parse_assertion(token)
        return Presented(peek_client_id(unverified), assertion=unverified)
    except BadJwt as error:
        raise failed(error.why) from error


_CARRIED: Mapping[str, Callable[[Call], Presented | None]] = MappingProxyType(
    {BASIC: _basic, POST: _post, PRIVATE_KEY_JWT: _assertion}
)
"""Methods whose proof the request itself carries. Without any, the client's registration says which one it is."""

METHODS = (PRIVATE_KEY_JWT, TLS, SELF_SIGNED_TLS, BASIC, POST, NONE)
"""As registered (RFC 7591 2, RFC 8705 2)."""

CONFIDENTIAL = tuple(method for method in METHODS if method != NONE)


def authenticate(hub: Hub, call: Call, *, methods: tuple[str, ...] = METHODS) -> Authenticated:
    """Who made the call. ``methods`` are those the endpoint accepts.

    Raises InvalidClientError (401), or InvalidRequestError where more than one method was used.
    """
    presented = {name: claim for name, read in _CARRIED.items() if (claim := read(call)) is not None}
    if len(presented) > 1:
        raise InvalidRequestError("Use one method of client authentication, not several.")
    method, claim = next(iter(presented.items()), (None, Presented(call.form.get("client_id", ""))))
    if not claim.client_id or call.form.get("client_id", claim.client_id) != claim.client_id:
        raise failed()
    client = clients.look(hub, claim.client_id)
    registered = None if client is None else client.token_endpoint_auth_method
    fits = _right_secret(claim, client) and client is not None and method in {None, registered}
    if not fits or client is None or registered not in methods:
        raise failed()
    held = policy_of(client)
    if registered not in held.auth_methods:
        raise failed(f"The {held.title} does not allow {registered}.")
    _PROVE[registered](hub, call, client, held, claim)
    return Authenticated(client, held, registered)


def claimed(call: Call) -> str | None:
    """Whom a call that could not be believed says it is from; for the record of refusals only."""
    try:
        presented = [claim for read in _CARRIED.values() if (claim := read(call)) is not None]
    except OAuth2Error:
        presented = []
    return presented[0].client_id if presented else call.form.get("client_id")


def _right_secret(claim: Presented, client: Client | None) -> bool:
    """The comparison is made in any case, and takes as long for an unknown client as for a known one."""
    if claim.secret is None:
        return True
    expected = _NOBODY if client is None or client.secret_hash is None else client.secret_hash
    return hmac.compare_digest(secret_hash(claim.secret), expected)


def _by_secret(hub: Hub, call: Call, client: Client, held: Policy, claim: Presented) -> None:
    """The secret was compared already; what is left is that one was sent at all."""
    if call.authorization is None and "client_secret" not in call.form:
        raise failed()


def _by_assertion(hub: Hub, call: Call, client: Client, held: Policy, claim: Presented) -> None:
    unverified = claim.assertion
    if unverified is None:
        raise failed("This client authenticates with a client_assertion (private_key_jwt).")
    issuer = hub.settings.base_url
    chosen = client.registration.get("token_endpoint_auth_signing_alg")
    algorithms = held.algorithms if chosen is None else (str(chosen),)
    is_exact = held.assertion_for_issuer_only and not _is_ciba(call)
    audiences = None if is_exact else frozenset({issuer, call.url, issuer + addresses.TOKEN})
    try:
        keys = hub.client_keys.for_client(client, kid=unverified.kid)
        read = read_assertion(
            unverified,
            issuer=issuer,
            client_id=client.client_id,
            keys=keys,
            now=call.now,
            algorithms=algorithms,
            audiences=audiences,
        )
    except BadJwt as error:
        raise failed(error.why) from error
    binding.ask_for_nonce(hub, call)
    if not hub.replay.burn("client_assertion", client.client_id, read.jti, read.expires_at, call.now):
        raise failed("This client_assertion was used already; make each with a jti of its own.")


def _is_ciba(call: Call) -> bool:
    """CIBA 7.1 has the issuer, the token endpoint and the backchannel endpoint all accepted; FAPI 2.0 5.3.2.1 (8) the
    issuer alone, for everything that is of FAPI 2.0.
    """
    return call.endpoint == BACKCHANNEL or call.form.get("grant_type") == grant_types.BACKCHANNEL


def _by_certificate(hub: Hub, call: Call, client: Client, held: Policy, claim: Presented) -> None:
    if call.certificate is None:
        raise failed("This client authenticates with its TLS certificate, and none arrived.")
    if not mtls.matches(call.certificate, client.registration):
        raise failed("The TLS certificate is not verified, or not the one that the client is registered with.")


def _by_own_certificate(hub: Hub, call: Call, client: Client, held: Policy, claim: Presented) -> None:
    if call.certificate is None:
        raise failed("This client authenticates with its TLS certificate, and none arrived.")
    matches = partial(mtls.matches_key, call.certificate)
    try:
        jwks = hub.client_keys.document(client, suits=matches)
    except BadKey as error:
        raise failed(error.why) from error
    if not matches(jwks):
        raise failed("The TLS certificate is none of those in the client's JWK Set.")


def _by_nothing(hub: Hub, call: Call, client: Client, held: Policy, claim: Presented) -> None:
    """A public client only says who it is; PKCE and the rotation of its refresh tokens stand in for the proof."""
    if call.authorization is not None:
        raise failed()


_PROVE: Mapping[str, Callable[[Hub, Call, Client, Policy, Presented], None]] = MappingProxyType(
    {
        BASIC: _by_secret,
        POST: _by_secret,
        PRIVATE_KEY_JWT: _by_assertion,
        TLS: _by_certificate,
        SELF_SIGNED_TLS: _by_own_certificate,
        NONE: _by_nothing,
    }
)


def failed(why: str = "The client could not be authenticated.") -> InvalidClientError:
    """Always 401, as RFC 6749 5.2 allows, so that the status tells nothing."""
    return InvalidClientError(status_code=401, description=why)
