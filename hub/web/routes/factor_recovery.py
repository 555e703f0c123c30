"""Every second factor lost: begin the wait, stop it, and remove them when it is over."""

from flask import Blueprint, Response

from hub.access import public
from hub.context import hub_of_request
from hub.errors import BadInput, Conflict
from hub.identity import cookies, factor_recovery, mailed_links
from hub.identity.mailed_links import Purpose
from hub.web.flash import Said
from hub.web.routes import entering, respond
from hub.web.viewmodels import ErrorPage, FactorsLostPage, MailedLinkPage

blueprint = Blueprint("factor_recovery", __name__)


@blueprint.get("/recover/factors")
@public
def show() -> Response:
    """Only for whoever stands between the two steps of a login."""
    hub, pending = hub_of_request(), entering.half_in()
    if pending is None:
        return respond.see_other("/login", say=Said.BEGIN_AGAIN)
    with hub.db.read() as session:
        wait = factor_recovery.of(session, pending.psu_id, now=hub.clock())
    hours = hub.settings.factor_recovery_wait_s // 3600
    page = FactorsLostPage(hours, wait.effective_at, wait.is_over, wait.can_ask)
    return respond.page("factors_lost.html", page)


@blueprint.post("/recover/factors")
@public
def go_on() -> Response:
    """Begin the wait, or remove the factors if it is over."""
    hub, pending = hub_of_request(), entering.half_in()
    if pending is None:
        return respond.see_other("/login", say=Said.BEGIN_AGAIN)
    now, origin = hub.clock(), respond.origin()
    with hub.db.read() as session:
        wait = factor_recovery.of(session, pending.psu_id, now=now)
    try:
        if not wait.is_over:
            factor_recovery.ask(hub, pending.psu_id, pending.id_hash, origin=origin, now=now)
            return respond.see_other("/recover/factors")
        factor_recovery.remove(hub, pending.psu_id, pending.id_hash, origin=origin, now=now)
    except Conflict as error:
        page = ErrorPage(BadInput.kind.status, "That was not possible", error.detail, action_path="/login")
        return respond.page("error.html", page, status=page.status)
    response = respond.see_other("/login", say=Said.FACTORS_REMOVED)
    cookies.clear_half_open(response, hub.settings)
    return response


@blueprint.get("/recover/factors/keep/<token>")
@public
def ask_to_keep(token: str) -> Response:
    hub = hub_of_request()
    with hub.db.read() as session:
        link = mailed_links.look(session, Purpose.KEEP_FACTORS, token, now=hub.clock())
    page = MailedLinkPage(
        title="Keep the second step?",
        address=link.address,
        what="Somebody who knows your password asked to remove it. If that was not you, stop it, and choose a new "
        "password.",
        button="Stop it",
        action=mailed_links.PATHS[Purpose.KEEP_FACTORS] + token,
        cancel_label="It was me",
    )
    return respond.page("mailed_link.html", page)


@blueprint.post("/recover/factors/keep/<token>")
@public
def keep(token: str) -> Response:
    hub = hub_of_request()
    factor_recovery.stop_by_link(hub, token, origin=respond.origin(), now=hub.clock())
    return respond.see_other("/recover", say=Said.FACTORS_KEPT)
