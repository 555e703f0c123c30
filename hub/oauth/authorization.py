"""From a request at the authorization endpoint to where the browser goes next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hub.context import Hub
from hub.errors import BadInput
from hub.hashing import secret_hash
from hub.identity.sessions import Person
from hub.ids import new_secret
from hub.models.client import Client
from hub.models.oauth import AuthorizationRequest
from hub.oauth import answers, clients, interaction, pushed
from hub.oauth.answers import Delivery
from hub.oauth.asked import Asked, asked_by
from hub.oauth.checks import CHECKS
from hub.oauth.errors import InvalidRequestError, LoginRequiredError, OAuth2Error
from hub.oauth.parameters import MAX_LENGTH_OF, Parameters, parse

ENDPOINT = "authorize"


@dataclass(frozen=True, slots=True)
class Checked:
    """A request that passed every check: ``facts`` is what they established.

    ``pushed_hash`` names the pushed request that it is, None for one that came by browser.
    """

    client: Client
    facts: Mapping[str, Any]
    pushed_hash: str | None = None

    @property
    def silent(self) -> bool:
        """Whether the client wants an answer without any page (prompt=none)."""
        return "none" in self.facts["prompt"]


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that did not, and how the client learns of it."""

    delivery: Delivery


def read(encoded: bytes) -> Parameters:
    """Raises BadInput where there are no parameters to speak of: then nobody is known to answer to."""
    try:
        return parse(encoded)
    except InvalidRequestError as error:
        raise BadInput("The app's request cannot be read.") from error


def wants_silence(encoded: bytes) -> bool:
    """Whether a request says prompt=none. Raises BadInput like read()."""
    return "none" in (read(encoded).get("prompt") or "").split()


def check(hub: Hub, parameters: Parameters, *, interaction_id: str = "") -> Checked | Refused:
    """Put the request through the table, or find the pushed one that did already.

    Raises BadInput if it must not be answered by a redirect.
    """
    request_uri = parameters.get("request_uri") or ""
    if request_uri.startswith(pushed.URN):
        return _pushed(hub, parameters, request_uri)
    asked = asked_by(hub, parameters)
    facts: dict[str, Any] = {}
    now = hub.clock()
    try:
        for step in CHECKS:
            facts |= step(asked)
    except OAuth2Error as error:
        client_id = asked.known_client.client_id
        hub.refusals.note(client_id, ENDPOINT, error, proven=False, now=now, interaction_id=interaction_id)
        told = {"response_mode": _mode(asked)} | facts | {"state": _state(asked.parameters)}
        return Refused(answers.way_back(hub, asked.known_client, told).refusal(error, now))
    return Checked(asked.known_client, facts)


def proceed(hub: Hub, checked: Checked, person: Person | None, now: datetime) -> str | Delivery:
    """Keep the request and say where the browser goes: the consent page's path, or for prompt=none straight back."""
    if checked.silent and person is None:
        return answers.way_back(hub, checked.client, checked.facts).refusal(LoginRequiredError(), now)
    handle = _keep(hub, checked, now)
    if checked.silent and person is not None:
        return interaction.answer_silently(hub, handle, person)
    return f"/consent/{handle}"


def _pushed(hub: Hub, parameters: Parameters, request_uri: str) -> Checked:
    """FAPI 2.0 5.3.2.2: client_id and request_uri are all that counts; what stands beside them is passed over."""
    if parameters.repeated & {"client_id", "request_uri"}:
        raise BadInput("The app's request names itself twice.", parameter="client_id")
    client = clients.look(hub, parameters.get("client_id") or "")
    if client is None:
        raise BadInput("This app is not known here.", parameter="client_id")
    with hub.db.read() as session:
        uri_hash, facts = pushed.find(session, request_uri, client.client_id, hub.clock())
    return Checked(client, facts, uri_hash)


def _mode(asked: Asked) -> str:
    """How a refusal is delivered whose own mode was refused: as the client's profile has it by default."""
    return asked.policy.response_modes[0] if asked.policy.response_modes else answers.QUERY


def _state(parameters: Parameters) -> str | None:
    """The state to send back. One that came twice, or is overlong, is none."""
    state = parameters.get("state")
    return None if state is None or len(state) > MAX_LENGTH_OF["state"] else state


def _keep(hub: Hub, checked: Checked, now: datetime) -> str:
    handle = new_secret()
    with hub.db.write() as session:
        session.add(
            AuthorizationRequest(
                handle_hash=secret_hash(handle),
                client_id=checked.client.client_id,
                parameters=dict(checked.facts),
                pushed_hash=checked.pushed_hash,
                created_at=now,
                expires_at=now + timedelta(seconds=hub.settings.authorization_request_ttl_s),
            )
        )
    return handle
