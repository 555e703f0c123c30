"""Which way the money of a NextGenPSD2 row went, where a bank says it beside the amount. Pure.

In 1.3 a minus says it and nothing else. Banks that write no minus have an indicator, under one of many names. What is
there and cannot be understood makes a row without a minus a broken one: money whose direction is not known is not money
that came in.
"""

import re
from contextlib import suppress
from decimal import Decimal

import msgspec

from providers import text
from providers.berlin_group import transaction_wire as rows
from providers.berlin_group import wire
from providers.model import Account
from providers.rows import BrokenRow, Lenient, core

_LISTED = Lenient(wire.AccountRow, loosely=True)
# C, CR, CRDT, Credit; D, DR, DBIT, Debit. The letter alone would take a deposit for a debit.
_INDICATOR = re.compile(r"(?:(C|CR.*)|D|DR.*|DB.*|D[EÉ]B.*)", re.IGNORECASE | re.DOTALL)
_WAYS = {
    **dict.fromkeys(("IN", "INCOMING", "INBOUND", "CREDIT", "CRDT", "+"), 1),
    **dict.fromkeys(("OUT", "OUTGOING", "OUTBOUND", "DEBIT", "DBIT"), -1),
}
_DEBITS = frozenset({"DEBIT", "DBIT"})
_NAMES = frozenset(
    {
        "creditdebitindicator",
        "debitcreditindicator",
        "debitcredit",
        "creditdebit",
        "creditdebitcode",
        "creditdebittype",
        "debitorcredit",
        "cdtdbtind",
        "transactiondirection",
        "direction",
        "side",
        "sign",
    }
)


def of_row(row: rows.TransactionRow, given: wire.Amount, number: Decimal) -> int | None:
    """1 for money in, -1 for money out, None where only the number's sign says it. Raises BrokenRow."""
    word = row.credit_debit_indicator or given.credit_debit_indicator or row.debit_credit_indicator
    word = word or row.debit_credit or row.credit_debit or row.credit_debit_code or row.credit_debit_type
    word = word or row.debit_or_credit or row.cdt_dbt_ind
    if word is not None:
        return direction(word, number)
    if row.sign is not None and row.sign.strip() == "-":
        return -1
    way = row.transaction_direction or row.direction or row.side or row.sign
    if way is not None:
        return _known(_WAYS.get(way.strip().upper()), way.strip(), number, "direction")
    if number <= 0:
        return None
    must_be_read((*row.unread, *given.unread), number)
    for place, kind in (("transactionType", row.transaction_type), ("type", row.type)):
        # a debit, or what came back to a debit card
        if isinstance(kind, str) and kind.strip().upper() in _DEBITS:
            raise BrokenRow(f"{place} is a debit, beside an amount without a sign")
    return None


def direction(indicator: str | None, number: Decimal) -> int | None:
    """The same of creditDebitIndicator alone, beside ``number``. A dash there may be a minus, or nothing."""
    word = "-" if indicator is not None and indicator.strip() == "-" else text.meaningful(indicator)
    found = None if word is None else _INDICATOR.fullmatch(word)
    return _known((1 if found[1] else -1) if found else None, word, number, "creditDebitIndicator")


def is_turned(said: bool | None, account: Account | None) -> bool:
    """debitAccounting: whether positive is money out. The answer says it, or else the account did when it was listed
    (cardAccountDetails)."""
    if said is None and account is not None and b"ccounting" in account.raw:
        with suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            said = _LISTED.decode(account.raw).debit_accounting
    return said is True


def must_be_read(unread: tuple[str, ...], number: Decimal) -> None:
    """Raises BrokenRow for an indicator that is there and is no text."""
    if number > 0 and any(core(name) in _NAMES for name in unread):
        raise BrokenRow("creditDebitIndicator cannot be read")


def _known(found: int | None, word: str | None, number: Decimal, place: str) -> int | None:
    if found is None and word and number > 0:
        raise BrokenRow(f"{place} is unknown")
    return found
