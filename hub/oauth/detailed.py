"""What a request asks for in the end: its scope and its authorization_details taken together (RFC 9396)."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from consent import asked as whole
from consent.details import Detail, permissions_asked
from consent.details_form import PARAMETER, read, to_json
from consent.details_members import Bounds, Problem
from consent.model import Permission
from consent.succession import How, merge_objection
from hub.oauth import claims_parameter, scopes
from hub.oauth.asked import Asked
from hub.oauth.errors import InvalidAuthorizationDetails, InvalidRequestError, InvalidScopeError
from hub.oauth.grant_management import WHY_NOT_MERGED


def scopes_asked(asked: Asked) -> frozenset[str]:
    """The scope as it came, and what the claims parameter asks for: a claim asked for by name is asked of the person
    like the scope it belongs to (OIDC Core 5.5).
    """
    wanted, claims = scopes.parse(asked.parameters.get("scope") or ""), asked.parameters.get("claims")
    if asked.policy.unknown_scopes_ignored:
        wanted &= scopes.OF_PEOPLE
    named = claims_parameter.permissions_asked(None if claims is None else claims_parameter.parse(claims))
    held = filter(asked.policy.may_hold, asked.known_client.scopes)
    return wanted | ({permission.value for permission in named} & frozenset(held))


def what_is_asked(asked: Asked) -> dict[str, Any]:
    """``scope`` then names every permission, whichever way it was asked for; history and end are facts of their own
    where the details say them. Reads parameters that the checks before it have held against their forms.
    """
    details = _details(asked)
    wanted = scopes_asked(asked)
    found = whole.asked(
        wanted,
        details,
        purpose=asked.parameters.get("purpose"),
        history_from=_first_day(asked),
        valid_until=None if (days := _days(asked, "consent_days")) is None else asked.now + timedelta(days=days),
    )
    if isinstance(found, Problem):
        raise InvalidAuthorizationDetails(found.description)
    if not found.permissions:
        raise InvalidScopeError("The request asks for no permission of the person.")
    merges = asked.parameters.get("grant_management_action") == How.MERGE
    if merges and asked.older is not None and (objection := merge_objection(asked.older, found)) is not None:
        raise InvalidRequestError(WHY_NOT_MERGED[objection])
    facts: dict[str, Any] = {"scope": scopes.text_of((wanted & scopes.PROTOCOL) | found.permissions)}
    if found.purpose is not None:
        facts["purpose"] = found.purpose
    if details:
        facts[PARAMETER] = [to_json(one) for one in details]
        if found.history_from is not None:
            facts["history_from"] = found.history_from.isoformat()
        if found.valid_until is not None:
            facts["valid_until"] = found.valid_until.isoformat()
    return facts


def _details(asked: Asked) -> Sequence[Detail]:
    text = asked.parameters.get(PARAMETER)
    if text is None:
        return ()
    client = asked.known_client
    if not asked.policy.holds_data:
        raise InvalidAuthorizationDetails("Accounts and payments are only for clients of a FAPI 2.0 profile.")
    found = read(text, Bounds(asked.now.date(), (asked.settings.base_url,)))
    if isinstance(found, Problem):
        raise InvalidAuthorizationDetails(found.description)
    types = client.registration.get("authorization_details_types")
    if types is not None and not {str(one.type) for one in found} <= set(types):
        raise InvalidAuthorizationDetails("The client is not registered for one of these authorization_details_types.")
    if not permissions_asked(found) <= frozenset(map(Permission, set(client.scopes) & set(Permission))):
        raise InvalidAuthorizationDetails("The details ask for a permission that the client is not registered for.")
    return found


def _first_day(asked: Asked) -> date | None:
    days = _days(asked, "history_days")
    return None if days is None else asked.now.date() - timedelta(days=days)


def _days(asked: Asked, name: str) -> int | None:
    text = asked.parameters.get(name)
    return None if text is None else int(text)
