"""From a request at the authorization endpoint to where the browser goes next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from authlib.oauth2.rfc6749.errors import InvalidRequestError, OAuth2Error
from authlib.oidc.core.errors import LoginRequiredError

from hub.context import Hub
from hub.errors import BadInput
from hub.hashing import secret_hash
from hub.identity.sessions import Person
from hub.ids import new_secret
from hub.models.oauth import AuthorizationRequest
from hub.oauth import answers, clients, interaction
from hub.oauth.checks import CHECKS, Asked
from hub.oauth.parameters import MAX_LENGTH_OF, Parameters, parse


@dataclass(frozen=True, slots=True)
class Checked:
    """A request that passed every check: ``facts`` is what they established."""

    facts: Mapping[str, Any]

    @property
    def silent(self) -> bool:
        """Whether the client wants an answer without any page (prompt=none)."""
        return "none" in self.facts["prompt"]


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that did not, and the address at the client that learns of it."""

    url: str


def read(encoded: bytes) -> Parameters:
    """Raises BadInput where there are no parameters to speak of: then nobody is known to answer to."""
    try:
        return parse(encoded)
    except InvalidRequestError as error:
        raise BadInput("The app's request cannot be read.") from error


def wants_silence(encoded: bytes) -> bool:
    """Whether a request says prompt=none. Raises BadInput like read()."""
    return "none" in (read(encoded).get("prompt") or "").split()


def check(hub: Hub, parameters: Parameters) -> Checked | Refused:
    """Put the request through the table. Raises BadInput if it must not be answered by a redirect."""
    client_id = parameters.get("client_id")
    with hub.db.read() as session:
        client = None if client_id is None else clients.find(session, client_id)
    asked = Asked(parameters, client, hub.settings)
    facts: dict[str, Any] = {}
    try:
        for step in CHECKS:
            facts |= step(asked)
    except OAuth2Error as error:
        return Refused(answers.refusal(hub.settings, facts | {"state": _state(parameters)}, error))
    return Checked(facts)


def proceed(hub: Hub, checked: Checked, person: Person | None, now: datetime) -> str:
    """Keep the request and say where the browser goes: to the consent page, or for prompt=none straight back."""
    if checked.silent and person is None:
        return answers.refusal(hub.settings, checked.facts, LoginRequiredError())
    handle = _keep(hub, checked, now)
    if checked.silent and person is not None:
        return interaction.answer_silently(hub, handle, person)
    return f"/consent/{handle}"


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
                client_id=checked.facts["client_id"],
                parameters=dict(checked.facts),
                created_at=now,
                expires_at=now + timedelta(seconds=hub.settings.authorization_request_ttl_s),
            )
        )
    return handle
