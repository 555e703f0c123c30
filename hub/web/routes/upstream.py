"""Logging in at another OpenID provider, and which of those logins open the person's account."""

from flask import Blueprint, Response, request

from hub.access import public, recently_signed_in, signed_in
from hub.context import hub_of_request
from hub.errors import BadInput, Conflict, TooMany
from hub.gate import person, someone
from hub.identity import cookies, first_password
from hub.identity.admission import HalfOpen, LoggedIn
from hub.upstream import attempts, logins
from hub.upstream.attempts import Begun, Entered, Failed
from hub.upstream.logins import Taken
from hub.web.flash import Said
from hub.web.present import providers
from hub.web.routes import entering, fields, respond
from hub.web.routes.entering import Wanted
from hub.web.viewmodels import ErrorPage, Form, LinkedRow, LinkPage, LoginsPage, NewcomerPage, OnwardPage

blueprint = Blueprint("upstream", __name__)
CONFIRM, NEWCOMER, LOGINS = "/account/logins/confirm", "/login/upstream", "/account/logins"
OTHERS = (
    "This login at {name} opens another account here than the one that is signed in. Nothing was changed: log out "
    "first if you want to use that one."
)


@blueprint.post("/login/with/<provider_id>")
@public
def begin(provider_id: str) -> Response:
    """``next`` and ``acr`` as at the login with a password. Whoever is signed in proves anew who they are."""
    wanted = entering.wanted_of_form()
    return_to = f"/step-up{wanted.query}" if wanted.acr else wanted.next
    return _go(provider_id, return_to)


@blueprint.get("/login/with/<provider_id>/callback")
@public
def come_back(provider_id: str) -> Response:
    """The provider sends the browser back here. Whatever it says is checked by the attempt of this very browser."""
    hub, settings = hub_of_request(), hub_of_request().settings
    parameters = {name: values[0] for name, values in request.args.lists() if len(values) == 1}
    with hub.bank_slots.taken():
        outcome = attempts.finish(
            hub,
            provider_id,
            parameters,
            browser_secret=cookies.read_upstream(request, settings),
            person=someone(),
            origin=respond.origin(),
            now=hub.clock(),
        )
    if isinstance(outcome, Failed):
        return _not_logged_in(outcome.why)
    if isinstance(outcome, Taken):
        return _not_logged_in(OTHERS.format(name=outcome.provider_name))
    if isinstance(outcome, Entered):
        return _onward(_entered(outcome.admitted, Wanted(outcome.return_to)))
    return _onward(respond.see_other(NEWCOMER if someone() is None else CONFIRM))


@blueprint.get(NEWCOMER)
@public
def newcomer() -> Response:
    """Proven, and unknown: a new account, or a login to the old one."""
    hub = hub_of_request()
    waiting = logins.pending(hub, _browser(), now=hub.clock())
    if waiting is None:
        return respond.see_other("/login")
    if someone() is not None:
        return respond.see_other(CONFIRM)
    page = NewcomerPage(
        providers.choice(hub, waiting.provider_id), Form({"name": waiting.name, "email": waiting.email})
    )
    return respond.page("upstream_newcomer.html", page)


@blueprint.post(NEWCOMER)
@public
def create() -> Response:
    hub, given = hub_of_request(), fields.form("name", "email")
    now = hub.clock()
    waiting = logins.pending(hub, _browser(), now=now)
    if waiting is None or someone() is not None:
        return respond.see_other("/login")
    try:
        entered = logins.create_account(hub, _browser(), **given, origin=respond.origin(), now=now)
    except (BadInput, TooMany, Conflict) as error:
        form = Form(given, {error.parameter or "": error.detail})
        page = NewcomerPage(providers.choice(hub, waiting.provider_id), form)
        return respond.form_page("upstream_newcomer.html", page, error)
    response = entering.enter(entered, Wanted(waiting.return_to), say=Said.REGISTERED)
    cookies.clear_upstream(response, hub.settings)
    return response


@blueprint.get(LOGINS)
@signed_in
def overview() -> Response:
    return _logins_page()


