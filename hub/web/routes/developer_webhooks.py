"""An app's webhooks: endpoints, secrets, what was sent and how that went, once more on request."""

from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from hub.access import recently_signed_in, signed_in
from hub.context import hub_of_request
from hub.errors import BadInput
from hub.gate import person
from hub.models.client import Client
from hub.models.webhook import WebhookEndpoint
from hub.oauth import clients
from hub.web.flash import Said
from hub.web.present import webhooks as present
from hub.web.routes import fields, respond
from hub.web.viewmodels import Form
from hub.webhooks import endpoints, log, tell
from hub.webhooks.signing import HMAC

blueprint = Blueprint("developer_webhooks", __name__, url_prefix="/developer/apps/<client_id>/webhooks")
AGAIN_SINCE = timedelta(days=30)


@blueprint.get("")
@signed_in
def overview(client_id: str) -> Response:
    return _overview(client_id, Form())


@blueprint.post("")
@recently_signed_in
def make(client_id: str) -> Response:
    """An address that is told of people's accounts: whoever finds a browser open cannot add theirs."""
    hub, given = hub_of_request(), fields.form("url", "scheme", "unordered")
    wanted = request.form.getlist("type")
    try:
        with hub.db.write() as session:
            client = _owned(session, client_id)
            made = endpoints.make(
                hub,
                session,
                client.client_id,
                url=given["url"].strip(),
                wanted=wanted,
                is_ordered=not given["unordered"],
                scheme=given["scheme"] or HMAC,
                now=hub.clock(),
            )
    except BadInput as error:
        return _overview(client_id, Form(given, {error.parameter or "": error.detail}), wanted, respond.INVALID)
    return _secret_page(client_id, made)


@blueprint.get("/<endpoint_id>")
@signed_in
def endpoint(client_id: str, endpoint_id: str) -> Response:
    return _page(client_id, endpoint_id, Form())


@blueprint.post("/<endpoint_id>")
@recently_signed_in
def change(client_id: str, endpoint_id: str) -> Response:
    hub, given, wanted = hub_of_request(), fields.form("url"), request.form.getlist("type")
    try:
        with hub.db.write() as session:
            one = endpoints.owned(session, _owned(session, client_id).client_id, endpoint_id)
            endpoints.change(hub, session, one, url=given["url"].strip(), wanted=wanted, now=hub.clock())
    except BadInput as error:
        return _page(client_id, endpoint_id, Form(given, {error.parameter or "": error.detail}), respond.INVALID)
    return _back(client_id, endpoint_id)


@blueprint.post("/<endpoint_id>/secret")
@recently_signed_in
def rotate(client_id: str, endpoint_id: str) -> Response:
    hub = hub_of_request()
    with hub.db.write() as session:
        one = endpoints.owned(session, _owned(session, client_id).client_id, endpoint_id)
        made = endpoints.rotate(hub, session, one, now=hub.clock())
    return _secret_page(client_id, made)


@blueprint.post("/<endpoint_id>/test")
@signed_in
def test(client_id: str, endpoint_id: str) -> Response:
    hub = hub_of_request()
    _do(client_id, endpoint_id, lambda session, one, now: tell.test(hub, session, one, now))
    return _back(client_id, endpoint_id, Said.TEST_SENT)


@blueprint.post("/<endpoint_id>/again")
@signed_in
def again(client_id: str, endpoint_id: str) -> Response:
    """Ids and states only, to the address that is set: it moves nothing to anybody new."""
    message_id = fields.single(request.form, "message_id")

    def send(session: Session, one: WebhookEndpoint, now: datetime) -> None:
        if message_id:
            tell.again(session, one, message_id, now)
        else:
            tell.again_since(session, one, now - AGAIN_SINCE, now)

    _do(client_id, endpoint_id, send)
    return _back(client_id, endpoint_id, Said.SENT_ROUND_AGAIN)


@blueprint.post("/<endpoint_id>/off")
@signed_in
def off(client_id: str, endpoint_id: str) -> Response:
    _do(client_id, endpoint_id, lambda session, one, now: endpoints.disable(session, one, "developer", now))
    return _back(client_id, endpoint_id)


@blueprint.post("/<endpoint_id>/on")
@signed_in
def on(client_id: str, endpoint_id: str) -> Response:
    _do(client_id, endpoint_id, endpoints.enable)
    return _back(client_id, endpoint_id)


@blueprint.post("/<endpoint_id>/delete")
@recently_signed_in
def delete(client_id: str, endpoint_id: str) -> Response:
    _do(client_id, endpoint_id, endpoints.remove)
    return respond.see_other(f"/developer/apps/{client_id}/webhooks", say=Said.APP_SAVED)


def _do(client_id: str, endpoint_id: str, what: Callable[[Session, WebhookEndpoint, datetime], object]) -> None:
    hub = hub_of_request()
    with hub.db.write() as session:
        what(session, endpoints.owned(session, _owned(session, client_id).client_id, endpoint_id), hub.clock())


def _back(client_id: str, endpoint_id: str, say: Said = Said.APP_SAVED) -> Response:
    return respond.see_other(f"/developer/apps/{client_id}/webhooks/{endpoint_id}", say=say)


def _owned(session: Session, client_id: str) -> Client:
    """Raises NotFound unless the person owns it."""
    return clients.owned(session, client_id, owner_psu_id=person().psu_id)


def _overview(client_id: str, form: Form, wanted: list[str] | None = None, status: int = 200) -> Response:
    hub = hub_of_request()
    with hub.db.read() as session:
        client = _owned(session, client_id)
        held = endpoints.of_client(session, client_id)
    page = present.overview(client, held, form, wanted or (), is_local=hub.settings.local)
    return respond.page("developer_webhooks.html", page, status=status)


def _secret_page(client_id: str, made: endpoints.Made) -> Response:
    """Its answer is not stored anywhere: the secret is shown this once."""
    answer = _page(client_id, made.endpoint.id, Form(), secret=made.secret)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _page(client_id: str, endpoint_id: str, form: Form, status: int = 200, *, secret: str | None = None) -> Response:
    hub = hub_of_request()
    with hub.db.read() as session:
        client = _owned(session, client_id)
        one = endpoints.seen(session, client_id, endpoint_id)
        sent, counts = log.latest(session, endpoint_id), log.counts(session, endpoint_id)
    return respond.page(
        "developer_webhook.html",
        present.page(client, one, sent, counts, secret=secret, form=form),
        status=status,
    )
