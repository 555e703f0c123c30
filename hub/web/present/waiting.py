"""The app that waits behind a login, so that the person knows why they are asked for their password."""

from sqlalchemy import ColumnElement, or_, select

from hub import rim
from hub.context import Hub
from hub.hashing import secret_hash
from hub.identity.sessions import Person
from hub.models.client import Client
from hub.models.oauth import AuthorizationRequest
from hub.web.present.apps import app_of
from hub.web.present.targets import csp_source
from hub.web.viewmodels import App

CONSENT_PATH = "/consent/"


def app_behind(hub: Hub, next_path: str, person: Person | None) -> App | None:
    """Whose open request ``next_path`` leads to, None for none; the page's form may then end at that app.

    Only who holds the unguessable handle learns the name, and nothing of a request that is another person's.
    """
    handle = next_path.removeprefix(CONSENT_PATH)
    if handle == next_path or not handle:
        return None
    mine: ColumnElement[bool] = AuthorizationRequest.psu_id.is_(None)
    if person is not None:
        mine = or_(mine, AuthorizationRequest.psu_id == person.psu_id)
    with hub.db.read() as session:
        found = session.execute(
            select(AuthorizationRequest.parameters, Client)
            .join(Client, Client.client_id == AuthorizationRequest.client_id)
            .where(
                AuthorizationRequest.handle_hash == secret_hash(handle),
                AuthorizationRequest.consumed_at.is_(None),
                AuthorizationRequest.expires_at > hub.clock(),
                Client.deleted_at.is_(None),
                mine,
            )
        ).one_or_none()
    if found is None:
        return None
    if (source := csp_source(found[0].get("redirect_uri", ""))) is not None:
        rim.allow_form_to(source)
    return app_of(found[1])
