"""Alice, who owns; Bob, her partner; Charlie, a stranger; and the consents between Alice and one client."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from consent.account_number import AccountNumber, Scheme
from consent.details import AccountInformation, PaymentInitiation
from consent.model import (
    HOLDS_NOTHING,
    PAYMENT_LIFE,
    PERSONAL_PERMISSIONS,
    READ_PERMISSIONS,
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
EVERYTHING = READ_PERMISSIONS | PERSONAL_PERMISSIONS
"""All that may be asked for without a payment."""

SHOP = AccountNumber(Scheme.IBAN, "DE02100100109307118603")
PAYMENT = PaymentInitiation(
    amount=Decimal("12.50"),
    currency="EUR",
    creditor_name="Merchant A",
    creditor_account=SHOP,
    remittance="Invoice 7",
)
BALANCES = AccountInformation(permissions=frozenset({Permission.BALANCES_READ}))


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
        "accounts": {} if empty else {JOINT: READ_PERMISSIONS, SAVINGS: {Permission.BALANCES_READ}},
        "purpose": "See where the money goes",
        "history_from": date(2026, 1, 1),
        "valid_until": END,
        "created_at": T0,
        "status_changed_at": T0,
        "replaced_by": "consent-2" if status is Status.REPLACED else None,
    }
    if status is Status.CONSUMED:
        parts |= _OF_A_PAYMENT | {"accounts": {JOINT: {Permission.PAYMENTS_WRITE}}}
    return Consent(**(parts | changed))


_OF_A_PAYMENT: dict[str, Any] = {
    "requested": {Permission.PAYMENTS_WRITE},
    "personal": frozenset(),
    "details": (PAYMENT,),
    "history_from": None,
    "valid_until": T0 + PAYMENT_LIFE,
}


def payment_consent(status: Status = Status.VALID, **changed: Any) -> Consent:
    """Alice's consent to pay 12.50 EUR to the shop from the joint account."""
    accounts: dict[str, Any] = {} if status in HOLDS_NOTHING else {JOINT: {Permission.PAYMENTS_WRITE}}
    return consent(status, **(_OF_A_PAYMENT | {"accounts": accounts} | changed))


_account_permission = st.sampled_from(sorted(READ_PERMISSIONS))
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
