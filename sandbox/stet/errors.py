"""How Banque Mélusine says no: ErrorModel (STET PSD2 1.5) on the API, OAuth errors at /oauth, a page to people."""

from dataclasses import dataclass
from http import HTTPStatus

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from sandbox.clock import BankClock
from sandbox.oauth.codes import OAuthError
from sandbox.oauth.pages import House, error_page
from sandbox.stet.bank import API_PATH

OAUTH_PATH = "/oauth/"


@dataclass(eq=False)
class ApiError(Exception):
    status: int
    message: str


def report(status: int, message: str, now: str) -> Response:
    body = {"timestamp": now, "status": status, "error": HTTPStatus(status).phrase, "message": message}
    answer = jsonify({**body, "path": request.path})
    answer.status_code = status
    return answer


def oauth_error(status: int, error: str, description: str) -> Response:
    answer = jsonify(error=error, error_description=description)
    answer.status_code = status
    return answer


def install(app: Flask, house: House, clock: BankClock) -> None:
    @app.errorhandler(ApiError)
    def api_error(error: ApiError) -> ResponseReturnValue:
        return report(error.status, error.message, stamp(clock))

    @app.errorhandler(OAuthError)
    def token_error(error: OAuthError) -> ResponseReturnValue:
        return oauth_error(error.status, error.error, error.description)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> ResponseReturnValue:
        status = error.code or 500
        if request.path.startswith(API_PATH):
            return report(status, error.name, stamp(clock))
        if request.path.startswith(OAUTH_PATH):
            return oauth_error(status, "invalid_request", "The request could not be read.")
        return error_page(house, error.description or "", status)

    @app.after_request
    def play_back_request_id(answer: Response) -> Response:
        given = request.headers.get("X-Request-ID", "")
        if request.path.startswith(API_PATH) and 0 < len(given) <= 64:
            answer.headers["X-Request-ID"] = given
        return answer


def stamp(clock: BankClock) -> str:
    return clock.now().strftime("%Y-%m-%dT%H:%M:%S+0000")


def refuse(kind: str, clock: BankClock) -> Response:
    """The bank's own answer for a fault that a test has set."""
    at_token = request.path.startswith(OAUTH_PATH)
    match kind:
        case "rate_limited":
            answer = report(429, "Limite des appels par jour dépassée (Erreur H6B-QA03AAH5)", stamp(clock))
            answer.headers["Retry-After"] = "2"
            return answer
        case "http_503":
            return Response(status=503, headers={"Retry-After": "2"})
        case "consent_expired" if at_token:
            return oauth_error(400, "invalid_grant", "The grant has ended.")
        case "consent_expired":
            return report(401, "Unauthorized", stamp(clock))
        case _:
            return Response(status=500)