@blueprint.post("/account/logins/link")
@recently_signed_in
def begin_link() -> Response:
    return _go(fields.single(request.form, "provider"), LOGINS)


@blueprint.get(CONFIRM)
@recently_signed_in
def ask_to_link() -> Response:
    hub = hub_of_request()
    waiting = logins.pending(hub, _browser(), now=hub.clock())
    if waiting is None:
        return respond.see_other(LOGINS)
    page = LinkPage(
        provider=providers.choice(hub, waiting.provider_id),
        shown_as=waiting.email or waiting.name,
        is_fresh=waiting.is_fresh,
    )
    return respond.page("upstream_link.html", page)


@blueprint.post(CONFIRM)
@recently_signed_in
def link() -> Response:
    hub, decision = hub_of_request(), fields.single(request.form, "decision")
    now = hub.clock()
    if decision != "yes":
        logins.decline(hub, _browser(), now=now)
        return respond.see_other(LOGINS)
    waiting = logins.pending(hub, _browser(), now=now)
    try:
        logins.link(hub, person(), _browser(), origin=respond.origin(), now=now)
    except Conflict as error:
        return _logins_page(error)
    onward = LOGINS if waiting is None else waiting.return_to or LOGINS
    response = respond.see_other(onward, say=Said.LOGIN_LINKED)
    cookies.clear_upstream(response, hub.settings)
    return response


@blueprint.post("/account/logins/unlink")
@recently_signed_in
def unlink() -> Response:
    hub, login_id = hub_of_request(), fields.single(request.form, "login")
    try:
        logins.unlink(hub, person(), login_id, origin=respond.origin(), now=hub.clock())
    except Conflict as error:
        return _logins_page(error)
    return respond.see_other(LOGINS, say=Said.LOGIN_UNLINKED)


def _go(provider_id: str, return_to: str) -> Response:
    """On to the provider; whoever is signed in must log in there anew."""
    hub, who = hub_of_request(), someone()
    with hub.bank_slots.taken():
        begun = attempts.begin(
            hub, provider_id, person=who, return_to=return_to, is_fresh=who is not None, now=hub.clock()
        )
    if not isinstance(begun, Begun):
        return _not_logged_in(begun.why)
    response = respond.page("onward.html", OnwardPage(begun.url, hub.upstream(provider_id).declared.name))
    cookies.set_upstream(response, hub.settings, begun.browser_secret)
    return response


def _entered(admitted: LoggedIn | HalfOpen, wanted: Wanted) -> Response:
    if isinstance(admitted, HalfOpen):
        return entering.to_second_step(admitted, wanted)
    return entering.enter(admitted, wanted)


def _onward(redirect: Response) -> Response:
    """A page instead of a redirect, with the same cookies.

    Browsers hold form-action against every redirect that follows a form (CSP 3, 4.2.1), and this one may follow a form
    at the provider, or lead on to an app. A page that leads on by itself begins anew.
    """
    response = respond.page("onward.html", OnwardPage(redirect.headers["Location"], "Rialto"))
    for cookie in redirect.headers.getlist("Set-Cookie"):
        response.headers.add("Set-Cookie", cookie)
    return response


def _browser() -> str | None:
    return cookies.read_upstream(request, hub_of_request().settings)


def _not_logged_in(why: str) -> Response:
    label, path = ("Back to the login", "/login") if someone() is None else ("Back to your logins", LOGINS)
    page = ErrorPage(BadInput.kind.status, "That login did not work", why, action_label=label, action_path=path)
    return respond.page("error.html", page, status=page.status)


def _logins_page(error: Conflict | None = None) -> Response:
    hub, who = hub_of_request(), person()
    with hub.db.read() as session:
        linked = logins.list_for(hub, session, who.psu_id)
        has_password = first_password.has_password(session, who.psu_id)
    page = LoginsPage(
        linked=tuple(LinkedRow(one.id, one.provider_name, one.linked_at, one.last_used_at) for one in linked),
        offered=providers.offered(hub),
        has_password=has_password,
        error="" if error is None else error.detail,
    )
    return respond.form_page("logins.html", page, error)
