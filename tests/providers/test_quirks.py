"""Rows of real banks: all survive, exactly, and nobody is made their own counterparty.

The corpora are not part of this repository. They are looked for beside it (../shared/specs) or in RIALTO_SPECS.
"""

import json
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from providers.berlin_group import normalize as berlin
from providers.model import Identifier, Scheme, Status, Transaction
from providers.registry import known_rules
from providers.stet import normalize as stet
from providers.uk_obie import normalize as uk

ROOT = Path(__file__).parents[2]
SPECS = Path(os.environ.get("RIALTO_SPECS", ROOT.parent / "shared" / "specs"))


def need(path: str) -> Path:
    found = SPECS / path
    if not found.exists():
        pytest.skip(f"no {path} beside the repository; set RIALTO_SPECS to where it is")
    return found


def recorded(path: str) -> bytes:
    return json.dumps(json.loads(need(f"recorded/{path}.json").read_text())["response"]["body"]).encode()


def quirk_rows() -> Iterator[tuple[str, bool, dict[str, Any]]]:
    for path in sorted(need("bank-quirks").glob("gocardless-*.json")):
        for case in json.loads(path.read_text()).get("transactions", []):
            yield path.stem, case.get("booked", True), case["raw"]


def normalised(raw: dict[str, Any], booked: bool = True) -> Transaction:
    page = berlin.transactions(json.dumps({"transactions": {"booked" if booked else "pending": [raw]}}).encode())
    assert page.rejected == (), (page.rejected[0].reason, raw)
    return page.transactions[0]


def test_every_row_of_the_corpus_survives_with_its_exact_amount() -> None:
    count = 0
    for _, booked, raw in quirk_rows():
        found = normalised(raw, booked)
        assert found.money.number == Decimal(str(raw["transactionAmount"]["amount"]))
        assert found.money.currency == raw["transactionAmount"]["currency"]
        assert json.loads(found.raw) == raw
        count += 1
    assert count > 100


def test_no_row_of_the_corpus_makes_the_account_holder_the_counterparty() -> None:
    for _, booked, raw in quirk_rows():
        found = normalised(raw, booked)
        own_side = raw.get("debtorName") if found.money.number < 0 else raw.get("creditorName")
        other_side = raw.get("creditorName") if found.money.number < 0 else raw.get("debtorName")
        if own_side and own_side != other_side:
            assert found.counterparty.name != own_side


def test_no_placeholder_of_the_corpus_becomes_an_id() -> None:
    for _, booked, raw in quirk_rows():
        for value in normalised(raw, booked).bank_ids.values():
            assert value.replace("_", "").upper() != "NOTPROVIDED"


def test_monzo_has_four_decimals_and_declined_rows() -> None:
    rows = uk.transactions(recorded("uk-obie/monzo/transactions")).transactions
    assert [str(row.money.number) for row in rows] == ["-3.7000", "-12.1000", "-1.0000"]
    assert [row.status for row in rows] == [Status.BOOKED, Status.PENDING, Status.REJECTED]
    (account,) = uk.accounts(recorded("uk-obie/monzo/accounts")).values
    assert account.identifiers == (Identifier(Scheme.UK_SORT_CODE_ACCOUNT, "80200110203345"),)
    (balance,) = uk.balances(recorded("uk-obie/monzo/balances"), account_id="22289").values
    assert (str(balance.money.number), balance.credit_line_included) == ("147.8500", False)


def test_deutsche_bank_names_the_holder_on_debits_and_we_do_not() -> None:
    rows = berlin.transactions(recorded("berlin-group/deutsche-bank/transactions-both")).transactions
    debits = [row for row in rows if row.money.number < 0]
    assert debits
    assert all(row.counterparty.name is None for row in debits)
    assert {row.status for row in rows} == {Status.BOOKED, Status.PENDING}


def test_cbi_globe_sends_objects_for_structured_remittance_and_dates_with_times() -> None:
    (row,) = berlin.transactions(recorded("berlin-group/cbiglobe/transactions-page1")).transactions
    assert row.remittance == ("remittance", "Michele Buongiorno")
    balances = berlin.balances(recorded("berlin-group/cbiglobe/balances")).values
    assert {one.source_label for one in balances} == {"authorised", "closingBooked", "interimAvailable"}
    assert {one.money.currency for one in balances} == {"EUR", "USD"}


def test_every_recorded_answer_of_berlin_group_banks_is_read_without_a_loss() -> None:
    count = 0
    for path in sorted(need("recorded/berlin-group").glob("*/*.json")):
        body = json.loads(path.read_text())["response"]["body"]
        raw = json.dumps(body).encode()
        if isinstance(body, dict) and "transactions" in body:
            page = berlin.transactions(raw)
            rows = sum(len(listed) for listed in body["transactions"].values() if isinstance(listed, list))
            assert (len(page.transactions), page.rejected) == (rows, ())
            assert all("unread" not in row.provenance for row in page.transactions)
            count += 1
        for name, read in (("accounts", berlin.accounts), ("balances", berlin.balances)):
            if name in body:
                found = read(raw)
                assert (len(found.values), found.rejected) == (len(body[name]), ())
                count += 1
    assert count >= 6


def test_n26_and_redsys_are_understood() -> None:
    assert len(berlin.transactions(recorded("berlin-group/n26/transactions")).transactions) == 3
    assert len(berlin.balances(recorded("berlin-group/n26/balances")).values) == 1
    accounts = berlin.accounts(recorded("berlin-group/redsys-bankinter/accounts")).values
    assert [one.currency for one in accounts] == ["EUR", "USD"]


def test_bpce_has_a_card_on_its_account_and_rows_without_days() -> None:
    cash, card = stet.accounts(recorded("stet/bpce/accounts")).values
    assert (card.parent_id, card.type.value) == (cash.resource_id, "CARD")
    balances = stet.balances(recorded("stet/bpce/balances")).values
    assert {one.source_label: str(one.money.number) for one in balances} == {"VALU": "-150.00", "CLBD": "-140.00"}
    page = stet.transactions(recorded("stet/bpce/transactions-page1"), account=cash)
    assert (len(page.transactions), page.rejected) == (5, ())
    assert [str(row.money.number) for row in page.transactions] == ["-3.99", "-40.00", "400.00", "-49.00", "-17.41"]
    assert [row.status for row in page.transactions] == [Status.BOOKED] * 4 + [Status.PENDING]
    known = stet.transactions(recorded("stet/bpce/transactions-page1"), account=cash, rules=known_rules("bpce_fr"))
    assert [row.counterparty.name for row in known.transactions] == [
        "TooGoodToG al4kDK toogoodtogo.",
        "M OREL RIVALS",
        "MME ELVIA ARELLANO O",
        "Free Telecom",
        "Mega Energie S",
    ]
    assert page.next is not None
    assert page.next.endswith("&page=2")
