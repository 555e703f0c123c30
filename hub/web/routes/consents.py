"""Who sees what: every consent of the person, its record, and the button that ends it."""

from flask import Blueprint, Response

from consent.model import Actor
from hub.access import signed_in
from hub.consents import service
from hub.context import hub_of_request
from hub.errors import NotFound
from hub.gate import person
from hub.identity import activity
from hub.identity.activity import Kind
from hub.models.client import Client
from hub.web.flash import Said
from hub.web.present import consents
from hub.web.routes import respond

blueprint = Blueprint("consents", __name__)


@blueprint.get("/consents")
@signed_in
def overview() -> Response:
    hub, who = hub_of_request(), person()
    with hub.db.read() as session:
        return respond.page("consents.html", consents.overview(hub, session, who.psu_id, hub.clock()))


@blueprint.get("/consents/<consent_id>")
@signed_in
def show(consent_id: str) -> Response:
    hub, who = hub_of_request(), person()
    with hub.db.read() as session:
        page = consents.detail(hub, session, who.psu_id, consent_id, hub.clock())
    if page is None:
        raise NotFound("There is no such consent.")
    return respond.page("consent.html", page)


@blueprint.post("/consents/<consent_id>/revoke")
@signed_in
def revoke(consent_id: str) -> Response:
    """One press, no question: stopping is never made harder than allowing was (GDPR 7.3)."""
    hub, who = hub_of_request(), person()
    now = hub.clock()
    with hub.db.write() as session:
        before = service.load(session, consent_id)
        after = service.revoke(session, consent_id, actor=Actor.PSU, psu_id=who.psu_id, now=now)
        has_moved = before.status is not after.status
        if has_moved:
            client = session.get_one(Client, after.client_id)
            detail = {"app": client.name}
            activity.write(session, who.psu_id, Kind.CONSENT_REVOKED, origin=respond.origin(), now=now, detail=detail)
    return respond.see_other("/consents", say=Said.CONSENT_ENDED if has_moved else Said.CONSENT_WAS_OVER)
