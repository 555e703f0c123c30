"""How a bank that is authorised by OAuth says no where its standard does not matter: at its OAuth endpoints, to people,
and in the faults that a test sets."""

from collections.abc import Callable

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from sandbox.oauth.codes import OAuthError
from sandbox.oauth.pages import House, error_page


def oauth_error(status: int, error: str, description: str) -> Response:
    """RFC 6749 5.2."""
    answer = jsonify(error=error, error_description=description)
    answer.status_code = status
    return answer


def install(
    app: Flask,
    house: House,
    *,
    api_path: str,
    is_oauth: Callable[[str], bool],
    report: Callable[[HTTPException], Response],
    played_back: str,
) -> None:
    """``report``: the standard's own words under ``api_path``. ``played_back``: the header that every answer there
    repeats."""

    @app.errorhandler(OAuthError)
    def token_error(error: OAuthError) -> ResponseReturnValue:
        return oauth_error(error.status, error.error, error.description)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> ResponseReturnValue:
        if request.path.startswith(api_path):
            return report(error)
        status = error.code or 500
        if is_oauth(request.path):
            return oauth_error(status, "invalid_request", "The request could not be read.")
        return error_page(house, error.description or "", status)

    @app.after_request
    def play_back(answer: Response) -> Response:
        given = request.headers.get(played_back, "")
        if request.path.startswith(api_path) and 0 < len(given) <= 64:
            answer.headers[played_back] = given
        return answer


def later(status: int) -> Response:
    """Come back in two seconds."""
    return Response(status=status, headers={"Retry-After": "2"})
