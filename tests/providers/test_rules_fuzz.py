"""Whatever a bank writes into a field: the row stays, and what is made of it is sound."""

import copy
import json
import time
from contextlib import suppress
from datetime import UTC
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from providers.berlin_group import normalize
from providers.errors import ContractBroken
from providers.model import Account, Identifier, Scheme, Transaction
from providers.rules.profile import NO_RULES, Rules
from tests.providers.pages import BERLIN_TRANSACTION

FEW = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])

OWN = Identifier(Scheme.IBAN, "DE02120300000000202051")
ALICES = Account("acc-1", "EUR", identifiers=(OWN,))

# Every field that the adapter reads, filled as by a bank that uses them all.
RICH: dict[str, Any] = BERLIN_TRANSACTION | {
    "bookingDateTime": "2026-03-01T10:00:00Z",
    "transactionDate": "2026-03-01",
    "status": "BOOK",
    "ultimateCreditor": "The Shop",
    "creditorAgent": "LORLDE33",
    "remittanceInformationUnstructuredArray": ["EREF+1 SVWZ+Rent", "CARTE 01/03/26 BAR CB*1234"],
    "remittanceInformationStructured": {"reference": "RF18"},
    "remittanceInformationStructuredArray": [{"reference": "RF19"}],
    "additionalInformation": "narrative: ['SHOP', 'X']",
    "currencyExchange": [{"sourceCurrency": "USD", "exchangeRate": "1.1", "instructedAmount": {"amount": "3"}}],
    "entryDetails": [{"creditorName": "Shop", "purposeCode": "RENT"}],
    "batchNumberOfTransactions": 3,
    "purposeCode": "RENT",
    "originalAmount": {"amount": "13.15", "currency": "USD"},
    "markupFee": {"amount": "0.30", "currency": "EUR"},
    "cardAcceptorAddress": {"townName": "Köln", "country": "DE"},
    "maskedPan": "525412******3241",
    "transactionDetails": "SUMUP *SHOP 0042 DE",
    "merchantCategoryCode": "5411",
}

RULES = msgspec.convert(
    {
        "dates": {"swapped": True, "texts": ["AM {date} {any}"], "ids": ["D{ymd}{any}"]},
        "amounts": {"inverted": ["CARD"], "pending_unsigned": True, "billed": ["{any}billed: {amount} {currency}"]},
        "parties": {"fields": ["creditorName", "a.b"], "texts": ["AN {payee} | {text}"], "prefixes": ["VISA "]},
        "remittance": {"width": 12, "separators": [";"], "prefixes": ["REF "], "clutter": ["Seite {number}"]},
        "ids": {"distrusted": ["entryReference"], "shapes": {"transactionId": {"lengths": [32]}}},
    },
    Rules,
)

# Pieces of what banks write, put together in any way.
PIECES = st.sampled_from([
    "EREF+", "SVWZ+", "IBAN+", OWN.value, "/REMI/", "/NAME/", "/Txt/D|", "CARTE ", "PRLV SEPA ", "SUMUP *", "31/12/99",
    "2026-02-30", "01.01. 25:61", "CB*1234", "PIRKUMS ", "4242424242424242", "(..1) ", "\\", "\\\\", "\\UD83C",
    "<br>", "&#0;", "&#1114112;", "\x00", "\u2028", "\ud7ff", "  ", "\n", ";", " | ", "//", "*", "End-to-En",
    "d-Ref.: ", "narrative: ['", "billed: 1.234,56 EUR", "AN ", "AM ", "POS 1,00 x 01.01. 10:00", "CARD-1234", "é", "ß",
    "NOTPROVIDED", "0001-01-01", "9999-12-31", "remittanceinformation:", "mandatereference:", "a" * 40, "١٢", "𝟙", "İ",
])  # fmt: skip
TEXTS = st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=40)
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS,
    st.sampled_from(["", "NaN", "1e999", "9999-12-31", "0001-01-01T00:00:00+14:00", "-0.0", 10**30, "x" * 5_000]),
)  # fmt: skip
JUNK = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3))


