"""The backchannel authentication endpoint (OpenID Connect CIBA Core 1.0, FAPI-CIBA ID1): an app asks for a person who
is not at its browser, and the person answers on their own pages.

Clients of a FAPI 2.0 profile sign their requests, and so does whoever registered an algorithm for it; then what is
signed is all there may be (7.1.1). Tokens are fetched at the token endpoint (poll), after a call that they are there
(ping); they are never pushed (FAPI-CIBA 5.2.2).
"""

import re
from collections.abc import Mapping

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.identity.origin import Origin
from hub.ids import new_id, new_secret
from hub.models.client import Client
from hub.models.decoupled import DecoupledRequest
from hub.oauth import decoupled, grant_types, hints, scopes
from hub.oauth.answering import Members
from hub.oauth.asked import as_parameters, asked_by
from hub.oauth.authenticate import CREDENTIALS, Authenticated
from hub.oauth.call import Call
from hub.oauth.decoupled import INTERVAL_S, Kind
from hub.oauth.errors import (
    AccessDeniedError,
    InvalidBindingMessage,
    InvalidRequestError,
    InvalidScopeError,
    UnauthorizedClientError,
)
from hub.oauth.hints import Whom
from hub.oauth.jose.authentication_request import read_authentication_request
from hub.oauth.jose.read import BadJwt
from hub.oauth.jose.request_object import parse_request_object
from hub.oauth.parameters import Parameters

MODES = ("poll", "ping")
POLL, PING = MODES
MODE = "backchannel_token_delivery_mode"
MAX_BINDING_MESSAGE = 100
MAX_WAITING = 20
"""Open requests of one client for one person: enough for any use, too few to bury somebody in questions."""
MAX_FOR_PERSON = 50
"""The same of all clients together. Only those who may ask a person at all are counted, and learn of it."""
_NOTIFICATION_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]{1,1024}=*")  # CIBA 7.1, RFC 6750 2.1
_SECONDS = re.compile(r"[1-9]\d{0,8}", re.ASCII)


def ask(hub: Hub, call: Call, who: Authenticated, *, origin: Origin) -> Members:
    """CIBA 7.1 to 7.3. Raises OAuth2Error."""
    client = who.client
    if grant_types.BACKCHANNEL not in client.grant_types:
        raise UnauthorizedClientError("The client is not registered for this grant_type.")
    asked = asked_by(hub, _parameters(hub, call, who), client=client)
    facts = decoupled.checked(asked)
    values = asked.parameters.values
    if scopes.OPENID not in scopes.parse(facts["scope"]):
        raise InvalidScopeError("The scope of an authentication request contains openid (CIBA 7.1).")
    if "user_code" in values:
        raise InvalidRequestError("user_code is not supported here.")
    facts |= _binding_message(values)
    ttl_s = _lifetime(hub, values)
    request_id, auth_req_id = new_id(), new_secret()
    ping_sealed = _sealed(hub, client, values, request_id=request_id, auth_req_id=auth_req_id)
    whom = hints.whom(hub, client, values, call.now)
    with hub.db.write() as session:
        _wait_for_others(hub, session, whom)
        if _are_many(session, client, whom, call):
            raise AccessDeniedError("Too many requests for this person wait already.", status_code=403)
        decoupled.store(
            session,
            client,
            kind=Kind.BACKCHANNEL,
            secret=auth_req_id,
            facts=facts,
            origin=origin,
            now=call.now,
            ttl_s=ttl_s,
            id=request_id,
            psu_id=whom.psu_id,
            hint_hash=whom.hash,
            ping_sealed=ping_sealed,
        )
    return {"auth_req_id": auth_req_id, "expires_in": ttl_s, "interval": INTERVAL_S}


def place(request_id: str) -> str:
    """Where a sealed notification stands (hub.sealing)."""
    return f"decoupled_request.ping:{request_id}"


