"""How the back-channel endpoints answer: JSON that no cache keeps, errors in the standards' words, and why a client was
refused written down for its developer.
"""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from flask import Request, Response

from hub.context import Hub
from hub.oauth import authenticate, call
from hub.oauth.authenticate import METHODS, Authenticated
from hub.oauth.call import Call
from hub.oauth.errors import InvalidClientError, OAuth2Error

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749 5.1
Members = Mapping[str, Any]
Act = Callable[[Hub, Call, Authenticated], Members | Response]


def answer(
    hub: Hub, request: Request, endpoint: str, act: Act, *, methods: tuple[str, ...] = METHODS, status: int = 200
) -> Response:
    """Read the call, find out who makes it, act on it, answer. ``act`` returns JSON members or its own Response."""
    came = who = None
    try:
        came = call.read(hub, request, endpoint)
        who = authenticate.authenticate(hub, came, methods=methods)
        made = act(hub, came, who)
    except OAuth2Error as error:
        if came is not None:
            _note(hub, came, who, error)
        return refusal(error, challenged=came is not None and came.authorization is not None)
    return made if isinstance(made, Response) else as_json(made, status)


def as_json(body: Mapping[str, Any], status: int = 200) -> Response:
    response = Response(orjson.dumps(body), status, content_type="application/json")
    response.headers.update(NO_STORE)
    return response


def refusal(error: OAuth2Error, *, challenged: bool) -> Response:
    """RFC 6749 5.2. ``challenged``: the client used the Authorization header, and is answered in that header's way too.
    To any other a challenge would say to use a header that it is not registered for, and there are libraries that show
    their caller the challenge in place of the error. So its 401 comes without one, though RFC 9110 15.5.2 wants one
    with every 401; why it is not a 400 stands in docs/decisions/0008-certification.md.
    """
    told = {"error": error.error, "error_description": error.get_error_description()}
    response = as_json({name: value for name, value in told.items() if value}, error.status_code)
    if challenged and isinstance(error, InvalidClientError):
        response.headers["WWW-Authenticate"] = 'Basic realm="rialto"'
    return response


def _note(hub: Hub, came: Call, who: Authenticated | None, error: OAuth2Error) -> None:
    hub.refusals.note(
        authenticate.claimed(came) if who is None else who.client.client_id,
        came.endpoint,
        error,
        proven=who is not None,
        now=came.now,
        interaction_id=came.interaction_id,
    )
