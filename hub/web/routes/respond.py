"""How a page answers, and where a request came from."""

from collections.abc import Mapping
from typing import Any

import orjson
from flask import Response, request

from hub import rim
from hub.context import hub_of_request
from hub.errors import DomainError, TooMany
from hub.identity import cookies
from hub.identity.origin import Origin
from hub.oauth.answers import Delivery
from hub.web import chrome, flash
from hub.web.flash import Said
from hub.web.format import host
from hub.web.present.targets import csp_source
from hub.web.viewmodels import FormPostPage
from providers.port import Psu

INVALID = 422
"""A form that cannot be taken as it is: the same page comes back with what was wrong."""
SLOW_DOWN = 429


def page(template: str, model: Any = None, *, status: int = 200) -> Response:
    return Response(chrome.render(template, model), status, content_type="text/html; charset=utf-8")


def form_page(template: str, model: Any, error: DomainError | None) -> Response:
    """The page of a form: as it is first shown, or again with what was wrong."""
    if isinstance(error, TooMany):
        response = page(template, model, status=SLOW_DOWN)
        response.headers["Retry-After"] = str(error.retry_after_s)
        return response
    return page(template, model, status=200 if error is None else INVALID)


def json(value: Mapping[str, Any]) -> Response:
    return Response(orjson.dumps(value), content_type="application/json")


def see_other(url: str, *, say: Said | None = None) -> Response:
    """303 to ``url`` exactly as it is written: the browser fetches it and never repeats the form there."""
    response = Response(status=303)
    response.headers["Location"] = url
    response.autocorrect_location_header = False
    if say is not None:
        flash.leave(response, hub_of_request().settings, say)
    return response


def deliver(delivery: Delivery) -> Response:
    """An answer to a client by way of the browser. 303: it must never repeat a form, and with it a password, at the
    client (RFC 9700 4.12). form_post: a page whose one form goes there, by script or by its button.
    """
    if delivery.fields is None:
        response = see_other(delivery.url)
    else:
        if (source := csp_source(delivery.url)) is not None:
            rim.allow_form_to(source)
        response = page("form_post.html", FormPostPage(delivery.url, delivery.fields, host(delivery.url) or ""))
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


def origin() -> Origin:
    """Who asks, for the person's own security history."""
    return Origin(
        ip_address=request.remote_addr or "",
        user_agent=request.headers.get("User-Agent", ""),
        device=cookies.read_device(request, hub_of_request().settings),
    )


def psu() -> Psu:
    """What the bank may be told of the person who is waiting."""
    asked_by = origin()
    return Psu(ip_address=asked_by.ip_address or None, user_agent=asked_by.user_agent or None)
