"""Alice, who owns; Bob, her partner; Charlie, a stranger; and the consents between Alice and one client."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from consent.model import (
    ACCOUNT_PERMISSIONS,
    HOLDS_NOTHING,
    PERSONAL_PERMISSIONS,
    Consent,
    Permission,
    Status,
)

ALICE, BOB, CHARLIE = "psu-alice", "psu-bob", "psu-charlie"
CLIENT, OTHER_CLIENT = "client-budget-buddy", "client-other"
JOINT, SAVINGS, CARD = "acc-joint", "acc-savings", "acc-card"

T0 = datetime(2026, 2, 23, 9, 30, tzinfo=UTC)
END = T0 + timedelta(days=90)
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
EVERYTHING = frozenset(Permission)


def consent(status: Status = Status.VALID, **changed: Any) -> Consent:
    """Alice's consent for the client: by default everything on the joint account, the balance of the savings."""
    empty = status in HOLDS_NOTHING
    parts: dict[str, Any] = {
        "id": "consent-1",
        "psu_id": ALICE,
        "client_id": CLIENT,
        "status": status,
        "requested": EVERYTHING,
        "personal": frozenset() if empty else frozenset({Permission.PROFILE}),
        "accounts": {} if empty else {JOINT: ACCOUNT_PERMISSIONS, SAVINGS: {Permission.BALANCES_READ}},
        "purpose": "See where the money goes",
        "history_from": date(2026, 1, 1),
        "valid_until": END,
        "created_at": T0,
        "status_changed_at": T0,
    }
    return Consent(**(parts | changed))


_account_permission = st.sampled_from(sorted(ACCOUNT_PERMISSIONS))
_personal_permission = st.sampled_from(sorted(PERSONAL_PERMISSIONS))
account_permission_sets = st.frozensets(_account_permission)
personal_permission_sets = st.frozensets(_personal_permission)
account_ids = st.sampled_from([JOINT, SAVINGS, CARD])


@st.composite
def held_consents(draw: st.DrawFn) -> Consent:
    """A valid consent that holds anything at all."""
    accounts = draw(st.dictionaries(account_ids, st.frozensets(_account_permission, min_size=1)))
    personal = draw(st.frozensets(_personal_permission, min_size=0 if accounts else 1))
    return consent(accounts=accounts, personal=personal)
