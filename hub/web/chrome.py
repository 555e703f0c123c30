"""What surrounds every page: who is signed in, the form token, messages shown once."""

from typing import Any

from flask import Response, after_this_request, g, render_template, request
from flask.sansio.app import App
from jinja2 import StrictUndefined
from sqlalchemy.exc import SQLAlchemyError

from hub.context import Hub, hub_of_request
from hub.gate import someone
from hub.identity import cookies, csrf, sessions
from hub.identity.sessions import Person
from hub.ids import new_secret
from hub.notifications import inbox
from hub.web import charts, flash, format
from hub.web.viewmodels import Flash, Viewer

FORMS_BEFORE_LOGIN = frozenset(
    {
        "login.html",
        "login_second.html",
        "register.html",
        "mailed_link.html",
        "recover.html",
        "reset.html",
        "factors_lost.html",
        "upstream_newcomer.html",
    }
)
"""Pages whose form is sent by somebody who is not signed in: it hangs on a pre-session cookie."""


def equip(app: App) -> None:
    """Give the templates their filters. A name that a template misspells is an error, not an empty space."""
    app.jinja_env.filters.update(format.FILTERS | charts.FILTERS)
    app.jinja_env.undefined = StrictUndefined


def render(template: str, page: Any = None) -> str:
    """One page. ``page`` is the view model that the template names; the chrome comes from the request."""
    hub = hub_of_request()
    person = _person(hub)
    return render_template(
        template,
        page=page,
        viewer=None if person is None else Viewer(person.name, person.email, _unread(hub, person)),
        csrf_token=_form_token(hub, template),
        flashes=_flashes(hub),
        now=hub.clock(),
    )


def _person(hub: Hub) -> Person | None:
    """Who is signed in, also on the page of an address that does not exist, which the gate lets pass unseen."""
    secret = cookies.read_session(request, hub.settings)
    if "person" not in g and secret is not None:
        try:
            g.person = sessions.load(hub, secret, hub.clock())
        except SQLAlchemyError:  # this may be the very page that says so
            g.person = None
    return someone()


def _unread(hub: Hub, person: Person) -> int:
    """One statement; 0 where there is no database to ask: the error page must stand without one."""
    try:
        with hub.db.read() as session:
            return inbox.unread(session, person.psu_id)
    except SQLAlchemyError:
        return 0


def _form_token(hub: Hub, template: str) -> str:
    """ "" where no form can be sent, and then no key is fetched: the error page must stand without a database."""
    if (person := someone()) is not None:
        return csrf.form_token(hub, person=person, pre_session=None)
    if template not in FORMS_BEFORE_LOGIN:
        return ""
    return csrf.form_token(hub, person=None, pre_session=_pre_session(hub))


def _pre_session(hub: Hub) -> str:
    """The browser's own pre-session, so that two tabs agree, or a new one that goes out with this answer."""
    known: str | None = g.get("pre_session") or cookies.read_pre_session(request, hub.settings)
    if known is not None:
        return known
    made = new_secret()
    g.pre_session = made

    @after_this_request
    def hand_out(response: Response) -> Response:
        cookies.set_pre_session(response, hub.settings, made)
        return response

    return made


def _flashes(hub: Hub) -> tuple[Flash, ...]:
    message = flash.read(request, hub.settings)
    if message is None:
        return ()

    @after_this_request
    def once(response: Response) -> Response:
        flash.clear(response, hub.settings)
        return response

    return (message,)
