"""Berlin Group NextGenPSD2 in the hub's words, rule by rule."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from providers.berlin_group import normalize
from providers.errors import ContractBroken
from providers.model import Account, AccountType, BalanceType, Identifier, Money, Party, Scheme, Status, Transaction
from tests.providers.pages import BERLIN_ACCOUNT, BERLIN_BALANCE, BERLIN_TRANSACTION, berlin, but

OWN = (Identifier(Scheme.IBAN, "DE02120300000000202051"),)
ALICES = Account("acc-1", "EUR", identifiers=OWN)
STADTWERKE = Identifier(Scheme.IBAN, "DE89370400440532013000")


def one(**changed: Any) -> Transaction:
    page = normalize.transactions(berlin(but(BERLIN_TRANSACTION, **changed)), account=ALICES)
    assert page.rejected == ()
    return page.transactions[0]


def amount(text: str | float, currency: str = "EUR") -> dict[str, Any]:
    return {"currency": currency, "amount": text}


def test_a_whole_row() -> None:
    found = one()
    assert found.status is Status.BOOKED
    assert found.money == Money(Decimal("-12.10"), "EUR")
    assert (found.booking_date, found.value_date) == (date(2026, 3, 1), date(2026, 3, 2))
    assert found.counterparty == Party("Stadtwerke Köln", STADTWERKE)
    assert found.remittance == ("Strom Maerz",)
    assert found.bank_ids == {
        "transactionId": "t-1", "endToEndId": "e2e-1", "mandateId": "M-7", "creditorId": "DE98ZZZ09999999999",
    }  # fmt: skip
    assert found.bank_transaction_code == "PMNT-RDDT-ESDD"
    assert found.proprietary_code == "105"
    assert found.balance_after == Money(Decimal("87.90"), "EUR")
    assert json.loads(found.raw) == BERLIN_TRANSACTION


SIGNS = [
    ("-12.10", ..., "-12.10"),
    ("12.10", ..., "12.10"),
    (-3.5, ..., "-3.5"),
    ("12.10", "DBIT", "-12.10"),
    ("-12.10", "DBIT", "-12.10"),
    ("12.10", "CRDT", "12.10"),
    ("-0.00", ..., "0.00"),
    ("12.10", "C", "12.10"),
    ("12.10", "dr", "-12.10"),
    ("12.10", "Credit", "12.10"),
]


@pytest.mark.parametrize(("text", "indicator", "number"), SIGNS)
def test_the_minus_sign_or_an_indicator_says_the_direction(text: Any, indicator: Any, number: str) -> None:
    assert str(one(transactionAmount=amount(text), creditDebitIndicator=indicator).money.number) == number


@pytest.mark.parametrize(
    "said",
    [
        {"creditDebitIndicator": "Deposit"},
        {"creditDebitIndicator": "Charge"},
        {"direction": "SENT"},
        {"direction": "D"},
    ],
)
def test_money_of_which_nobody_says_whether_it_came_is_none(said: Any) -> None:
    page = normalize.transactions(berlin(but(BERLIN_TRANSACTION, transactionAmount=amount("12.10"), **said)))
    assert page.transactions == ()
    assert "unknown" in page.rejected[0].reason


def test_the_list_says_the_status() -> None:
    report = {"booked": [BERLIN_TRANSACTION], "pending": [BERLIN_TRANSACTION], "information": [BERLIN_TRANSACTION]}
    page = normalize.transactions(json.dumps({"transactions": report}).encode())
    assert [row.status for row in page.transactions] == [Status.BOOKED, Status.PENDING, Status.INFORMATION]


def test_a_pending_row_without_dates_is_kept() -> None:
    page = normalize.transactions(berlin(pending=(but(BERLIN_TRANSACTION, bookingDate=..., valueDate=""),)))
    assert (page.transactions[0].booking_date, page.transactions[0].value_date) == (None, None)


PARTIES = [
    ({"creditorName": ..., "creditorAccount": ...}, Party()),
    ({"creditorName": "NOTPROVIDED", "creditorAccount": ...}, Party()),
    ({"creditorName": ..., "ultimateCreditor": "The Shop"}, Party("The Shop", STADTWERKE)),
    ({"creditorName": ...}, Party(None, STADTWERKE)),
    ({"creditorAccount": "DE89370400440532013000"}, Party("Stadtwerke Köln", STADTWERKE)),
    ({"creditorAccount": {"iban": OWN[0].value}, "creditorName": "Alice O'Connor"}, Party()),
    (
        {"creditorAccount": {"iban": OWN[0].value}, "debtorName": "Bob", "debtorAccount": {"iban": STADTWERKE.value}},
        Party("Bob", STADTWERKE),
    ),
    (
        {
            "creditorAccount": {"iban": OWN[0].value},
            "debtorName": "Bob",
            "debtorAccount": {"bban": "370400440532013000"},
        },
        Party(),
    ),
    ({"transactionAmount": amount("5"), "debtorAccount": {"iban": OWN[0].value}}, Party("Stadtwerke Köln", STADTWERKE)),
    ({"transactionAmount": amount("5"), "debtorAccount": ..., "debtorName": "Bob"}, Party("Bob")),
    ({"transactionAmount": amount("5"), "debtorAccount": ..., "debtorName": ...}, Party()),
]


@pytest.mark.parametrize(("changed", "party"), PARTIES)
def test_the_counterparty_is_the_other_side_or_nobody(changed: Any, party: Party) -> None:
    assert one(**changed).counterparty == party


REMITTANCE: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"remittanceInformationUnstructuredArray": ["Strom", None, "Maerz", "Strom"]}, ("Strom", "Maerz")),
    ({"remittanceInformationUnstructuredArray": ["Maerz", "Strom"]}, ("Maerz", "Strom")),
    ({"remittanceInformationUnstructuredArray": ["Ref=CL1", "Trn=RO9"]}, ("Strom Maerz", "Ref=CL1", "Trn=RO9")),
    ({"remittanceInformationUnstructuredArray": [None]}, ("Strom Maerz",)),
    ({"remittanceInformationUnstructuredArray": "one text"}, ("Strom Maerz", "one text")),
    ({"remittanceInformationStructured": "RF18"}, ("Strom Maerz", "RF18")),
    ({"remittanceInformationStructured": {"reference": "RF18", "referenceType": "x"}}, ("Strom Maerz", "RF18")),
    ({"remittanceInformationStructuredArray": [{"reference": "1"}, "2", None]}, ("Strom Maerz", "1", "2")),
    ({"remittanceInformationUnstructured": ...}, ()),
]


@pytest.mark.parametrize(("changed", "lines"), REMITTANCE)
def test_remittance_is_read_from_every_place_banks_use(changed: Any, lines: tuple[str, ...]) -> None:
    assert one(**changed).remittance == lines


@pytest.mark.parametrize(
    ("code", "own", "expected"),
    [
        ("PMNT-RCDT-ESCT", "105", ("PMNT-RCDT-ESCT", "105")),
        ("ACOP", ..., (None, "ACOP")),
        ("ACOP", "4711", (None, "4711")),
        ("ACOP", "105", ("PMNT-RDDT-ESDD", "105")),
        (..., "NMSC+116+1111", ("PMNT-ICDT-ESCT", "NMSC+116+1111")),
        ({"domain": "PMNT", "family": "ICDT", "subFamily": "ESCT"}, ..., ("PMNT-ICDT-ESCT", None)),
        (..., ..., (None, None)),
    ],
)
def test_a_code_is_iso_or_the_banks_own_or_both(code: Any, own: Any, expected: tuple[str | None, str | None]) -> None:
    found = one(bankTransactionCode=code, proprietaryBankTransactionCode=own)
    assert (found.bank_transaction_code, found.proprietary_code) == expected


BROKEN = [
    ({"transactionAmount": amount("-1"), "creditDebitIndicator": "CRDT"}, "transactionAmount is negative"),
    ({"transactionAmount": amount("1,500")}, "transactionAmount is not an amount"),
    ({"transactionAmount": {"currency": "EUR"}}, "transactionAmount has no amount"),
    ({"transactionAmount": amount("1", "EURO")}, "transactionAmount.currency is not a currency code"),
    ({"transactionAmount": ...}, "transactionAmount is missing"),
]


@pytest.mark.parametrize(("changed", "reason"), BROKEN)
def test_a_broken_row_is_set_aside_with_its_reason_and_the_page_survives(changed: Any, reason: str) -> None:
    broken = but(BERLIN_TRANSACTION, **changed)
    page = normalize.transactions(berlin(BERLIN_TRANSACTION, broken, pending=(BERLIN_TRANSACTION,)))
    assert len(page.transactions) == 2
    assert [row.reason[: len(reason)] for row in page.rejected] == [reason]
    assert json.loads(page.rejected[0].raw) == broken


NEXT = [
    ({"next": {"href": "/p2"}}, "/p2"),
    ({"next": "/p2"}, "/p2"),
    ({"next": {"href": ""}}, None),
    ({"next": {}}, None),
    ({"next": None}, None),
    ({}, None),
]


@pytest.mark.parametrize(("links", "following"), NEXT)
def test_the_next_link_is_found_however_it_is_wrapped(links: Any, following: str | None) -> None:
    inside = json.dumps({"transactions": {"booked": [], "_links": links}}).encode()
    outside = json.dumps({"transactions": {"booked": []}, "_links": links}).encode()
    assert normalize.transactions(inside).next == following
    assert normalize.transactions(outside).next == following


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"transactions":', b"{}", b'{"transactions": 1}', b"\xff"])
def test_a_body_of_another_shape_is_a_broken_contract(body: bytes) -> None:
    with pytest.raises(ContractBroken) as caught:
        normalize.transactions(body)
    assert caught.value.raw == body


def accounts(*rows: Any) -> bytes:
    return json.dumps({"accounts": list(rows)}).encode()


def test_a_whole_account() -> None:
    account = normalize.accounts(accounts(BERLIN_ACCOUNT)).values[0]
    assert (account.resource_id, account.currency, account.type) == ("acc-1", "EUR", AccountType.CURRENT)
    assert (account.name, account.product, account.owner_name) == ("Haushalt", "Girokonto Komfort", "Alice O'Connor")
    assert (account.identifiers, account.bic) == (OWN, "LORLDE33")


def test_a_masked_card_number_in_the_iban_field_is_called_what_it_is() -> None:
    row = but(BERLIN_ACCOUNT, iban="XXXX-XXXXXX-12345", cashAccountType=...)
    account = normalize.accounts(accounts(row)).values[0]
    assert account.identifiers == (Identifier(Scheme.MASKED_PAN, "***********2345"),)
    assert account.type is AccountType.CARD


def test_a_deleted_account_is_left_out_and_one_that_cannot_be_addressed_set_aside() -> None:
    nameless = but(BERLIN_ACCOUNT, resourceId=..., iban=...)
    rows = normalize.accounts(accounts(but(BERLIN_ACCOUNT, status="deleted"), nameless))
    assert rows.values == ()
    assert [row.reason for row in rows.rejected] == ["resourceId is missing"]


BALANCES = [
    ("closingBooked", BalanceType.CLOSING_BOOKED),
    ("expected", BalanceType.EXPECTED),
    ("openingBooked", BalanceType.OPENING_BOOKED),
    ("interimAvailable", BalanceType.INTERIM_AVAILABLE),
    ("interimBooked", BalanceType.INTERIM_BOOKED),
    ("forwardAvailable", BalanceType.FORWARD_AVAILABLE),
    ("information", BalanceType.INFORMATION),
    ("nonInvoiced", BalanceType.OTHER),
    ("authorised", BalanceType.OTHER),
]


@pytest.mark.parametrize(("word", "kind"), BALANCES)
def test_balance_types_become_iso_codes_and_keep_the_banks_word(word: str, kind: BalanceType) -> None:
    body = json.dumps({"balances": [but(BERLIN_BALANCE, balanceType=word)]}).encode()
    (found,) = normalize.balances(body).values
    assert (found.type, found.source_label) == (kind, word)
    assert str(found.money.number) == "-5.20"


def test_a_balances_moment_is_its_last_change_or_else_its_day() -> None:
    changed = but(BERLIN_BALANCE, lastChangeDateTime="2018-07-31T11:08:05+01:00")
    body = json.dumps({"balances": [changed, BERLIN_BALANCE]}).encode()
    moments = [found.as_of for found in normalize.balances(body).values]
    assert moments == [datetime(2018, 7, 31, 10, 8, 5, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)]
