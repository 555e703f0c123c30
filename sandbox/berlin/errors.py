"""How Lorelei Bank says no: tppMessages (NextGenPSD2 1.3, 14.12) on the API, a page to people."""

import uuid
from dataclasses import dataclass

from flask import Flask, Response, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

API_PREFIX = "/v1"
# The status that each code travels with; CONSENT_UNKNOWN and RESOURCE_UNKNOWN depend on where the id stood.
STATUS = {
    "FORMAT_ERROR": 400,
    "PARAMETER_NOT_SUPPORTED": 400,
    "PERIOD_INVALID": 400,
    "SESSIONS_NOT_SUPPORTED": 400,
    "CONSENT_UNKNOWN": 400,
    "CONSENT_INVALID": 401,
    "PSU_CREDENTIALS_INVALID": 401,
    "TOKEN_INVALID": 401,
    "SCA_METHOD_UNKNOWN": 400,
    "CONSENT_EXPIRED": 401,
    "RESOURCE_UNKNOWN": 404,
    "SERVICE_INVALID": 405,
    "REQUESTED_FORMATS_INVALID": 406,
    "STATUS_INVALID": 409,
    "ACCESS_EXCEEDED": 429,
}


@dataclass(eq=False)
class ApiError(Exception):
    """``status`` 0: the one that goes with ``code``. ``path`` names the header, parameter or field."""

    code: str
    text: str
    path: str = ""
    status: int = 0


def message(status: int, code: str, text: str, path: str = "") -> Response:
    told = {"category": "ERROR", "code": code, "text": text[:500]}
    if path:
        told["path"] = path
    answer = jsonify(tppMessages=[told])
    answer.status_code = status
    return answer


def install(app: Flask) -> None:
    @app.errorhandler(ApiError)
    def api_error(error: ApiError) -> ResponseReturnValue:
        return message(error.status or STATUS[error.code], error.code, error.text, error.path)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> ResponseReturnValue:
        status = error.code or 500
        if not request.path.startswith(API_PREFIX):
            return make_response(render_template("error.html", message=error.description), status)
        known = {400: "FORMAT_ERROR", 404: "RESOURCE_UNKNOWN", 405: "SERVICE_INVALID"}
        if status in known:
            return message(status, known[status], error.name)
        return Response(status=status)

    @app.after_request
    def play_back_request_id(answer: Response) -> Response:
        given = request.headers.get("X-Request-ID", "")
        if request.path.startswith(API_PREFIX) and is_uuid(given):
            answer.headers["X-Request-ID"] = given
        return answer


def is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def refuse(kind: str) -> Response:
    """The bank's own answer for a fault that a test has set."""
    match kind:
        case "rate_limited":
            answer = message(429, "ACCESS_EXCEEDED", "Too many requests.")
            answer.headers["Retry-After"] = "2"
            return answer
        case "consent_expired":
            return message(401, "CONSENT_EXPIRED", "The consent has expired.")
        case "http_503":
            return Response(status=503, headers={"Retry-After": "2"})
        case _:
            return Response(status=500)
