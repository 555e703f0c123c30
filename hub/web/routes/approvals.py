"""What apps wait to hear from the person (CIBA): the list, and the way to the question."""

from flask import Blueprint, Response

from hub.access import signed_in
from hub.context import hub_of_request
from hub.gate import person
from hub.oauth import approvals
from hub.web.present.apps import app_of
from hub.web.routes import respond
from hub.web.viewmodels import AnsweredPage, ApprovalRow, ApprovalsPage

blueprint = Blueprint("approvals", __name__)


@blueprint.get("/approvals")
@signed_in
def overview() -> Response:
    hub = hub_of_request()
    with hub.db.read() as session:
        rows = tuple(
            ApprovalRow(
                request_id=row.id,
                app=app_of(client),
                asked_at=row.created_at,
                until=row.expires_at,
                binding_message=row.parameters.get("binding_message", ""),
            )
            for row, client in approvals.waiting(session, person().psu_id, hub.clock())
        )
    return respond.page("approvals.html", ApprovalsPage(rows))


@blueprint.post("/approvals/<request_id>")
@signed_in
def look(request_id: str) -> Response:
    hub = hub_of_request()
    return respond.see_other(approvals.open_page(hub, person(), request_id, hub.clock()))


@blueprint.get("/approvals/allowed")
@signed_in
def allowed() -> Response:
    return respond.page("answered.html", AnsweredPage("Allowed", "Go back to the app: it has your answer.", True))


@blueprint.get("/approvals/denied")
@signed_in
def denied() -> Response:
    return respond.page("answered.html", AnsweredPage("Denied", "The app gets nothing.", False))
