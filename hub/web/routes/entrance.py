"""In and out: register, log in, prove again who one is, log out."""

from datetime import timedelta

from flask import Blueprint, Response, request

from hub import rim
from hub.access import public, signed_in
from hub.context import hub_of_request
from hub.errors import BadInput, TooMany
from hub.gate import person, someone
from hub.hashing import secret_hash
from hub.identity import admission, assurance, cookies, logout_notices, particulars, people, sessions
from hub.identity.admission import HalfOpen, LoggedIn
from hub.identity.factors import passkey_login, relying_party
from hub.identity.factors.challenges import Purpose
from hub.identity.passwords import MIN_CHARACTERS
from hub.identity.people import LoginFailed
from hub.web.flash import Said
from hub.web.present import providers, waiting
from hub.web.present.apps import app_of
from hub.web.routes import entering, fields, respond
from hub.web.routes.entering import Wanted
from hub.web.viewmodels import Form, LoggedOutPage, LoginPage, LogoutPage, RegisterPage

blueprint = Blueprint("entrance", __name__)
WRONG = "E-mail or password is not right."
PASSKEY_REFUSED = "This passkey was not accepted. Try once more, or use your password."


@blueprint.get("/login")
@public
def login() -> Response:
    """``fresh=1``: whoever is signed in must prove again who they are before they go on.

    ``acr``: so strong must the login be for what comes next (hub.identity.assurance).
    """
    wanted, known = entering.wanted_of_query(), someone()
    if known is not None and request.args.get("fresh") != "1" and wanted.is_reached_by(known.acr):
        return respond.see_other(wanted.next or "/")
    return _login_page(wanted, Form({"email": known.email} if known else {}))


@blueprint.post("/login")
@public
def log_in() -> Response:
    given, wanted = fields.form("email", "password"), entering.wanted_of_form()
    hub, known = hub_of_request(), someone()
    now, origin = hub.clock(), respond.origin()
    typed = {"email": given["email"]}
    answer: LoggedIn | HalfOpen | LoginFailed
    try:
        if known is not None and particulars.sought_address(given["email"]) == known.email:
            answer = people.reauthenticate(hub, known, given["password"], origin=origin, now=now)
        else:
            answer = people.login(hub, email=given["email"], password=given["password"], origin=origin, now=now)
    except TooMany as error:
        return _login_page(wanted, Form(typed), retry_after_s=error.retry_after_s)
    except BadInput:  # the wrong password of the person who is signed in
        return _login_page(wanted, Form(typed, {"": WRONG}))
    if isinstance(answer, HalfOpen):
        return entering.to_second_step(answer, wanted)
    if isinstance(answer, LoggedIn):
        return entering.enter(answer, wanted)
    if answer.retry_after_s is not None:
        return _login_page(wanted, Form(typed), retry_after_s=answer.retry_after_s)
    return _login_page(wanted, Form(typed, {"": WRONG}))


@blueprint.post("/login/passkey/options")
@public
def passkey_options() -> Response:
    hub = hub_of_request()
    asked = passkey_login.ask(hub, Purpose.LOGIN, _browser(), psu_id=None, now=hub.clock())
    return respond.json(asked)


@blueprint.post("/login/passkey")
@public
def log_in_by_passkey() -> Response:
    hub, wanted = hub_of_request(), entering.wanted_of_form()
    credential = fields.single(request.form, "credential")
    answer = passkey_login.log_in(
        hub, someone(), credential=credential, bound_to=_browser(), origin=respond.origin(), now=hub.clock()
    )
    if isinstance(answer, LoggedIn):
        return entering.enter(answer, wanted)
    return _login_page(wanted, Form({}, {"": PASSKEY_REFUSED}))


@blueprint.get("/register")
@public
def register() -> Response:
    next_path = fields.next_of_query()
    if someone() is not None:
        return respond.see_other(next_path or "/")
    return _register_page(next_path, Form())


@blueprint.post("/register")
@public
def sign_up() -> Response:
    given, next_path = fields.form("name", "email", "password"), fields.next_of_form()
    if someone() is not None:
        return respond.see_other(next_path or "/")
    hub = hub_of_request()
    now, origin = hub.clock(), respond.origin()
    typed = {name: given[name] for name in ("name", "email")}
    try:
        psu_id = people.register(
            hub,
            name=given["name"],
            email=given["email"],
            password=given["password"],
            origin=origin,
            now=now,
        )
    except BadInput as error:
        return _register_page(next_path, Form(typed, {error.parameter or "": error.detail}))
    except TooMany as error:
        return _register_page(next_path, Form(typed, {"": error.detail}), retry_after_s=error.retry_after_s)
    with hub.db.write() as session:
        entered = admission.begin(hub, session, psu_id, (assurance.PASSWORD,), origin=origin, now=now)
    return entering.enter(entered, Wanted(next_path), say=Said.REGISTERED)


@blueprint.get("/logout")
@public
def logout() -> Response:
    who = someone()
    if who is None:
        return respond.see_other("/")
    with hub_of_request().db.read() as session:
        told = tuple(app_of(client) for client in logout_notices.listeners(session, who.sid))
    return respond.page("logout.html", LogoutPage(told=told))


@blueprint.post("/logout")
@signed_in
def log_out() -> Response:
    hub = hub_of_request()
    sessions.revoke(hub, person().session_hash, psu_id=person().psu_id, origin=respond.origin(), now=hub.clock())
    return leave()


@blueprint.get("/logged-out")
@public
def logged_out() -> Response:
    return respond.see_other("/") if someone() is not None else respond.page("logged_out.html", LoggedOutPage())


def leave() -> Response:
    """The session has ended: take its cookie away."""
    response = respond.see_other("/logged-out")
    cookies.clear_session(response, hub_of_request().settings)
    return response


def _browser() -> str:
    """What this browser alone can name: its session, or the pre-session that its form token hangs on."""
    if (known := someone()) is not None:
        return known.sid
    return secret_hash(cookies.read_pre_session(request, hub_of_request().settings) or "")


def _login_page(wanted: Wanted, form: Form, *, retry_after_s: int | None = None) -> Response:
    hub = hub_of_request()
    locked_until = None if retry_after_s is None else hub.clock() + timedelta(seconds=retry_after_s)
    has_passkeys = relying_party.rp_id(hub.settings) is not None
    if has_passkeys:
        rim.allow_fetch()
    page = LoginPage(
        form=form,
        next=wanted.next,
        acr=wanted.acr,
        app=waiting.app_behind(hub, wanted.next, someone()),
        locked_until=locked_until,
        has_passkeys=has_passkeys,
        needs_passkey=wanted.acr == assurance.PHISHING_RESISTANT,
        providers=providers.offered(hub),
    )
    status = 200 if not form.errors else respond.INVALID
    response = respond.page("login.html", page, status=status if retry_after_s is None else respond.SLOW_DOWN)
    return _retry(response, retry_after_s)


def _register_page(next_path: str, form: Form, *, retry_after_s: int | None = None) -> Response:
    waiting.app_behind(hub_of_request(), next_path, someone())  # its form may end at the app that waits
    status = 200 if not form.errors else respond.INVALID
    page = RegisterPage(form, next_path, MIN_CHARACTERS, providers.offered(hub_of_request()))
    response = respond.page("register.html", page, status=status if retry_after_s is None else respond.SLOW_DOWN)
    return _retry(response, retry_after_s)


def _retry(response: Response, retry_after_s: int | None) -> Response:
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(retry_after_s)
    return response
