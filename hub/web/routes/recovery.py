"""Forgotten passwords: ask for a link, and choose a new password with it."""

from flask import Blueprint, Response

from hub.access import public
from hub.context import hub_of_request
from hub.errors import BadInput, DomainError, TooMany
from hub.identity import mailed_links, recovery
from hub.identity.mailed_links import Purpose
from hub.identity.passwords import MIN_CHARACTERS
from hub.web.flash import Said
from hub.web.routes import fields, respond
from hub.web.viewmodels import Form, RecoverPage, RecoverSentPage, ResetPage

blueprint = Blueprint("recovery", __name__)


@blueprint.get("/recover")
@public
def show() -> Response:
    return respond.page("recover.html", RecoverPage())


@blueprint.post("/recover")
@public
def ask() -> Response:
    hub, given = hub_of_request(), fields.form("email")
    try:
        recovery.ask(hub, email=given["email"], origin=respond.origin(), now=hub.clock())
    except (BadInput, TooMany) as error:
        form = Form(given, {error.parameter or "": error.detail})
        return respond.form_page("recover.html", RecoverPage(form), error)
    return respond.see_other("/recover/sent")


@blueprint.get("/recover/sent")
@public
def sent() -> Response:
    minutes = hub_of_request().settings.recovery_link_ttl_s // 60
    return respond.page("recover_sent.html", RecoverSentPage(minutes))


@blueprint.get("/recover/<token>")
@public
def choose(token: str) -> Response:
    return _reset_page(token, Form())


@blueprint.post("/recover/<token>")
@public
def reset(token: str) -> Response:
    hub, given = hub_of_request(), fields.form("new_password")
    try:
        recovery.reset(hub, token, new=given["new_password"], origin=respond.origin(), now=hub.clock())
    except (BadInput, TooMany) as error:
        return _reset_page(token, Form({}, {error.parameter or "": error.detail}), error)
    return respond.see_other("/login", say=Said.PASSWORD_RESET)


def _reset_page(token: str, form: Form, error: DomainError | None = None) -> Response:
    hub = hub_of_request()
    address = recovery.address_of(hub, token, now=hub.clock())
    page = ResetPage(mailed_links.PATHS[Purpose.RESET] + token, address, form, MIN_CHARACTERS)
    return respond.form_page("reset.html", page, error)
