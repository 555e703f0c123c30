"""How a British bank says no: OBErrorResponse1 on the API (3.1.11, 4.0), OAuth errors at /token, a page to people."""

import uuid
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from sandbox.uk import version4

API_PREFIX = "/open-banking"
READING = ("UK.OBIE.Resource.InvalidFormat", "The request could not be read.")
UNEXPECTED = ("UK.OBIE.UnexpectedError", "Something went wrong.")


@dataclass(eq=False)
class ApiError(Exception):
    """A refusal of the read/write API. Without ``code`` it has no body, as 3.1.11 wants 401, 406 and 415."""

    status: int
    code: str = ""
    message: str = ""
    path: str = ""


@dataclass(eq=False)
class OAuthError(Exception):
    """RFC 6749 5.2."""

    error: str
    description: str
    status: int = 400


def ob_error(status: int, code: str, message: str, path: str = "") -> Response:
    detail: dict[str, Any] = {"ErrorCode": code, "Message": message}
    if path:
        detail["Path"] = path
    body: dict[str, Any] = {"Id": str(uuid.uuid4()), "Errors": [detail]}
    if request.path.startswith(f"{API_PREFIX}/v4"):
        detail["ErrorCode"] = version4.ERRORS[code]
    else:
        body |= {"Code": f"{status} Error", "Message": message}
    answer = jsonify(body)
    answer.status_code = status
    return answer


def oauth_error(status: int, error: str, description: str) -> Response:
    answer = jsonify(error=error, error_description=description)
    answer.status_code = status
    return answer


def install(app: Flask) -> None:
    @app.errorhandler(ApiError)
    def api_error(error: ApiError) -> ResponseReturnValue:
        if error.status == 401:
            return Response(status=401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
        if not error.code:
            return Response(status=error.status)
        return ob_error(error.status, error.code, error.message, error.path)

    @app.errorhandler(OAuthError)
    def token_error(error: OAuthError) -> ResponseReturnValue:
        return oauth_error(error.status, error.error, error.description)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> ResponseReturnValue:
        status = error.code or 500
        if request.path.startswith(API_PREFIX):
            if status in (400, 500):
                return ob_error(status, *READING if status == 400 else UNEXPECTED)
            return Response(status=status)
        if request.path.startswith(("/token", "/register")):
            return oauth_error(status, "invalid_request", "The request could not be read.")
        return make_response(render_template("error.html", message=error.description), status)

    @app.after_request
    def play_back_interaction_id(answer: Response) -> Response:
        if request.path.startswith(API_PREFIX):
            given = request.headers.get("x-fapi-interaction-id", "")
            answer.headers["x-fapi-interaction-id"] = given if 0 < len(given) <= 64 else str(uuid.uuid4())
        return answer


def refuse(kind: str) -> Response:
    """The bank's own answer for a fault that a test has set."""
    at_token = request.path == "/token"
    match kind:
        case "rate_limited":
            return Response(status=429, headers={"Retry-After": "2"})
        case "http_503":
            return Response(status=503, headers={"Retry-After": "2"})
        case "consent_expired" if at_token:
            return oauth_error(400, "invalid_grant", "The consent has ended.")
        case "consent_expired":
            return ob_error(403, "UK.OBIE.Reauthenticate", "The consent has ended.")
        case _:
            return oauth_error(500, "server_error", "Something went wrong.") if at_token else ob_error(500, *UNEXPECTED)
