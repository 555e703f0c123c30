"""An authorization request before it is believed, whichever way it came: in the browser, pushed, plain or signed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from consent.model import Consent
from hub.consents import succession
from hub.context import Hub
from hub.errors import BadInput
from hub.models.client import Client
from hub.oauth import clients, id_token_hint, resources
from hub.oauth.id_token_hint import Hint
from hub.oauth.jose.read import BadJwt
from hub.oauth.jose.request_object import parse_request_object, read_request_object
from hub.oauth.parameters import Parameters
from hub.oauth.policy import Policy, policy_of
from hub.oauth.response_jwt import NotOurs
from hub.settings import Settings


@dataclass(frozen=True, slots=True)
class Asked:
    """``id_token_hint`` is what the parameter of that name says, None where it is not an ID token of ours.

    ``client`` is the row that client_id names, None if none does. ``pushed``: it came by PAR, from that very client.

    ``is_signed``: the parameters are those of a request object whose signature held; ``broken_object`` says why one did
    not, and then the parameters are those beside it, which tell where the refusal goes. ``is_unsigned``: it does not
    even claim a signature (alg none).

    ``older``: the consent that counts under the ``grant_id`` of the request, None if this client has none such.
    """

    parameters: Parameters
    client: Client | None
    settings: Settings
    now: datetime
    pushed: bool = False
    resource_is_known: bool = False
    id_token_hint: Hint | None = None
    is_signed: bool = False
    broken_object: str | None = None
    is_unsigned: bool = False
    older: Consent | None = None

    @property
    def known_client(self) -> Client:
        """For the checks after the first one."""
        if self.client is None:
            raise BadInput("This app is not known here.", parameter="client_id")
        return self.client

    @property
    def policy(self) -> Policy:
        return policy_of(self.known_client)


def asked_by(hub: Hub, parameters: Parameters, *, client: Client | None = None) -> Asked:
    """``client`` has authenticated and pushes this; None: it came through a browser, and client_id is only a claim."""
    pushed = client is not None
    if client is None and (client_id := parameters.get("client_id")) is not None:
        client = clients.look(hub, client_id)
    token = parameters.get("request")
    now = hub.clock()
    if client is None or token is None:
        return _looked_up(hub, Asked(parameters, client, hub.settings, now, pushed))
    policy = policy_of(client)
    chosen = client.registration.get("request_object_signing_alg")
    signed_only = policy.holds_data or policy.signed_requests  # RFC 9101 6.3, 10.5
    try:
        unverified = parse_request_object(token)
        if unverified.header["alg"] == "none":
            told = _with_address(parameters, unverified.claims)
            return Asked(told, client, hub.settings, now, pushed, broken_object=_UNSIGNED, is_unsigned=True)
        inside = read_request_object(
            unverified,
            client_id=client.client_id,
            keys=hub.client_keys.for_client(client, kid=unverified.kid),
            issuer=hub.settings.base_url,
            now=now,
            algorithms=policy.algorithms if chosen is None else (str(chosen),),
            strict=signed_only,
        )
    except BadJwt as error:
        return Asked(parameters, client, hub.settings, now, pushed, broken_object=error.why)
    inner = as_parameters(inside)
    believed = inner if signed_only else _merged(parameters, inner)
    return _looked_up(hub, Asked(believed, client, hub.settings, now, pushed, is_signed=True))


def _looked_up(hub: Hub, asked: Asked) -> Asked:
    """What the checks need to know from the hub, which they cannot ask."""
    token, grant_id = (asked.parameters.get(name) for name in ("id_token_hint", "grant_id"))
    older = None
    if asked.client is not None and grant_id is not None:
        with hub.db.read() as session:
            older = succession.current(session, grant_id, client_id=asked.client.client_id)
    return replace(
        asked,
        resource_is_known=resources.is_known(hub, asked.parameters.get("resource")),
        id_token_hint=None if token is None else _hint(hub, token),
        older=older,
    )


def _hint(hub: Hub, token: str) -> Hint | None:
    try:
        return id_token_hint.read(hub, token)
    except NotOurs:
        return None


def as_parameters(inside: Mapping[str, str | list[str]]) -> Parameters:
    """The object's own parameters; what stands beside a request object counts for nothing (RFC 9101 6.3). A list is a
    parameter that came more than once.
    """
    single = {name: value for name, value in inside.items() if isinstance(value, str)}
    return Parameters(single, frozenset(inside) - frozenset(single))


def _merged(beside: Parameters, inner: Parameters) -> Parameters:
    """OIDC Core 6.1: parameters beside the object complete it; where both have one, the signed one counts."""
    outer = {name: value for name, value in beside.values.items() if name != "request"}
    return Parameters(outer | dict(inner.values), (beside.repeated - frozenset(inner.values)) | inner.repeated)


def _with_address(beside: Parameters, claims: Mapping[str, Any]) -> Parameters:
    """Where the refusal of an unsigned object goes. What it says is as true as what stands in the browser's address, so
    it counts before that, as in a signed one; the address must be the client's in any case.
    """
    told = {name: claims[name] for name in _ADDRESS if isinstance(claims.get(name), str) and claims[name].isprintable()}
    return _merged(beside, Parameters(told))


_UNSIGNED = "A request object is signed: its alg is not none."
_ADDRESS = ("redirect_uri", "response_mode", "state")
