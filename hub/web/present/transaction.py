"""One transaction with the place of every field in the bank's own record."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from hub.ledger.history import Provenance
from hub.web.format import long_date, moment, money
from hub.web.viewmodels import AccountRow, Bank, CategoryForm, Fact, TransactionPage, TransactionRow
from providers.model import Money

_STATUS = {
    "BOOK": "Booked",
    "PDNG": "Pending",
    "FUTR": "Announced",
    "INFO": "For information",
    "RJCT": "Rejected",
}
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
    raw: Mapping[str, Any],
    row: TransactionRow,
    account: AccountRow,
    bank: Bank,
    proof: Provenance | None,
    category: CategoryForm | None = None,
) -> TransactionPage:
    trace = {} if proof is None else proof.trace
    facts = [Fact("Amount", money(row.money, signed=True), str(trace.get("money", "")))]
    facts += [
        Fact(_WHILE_PENDING.get(name, label) if row.is_pending else label, _text(name, raw), str(trace.get(source, "")))
        for name, (label, source) in _FIELDS.items()
        if raw.get(name)
    ]
    facts += [
        Fact(label, text, str(trace.get(source, ""))) for label, text, source in _details(raw.get("details") or {})
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
        category=category,
        unread=tuple(dict.fromkeys(filter(None, str(trace.get("unread", "")).split(", ")))),
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


def _details(details: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(label, text, name in the provenance) of what only some banks tell."""
    if name := details.get("ultimate_name"):
        yield "On behalf of", name, "details.ultimate"
    if account := details.get("ultimate_account"):
        yield "Their account", account, "details.ultimate"
    card = details.get("card", {})
    if merchant := ", ".join(card[one] for one in ("merchant_name", "city", "country") if one in card):
        yield "Paid at", merchant, "details.card"
    if used := " ".join(card[one] for one in ("scheme", "masked_pan") if one in card):
        yield "Card", used, "details.card"
    if exchange := _exchange(details.get("exchange", {})):
        yield "Exchange", exchange, "details.exchange"
    if charges := details.get("charges"):
        yield "Charges", _money(charges), "details.charges"
    if purpose := details.get("purpose"):
        yield "Purpose (ISO 20022)", purpose, "details.purpose"
    if details.get("is_reversal"):
        yield "Reversal", "This takes back an earlier booking", "details.is_reversal"
    if size := details.get("batch_size"):
        yield "Sums up", f"{size} payments", "details.batch_size"
    if statements := details.get("statement_references"):
        yield "On statement", ", ".join(statements), "details.statement_references"
    if additional := details.get("additional"):
        yield "The bank adds", additional, "details.additional"


def _exchange(exchange: Mapping[str, Any]) -> str:
    """ "120.00 USD, 1 USD = 0.92 EUR", or as much of it as the bank gave."""
    parts = [_money(exchange["instructed"])] if "instructed" in exchange else []
    source, target, unit = (exchange.get(f"{one}_currency") for one in ("source", "target", "unit"))
    if "rate" in exchange:
        other = {source: target, target: source}.get(unit) if unit else None
        parts.append(f"1 {unit} = {exchange['rate']} {other}" if unit and other else f"rate {exchange['rate']}")
    elif source and target:
        parts.append(f"{source} to {target}")
    return ", ".join(parts)


def _money(given: Mapping[str, str]) -> str:
    return money(Money(Decimal(given["amount"]), given["currency"]))
