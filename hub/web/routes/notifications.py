"""The inbox, and where a person wants to hear of things."""

from flask import Blueprint, Response, current_app, request

from hub.access import public, signed_in
from hub.context import hub_of_request
from hub.errors import BadInput
from hub.events.catalogue import Topic
from hub.gate import person
from hub.identity import addresses
from hub.notifications import birthdays, choices, inbox
from hub.notifications.choices import Choice
from hub.notifications.push import subscriptions, vapid
from hub.notifications.push.subscriptions import Address
from hub.web.flash import Said
from hub.web.present import notifications
from hub.web.routes import fields, respond
from hub.web.viewmodels import Form

blueprint = Blueprint("notifications", __name__)
SETTINGS = "/account/notifications"


@blueprint.get("/notifications")
@signed_in
def overview() -> Response:
    hub, before = hub_of_request(), fields.single(request.args, "before")
    if not before.isprintable():
        raise BadInput("No page begins there.", parameter="before")
    with hub.db.read() as session:
        found = inbox.page(hub, session, person().psu_id, before=before)
    return respond.page("notifications.html", notifications.inbox_page(found, is_first=not before))


@blueprint.post("/notifications/read")
@signed_in
def read_all() -> Response:
    hub = hub_of_request()
    with hub.db.write() as session:
        inbox.read_all(session, person().psu_id, hub.clock())
    return respond.see_other("/notifications")


@blueprint.get("/notifications/<notification_id>")
@signed_in
def opened(notification_id: str) -> Response:
    """Counts as read, and goes where it leads: a link, so that mail and browsers can hold it."""
    hub = hub_of_request()
    with hub.db.write() as session:
        path = inbox.opened(hub, session, person().psu_id, notification_id, hub.clock())
    return respond.see_other(path)


@blueprint.get("/announcements/<announcement_id>")
@public
def announcement(announcement_id: str) -> Response:
    with hub_of_request().db.read() as session:
        page = notifications.announcement_page(inbox.announcement(session, announcement_id))
    return respond.page("announcement.html", page)


@blueprint.get(SETTINGS)
@signed_in
def settings() -> Response:
    return _settings(None)


@blueprint.post(SETTINGS)
@signed_in
def choose() -> Response:
    hub, who = hub_of_request(), person()
    given = fields.form("day", "month", *(f"{way}-{topic}" for topic in Topic for way in ("mail", "push")))
    chosen = {topic: Choice(bool(given[f"mail-{topic}"]), bool(given[f"push-{topic}"])) for topic in Topic}
    try:
        with hub.db.write() as session:
            choices.choose(session, who.psu_id, chosen)
            birthdays.set_to(session, who.psu_id, day=given["day"].strip(), month=given["month"])
    except BadInput as error:
        values = {"day": given["day"][:10], "month": given["month"][:10]}
        return _settings(error, Form(values, {error.parameter or "": error.detail}), chosen)
    return respond.see_other(SETTINGS, say=Said.SAVED)


@blueprint.post(f"{SETTINGS}/browsers")
@signed_in
def add_browser() -> Response:
    hub, given = hub_of_request(), fields.form("endpoint", "p256dh", "auth")
    device = request.headers.get("User-Agent", "")
    subscriptions.add(hub, person(), Address(**given), device=device, now=hub.clock())
    return respond.see_other(SETTINGS, say=Said.BROWSER_ADDED)


@blueprint.post(f"{SETTINGS}/browsers/<subscription_id>/remove")
@signed_in
def remove_browser(subscription_id: str) -> Response:
    with hub_of_request().db.write() as session:
        subscriptions.remove(session, person().psu_id, subscription_id)
    return respond.see_other(SETTINGS, say=Said.BROWSER_REMOVED)


@blueprint.get("/push-worker.js")
@public
def worker() -> Response:
    """At the root, so that it speaks for the whole hub (Service Workers 3.2: a worker's scope is its folder)."""
    return current_app.send_static_file("push_worker.js")


def _settings(error: BadInput | None, form: Form | None = None, chosen: dict[Topic, Choice] | None = None) -> Response:
    hub, who = hub_of_request(), person()
    key = vapid.application_server_key(hub)
    with hub.db.read() as session:
        if chosen is None:
            chosen = {topic: choice for (_, topic), choice in choices.of(session, [who.psu_id]).items()}
        born = birthdays.of(session, who.psu_id)
        page = notifications.settings_page(
            chosen,
            subscriptions.of(session, who.psu_id),
            application_server_key=key,
            is_email_verified=addresses.is_verified(session, who.psu_id),
            form=form or Form({} if born is None else {"day": str(born[0]), "month": str(born[1])}),
        )
    return respond.form_page("notification_settings.html", page, error)
