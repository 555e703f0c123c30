"""Accounts, balances and transactions as the person reads them. What they may read comes in as an Allowed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from consent.decide import Allowed, for_owner
from hub.context import Hub
from hub.ledger import history
from hub.models.ledger import Account
from hub.web.format import masked
from hub.web.present.banks import bank_of
from hub.web.viewmodels import AccountRow, TransactionRow, TypedBalance
from providers.model import Money

KINDS = {
    "CACC": "Current account",
    "CARD": "Card",
    "SVGS": "Savings account",
    "LOAN": "Loan",
    "MORT": "Mortgage",
    "WALT": "Wallet",
}
BALANCES = {
    "ITBD": "Booked so far today",
    "ITAV": "Available now",
    "CLBD": "Booked at the end of the day",
    "CLAV": "Available at the end of the day",
    "OPBD": "Booked at the start of the day",
    "OPAV": "Available at the start of the day",
    "PRCD": "Booked at the end of the day before",
    "XPCD": "Expected, with what is pending",
    "FWAV": "Available on a later day",
    "VALU": "Booked, by value date",
    "INFO": "For information",
}
_FIRST = tuple(BALANCES)


@dataclass(frozen=True, slots=True)
class Owned:
    """One of the person's accounts, by what the pages need to know before they read it."""

    account_id: str
    connection_id: str
    is_gone: bool


def owned(session: Session, psu_id: str) -> tuple[Owned, ...]:
    """All accounts of the person, the oldest first; of one day's linking current accounts, then cards, then savings."""
    rows = session.execute(
        select(Account.id, Account.connection_id, Account.status)
        .where(Account.psu_id == psu_id)
        .order_by(Account.created_at, Account.type, Account.name, Account.id)
    )
    return tuple(Owned(row.id, row.connection_id, row.status == "gone") for row in rows)


def own(session: Session, psu_id: str) -> Allowed:
    """Everything of theirs, for their own eyes."""
    return for_owner(psu_id, [one.account_id for one in owned(session, psu_id)])


def account_rows(hub: Hub, session: Session, allowed: Allowed) -> dict[str, AccountRow]:
    """By account id, each with its current balance."""
    held = history.totals(session, allowed, rules=hub.balance_rules)
    return {
        id_: account_row(row, held.by_account.get(id_), held.given_at.get(id_))
        for row in history.accounts(session, allowed)
        for id_ in [row["id"]]
    }


def account_row(account: Mapping[str, Any], balance: Money | None = None, as_of: datetime | None = None) -> AccountRow:
    """``as_of`` is of the balance, which a bank may have failed to give when it last gave transactions."""
    identifiers = account["identifiers"]
    kind = KINDS.get(account["type"], "Account")
    return AccountRow(
        account_id=account["id"],
        name=account["name"] or account["product"] or kind,
        identifier=masked(identifiers[0]["value"]) if identifiers else "no number given",
        kind=kind,
        balance=balance,
        as_of=as_of,
    )


def typed_balances(rows: Iterable[Mapping[str, Any]]) -> tuple[TypedBalance, ...]:
    """What each balance means, in the order in which people ask for them."""
    made = [
        TypedBalance(
            label=BALANCES.get(row["type"], "As the bank calls it"),
            code=row["type"],
            money=Money(Decimal(row["amount"]), row["currency"]),
            as_of=datetime.fromisoformat(row["as_of"] or row["last_updated"]),
        )
        for row in rows
    ]
    return tuple(sorted(made, key=lambda one: _FIRST.index(one.code) if one.code in _FIRST else len(_FIRST)))


def transaction_row(
    hub: Hub, row: Mapping[str, Any], accounts: Mapping[str, AccountRow], institutions: Mapping[str, str]
) -> TransactionRow:
    """``institutions`` maps account id to institution id where rows of several banks mix; empty where they do not."""
    texts = [text for text in row["remittance"] if text]
    name = row["counterparty_name"] or (texts.pop(0) if texts else "No name given")
    account = accounts.get(row["account_id"])
    institution_id = institutions.get(row["account_id"])
    return TransactionRow(
        transaction_id=row["id"],
        # Some banks date a pending row; it is not booked for all that, and stands with the other pending ones.
        booking_date=None if row["status"] == "PDNG" else day_of(row["booking_date"] or row["value_date"]),
        counterparty=name,
        detail=" · ".join(texts),
        money=Money(Decimal(row["amount"]), row["currency"]),
        is_pending=row["status"] == "PDNG",
        account_name=account.name if account and institution_id else "",
        bank=None if institution_id is None else bank_of(hub, institution_id),
    )


def day_of(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def history_since(session: Session, account_id: str) -> date | None:
    """The earliest day that the bank was asked for. The caller has checked whose account it is."""
    return session.scalar(select(Account.history_from).where(Account.id == account_id))
