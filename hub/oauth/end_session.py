"""A request at the end-session endpoint (OpenID Connect RP-Initiated Logout 1.0): who asks, and where to go afterwards.

A redirect URI is followed only for a client that is known by name or by an ID token of ours, and only if it is
registered character for character; a hint that is not ours is an error, since whoever forged it wants something.
Nothing of a request ends anybody's session: the person at the browser does, on a page of ours.
"""

from dataclasses import dataclass

from hub.context import Hub
from hub.errors import BadInput
from hub.identity.sessions import Person
from hub.models.client import Client
from hub.oauth import clients, id_token_hint, redirects
from hub.oauth.errors import InvalidRequestError
from hub.oauth.grants.base import subject
from hub.oauth.id_token_hint import Hint
from hub.oauth.parameters import Parameters, parse
from hub.oauth.response_jwt import NotOurs

REDIRECT_URIS = "post_logout_redirect_uris"
"""The client's metadata of RP-Initiated Logout 1.0, 3.1."""

PATH = "/oauth/logout"
CONFIRM = f"{PATH}/confirm"
"""Where the person's yes is sent."""

KEPT = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state")
"""The parameters that count; logout_hint and ui_locales change nothing here."""


@dataclass(frozen=True, slots=True)
class EndSession:
    """A request that holds. ``client``: who asks, None if nobody says so. ``redirect_uri``: its registered address to
    go to afterwards, and ``goes_to`` the same with its state; None stays here. ``sub``: whom the client means, as it
    knows them; None if it does not say. ``fields``: the request again, for the form of the page that asks the person.
    """

    client: Client | None
    redirect_uri: str | None
    goes_to: str | None
    sub: str | None
    fields: dict[str, str]

    def means_somebody_else(self, hub: Hub, person: Person) -> bool:
        """Whether the client wants another person logged out than the one who sits here."""
        return self.client is not None and self.sub not in {None, subject(hub, self.client, person.psu_id)}


def read(hub: Hub, encoded: bytes) -> EndSession:
    """``encoded``: query or form. Raises BadInput, in words for the person, for a request that must lead nowhere."""
    parameters = _parameters(encoded)
    hint = _hint(hub, parameters.get("id_token_hint"))
    client = _client(hub, parameters.get("client_id"), hint)
    uri = parameters.get("post_logout_redirect_uri")
    if uri is not None and client is not None and uri not in client.registration.get(REDIRECT_URIS, ()):
        raise BadInput(
            "The app asked to send you to an address that it is not registered with, so you stay here.",
            parameter="post_logout_redirect_uri",
        )
    # Without a client nobody has vouched for the address (RP-Initiated Logout 1.0, 2): the person stays here.
    goes_to = None
    if uri is not None and client is not None:
        goes_to = redirects.answer(uri, {"state": parameters.get("state")})
    return EndSession(
        client=client,
        redirect_uri=None if goes_to is None else uri,
        goes_to=goes_to,
        sub=None if hint is None else hint.sub,
        fields={name: value for name in KEPT if (value := parameters.get(name)) is not None},
    )


def _parameters(encoded: bytes) -> Parameters:
    try:
        parameters = parse(encoded)
    except InvalidRequestError as error:
        raise BadInput("The app's request to log you out cannot be read.") from error
    if parameters.repeated or parameters.too_long():
        raise BadInput("The app's request to log you out cannot be read.")
    return parameters


def _hint(hub: Hub, token: str | None) -> Hint | None:
    if token is None:
        return None
    try:
        return id_token_hint.read(hub, token)
    except NotOurs as error:
        raise BadInput(
            "The app's request to log you out carries a proof that is not ours.", parameter="id_token_hint"
        ) from error


def _client(hub: Hub, client_id: str | None, hint: Hint | None) -> Client | None:
    if client_id is not None and hint is not None and client_id != hint.client_id:
        raise BadInput("The app's request to log you out was made for another app.", parameter="client_id")
    named = client_id or (None if hint is None else hint.client_id)
    if named is None:
        return None
    with hub.db.read() as session:
        client = clients.find(session, named)
    if client is None:
        raise BadInput("The app that asks to log you out is not known here.", parameter="client_id")
    return client
