"""Where an Australian data holder tells that a person ended an arrangement there (Consumer Data Standards 1.36, CDR
Arrangement Revocation End Point). Our RecipientBaseUri in the CDR Register is the hub's own address.
"""

from flask import Blueprint, Response, jsonify, request

from hub.access import client_endpoint
from hub.connections import revoked_there
from hub.connections.revoked_there import NotBelieved, NotUsable, Unknown
from hub.context import Hub, hub_of_request
from hub.oauth.errors import InvalidRequestError
from hub.oauth.parameters import FORM, parse

REVOKE = "/arrangements/revoke"
JWT = "cdr_arrangement_jwt"
RETRY_AFTER_S = 60
_ERRORS = "urn:au-cds:error:cds-all:"

blueprint = Blueprint("arrangements", __name__)


@blueprint.post(REVOKE)
@client_endpoint
def revoke() -> Response:
    """204 if the arrangement is over here, also if it was before."""
    hub = hub_of_request()
    bearer, arrangement = _bearer(), _arrangement()
    if bearer is None:
        return _unauthorised("A bearer that the data holder signed is needed.")
    if arrangement is None:
        return _error(400, "Field/Missing", JWT)
    try:
        with hub.bank_slots.taken():
            revoked_there.believe(hub, bearer, arrangement, addresses=_addresses(hub), now=hub.clock())
    except NotBelieved as error:
        return _unauthorised(error.why)
    except NotUsable:
        answer = _error(503, "GeneralError/Unavailable", "The data holder's keys cannot be read at present.")
        answer.headers["Retry-After"] = str(RETRY_AFTER_S)
        return answer
    except Unknown:
        return _error(422, "Authorisation/InvalidArrangement", "There is no such arrangement of this data holder.")
    return Response(status=204)


def _addresses(hub: Hub) -> tuple[str, str]:
    """The endpoint, and the RecipientBaseUri that some holders name instead."""
    return hub.settings.base_url + REVOKE, hub.settings.base_url


def _bearer() -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _arrangement() -> str | None:
    """From the body, where it stands once; the arrangement's bare id alone proves nothing and is not looked at."""
    if request.mimetype != FORM:
        return None
    try:
        return parse(request.get_data()).get(JWT)
    except InvalidRequestError:
        return None


def _unauthorised(why: str) -> Response:
    answer = _error(401, "Authorisation/InvalidToken", why)
    answer.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    return answer


def _error(status: int, code: str, detail: str) -> Response:
    """ResponseErrorListV2."""
    answer = jsonify(errors=[{"code": _ERRORS + code, "title": code.rpartition("/")[2], "detail": detail}])
    answer.status_code = status
    return answer
