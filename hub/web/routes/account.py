"""The person's own account: open sessions, recent activity, the password."""

from flask import Blueprint, Response

from hub.access import signed_in
from hub.context import hub_of_request
from hub.errors import BadInput, Conflict, TooMany
from hub.gate import person
from hub.identity import activity, addresses, cookies, people, sessions
from hub.identity.factors import enrolled
from hub.identity.passwords import MIN_CHARACTERS
from hub.web.flash import Said
from hub.web.present import security
from hub.web.routes import entrance, fields, respond
from hub.web.viewmodels import Form, PasswordPage

blueprint = Blueprint("account", __name__)


@blueprint.get("/account")
@signed_in
def overview() -> Response:
    hub, who = hub_of_request(), person()
    with hub.db.read() as session:
        opened = sessions.list_sessions(session, who.psu_id, now=hub.clock(), settings=hub.settings)
        events = activity.recent(session, who.psu_id)
        is_verified = addresses.is_verified(session, who.psu_id)
        has = enrolled.of(session, who.psu_id)
    return respond.page("security.html", security.page(who, opened, events, has, is_email_verified=is_verified))


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
    return _password_page(Form())


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
