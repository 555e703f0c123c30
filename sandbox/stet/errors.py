"""How Banque Mélusine says no: ErrorModel (STET PSD2 1.5) on the API, OAuth errors at /oauth, a page to people."""

from dataclasses import dataclass
from http import HTTPStatus

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.clock import BankClock
from sandbox.oauth import refusals
from sandbox.oauth.pages import House
from sandbox.oauth.refusals import later, oauth_error
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


def install(app: Flask, house: House, clock: BankClock) -> None:
    @app.errorhandler(ApiError)
    def api_error(error: ApiError) -> ResponseReturnValue:
        return report(error.status, error.message, stamp(clock))

    refusals.install(
        app,
        house,
        api_path=API_PATH,
        is_oauth=lambda path: path.startswith(OAUTH_PATH),
        report=lambda error: report(error.code or 500, error.name, stamp(clock)),
        played_back="X-Request-ID",
    )


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
            return later(503)
        case "consent_expired" if at_token:
            return oauth_error(400, "invalid_grant", "The grant has ended.")
        case "consent_expired":
            return report(401, "Unauthorized", stamp(clock))
        case _:
            return Response(status=500)
