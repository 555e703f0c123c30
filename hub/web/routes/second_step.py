"""The second step of a login, and what to do about a login that was too weak for what comes next."""

from datetime import timedelta

from flask import Blueprint, Response, request

from hub import rim
from hub.access import public, signed_in
from hub.context import hub_of_request
from hub.errors import NotFound
from hub.gate import person, someone
from hub.identity import assurance, cookies, second_step
from hub.identity.admission import LoggedIn
from hub.identity.factors import enrolled, passkey_login, relying_party
from hub.identity.factors.challenges import Purpose
from hub.identity.second_step import Over, Pending
from hub.web.flash import Said
from hub.web.present import waiting
from hub.web.routes import entering, fields, respond
from hub.web.routes.entering import Wanted
from hub.web.viewmodels import Form, LoginSecondPage, StepUpPage

blueprint = Blueprint("second_step", __name__)
_WRONG = {
    "code": "This is not the code that your app shows now.",
    "recovery_code": "This is none of your recovery codes, or it was used before.",
    "": "This passkey was not accepted. Try once more.",
}


@blueprint.get("/login/second")
@public
def ask() -> Response:
    pending, wanted = entering.half_in(), entering.wanted_of_query()
    return _begin_again(wanted) if pending is None else _page(pending, wanted, Form())


@blueprint.post("/login/second/options")
@public
def passkey_options() -> Response:
    hub, pending = hub_of_request(), entering.half_in()
    if pending is None:
        raise NotFound("This login has taken too long. Begin again.")
    bound_to, psu_id = pending.id_hash, pending.psu_id
    return respond.json(passkey_login.ask(hub, Purpose.SECOND_STEP, bound_to, psu_id=psu_id, now=hub.clock()))


@blueprint.post("/login/second")
@public
def answer() -> Response:
    """One of ``code``, ``recovery_code``, ``credential``."""
    given, wanted = fields.form("code", "recovery_code", "credential"), entering.wanted_of_form()
    hub = hub_of_request()
    now, origin = hub.clock(), respond.origin()
    secret = cookies.read_half_open(request, hub.settings) or ""
    if given["credential"]:
        field, answered = "", second_step.by_passkey(hub, secret, given["credential"], origin=origin, now=now)
    elif given["recovery_code"]:
        field = "recovery_code"
        answered = second_step.by_recovery_code(hub, secret, given["recovery_code"], origin=origin, now=now)
    else:
        field, answered = "code", second_step.by_code(hub, secret, given["code"], origin=origin, now=now)
    if isinstance(answered, LoggedIn):
        return entering.enter(answered, wanted)
    pending = entering.half_in()
    if isinstance(answered, Over) or pending is None:
        return _begin_again(wanted)
    if answered.retry_after_s is not None:
        return _page(pending, wanted, Form(), retry_after_s=answered.retry_after_s)
    return _page(pending, wanted, Form({}, {field: _WRONG[field]}))


@blueprint.get("/step-up")
@signed_in
def step_up() -> Response:
    """For somebody whose login was too weak for ``acr``: which stronger ways they have, or could have."""
    hub, wanted, who = hub_of_request(), entering.wanted_of_query(), person()
    if wanted.is_reached_by(who.acr):
        return respond.see_other(wanted.next or "/")
    with hub.db.read() as session:
        has = enrolled.of(session, who.psu_id)
    page = StepUpPage(
        next=wanted.next,
        acr=wanted.acr,
        app=waiting.app_behind(hub, wanted.next, who),
        can_reach=assurance.satisfies(has.ceiling, wanted.acr),
        takes_codes=assurance.satisfies(assurance.TWO_FACTOR, wanted.acr),
        has_passkeys=relying_party.rp_id(hub.settings) is not None,
    )
    return respond.page("step_up.html", page)


def _begin_again(wanted: Wanted) -> Response:
    hub = hub_of_request()
    fresh = ("&" if wanted.query else "?") + "fresh=1" if someone() is not None else ""
    response = respond.see_other(f"/login{wanted.query}{fresh}", say=Said.BEGIN_AGAIN)
    cookies.clear_half_open(response, hub.settings)
    return response


def _page(pending: Pending, wanted: Wanted, form: Form, *, retry_after_s: int | None = None) -> Response:
    hub = hub_of_request()
    has_passkeys = pending.has.passkeys > 0 and relying_party.rp_id(hub.settings) is not None
    if has_passkeys:
        rim.allow_fetch()
    page = LoginSecondPage(
        form=form,
        next=wanted.next,
        acr=wanted.acr,
        app=waiting.app_behind(hub, wanted.next, someone()),
        takes_app=pending.takes_codes and pending.has.totp_since is not None,
        takes_recovery_codes=pending.takes_codes and pending.has.recovery_codes > 0,
        takes_passkey=has_passkeys,
        locked_until=None if retry_after_s is None else hub.clock() + timedelta(seconds=retry_after_s),
    )
    status = respond.INVALID if form.errors else 200
    response = respond.page("login_second.html", page, status=status if retry_after_s is None else respond.SLOW_DOWN)
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(retry_after_s)
    return response
