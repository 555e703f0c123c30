"""How Bunyip Bank says no: the error list of the Consumer Data Standards, OAuth errors at its endpoints, a page."""

from dataclasses import dataclass

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from sandbox.au.bank import API_PATH
from sandbox.oauth import refusals
from sandbox.oauth.pages import House
from sandbox.oauth.refusals import later, oauth_error

OAUTH_PATHS = ("/token", "/par", "/arrangements/revoke")
URN = "urn:au-cds:error:cds-all:"


@dataclass(eq=False)
class ApiError(Exception):
    """``code`` without its namespace: Authorisation/RevokedConsent."""

    status: int
    code: str
    detail: str


def report(status: int, code: str, detail: str) -> Response:
    title = code.rsplit("/", 1)[-1]
    answer = jsonify(errors=[{"code": f"{URN}{code}", "title": title, "detail": detail, "meta": {}}])
    answer.status_code = status
    return answer


def install(app: Flask, house: House) -> None:
    @app.errorhandler(ApiError)
    def api_error(error: ApiError) -> ResponseReturnValue:
        return report(error.status, error.code, error.detail)

    def general(error: HTTPException) -> Response:
        code = "Resource/NotFound" if error.code == 404 else "GeneralError/Expected"
        return report(error.code or 500, code, error.name)

    refusals.install(
        app,
        house,
        api_path=API_PATH,
        is_oauth=OAUTH_PATHS.__contains__,
        report=general,
        played_back="x-fapi-interaction-id",
    )


def refuse(kind: str) -> Response:
    """The bank's own answer for a fault that a test has set."""
    at_door = request.path in OAUTH_PATHS
    match kind:
        case "rate_limited":
            return later(429)
        case "http_503":
            return later(503)
        case "consent_expired" if at_door:
            return oauth_error(400, "invalid_grant", "The arrangement has ended.")
        case "consent_expired":
            return report(403, "Authorisation/RevokedConsent", "The arrangement has ended.")
        case _:
            return Response(status=500)
