"""One transaction with the place of every field in the bank's own record."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from hub.ledger.history import Provenance
from hub.web.format import long_date, moment, money
from hub.web.viewmodels import AccountRow, Bank, Fact, TransactionPage, TransactionRow
from providers.model import Money

_STATUS = {"BOOK": "Booked", "PDNG": "Pending", "INFO": "For information", "RJCT": "Rejected"}
# field of the transaction -> (label, name in the provenance)
_FIELDS = {
    "status": ("State", "status"),
    "booking_date": ("Booked on", "booking_date"),
    "value_date": ("Value date", "value_date"),
    "transaction_datetime": ("Happened at", "transaction_datetime"),
    "counterparty_name": ("Other side", "counterparty"),
    "counterparty_account": ("Their account", "counterparty"),
    "remittance": ("Note", "remittance"),
    "balance_after": ("Balance after it", "balance_after"),
    "bank_transaction_code": ("ISO 20022 code", "bank_transaction_code"),
    "proprietary_code": ("The bank’s own code", "proprietary_code"),
    "merchant_category_code": ("Kind of merchant (MCC)", "merchant_category_code"),
    "entry_reference": ("The bank’s reference", "bank_ids"),
}
_WHILE_PENDING = {"booking_date": "Dated"}  # some banks date what they have not booked yet
_LINKS = {"supersedes": "Replaces the pending entry", "superseded_by": "Replaced by"}


def transaction_page(
    raw: Mapping[str, Any], row: TransactionRow, account: AccountRow, bank: Bank, proof: Provenance | None
) -> TransactionPage:
    trace = {} if proof is None else proof.trace
    facts = [Fact("Amount", money(row.money, signed=True), str(trace.get("money", "")))]
    facts += [
        Fact(_WHILE_PENDING.get(name, label) if row.is_pending else label, _text(name, raw), str(trace.get(source, "")))
        for name, (label, source) in _FIELDS.items()
        if raw.get(name)
    ]
    facts += [Fact(label, str(raw[name])) for name, label in _LINKS.items() if raw.get(name)]
    return TransactionPage(
        transaction=row,
        account_id=account.account_id,
        account_name=account.name,
        bank=bank,
        facts=tuple(facts),
        raw_json="" if proof is None else proof.raw.decode("utf-8", "replace"),
        fetched_at=None if proof is None else proof.fetched_at,
        normaliser="" if proof is None else proof.normaliser,
    )


def _text(name: str, raw: Mapping[str, Any]) -> str:
    value = raw[name]
    if name == "status":
        return _STATUS.get(value, str(value))
    if name in {"booking_date", "value_date"}:
        return long_date(date.fromisoformat(value))
    if name == "transaction_datetime":
        return moment(datetime.fromisoformat(value))
    if name == "balance_after":
        return money(Money(Decimal(value), raw["currency"]))
    if name == "remittance":
        return " · ".join(value)
    return str(value)
