"""One of everything that can hang on an account, with every member said."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from providers.model import Identifier, Money, Party, Scheme
from providers.port import Resource
from providers.resources import (
    Address,
    Beneficiary,
    DirectDebit,
    Frequency,
    Instalment,
    LineKind,
    MandateStatus,
    PartyOfAccount,
    Product,
    Schedule,
    ScheduledPayment,
    StandingOrder,
    Statement,
    StatementLine,
)

LANDLORD = "GB82WEST12345698765432"
PAYEE = Party("Landlord & Sons", Identifier(Scheme.IBAN, LANDLORD))
RAW = b'{"of": "the bank"}'


def _on(day: int, amount: str = "-650.00") -> Instalment:
    return Instalment(date(2026, 12, day), Money(Decimal(amount), "GBP"))


MONTHLY = Schedule(Frequency.MONTHLY, 2, -1, 3, "IntrvlMnthDay:02:-01")
WHOLE: dict[Resource, Any] = {
    Resource.STANDING_ORDERS: StandingOrder(
        "SO1", MandateStatus.ACTIVE, MONTHLY, _on(1), _on(2), _on(3), _on(4), 12, PAYEE, ("rent",), "M1", raw=RAW
    ),
    Resource.DIRECT_DEBITS: DirectDebit(
        "DD1", MandateStatus.SUSPENDED, MONTHLY, _on(1), _on(2), _on(3), _on(4), PAYEE, "M2", raw=RAW
    ),
    Resource.SCHEDULED_PAYMENTS: ScheduledPayment(
        "SP1", date(2026, 12, 5), Money(Decimal("-24.5"), "GBP"), True, PAYEE, ("windows",), raw=RAW
    ),
    Resource.BENEFICIARIES: Beneficiary("B1", PAYEE, "flat 3", True, raw=RAW),
    Resource.STATEMENTS: Statement(
        "S1",
        "2026-10",
        "RegularPeriodic",
        (date(2026, 10, 1), date(2026, 10, 31)),
        datetime(2026, 11, 1, tzinfo=UTC),
        ("October",),
        (
            StatementLine(
                LineKind.INTEREST, "Purchase", Money(Decimal("-3.20"), "GBP"), Decimal("19.9"), "interest of the card"
            ),
        ),
        {"PaymentDue": datetime(2026, 11, 20, tzinfo=UTC)},
        raw=RAW,
    ),
    Resource.PARTIES: PartyOfAccount(
        "P1",
        "A Moro",
        "Alice Moro",
        "Sole",
        "Principal",
        "Private",
        "529900T8BM49AURSDO55",
        True,
        "alice@people.example",
        "+44 20 7946 0000",
        "+44 7700 900000",
        (Address(("1 High Street",), "Bath", "BA1 1AA", "Somerset", "GB"),),
        raw=RAW,
    ),
    Resource.PRODUCTS: Product("7", "Everyday", "PersonalCurrentAccount", raw=RAW),
}
