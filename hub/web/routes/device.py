"""Connect a device: its owner types the code that it shows (RFC 8628 3.3)."""

from datetime import timedelta

from flask import Blueprint, Response, request

from hub.access import signed_in
from hub.context import hub_of_request
from hub.errors import NotFound, TooMany
from hub.gate import person
from hub.oauth import device
from hub.web.routes import fields, respond
from hub.web.viewmodels import AnsweredPage, DevicePage, Form

blueprint = Blueprint("device", __name__)


@blueprint.get("/device")
@signed_in
def ask() -> Response:
    """A code in the address (verification_uri_complete) is filled in, never sent by itself: the person must have seen
    it on the device (RFC 8628 3.3.1, 5.4).
    """
    code = device.typed(fields.single(request.args, "user_code"))[: device.LENGTH]
    shown = Form({"user_code": device.written(code)}) if code else Form()
    return respond.page("device.html", DevicePage(shown, came_with_link=bool(code)))


@blueprint.post("/device")
@signed_in
def enter() -> Response:
    hub, typed = hub_of_request(), fields.form("user_code")["user_code"]
    now = hub.clock()
    try:
        path = device.enter(hub, person(), typed, origin=respond.origin(), now=now)
    except NotFound as error:
        page = DevicePage(Form({"user_code": typed[:20]}, {"user_code": error.detail}))
        return respond.form_page("device.html", page, error)
    except TooMany as error:
        until = now + timedelta(seconds=error.retry_after_s)
        return respond.form_page("device.html", DevicePage(locked_until=until), error)
    return respond.see_other(path)


@blueprint.get("/device/allowed")
@signed_in
def allowed() -> Response:
    return respond.page(
        "answered.html", AnsweredPage("Allowed", "Go back to your device: it goes on by itself in a moment.", True)
    )


@blueprint.get("/device/denied")
@signed_in
def denied() -> Response:
    return respond.page("answered.html", AnsweredPage("Denied", "The device gets nothing.", False))
