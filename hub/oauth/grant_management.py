"""Which of its grants a client means to change, and how (Grant Management for OAuth 2.0, 5)."""

from collections.abc import Mapping
from typing import Any

from consent.lifecycle import Refusal
from consent.succession import How, can_follow
from hub.oauth.asked import Asked
from hub.oauth.errors import InvalidGrantId, InvalidRequestError, UnauthorizedClientError
from hub.oauth.policy import NONE

CREATE = "create"
ACTIONS = (CREATE, *(str(how) for how in How))

WHY_NOT_MERGED: Mapping[Refusal, str] = {
    Refusal.PAYMENT_STANDS_ALONE: "A payment is not merged: ask for it with a grant of its own.",
    Refusal.PURPOSE_DIFFERS: "The grant is for another purpose (GDPR 5.1.b): replace it, or create one beside it.",
    Refusal.HISTORY_DIFFERS: "The grant has another start of history: leave it out, or replace the grant.",
}


def grant_management_holds(asked: Asked) -> dict[str, Any]:
    """5.4. What the client alone decides is judged here, the person's part once they have logged in. The yes will be to
    changing the consent that counts now (``older_consent``), and no other.
    """
    action, grant_id = (asked.parameters.get(name) for name in ("grant_management_action", "grant_id"))
    if action is None and grant_id is None:
        return {}
    if asked.known_client.token_endpoint_auth_method == NONE:
        raise UnauthorizedClientError("Grants are managed by confidential clients only.")
    if action not in ACTIONS:
        raise InvalidRequestError(f"The grant_management_action is one of: {', '.join(ACTIONS)}.")
    if action == CREATE:
        if grant_id is not None:
            raise InvalidRequestError("A grant that is created has no grant_id yet.")
        return {"grant_management_action": action}
    if grant_id is None:
        raise InvalidRequestError("The parameter grant_id is missing.")
    if asked.older is None or not can_follow(How(action), asked.older, asked.now):
        raise InvalidGrantId()
    return {"grant_management_action": action, "grant_id": grant_id, "older_consent": asked.older.id}