def spots(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path and path[0] != "transactionAmount" else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, one in inner:
        found += spots(one, (*path, step))
    return found


@st.composite
def rows(draw: st.DrawFn) -> dict[str, Any]:
    """RICH without some of its fields, others dropped, doubled, retyped, nested or enlarged; the amount stays."""
    kept = draw(st.sets(st.sampled_from(sorted(RICH))))
    row = copy.deepcopy({name: RICH[name] for name in kept} | {"transactionAmount": RICH["transactionAmount"]})
    for _ in range(draw(st.integers(0, 4))):
        path = draw(st.sampled_from(spots(row) or [("creditorName",)]))
        parent: Any = row
        for step in path[:-1]:
            parent = parent[step]
        old = parent.get(path[-1]) if isinstance(parent, dict) else parent[path[-1]]
        how = draw(st.sampled_from(["drop", "retype", "nest", "double", "enlarge", "text"]))
        if how == "drop" and isinstance(parent, dict):
            parent.pop(path[-1], None)
            continue
        if how in ("retype", "text"):
            parent[path[-1]] = draw(JUNK if how == "retype" else TEXTS)
        elif how == "nest":
            parent[path[-1]] = {"x": old}
        elif how == "double":
            parent[path[-1]] = [old, old]
        elif how == "enlarge":
            parent[path[-1]] = [old] * 50 if isinstance(old, dict | list) else f"{old}" * 200
    return row


def sound(found: Transaction, row: dict[str, Any]) -> None:
    assert json.loads(found.raw) == row
    assert found.money.number.is_finite()
    assert found.transaction_datetime is None or found.transaction_datetime.tzinfo is UTC
    shown = [found.counterparty.name, found.details.additional, *found.remittance, *found.bank_ids.values()]
    assert [one for one in shown if one is not None and (one.strip() != one or not one)] == []
    assert "\x00" not in "".join(one or "" for one in shown)
    json.dumps([*shown, dict(found.provenance)], ensure_ascii=False).encode()  # no half of a surrogate pair
    assert found.counterparty.account != OWN
    assert len(found.counterparty.name or "") <= 140
    card = found.details.card
    if card and card.masked_pan:
        assert sum(letter.isdigit() for letter in card.masked_pan) <= 4
    for name in ("booking_date", "value_date", "transaction_datetime", "balance_after", "bank_transaction_code"):
        assert (name in found.provenance) is (getattr(found, name) is not None), name
    assert ("remittance" in found.provenance) is bool(found.remittance)
    for told in structs.fields(found.details):
        is_told = getattr(found.details, told.name) not in (None, False, ())
        assert (f"details.{told.name}" in found.provenance) is is_told, told.name
    party = found.counterparty
    assert ("counterparty" in found.provenance) is bool(party.name or party.account or party.agent)


@FEW
@given(rows(), st.sampled_from([NO_RULES, RULES]), st.sampled_from(["booked", "pending", "information"]))
def test_no_optional_field_costs_the_row(row: dict[str, Any], rules: Rules, listed: str) -> None:
    body = json.dumps({"transactions": {listed: [row, row]}}).encode()
    page = normalize.transactions(body, account=ALICES, rules=rules)
    assert page.rejected == ()
    assert len(page.transactions) == 2
    for found in page.transactions:
        sound(found, row)
    assert page.transactions[0] == page.transactions[1]


@FEW
@given(TEXTS, st.sampled_from([NO_RULES, RULES]))
def test_no_text_breaks_a_rule(text: str, rules: Rules) -> None:
    for name in ("remittanceInformationUnstructured", "creditorName", "additionalInformation", "transactionId"):
        row = {name: text, "transactionAmount": {"amount": "-1", "currency": "EUR"}, "bankTransactionCode": "CCRD"}
        body = json.dumps({"transactions": [row]}).encode()
        (found,) = normalize.transactions(body, account=ALICES, rules=rules).transactions
        sound(found, row)


@FEW
@given(JUNK, st.sampled_from(["transactions", "cardTransactions", "booked", "accounts", "cardAccounts", "balances"]))
def test_no_envelope_breaks_an_adapter(junk: Any, name: str) -> None:
    for content in ({name: junk}, {name: {"booked": junk, "_links": junk}}, junk):
        body = json.dumps(content).encode()
        for read in (normalize.transactions, normalize.accounts, normalize.balances):
            with suppress(ContractBroken):
                read(body)


NASTY = [
    *(piece * (200_000 // len(piece)) for piece in (
        "a", "ab1.1.26c ", "EREF+", "\\", "x: ", " ", "1", "&amp;", "\\uD83C", "POS 1 1.1. 1:1 ", "*", "/REMI/", "<br>",
    )),
    "twelve chars", "End-to-En",
]  # fmt: skip


@pytest.mark.parametrize("text", NASTY, ids=lambda text: text[:12])
def test_a_text_of_any_length_costs_time_in_proportion(text: str) -> None:
    """Somebody else's payment can carry it: a megabyte in every field, and thousands of lines of the bank's width."""
    lines = [text] * (20_000 // len(text) * 10 or 1)
    row = {"transactionAmount": {"amount": "-1", "currency": "EUR"}, "bankTransactionCode": "PMNT-CCRD-POSD"}
    row |= {f"remittanceInformation{name}": lines for name in ("UnstructuredArray", "StructuredArray", "Unstructured")}
    row |= dict.fromkeys(
        ("creditorName", "ultimateCreditor", "transactionDetails", "additionalInformation", "status"), text
    )
    row |= dict.fromkeys(
        ("transactionId", "proprietaryBankTransactionCode", "bookingDate", "purposeCode", "maskedPan"), text
    )
    row |= {"creditorAccount": text, "balanceAfterTransaction": {"balanceAmount": {"amount": text, "currency": text}}}
    body = json.dumps({"transactions": [row]}).encode()
    for rules in (NO_RULES, RULES):
        began = time.process_time()
        page = normalize.transactions(body, rules=rules)
        assert time.process_time() - began < 4
        assert len(page.transactions) == 1
