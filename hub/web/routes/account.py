"""The person's own account: open sessions, recent activity, the password."""

from flask import Blueprint, Response

from hub.access import recently_signed_in, signed_in
from hub.context import hub_of_request
from hub.errors import BadInput, Conflict, TooMany
from hub.gate import person
from hub.identity import activity, addresses, cookies, first_password, people, sessions
from hub.identity.factors import enrolled
from hub.identity.passwords import MIN_CHARACTERS
from hub.upstream import logins
from hub.web.flash import Said
from hub.web.present import security
from hub.web.present.security import Ways
from hub.web.routes import entrance, fields, respond
from hub.web.viewmodels import Form, PasswordPage, SetPasswordPage

blueprint = Blueprint("account", __name__)


@blueprint.get("/account")
@signed_in
def overview() -> Response:
    hub, who = hub_of_request(), person()
    with hub.db.read() as session:
        opened = sessions.list_sessions(session, who.psu_id, now=hub.clock(), settings=hub.settings)
        events = activity.recent(session, who.psu_id)
        has = enrolled.of(session, who.psu_id)
        ways = Ways(
            is_email_verified=addresses.is_verified(session, who.psu_id),
            has_password=first_password.has_password(session, who.psu_id),
            linked=logins.list_for(hub, session, who.psu_id),
            has_providers=bool(hub.upstreams),
        )
    return respond.page("security.html", security.page(who, opened, events, has, ways))


@blueprint.post("/account/sessions/<sid>/end")
@signed_in
def end_session(sid: str) -> Response:
    hub = hub_of_request()
    if sid == person().sid:  # this very one: the same as logging out
        return entrance.log_out()
    sessions.revoke_one(hub, person(), sid, origin=respond.origin(), now=hub.clock())
    return respond.see_other("/account", say=Said.SESSION_ENDED)


@blueprint.post("/account/sessions/end-others")
@signed_in
def end_other_sessions() -> Response:
    hub = hub_of_request()
    sessions.revoke_others(hub, person(), origin=respond.origin(), now=hub.clock())
    return respond.see_other("/account", say=Said.SESSIONS_ENDED)


@blueprint.post("/account/sessions/revoke-all")
@signed_in
def revoke_all() -> Response:
    hub = hub_of_request()
    sessions.revoke_all(hub, person(), origin=respond.origin(), now=hub.clock())
    return entrance.leave()


@blueprint.get("/account/password")
@signed_in
def password() -> Response:
    hub = hub_of_request()
    with hub.db.read() as session:
        has_one = first_password.has_password(session, person().psu_id)
    return _password_page(Form()) if has_one else respond.see_other("/account/password/set")


@blueprint.get("/account/password/set")
@recently_signed_in
def first() -> Response:
    return respond.page("password_set.html", SetPasswordPage(min_password_length=MIN_CHARACTERS))


@blueprint.post("/account/password/set")
@recently_signed_in
def set_first() -> Response:
    hub, new = hub_of_request(), fields.form("new_password")["new_password"]
    try:
        secret = first_password.set_password(hub, person(), new=new, origin=respond.origin(), now=hub.clock())
    except (BadInput, Conflict, TooMany) as error:
        page = SetPasswordPage(Form({}, {error.parameter or "": error.detail}), MIN_CHARACTERS)
        return respond.form_page("password_set.html", page, error)
    response = respond.see_other("/account", say=Said.PASSWORD_SET)
    cookies.set_session(response, hub.settings, secret)
    return response


@blueprint.post("/account/password")
@signed_in
def change_password() -> Response:
    given = fields.form("current_password", "new_password")
    hub = hub_of_request()
    try:
        secret = people.change_password(
            hub,
            person(),
            current=given["current_password"],
            new=given["new_password"],
            origin=respond.origin(),
            now=hub.clock(),
        )
    except (BadInput, Conflict) as error:
        return _password_page(Form({}, {error.parameter or "": error.detail}), respond.INVALID)
    except TooMany as error:
        response = _password_page(Form({}, {"": error.detail}), respond.SLOW_DOWN)
        response.headers["Retry-After"] = str(error.retry_after_s)
        return response
    response = respond.see_other("/account", say=Said.PASSWORD_CHANGED)
    cookies.set_session(response, hub.settings, secret)
    return response


def _password_page(form: Form, status: int = 200) -> Response:
    return respond.page("password.html", PasswordPage(form, MIN_CHARACTERS), status=status)
