"""What a client asks for in ``authorization_details`` (RFC 9396): two types, as values.

``details_form`` reads and writes their JSON and holds its rules; ``asked`` joins them with the scopes; ``granted`` says
what became of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from consent.account_number import AccountNumber
from consent.permission import Permission


class DetailType(StrEnum):
    """The values of ``type``; what metadata lists as authorization_details_types_supported (RFC 9396 10)."""

    ACCOUNT_INFORMATION = "account_information"
    PAYMENT_INITIATION = "payment_initiation"


@dataclass(frozen=True, slots=True)
class AccountId:
    """An account by the hub's own id, as the account list gives it."""

    id: str


AccountReference = AccountId | AccountNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountInformation:
    """Reading, for as long as the consent lasts.

    permissions: at least one of READ_PERMISSIONS. accounts: those the client would like; the person decides.
    history_from: first day, only with transactions:read or statements:read; None = not said. valid_until: aware,
    exclusive.
    locations: where the client means to use it, absolute addresses (RFC 9396 2.2).
    """

    type: DetailType = field(default=DetailType.ACCOUNT_INFORMATION, init=False)
    permissions: frozenset[Permission]
    accounts: tuple[AccountReference, ...] = ()
    history_from: date | None = None
    valid_until: datetime | None = None
    purpose: str | None = None
    locations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentInitiation:
    """One payment, once, from one account of the person.

    amount: positive, with no more places than its currency (ISO 4217) has; its trailing zeros are as the client wrote
    them. debtor_account: None = the person picks; where it is named, no other account pays.
    requested_date None = at once.
    """

    type: DetailType = field(default=DetailType.PAYMENT_INITIATION, init=False)
    amount: Decimal
    currency: str
    creditor_name: str
    creditor_account: AccountNumber
    debtor_account: AccountReference | None = None
    remittance: str = ""
    requested_date: date | None = None
    locations: tuple[str, ...] = ()


Detail = AccountInformation | PaymentInitiation


def permissions_asked(details: Iterable[Detail]) -> frozenset[Permission]:
    """What these details ask for, whatever the scope says beside them."""
    asked: set[Permission] = set()
    for detail in details:
        if isinstance(detail, PaymentInitiation):
            asked.add(Permission.PAYMENTS_WRITE)
        else:
            asked |= detail.permissions
    return frozenset(asked)


def payment_in(details: Iterable[Detail]) -> PaymentInitiation | None:
    """The payment among them: in a consent there is one at most."""
    return next((detail for detail in details if isinstance(detail, PaymentInitiation)), None)
