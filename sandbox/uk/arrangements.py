"""What hangs on an account beside its rows: orders, mandates, payees, statements, terms, offers. In 3.1's words. Pure.

They follow from how the account lives (sandbox.habits), so that a standing order's last payment is among its rows.
"""

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sandbox.book import Entry
from sandbox.habits import HABITS, Monthly
from sandbox.history import digits, next_working_day
from sandbox.people import Account, AccountKind
from sandbox.rows import Kind
from sandbox.uk.wire import account_id, stamp

Json = dict[str, Any]
STATEMENTS = 3
LEAD_DAYS = 10  # from today to the scheduled payment


def standing_orders(account: Account, today: date, detail: bool) -> list[Json]:
    return [_standing_order(account, habit, today, detail) for habit in _monthly(account, Kind.STANDING_ORDER)]


def direct_debits(account: Account, today: date) -> list[Json]:
    return [
        {
            "AccountId": account_id(account),
            "DirectDebitId": f"DD{digits(habit.text + account.key, 10)}",
            "MandateIdentification": f"M{digits(habit.counterparty + account.key, 9)}",
            "DirectDebitStatusCode": "Active",
            "Name": habit.counterparty,
            "Frequency": "UK.OBIE.Monthly",
            "PreviousPaymentDateTime": _at(_days(habit, today)[0]),
            "PreviousPaymentAmount": _paid(habit, account),
        }
        for habit in _monthly(account, Kind.DIRECT_DEBIT)
    ]


def scheduled_payments(account: Account, today: date, detail: bool) -> list[Json]:
    """One, from a current account."""
    if account.kind is not AccountKind.CURRENT:
        return []
    row: Json = {
        "AccountId": account_id(account),
        "ScheduledPaymentId": f"SP{digits(account.key, 10)}",
        "ScheduledPaymentDateTime": _at(next_working_day(today + timedelta(days=LEAD_DAYS))),
        "ScheduledType": "Execution",
        "Reference": "WINDOW CLEANER",
        "InstructedAmount": {"Amount": "24.00", "Currency": account.currency},
    }
    return [row | ({"CreditorAccount": _payee("Gwyn Window Cleaning")} if detail else {})]


def beneficiaries(account: Account, detail: bool) -> list[Json]:
    names = [habit.counterparty for habit in _monthly(account, Kind.STANDING_ORDER)]
    return [
        {
            "AccountId": account_id(account),
            "BeneficiaryId": f"B{digits(name, 10)}",
            "BeneficiaryType": "Trusted" if at == 0 else "Ordinary",
            "Reference": name.upper()[:35],
            **({"CreditorAccount": _payee(name)} if detail else {}),
        }
        for at, name in enumerate([*names, "Gwyn Window Cleaning"])
        if account.kind is AccountKind.CURRENT
    ]


def statements(account: Account, entries: list[Entry], today: date, detail: bool) -> Iterator[Json]:
    """The last months that are over, the newest first, with the balance that each ended in."""
    last = today.replace(day=1) - timedelta(days=1)
    for _ in range(STATEMENTS):
        closing = sum((one.row.amount for one in entries if one.booked_on and one.booked_on <= last), Decimal(0))
        row: Json = {
            "AccountId": account_id(account),
            "StatementId": f"S{last:%Y%m}{digits(account.key, 6)}",
            "StatementReference": f"{last:%Y-%m}",
            "Type": "RegularPeriodic",
            "StartDateTime": _at(last.replace(day=1)),
            "EndDateTime": stamp(datetime.combine(last, time(23, 59, 59), UTC)),
            "CreationDateTime": _at(last + timedelta(days=1)),
        }
        if detail:
            row["StatementAmount"] = [
                {
                    "Type": "UK.OBIE.ClosingBalance",
                    "CreditDebitIndicator": "Debit" if closing < 0 else "Credit",
                    "Amount": {"Amount": f"{abs(closing):.2f}", "Currency": account.currency},
                }
            ]
        yield row
        last = last.replace(day=1) - timedelta(days=1)


def products(account: Account) -> list[Json]:
    kind = "PersonalCurrentAccount" if account.kind is AccountKind.CURRENT else "Other"
    row = {
        "AccountId": account_id(account),
        "ProductId": digits(account.name, 6),
        "ProductName": account.name,
        "ProductType": kind,
    }
    if kind == "Other":
        return [row | {"OtherProductType": {"Name": account.name, "Description": "An account that earns interest"}}]
    return [row]


def offers(account: Account) -> list[Json]:
    if account.kind is not AccountKind.CURRENT:
        return []
    return [
        {
            "AccountId": account_id(account),
            "OfferId": f"O{digits(account.key, 8)}",
            "OfferType": "LimitIncrease",
            "Description": "A larger arranged overdraft",
            "Amount": {"Amount": "1000.00", "Currency": account.currency},
        }
    ]


def _standing_order(account: Account, habit: Monthly, today: date, detail: bool) -> Json:
    before, after = _days(habit, today)
    row: Json = {
        "AccountId": account_id(account),
        "StandingOrderId": f"SO{digits(habit.text + account.key, 10)}",
        "Frequency": f"IntrvlMnthDay:01:{habit.day:02d}",
        "Reference": habit.text[:35],
        "FirstPaymentDateTime": _at(date(2019, 4, habit.day)),
        "NextPaymentDateTime": _at(after),
        "LastPaymentDateTime": _at(before),
        "NextPaymentAmount": _paid(habit, account),
        "LastPaymentAmount": _paid(habit, account),
        "StandingOrderStatusCode": "Active",
    }
    return row | ({"CreditorAccount": _payee(habit.counterparty)} if detail else {})


def _monthly(account: Account, kind: Kind) -> list[Monthly]:
    return [habit for habit in HABITS[account.key].monthly if habit.kind is kind]


def _days(habit: Monthly, today: date) -> tuple[date, date]:
    """The working days of the last payment (today's counts) and the next one."""
    this = next_working_day(today.replace(day=habit.day))
    earlier, later = today.replace(day=1) - timedelta(days=1), _next_month(today)
    if this <= today:
        return this, next_working_day(later.replace(day=habit.day))
    return next_working_day(earlier.replace(day=habit.day)), this


def _next_month(today: date) -> date:
    return today.replace(day=calendar.monthrange(today.year, today.month)[1]) + timedelta(days=1)


def _paid(habit: Monthly, account: Account) -> dict[str, str]:
    return {"Amount": f"{abs(Decimal(habit.cents).scaleb(-2)):.2f}", "Currency": account.currency}


def _payee(name: str) -> dict[str, str]:
    number = f"990019{digits(name, 8)}"
    return {"SchemeName": "UK.OBIE.SortCodeAccountNumber", "Identification": number, "Name": name}


def _at(day: date) -> str:
    return stamp(datetime.combine(day, time(), UTC))
