"""How Banco Iara says no: ResponseError on the API, OAuth errors at its endpoints, a page to people."""

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from sandbox.br.bank import API_PATH
from sandbox.oauth.codes import OAuthError
from sandbox.oauth.pages import House, error_page

OAUTH_PATHS = ("/token", "/par")


@dataclass(eq=False)
class ApiError(Exception):
    status: int
    code: str
    detail: str


def meta() -> dict[str, str]:
    return {"requestDateTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}


def report(status: int, code: str, detail: str) -> Response:
    answer = jsonify(errors=[{"code": code, "title": code, "detail": detail}], meta=meta())
    answer.status_code = status
    return answer


def oauth_error(status: int, error: str, description: str) -> Response:
    answer = jsonify(error=error, error_description=description)
    answer.status_code = status
    return answer


def install(app: Flask, house: House) -> None:
    @app.errorhandler(ApiError)
    def api_error(error: ApiError) -> ResponseReturnValue:
        return report(error.status, error.code, error.detail)

    @app.errorhandler(OAuthError)
    def token_error(error: OAuthError) -> ResponseReturnValue:
        return oauth_error(error.status, error.error, error.description)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> ResponseReturnValue:
        status = error.code or 500
        if request.path.startswith(API_PATH):
            return report(status, "NAO_INFORMADO", error.name)
        if request.path in OAUTH_PATHS:
            return oauth_error(status, "invalid_request", "The request could not be read.")
        return error_page(house, error.description or "", status)

    @app.after_request
    def play_back_interaction_id(answer: Response) -> Response:
        given = request.headers.get("x-fapi-interaction-id", "")
        if request.path.startswith(API_PATH) and 0 < len(given) <= 64:
            answer.headers["x-fapi-interaction-id"] = given
        return answer


def refuse(kind: str) -> Response:
    """The bank's own answer for a fault that a test has set."""
    at_door = request.path in OAUTH_PATHS
    match kind:
        case "rate_limited":
            return Response(status=429, headers={"Retry-After": "2"})
        case "http_503":
            return Response(status=503, headers={"Retry-After": "2"})
        case "consent_expired" if at_door:
            return oauth_error(400, "invalid_grant", "The consent has ended.")
        case "consent_expired":
            return report(401, "NAO_AUTORIZADO", "The consent has ended.")
        case _:
            return Response(status=529)
