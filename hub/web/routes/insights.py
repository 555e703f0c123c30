"""What comes again, and what the person says money was for."""

from flask import Blueprint, Response

from hub.access import signed_in
from hub.context import hub_of_request
from hub.gate import person
from hub.insights import corrections, stored
from hub.insights.stored import Meaning
from hub.ledger import history
from hub.web.flash import Said
from hub.web.present import insights, ledger
from hub.web.routes import fields, respond

blueprint = Blueprint("insights", __name__)


@blueprint.get("/regular")
@signed_in
def regular() -> Response:
    hub, who = hub_of_request(), person()
    with hub.db.read() as session:
        mine = ledger.own(session, who.psu_id)
        found = stored.series(session, mine, today=hub.clock().date()) if mine.account_ids else []
    return respond.page("regular.html", insights.regular_page(found, has_accounts=bool(mine.account_ids)))


@blueprint.post("/transactions/<transaction_id>/category")
@signed_in
def correct(transaction_id: str) -> Response:
    hub, who = hub_of_request(), person()
    wanted = fields.form("category")["category"] or None
    with hub.db.read() as session:
        mine = ledger.own(session, who.psu_id)
        movement = Meaning(session, mine).movement(history.row(session, mine, transaction_id))
    corrections.correct(hub, who.psu_id, payee_key=movement.key, is_in=movement.is_in, category=wanted, now=hub.clock())
    return respond.see_other(f"/transactions/{transaction_id}", say=Said.CATEGORY_SAVED)
