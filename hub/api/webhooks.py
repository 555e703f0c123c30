"""An app's own webhooks, by a token of its own with the scope ``webhooks``."""

from typing import Any

from flask import Blueprint, Response

from hub.access import of_the_client
from hub.api import webhook_schemas as schemas
from hub.api.answer import json_of
from hub.api.operation import operation
from hub.api.query import body, no_arguments
from hub.context import hub_of_request
from hub.gate import token
from hub.models.webhook import WebhookEndpoint
from hub.oauth.scopes import WEBHOOKS
from hub.webhooks import endpoints, log, tell
from hub.webhooks.signing import HMAC

blueprint = Blueprint("webhooks_api", __name__, url_prefix="/v1/webhooks")
_TAG = "Webhooks"


@blueprint.get("")
@of_the_client(WEBHOOKS)
@operation(_TAG, "Your endpoints", schemas.WebhookList)
def webhooks() -> Response:
    no_arguments()
    with hub_of_request().db.read() as session:
        return json_of({"data": [_shown(one) for one in endpoints.of_client(session, token().client_id)]})


@blueprint.post("")
@of_the_client(WEBHOOKS)
@operation(_TAG, "Add an endpoint", schemas.WebhookMade, body=schemas.NewWebhook, status=201)
def add_webhook() -> Response:
    hub, given = hub_of_request(), body(schemas.NewWebhook)
    with hub.db.write() as session:
        made = endpoints.make(
            hub,
            session,
            token().client_id,
            url=given["url"],
            wanted=given.get("types", ()),
            is_ordered=given.get("ordered", True),
            scheme=given.get("scheme", HMAC),
            now=hub.clock(),
        )
    answer = json_of(_shown(made.endpoint) | {"secret": made.secret})
    answer.status_code = 201
    return answer


@blueprint.get("/<webhook_id>")
@of_the_client(WEBHOOKS)
@operation(_TAG, "One endpoint", schemas.Webhook)
def webhook(webhook_id: str) -> Response:
    no_arguments()
    with hub_of_request().db.read() as session:
        return json_of(_shown(endpoints.seen(session, token().client_id, webhook_id)))


@blueprint.patch("/<webhook_id>")
@of_the_client(WEBHOOKS)
@operation(_TAG, "Change an endpoint", schemas.Webhook, body=schemas.WebhookChange)
def change_webhook(webhook_id: str) -> Response:
    hub, given = hub_of_request(), body(schemas.WebhookChange)
    now = hub.clock()
    with hub.db.write() as session:
        one = endpoints.owned(session, token().client_id, webhook_id)
        if "url" in given or "types" in given:
            endpoints.change(hub, session, one, url=given.get("url"), wanted=given.get("types"), now=now)
        if given.get("enabled") is True:
            endpoints.enable(session, one, now)
        elif given.get("enabled") is False:
            endpoints.disable(session, one, "developer", now)
        return json_of(_shown(one))


@blueprint.delete("/<webhook_id>")
@of_the_client(WEBHOOKS)
@operation(_TAG, "Delete an endpoint, with all that waits for it", None)
def delete_webhook(webhook_id: str) -> Response:
    hub = hub_of_request()
    no_arguments()
    with hub.db.write() as session:
        endpoints.remove(session, endpoints.owned(session, token().client_id, webhook_id), hub.clock())
    return Response(status=204)


@blueprint.post("/<webhook_id>/secret")
@of_the_client(WEBHOOKS)
@operation(_TAG, "A new secret; those before sign beside it, each for a day", schemas.WebhookMade)
def rotate_webhook(webhook_id: str) -> Response:
    hub = hub_of_request()
    no_arguments()
    with hub.db.write() as session:
        made = endpoints.rotate(hub, session, endpoints.owned(session, token().client_id, webhook_id), now=hub.clock())
        return json_of(_shown(made.endpoint) | {"secret": made.secret})


@blueprint.post("/<webhook_id>/test")
@of_the_client(WEBHOOKS)
@operation(_TAG, "Send a message that tells of nothing", None)
def test_webhook(webhook_id: str) -> Response:
    hub = hub_of_request()
    no_arguments()
    with hub.db.write() as session:
        tell.test(hub, session, endpoints.owned(session, token().client_id, webhook_id), hub.clock())
    return Response(status=204)


@blueprint.get("/<webhook_id>/messages")
@of_the_client(WEBHOOKS)
@operation(_TAG, "The latest messages, with each attempt", schemas.MessageList)
def webhook_messages(webhook_id: str) -> Response:
    no_arguments()
    with hub_of_request().db.read() as session:
        endpoints.seen(session, token().client_id, webhook_id)
        sent = log.latest(session, webhook_id, limit=100)
    data = [
        {
            "id": one.id,
            "type": one.type,
            "state": one.state,
            "created_at": one.created_at,
            "next_at": one.next_at if one.state == tell.DUE else None,
            "attempts": [
                {"at": each.at, "status": each.status, "took_ms": each.took_ms, "why": each.why} for each in attempts
            ],
        }
        for one, attempts in sent
    ]
    return json_of({"data": data})


@blueprint.post("/<webhook_id>/messages/<message_id>/again")
@of_the_client(WEBHOOKS)
@operation(_TAG, "Send one message once more, under the same webhook-id", None)
def resend_message(webhook_id: str, message_id: str) -> Response:
    hub = hub_of_request()
    no_arguments()
    with hub.db.write() as session:
        tell.again(session, endpoints.owned(session, token().client_id, webhook_id), message_id, hub.clock())
    return Response(status=204)


@blueprint.post("/<webhook_id>/again")
@of_the_client(WEBHOOKS)
@operation(_TAG, "Send once more what was given up since a moment", schemas.Resent, body=schemas.Since)
def resend_dead(webhook_id: str) -> Response:
    hub, given = hub_of_request(), body(schemas.Since)
    with hub.db.write() as session:
        one = endpoints.owned(session, token().client_id, webhook_id)
        return json_of({"messages": tell.again_since(session, one, given["since"], hub.clock())})


def _shown(one: WebhookEndpoint) -> dict[str, Any]:
    return {
        "id": one.id,
        "url": one.url,
        "types": one.types,
        "ordered": one.is_ordered,
        "scheme": one.scheme,
        "enabled": one.disabled_why is None,
        "disabled_why": one.disabled_why,
        "failing_since": one.failing_since,
        "created_at": one.created_at,
    }
