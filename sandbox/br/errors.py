"""How Banco Iara says no: ResponseError on the API, OAuth errors at its endpoints, a page to people."""

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.br.bank import API_PATH
from sandbox.oauth import refusals
from sandbox.oauth.pages import House
from sandbox.oauth.refusals import later, oauth_error

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


def install(app: Flask, house: House) -> None:
    @app.errorhandler(ApiError)
    def api_error(error: ApiError) -> ResponseReturnValue:
        return report(error.status, error.code, error.detail)

    refusals.install(
        app,
        house,
        api_path=API_PATH,
        is_oauth=OAUTH_PATHS.__contains__,
        report=lambda error: report(error.code or 500, "NAO_INFORMADO", error.name),
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
            return oauth_error(400, "invalid_grant", "The consent has ended.")
        case "consent_expired":
            return report(401, "NAO_AUTORIZADO", "The consent has ended.")
        case _:
            return Response(status=529)
