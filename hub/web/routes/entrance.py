"""In and out: register, log in, prove again who one is, log out."""

from datetime import timedelta

from flask import Blueprint, Response, request

from hub.access import public, signed_in
from hub.context import hub_of_request
from hub.errors import BadInput, TooMany
from hub.gate import person, someone
from hub.identity import assurance, cookies, particulars, people, sessions
from hub.identity.passwords import MIN_CHARACTERS
from hub.identity.people import LoginFailed
from hub.web.flash import Said
from hub.web.present import waiting
from hub.web.routes import fields, respond
from hub.web.viewmodels import Form, LoggedOutPage, LoginPage, LogoutPage, RegisterPage

blueprint = Blueprint("entrance", __name__)
WRONG = "E-mail or password is not right."


@blueprint.get("/login")
@public
def login() -> Response:
    """``fresh=1``: whoever is signed in must prove again who they are before they go on."""
    next_path = fields.next_of_query()
    known = someone()
    if known is not None and request.args.get("fresh") != "1":
        return respond.see_other(next_path or "/")
    return _login_page(next_path, Form({"email": known.email} if known else {}))


@blueprint.post("/login")
@public
def log_in() -> Response:
    given, next_path = fields.form("email", "password"), fields.next_of_form()
    hub, known = hub_of_request(), someone()
    now, origin = hub.clock(), respond.origin()
    typed = {"email": given["email"]}
    try:
        if known is not None and particulars.sought_address(given["email"]) == known.email:
            secret = people.reauthenticate(hub, known, given["password"], origin=origin, now=now).session_secret
            return _enter(secret, next_path)
        answer = people.login(hub, email=given["email"], password=given["password"], origin=origin, now=now)
    except TooMany as error:
        return _login_page(next_path, Form(typed), retry_after_s=error.retry_after_s)
    except BadInput:  # the wrong password of the person who is signed in
        return _login_page(next_path, Form(typed, {"": WRONG}))
    if isinstance(answer, LoginFailed):
        if answer.retry_after_s is not None:
            return _login_page(next_path, Form(typed), retry_after_s=answer.retry_after_s)
        return _login_page(next_path, Form(typed, {"": WRONG}))
    if known is not None:  # somebody else took over the keyboard: the first one leaves
        sessions.revoke(hub, known.session_hash, psu_id=known.psu_id, origin=origin, now=now)
    return _enter(answer.session_secret, next_path)


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
        amr = (assurance.PASSWORD,)
        secret = sessions.start(session, psu_id, amr=amr, origin=origin, now=now, settings=hub.settings)
    return _enter(secret, next_path, say=Said.REGISTERED)


@blueprint.get("/logout")
@public
def logout() -> Response:
    return respond.see_other("/") if someone() is None else respond.page("logout.html", LogoutPage())


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


def _enter(secret: str, next_path: str, *, say: Said | None = None) -> Response:
    settings = hub_of_request().settings
    response = respond.see_other(next_path or "/", say=say)
    cookies.set_session(response, settings, secret)
    cookies.clear_pre_session(response, settings)
    return response


def _login_page(next_path: str, form: Form, *, retry_after_s: int | None = None) -> Response:
    hub = hub_of_request()
    locked_until = None if retry_after_s is None else hub.clock() + timedelta(seconds=retry_after_s)
    app = waiting.app_behind(hub, next_path, someone())
    status = 200 if not form.errors else respond.INVALID
    page = LoginPage(form=form, next=next_path, app=app, locked_until=locked_until)
    response = respond.page("login.html", page, status=status if retry_after_s is None else respond.SLOW_DOWN)
    return _retry(response, retry_after_s)


def _register_page(next_path: str, form: Form, *, retry_after_s: int | None = None) -> Response:
    waiting.app_behind(hub_of_request(), next_path, someone())  # its form may end at the app that waits
    status = 200 if not form.errors else respond.INVALID
    page = RegisterPage(form=form, next=next_path, min_password_length=MIN_CHARACTERS)
    response = respond.page("register.html", page, status=status if retry_after_s is None else respond.SLOW_DOWN)
    return _retry(response, retry_after_s)


def _retry(response: Response, retry_after_s: int | None) -> Response:
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(retry_after_s)
    return response
