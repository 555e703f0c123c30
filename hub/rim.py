"""The outer rim of every answer: the correlation id, security headers, and errors turned into what the caller reads.

The API (/v1, /oauth) gets RFC 9457 problem documents, pages get the error page. An error that nobody foresaw is
logged under the request's id, and that id is all the caller learns.
"""

import logging
import time
import uuid
from typing import Any

import orjson
from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from hub import away, correlation, logs
from hub.context import Hub, hub_of_request
from hub.errors import Away, DomainError, NotFound, TooMany, Unauthenticated, problem
from hub.limits import Rate
from hub.oauth import end_session, possession
from hub.web import chrome
from hub.web.viewmodels import ErrorPage

log = logging.getLogger(__name__)
INTERACTION_ID = "x-fapi-interaction-id"
_API = ("/v1/", "/oauth/", "/.well-known/", "/openapi.json", "/arrangements/")
_PAGES_AMONG_IT = frozenset({"/oauth/authorize", end_session.PATH, end_session.CONFIRM})
_PAGE_HEADERS = {
    "Referrer-Policy": "same-origin",  # RFC 9700 4.2: codes and handles must not leave in Referer
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


_TAKES_FILES = frozenset({"imports.upload"})
_AROUND_A_FILE_BYTES = 64 * 1024


def install(app: Flask, hub: Hub) -> None:
    app.before_request(_begin)
    app.after_request(_headers)
    app.teardown_request(lambda _error: correlation.begin(None))
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unforeseen)
    app.config["MAX_CONTENT_LENGTH"] = hub.settings.max_body_bytes
    app.config["MAX_FORM_MEMORY_SIZE"] = hub.settings.max_body_bytes
    app.config["MAX_FORM_PARTS"] = 500


def allow_form_to(origin: str) -> None:
    """Let this page's form end up at ``origin`` by redirect: browsers hold form-action against redirects too."""
    g.form_action = [*g.get("form_action", []), origin]


def allow_fetch() -> None:
    """Let the scripts of this page ask this hub; no page's script may ask anybody else."""
    g.may_fetch = True


def _begin() -> None:
    if request.endpoint in _TAKES_FILES:
        request.max_content_length = hub_of_request().settings.import_max_bytes + _AROUND_A_FILE_BYTES
    g.began = time.perf_counter()
    g.interaction_id = _interaction_id(request.headers.get(INTERACTION_ID))
    correlation.begin(g.interaction_id)
    if any("\x00" in str(part) for part in (request.view_args or {}).values()):
        raise NotFound("No such thing.")  # PostgreSQL has no text with this character in it


def _interaction_id(given: str | None) -> str:
    """The caller's id if it is a UUID (FAPI 2.0 plays it back), else one of our own."""
    try:
        return str(uuid.UUID(given or ""))
    except ValueError:
        return str(uuid.uuid4())


def _headers(response: Response) -> Response:
    response.headers[INTERACTION_ID] = g.get("interaction_id", "")
    response.headers["X-Content-Type-Options"] = "nosniff"
    if response.mimetype == "application/json":  # read by programs: nothing is drawn, framed or referred from
        response.headers.setdefault("Cache-Control", "no-store")
    else:
        for name, value in _PAGE_HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", _csp())
    if request.endpoint == "static" and response.status_code in {200, 304}:
        response.headers["Cache-Control"] = "public, max-age=3600"
        return response
    response.headers.setdefault("Cache-Control", "no-store")
    settings = hub_of_request().settings
    if settings.secure:
        # On localhost the promise binds every other server of that machine too, so there it is a short one.
        lasts = "max-age=300" if settings.local else "max-age=31536000; includeSubDomains"
        response.headers["Strict-Transport-Security"] = lasts
    if "DPoP" in request.headers and (nonces := hub_of_request().dpop_nonces) is not None:
        response.headers["DPoP-Nonce"] = nonces.current(hub_of_request().clock())  # RFC 9449 8.2: for the next proof
    rate: Rate | None = g.get("rate")
    if rate is not None:
        # draft-ietf-httpapi-ratelimit-headers-10, and what came before it, which more clients know
        response.headers["RateLimit-Policy"] = f'"default";q={rate.limit};w=60'
        response.headers["RateLimit"] = f'"default";r={rate.remaining};t={rate.reset_s}'
        response.headers["RateLimit-Limit"] = str(rate.limit)
        response.headers["RateLimit-Remaining"] = str(rate.remaining)
        response.headers["RateLimit-Reset"] = str(rate.reset_s)
    _note(response.status_code)
    log.info(
        "answered",
        extra={
            "method": request.method,
            "endpoint": request.endpoint,  # not the path: it may carry a handle
            "status": response.status_code,
            "ms": round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1),
            "interaction_id": g.get("interaction_id"),
        },
    )
    return response


