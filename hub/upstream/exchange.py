"""From the browser's return to a proven identity: the code's exchange, and what the tokens say."""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

import msgspec

from hub.oauth.jose import read
from hub.oauth.jose.read import BadJwt, Unverified
from hub.upstream import id_token
from hub.upstream.catalogue import PRIVATE_KEY_JWT, SECRET_POST
from hub.upstream.id_token import Expected, Unbelievable
from hub.upstream.provider import Metadata, Provider, decoded
from providers.errors import Refused
from providers.tpp import Tpp
from providers.transport import Answer

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_TTL_S = 60
_SHOWN = frozenset({"profile", "email"})
_OK, _CREATED, _REFUSED = 200, 201, (400, 401, 403)


class _Tokens(msgspec.Struct, frozen=True):
    access_token: str
    token_type: str
    id_token: str


class _Pushed(msgspec.Struct, frozen=True):
    request_uri: str


@dataclass(frozen=True, slots=True)
class Code:
    """What the browser brought, with what this attempt kept for it."""

    value: str
    redirect_uri: str
    verifier: str
    nonce: str
    proved_since: datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody at the provider, proven. ``name`` and ``email`` are what it says about them, to fill in a form: an
    address from there proves nothing here.
    """

    issuer: str
    subject: str
    auth_time: datetime
    name: str = ""
    email: str = ""


def push(provider: Provider, tpp: Tpp, endpoint: str, parameters: Mapping[str, str], *, now: datetime) -> str:
    """The request_uri of a pushed authorization request (RFC 9126). Raises ProviderError."""
    answer = _post(provider, tpp, endpoint, parameters, now=now)
    if answer.status not in (_OK, _CREATED):
        raise Refused("the pushed request was refused", institution_id=provider.declared.id)
    pushed = Answer(_OK, answer.headers, answer.body)
    return decoded(pushed, _Pushed, "pushed request").request_uri


def redeem(provider: Provider, tpp: Tpp, code: Code, *, now: datetime) -> Identity:
    """Raises ProviderError. Nothing is believed before the ID token was verified for this very attempt."""
    metadata = provider.metadata(now)
    form = {
        "grant_type": "authorization_code",
        "code": code.value,
        "redirect_uri": code.redirect_uri,
        "code_verifier": code.verifier,
    }
    answer = _post(provider, tpp, metadata.token_endpoint, form, now=now)
    if answer.status in _REFUSED:
        raise Refused("the code was refused", institution_id=provider.declared.id)
    tokens = decoded(answer, _Tokens, "tokens")
    expected = Expected(
        issuer=provider.declared.issuer,
        client_id=provider.declared.client_id,
        nonce=code.nonce,
        access_token=tokens.access_token,
        proved_since=code.proved_since,
        acr_values=provider.declared.acr_values,
    )
    try:
        unverified = id_token.parse(tokens.id_token)
        claims = _verified(provider, unverified, now)
        believed = id_token.check(claims, str(unverified.header["alg"]), expected, now=now)
    except Unbelievable as error:
        raise provider.broken(f"ID token: {error.rule}") from None
    name, email = _shown(provider, metadata, tokens, believed.subject)
    return Identity(provider.declared.issuer, believed.subject, believed.auth_time, name, email)


def _verified(provider: Provider, unverified: Unverified, now: datetime) -> Mapping[str, object]:
    """The claims, once the signature fits a key of the provider: of those that we have, else of those it has now."""
    keys = provider.keys(now)
    if unverified.kid is None or unverified.kid not in {key.kid for key in keys}:
        keys = provider.keys(now, unknown=True)
    try:
        return read.verify(unverified, keys, algorithms=provider.declared.algorithms)
    except BadJwt as error:
        raise Unbelievable(error.why) from None


def _shown(provider: Provider, metadata: Metadata, tokens: _Tokens, subject: str) -> tuple[str, str]:
    """Name and e-mail for a new account's form, where the operator asked for them."""
    endpoint = metadata.userinfo_endpoint
    if endpoint is None or not _SHOWN.intersection(provider.declared.scopes):
        return "", ""
    if tokens.token_type.lower() != "bearer" or not tokens.access_token.isprintable():
        raise provider.broken("the token is not a bearer token")
    answer = provider.transport.call("GET", endpoint, headers={"Authorization": f"Bearer {tokens.access_token}"})
    told = decoded(answer, dict, "userinfo")
    if told.get("sub") != subject:  # OpenID Connect Core 5.3.2: somebody else's data
        raise provider.broken("userinfo speaks of another person")
    return _text(told.get("name")), _text(told.get("email"))


def _text(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= id_token.SUBJECT_CHARACTERS and value.isprintable() else ""


def _post(provider: Provider, tpp: Tpp, endpoint: str, form: Mapping[str, str], *, now: datetime) -> Answer:
    """With the client's authentication."""
    declared = provider.declared
    headers: dict[str, str] = {}
    body = {**form, "client_id": declared.client_id}
    if declared.token_endpoint_auth_method == PRIVATE_KEY_JWT:
        body |= {"client_assertion_type": ASSERTION_TYPE, "client_assertion": _assertion(provider, tpp, now)}
    elif declared.token_endpoint_auth_method == SECRET_POST:
        body["client_secret"] = declared.client_secret or ""
    else:
        # RFC 6749 2.3.1: form-encoded first, then joined
        pair = f"{quote(declared.client_id, safe='')}:{quote(declared.client_secret or '', safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return provider.transport.call("POST", endpoint, headers=headers, form=body)


def _assertion(provider: Provider, tpp: Tpp, now: datetime) -> str:
    """RFC 7523 3; its audience is the issuer as a string (FAPI 2.0 5.3.3.1), which no other server can use."""
    issued = int(now.timestamp())
    client_id = provider.declared.client_id
    claims = {"iss": client_id, "sub": client_id, "aud": provider.declared.issuer, "iat": issued}
    return tpp.sign(claims | {"exp": issued + ASSERTION_TTL_S, "jti": secrets.token_urlsafe(16)})
