"""An app's endpoints and what was sent there, as view models."""

from collections.abc import Collection, Mapping, Sequence

import orjson

from hub.models.client import Client
from hub.models.webhook import WebhookAttempt, WebhookEndpoint, WebhookMessage
from hub.web.present.apps import app_of
from hub.web.viewmodels import AttemptRow, Choice, EndpointPage, EndpointRow, Form, MessageRow, WebhooksPage
from hub.webhooks import endpoints, signing
from hub.webhooks.tell import DEAD, DUE

_SCHEMES = (
    Choice(signing.HMAC, "A shared secret (HMAC-SHA256)", "What most libraries know as v1.", checked=True),
    Choice(signing.ED25519, "A key pair of ours (Ed25519)", "You hold the public key only: v1a."),
)


def overview(
    client: Client, held: Sequence[WebhookEndpoint], form: Form, wanted: Collection[str], *, is_local: bool
) -> WebhooksPage:
    return WebhooksPage(app_of(client), tuple(map(row, held)), types(wanted), _SCHEMES, form, is_local)


def row(one: WebhookEndpoint) -> EndpointRow:
    if one.disabled_why is not None:
        return EndpointRow(one.id, one.url, "off", one.disabled_why, one.disabled_at)
    if one.failing_since is not None:
        return EndpointRow(one.id, one.url, "failing", "", one.failing_since)
    return EndpointRow(one.id, one.url, "called")


def types(wanted: Collection[str]) -> tuple[Choice, ...]:
    """None chosen means all."""
    known = endpoints.told_to_apps().values()
    return tuple(
        Choice(one.type, one.title, f"{one.type} · {one.description}", checked=one.type in wanted) for one in known
    )


def page(
    client: Client,
    one: WebhookEndpoint,
    sent: Sequence[tuple[WebhookMessage, Sequence[WebhookAttempt]]],
    counts: Mapping[str, int],
    *,
    secret: str | None,
    form: Form,
) -> EndpointPage:
    return EndpointPage(
        app=app_of(client),
        row=row(one),
        scheme=one.scheme,
        is_ordered=one.is_ordered,
        types=types(one.types),
        messages=tuple(_message(message, attempts) for message, attempts in sent),
        waiting=counts.get(DUE, 0),
        dead=counts.get(DEAD, 0),
        previous_until=one.previous_until,
        secret=secret,
        form=form if form.values else Form({"url": one.url}, form.errors),
    )


def _message(one: WebhookMessage, attempts: Sequence[WebhookAttempt]) -> MessageRow:
    told = tuple(AttemptRow(each.at, each.status, each.took_ms, each.why) for each in attempts)
    body = orjson.dumps(orjson.loads(one.body), option=orjson.OPT_INDENT_2).decode()
    return MessageRow(one.id, one.type, one.state, one.created_at, one.next_at, body, told)  # type: ignore[arg-type]