def _parameters(hub: Hub, call: Call, who: Authenticated) -> Parameters:
    """The request's own parameters, signed or not. Raises InvalidRequestError."""
    given = {name: value for name, value in call.form.items() if name not in CREDENTIALS | {"client_id"}}
    chosen = who.client.registration.get("backchannel_authentication_request_signing_alg")
    if (token := given.pop("request", None)) is None:
        if who.policy.sender_constrained or chosen is not None:
            raise InvalidRequestError(
                "This client signs its requests: send them as the parameter request (CIBA 7.1.1)."
            )
        return Parameters(given)
    if given:
        raise InvalidRequestError("Beside a signed request stands nothing but client authentication (CIBA 7.1.1).")
    try:
        unverified = parse_request_object(token)
        read = read_authentication_request(
            unverified,
            client_id=who.client.client_id,
            keys=hub.client_keys.for_client(who.client, kid=unverified.kid),
            issuer=hub.settings.base_url,
            now=call.now,
            algorithms=who.policy.algorithms if chosen is None else (str(chosen),),
        )
    except BadJwt as error:
        raise InvalidRequestError(error.why) from error
    if not hub.replay.burn("authentication_request", who.client.client_id, read.jti, read.expires_at, call.now):
        raise InvalidRequestError("This signed request was used already; make each with a jti of its own.")
    if {"request", "request_uri"} & read.parameters.keys():
        raise InvalidRequestError("A signed request holds no request of its own.")
    return as_parameters(read.parameters)


def _binding_message(values: Mapping[str, str]) -> dict[str, str]:
    """The person compares it with what the app shows, so it must be shown whole and as it is."""
    if (message := values.get("binding_message")) is None:
        return {}
    if len(message) > MAX_BINDING_MESSAGE or not message.isprintable() or message != " ".join(message.split()):
        raise InvalidBindingMessage()
    return {"binding_message": message}


def _lifetime(hub: Hub, values: Mapping[str, str]) -> int:
    """In seconds: what was asked for, as a number or as text, and at most what the operator allows."""
    longest_s = hub.settings.backchannel_request_ttl_s
    if (text := values.get("requested_expiry")) is None:
        return longest_s
    if not _SECONDS.fullmatch(text):
        raise InvalidRequestError("requested_expiry is a positive whole number of seconds.")
    return min(int(text), longest_s)


def _sealed(hub: Hub, client: Client, values: Mapping[str, str], *, request_id: str, auth_req_id: str) -> bytes | None:
    """What the client is called with (CIBA 10.2), None for one that polls."""
    if client.registration.get(MODE) != PING:
        return None
    token = values.get("client_notification_token", "")
    if not _NOTIFICATION_TOKEN.fullmatch(token):
        raise InvalidRequestError("client_notification_token is required: a bearer token of at most 1024 characters.")
    told = {"auth_req_id": auth_req_id, "token": token}
    return hub.sealer.seal(orjson.dumps(told), place(request_id))


def _wait_for_others(hub: Hub, session: Session, whom: Whom) -> None:
    """Requests for the same person are counted and stored one after the other: else many at once would each find room.

    By the hint first, and so for nobody as well: whether there is such a person shows neither in how many get in nor in
    who waits for whom. Then by the person, whom two hints may mean. Not by their row: what they do themselves is no
    reason to wait. SQLite has one writer at a time.
    """
    if hub.db.is_sqlite:
        return
    for name in (f"ciba.hint:{whom.hash}", f"ciba.person:{whom.psu_id or whom.hash}"):
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def _are_many(session: Session, client: Client, whom: Whom, call: Call) -> bool:
    """A client's own are counted by the hint, so that it tells nothing of whether there is such a person."""
    same = (DecoupledRequest.client_id == client.client_id, DecoupledRequest.hint_hash == whom.hash)
    if len(decoupled.waiting(session, *same, now=call.now)) >= MAX_WAITING:
        return True
    if whom.psu_id is None:
        return False
    theirs = (DecoupledRequest.psu_id == whom.psu_id, DecoupledRequest.kind == Kind.BACKCHANNEL.value)
    return len(decoupled.waiting(session, *theirs, now=call.now)) >= MAX_FOR_PERSON