def _note(status: int) -> None:
    """This request as a hop of its id."""
    hub, took_s = hub_of_request(), time.perf_counter() - g.get("began", time.perf_counter())
    hub.figures.request(request.endpoint, status, took_s)
    if request.blueprint in {"health", "metrics"}:
        return
    token = g.get("token")
    hub.recorder.note(
        "app" if _wants_problem() else "person",
        f"{request.method} {request.endpoint or 'nothing'}",
        took_ms=int(took_s * 1000),
        outcome="ok" if status < 400 else "refused" if status < 500 else "failed",
        detail=" ".join(filter(None, (f"HTTP {status}", g.get("failed_by")))),
        party=token.client_id if token is not None else "",
    )


def _csp() -> str:
    targets = " ".join(["'self'", *g.get("form_action", [])])
    fetch = "connect-src 'self'; " if g.get("may_fetch") else ""
    return (
        f"default-src 'none'; {fetch}style-src 'self'; img-src 'self' data:; script-src 'self'; "
        f"form-action {targets}; frame-ancestors 'none'; base-uri 'none'"
    )


def _wants_problem() -> bool:
    return request.path.startswith(_API) and request.path not in _PAGES_AMONG_IT


def _problem_response(document: dict[str, Any], status: int) -> Response:
    return Response(orjson.dumps(document), status, content_type="application/problem+json")


def _domain_error(error: DomainError) -> Response:
    g.failed_by = type(error).__name__
    kind = error.kind
    if _wants_problem():
        document = problem(error, base_url=hub_of_request().settings.base_url, instance=f"urn:uuid:{g.interaction_id}")
        response = _problem_response(document, kind.status)
    else:
        response = _page(kind.status, kind.title, error.detail)
    if isinstance(error, Unauthenticated):
        for value in possession.challenge(error, hub_of_request().settings):
            response.headers.add("WWW-Authenticate", value)
    if isinstance(error, TooMany | Away):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def _http_error(error: HTTPException) -> Response:
    """404, 405, 413, 415 and their like, raised by the framework before or beside our code."""
    status = error.code or 500
    if error.response is not None and status < 400:  # a redirect in exception's clothing
        return Response(status=status, headers=error.get_headers())
    if _wants_problem():
        base_url = hub_of_request().settings.base_url
        response = _problem_response(
            {
                "type": f"{base_url}/docs/problems#http",
                "title": error.name,
                "status": status,
                "detail": _HTTP_WORDS.get(status, error.name),
                "instance": f"urn:uuid:{g.interaction_id}",
            },
            status,
        )
    else:
        response = _page(status, _HTTP_TITLES.get(status, error.name), _HTTP_WORDS.get(status, error.name))
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


_HTTP_TITLES = {404: "This page does not exist", 405: "This cannot be done here", 413: "That was too much at once"}
_HTTP_WORDS = {
    400: "The request could not be read.",
    404: "There is nothing at this address.",
    405: "This address does not answer that method.",
    413: "The request is larger than this hub accepts.",
    415: "The content type is not one that this address accepts.",
}


def _unforeseen(error: Exception) -> Response:
    # Its type and where it happened, never its message: a database's error repeats the row that it could not store.
    g.failed_by = type(error).__name__
    told = {"error": g.failed_by, "frames": logs.frames(error), "interaction_id": g.get("interaction_id")}
    if away.is_away(error):
        log.error("the database is away", extra=told)
        return _domain_error(Away())
    log.error("unforeseen error", extra=told)
    words = "Something went wrong on our side. It has been noted under this reference."
    if _wants_problem():
        unforeseen = {
            "type": f"{hub_of_request().settings.base_url}/docs/problems#error",
            "title": "Unforeseen error",
            "status": 500,
            "instance": f"urn:uuid:{g.interaction_id}",
        }
        return _problem_response(unforeseen, 500)
    return _page(500, "Something went wrong", words)


def _page(status: int, title: str, what: str) -> Response:
    page = ErrorPage(status=status, title=title, happened=what, reference=g.get("interaction_id", ""))
    return Response(chrome.render("error.html", page), status, content_type="text/html; charset=utf-8")
