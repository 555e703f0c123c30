"""Rows of banks that nobody described to us: each is read for what it can only mean, or set aside with its reason."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from providers.au_cdr import normalize as au_cdr
from providers.berlin_group import normalize as berlin_group
from providers.br_openfinance import normalize as br_openfinance
from providers.model import Account, AccountType, Identifier, Money, Page, Party, Scheme, Status, Transaction
from providers.stet import normalize as stet
from providers.uk_obie import normalize as uk_obie

IBAN = "DE89370400440532013000"
OWN = Account("1", "EUR", AccountType.CURRENT)
BERLIN = {"bookingDate": "2024-03-15", "transactionAmount": {"amount": "-12.10", "currency": "EUR"}}
STET = {"bookingDate": "2024-03-15", "creditDebitIndicator": "DBIT", "transactionAmount": {"amount": "12.10"}}
UK = {"BookingDateTime": "2024-03-15T10:00:00Z", "CreditDebitIndicator": "Debit", "Amount": {"Amount": "12.10"}}
CDR = {"postingDateTime": "2024-03-15T10:00:00Z", "amount": "-12.10"}
BR = {
    "transactionDateTime": "2024-03-15T13:00:00.000Z",
    "creditDebitType": "DEBITO",
    "transactionAmount": {"amount": "12.10"},
}


def page(standard: Any, row: Mapping[str, Any], fields: Mapping[str, Any], account: Account = OWN) -> Page:
    whole = {name: value for name, value in {**row, **fields}.items() if value is not ...}
    zone = ZoneInfo("America/Sao_Paulo" if standard is br_openfinance else "Europe/Berlin")
    body = standard.page_of(json.dumps(whole).encode(), Status.BOOKED, {})
    return standard.transactions(body, account=account, zone=zone)  # type: ignore[no-any-return]


def one(standard: Any, row: Mapping[str, Any], /, **fields: Any) -> Transaction:
    found = page(standard, row, fields)
    assert found.rejected == ()
    return found.transactions[0]


def reason(standard: Any, row: Mapping[str, Any], /, **fields: Any) -> str:
    found = page(standard, row, fields)
    assert found.transactions == ()
    return found.rejected[0].reason


EUR = {"currency": "EUR"}
AMOUNTS: list[Any] = [
    "-12.10",
    -12.10,
    "-12,10 EUR",
    [{"amount": "-12.10"}],
    {"amount": "-12.10 EUR"} | EUR,
    {"amount": "EUR -12.10"},
    {"amount": "-12.10", "currency": "null"},
    {"amount": "-12.10", "currency": " eur "},
    {"amount": "-12.10", "currency": {"code": "EUR"}},
    {"amount": "-12.10", "currency": 978},
    {"amount": {"value": -12.10, "currency": "EUR"}},
    {"amount": {"amount": "-12.10 EUR"}} | EUR,
]
NO_AMOUNTS: list[tuple[Any, str]] = [
    ({"amount": "-12.10 USD"} | EUR, "transactionAmount is in two currencies"),
    ({"amount": {"amount": "-12.10", "currency": "USD"}} | EUR, "transactionAmount is in two currencies"),
    ({"amount": "-12.10", "currency": {"iso": "USD"}}, "transactionAmount.currency is not a currency code"),
    ({"amount": "-12.10", "currency": ["EUR", "USD"]}, "transactionAmount.currency is not a currency code"),
    ({"amount": {"amount": {"amount": "1"}}}, "transactionAmount is not an amount"),
    ([{"amount": "-12.10"}, {"amount": "-13.15", "currency": "USD"}], "transactionAmount is not an amount"),
    ({"amount": None} | EUR, "transactionAmount is not an amount"),
    ("none", "transactionAmount is not an amount"),
    (None, "transactionAmount is missing"),
]


@pytest.mark.parametrize("given", AMOUNTS)
def test_an_amount_in_whatever_shape(given: Any) -> None:
    assert one(berlin_group, BERLIN, transactionAmount=given).money == Money(Decimal("-12.10"), "EUR")


@pytest.mark.parametrize(("given", "why"), NO_AMOUNTS)
def test_an_amount_that_could_be_two_is_none(given: Any, why: str) -> None:
    assert reason(berlin_group, BERLIN, transactionAmount=given) == why


def test_an_account_of_several_currencies_lends_none_to_an_amount() -> None:
    found = page(berlin_group, BERLIN, {"transactionAmount": {"amount": "1"}}, Account("1", "XXX"))
    assert found.rejected[0].reason == "transactionAmount.currency is not a currency code"


OTHERS: list[tuple[Any, Mapping[str, Any], dict[str, Any], str, str]] = [
    (stet, STET, {"transactionAmount": "12.10"}, "-12.10", "EUR"),
    (stet, STET, {"transactionAmount": 12.1, "currency": "chf"}, "-12.1", "CHF"),
    (stet, STET, {"transactionAmount": {"amount": "12.10 CHF"}}, "-12.10", "CHF"),
    (stet, STET, {"creditDebitIndicator": {"code": "DBIT"}}, "-12.10", "EUR"),
    (uk_obie, UK, {"Amount": "12.10", "Currency": "GBP"}, "-12.10", "GBP"),
    (uk_obie, UK, {"Amount": {"Amount": "GBP12.10"}}, "-12.10", "GBP"),
    (uk_obie, UK, {"Amount": {"Amount": {"Amount": "12.10", "Currency": "GBP"}}}, "-12.10", "GBP"),
    (uk_obie, UK, {"CreditDebitIndicator": "DR"}, "-12.10", "EUR"),
    (uk_obie, UK, {"CreditDebitIndicator": {"Code": "Credit"}}, "12.10", "EUR"),
    (au_cdr, CDR, {"amount": "-12.10 NZD"}, "-12.10", "NZD"),
    (au_cdr, CDR, {"amount": {"amount": "-12.10", "currency": "NZD"}}, "-12.10", "NZD"),
    (au_cdr, CDR, {"currency": "nzd "}, "-12.10", "NZD"),
    (br_openfinance, BR, {"transactionAmount": "12.10"}, "-12.10", "EUR"),
    (br_openfinance, BR, {"transactionAmount": {"amount": "R$ 1.012,10", "currency": "BRL"}}, "-1012.10", "BRL"),
    (br_openfinance, BR, {"creditDebitType": "Débito"}, "-12.10", "EUR"),
    (br_openfinance, BR, {"creditDebitType": None, "transactionAmount": {"amount": "-12.10"}}, "-12.10", "EUR"),
]
BROKEN: list[tuple[Any, Mapping[str, Any], dict[str, Any], str]] = [
    (stet, STET, {"transactionAmount": {"amount": "1", "currency": {"iso": "USD"}}}, "currency"),
    (stet, STET, {"creditDebitIndicator": {"kind": "DBIT"}}, "creditDebitIndicator cannot be read"),
    (uk_obie, UK, {"Amount": {"Amount": "1", "Currency": {"Iso": "USD"}}}, "Amount.currency"),
    (uk_obie, UK, {"CreditDebitIndicator": True}, "CreditDebitIndicator is unknown"),
    (au_cdr, CDR, {"amount": "-12.10 NZD", "currency": "AUD"}, "amount is in two currencies"),
    (au_cdr, CDR, {"currency": {"iso": "NZD"}}, "amount.currency"),
    (br_openfinance, BR, {"creditDebitType": None}, "creditDebitType is missing"),
    (br_openfinance, BR, {"creditDebitType": "SAIDA"}, "creditDebitType is unknown"),
]


@pytest.mark.parametrize(("standard", "row", "fields", "number", "currency"), OTHERS)
def test_an_amount_of_every_standard_in_whatever_shape(
    standard: Any, row: Mapping[str, Any], fields: dict[str, Any], number: str, currency: str
) -> None:
    assert one(standard, row, **fields).money == Money(Decimal(number), currency)


@pytest.mark.parametrize(("standard", "row", "fields", "why"), BROKEN)
def test_money_of_which_the_way_or_the_currency_is_not_known_is_set_aside(
    standard: Any, row: Mapping[str, Any], fields: dict[str, Any], why: str
) -> None:
    assert why in reason(standard, row, **fields)


UNSIGNED = {"transactionAmount": {"amount": "12.10", "currency": "EUR"}}
WAYS: list[tuple[dict[str, Any], str]] = [
    ({"creditDebitIndicator": {"code": "DBIT"}}, "-12.10"),
    ({"creditDebitIndicator": ["debit"]}, "-12.10"),
    ({"creditDebitIndicator": "Débit"}, "-12.10"),
    ({"cdtDbtInd": "DBIT"}, "-12.10"),
    ({"credit_debit_code": "D"}, "-12.10"),
    ({"creditDebitType": "DEBIT"}, "-12.10"),
    ({"debitOrCredit": "debit"}, "-12.10"),
    ({"transactionDirection": "OUTBOUND"}, "-12.10"),
    ({"side": "debit"}, "-12.10"),
    ({"sign": "-"}, "-12.10"),
    ({"sign": "+"}, "12.10"),
    ({"transactionType": "CREDIT"}, "12.10"),
    ({"creditDebitIndicator": "null"}, "12.10"),
]
NO_WAYS: list[tuple[dict[str, Any], str]] = [
    ({"creditDebitIndicator": "-"}, "creditDebitIndicator is unknown"),
    ({"creditDebitIndicator": {"kind": "DBIT"}}, "creditDebitIndicator cannot be read"),
    ({"transactionAmount": UNSIGNED["transactionAmount"] | {"creditDebitIndicator": {"kind": 1}}}, "cannot be read"),
    ({"direction": "O"}, "direction is unknown"),
    ({"transactionType": "DEBIT"}, "transactionType is a debit"),
    ({"type": "dbit"}, "type is a debit"),
]


@pytest.mark.parametrize(("fields", "number"), WAYS)
def test_the_way_of_the_money_under_whatever_name(fields: dict[str, Any], number: str) -> None:
    assert str(one(berlin_group, BERLIN | UNSIGNED, **fields).money.number) == number


@pytest.mark.parametrize(("fields", "why"), NO_WAYS)
def test_the_way_of_the_money_is_never_guessed(fields: dict[str, Any], why: str) -> None:
    assert why in reason(berlin_group, BERLIN | UNSIGNED, **fields)


DAYS: list[tuple[Any, str | None]] = [
    (1710457200, "2024-03-15"),  # midnight in Berlin
    (1710457200000, "2024-03-15"),
    ("1710460800000", "2024-03-15"),  # midnight in UTC
    ("/Date(1710457200000+0100)/", "2024-03-15"),
    ([2024, 3, 15], "2024-03-15"),
    ([2024, 3, 15, 10, 30], "2024-03-15"),
    ({"date": "2024-03-15"}, "2024-03-15"),
    ("2024-3-5", "2024-03-05"),
    ("5-3-2024", "2024-03-05"),
    ("15 March 2024", "2024-03-15"),
    ("Fri, 15 Mar 2024 00:00:00 GMT", "2024-03-15"),
    ("03/15/2024", None),
    ("24-03-15", None),
    ([2024, 3], None),
]


@pytest.mark.parametrize(("given", "day"), DAYS)
def test_a_day_in_whatever_shape_is_the_banks_own(given: Any, day: str | None) -> None:
    found = one(berlin_group, BERLIN, bookingDate=given)
    assert (found.booking_date and found.booking_date.isoformat()) == day
    assert found.provenance.get("unread") == (None if day else "bookingDate")


OTHER_DAYS: list[tuple[Any, Mapping[str, Any], dict[str, Any]]] = [
    (berlin_group, BERLIN, {"bookingDate": ..., "bookingDateTime": "2024-03-14T23:00:00Z"}),
    (berlin_group, BERLIN, {"bookingDate": ..., "accountingDate": "2024-03-15"}),
    (berlin_group, BERLIN, {"bookingDate": ..., "executionDate": "2024-03-15"}),
    (berlin_group, BERLIN, {"bookingDate": ..., "transactionDate": "2024-03-14", "ledgerDate": "2024-03-15"}),
    (stet, STET, {"bookingDate": ..., "bookingDateTime": "2024-03-15T10:00:00Z"}),
    (stet, STET, {"bookingDate": ..., "operationDate": "2024-03-15"}),
    (uk_obie, UK, {"BookingDateTime": ..., "BookingDate": "2024-03-15"}),
    (br_openfinance, BR, {"transactionDateTime": "2024-03-15T00:00:00.000Z"}),  # a day without its time
    (br_openfinance, BR, {"transactionDateTime": "2024-03-16T01:00:00.000Z"}),
]


@pytest.mark.parametrize(("standard", "row", "fields"), OTHER_DAYS)
def test_the_day_of_booking_wherever_it_stands(standard: Any, row: Mapping[str, Any], fields: dict[str, Any]) -> None:
    assert str(one(standard, row, **fields).booking_date) == "2024-03-15"


PARTIES: list[dict[str, Any]] = [
    {"creditorName": {"name": "Shop"}, "creditorAccount": [{"iban": IBAN}, {"bban": "370400440532013000"}]},
    {"creditorName": ["Shop"], "creditorIban": IBAN},
    {"creditorName": "Shop", "creditorAccount": {"accountNumber": IBAN}},
    {"beneficiaryName": "Shop", "creditorAccount": ...},
    {"payee": {"name": "Shop", "iban": IBAN}},
    {"receiver": "Shop"},
    {"Recipient_Name": "Shop"},
    {"creditorAccount": {"iban": IBAN, "name": "Shop"}},
    {"merchant": {"name": "Shop"}},
    {"cardAcceptorName": "Shop"},
]


@pytest.mark.parametrize("fields", PARTIES)
def test_who_was_paid_under_whatever_name(fields: dict[str, Any]) -> None:
    found = one(berlin_group, BERLIN, **fields).counterparty
    assert found.name == "Shop"
    assert found.account in (None, Identifier(Scheme.IBAN, IBAN))


def test_who_paid_is_no_other_side_of_a_debit() -> None:
    assert one(berlin_group, BERLIN, payerName="Alice").counterparty == Party()
    assert one(berlin_group, BERLIN | UNSIGNED, payerName="Alice").counterparty == Party("Alice")
    assert one(stet, STET, creditorName="Shop").counterparty == Party("Shop")
    assert one(uk_obie, UK, MerchantDetails="Shop").counterparty == Party("Shop")


TEXTS: list[dict[str, Any]] = [
    {"remittanceInformationUnstructured": {"text": "Rent May"}},
    {"remittanceInformationUnstructuredArray": [["Rent May"]]},
    {"remittanceInformationUnstructuredArray": [{"remittanceInformationUnstructured": "Rent May"}]},
    {"remittanceInformationUnstructuredArray": [{"line": "Rent May"}]},
    {"remittanceInformation": {"Unstructured": [{"text": "Rent May"}]}},
    {"remittanceInformationStructured": {"reference": {"reference": "Rent May"}}},
    {"additionalInformation": ["Rent", "May"]},
    {"description": {"text": "Rent May"}},
    {"transaction_description": "Rent May"},
    {"descriptiveText": "Rent May"},
    {"communication": "Rent May"},
]


@pytest.mark.parametrize("fields", TEXTS)
def test_the_payers_words_in_whatever_shape(fields: dict[str, Any]) -> None:
    assert one(berlin_group, BERLIN, **fields).remittance == ("Rent May",)


def test_the_words_of_other_standards_in_whatever_shape() -> None:
    for given in ({"Unstructured": ["Rent May"]}, {"text": "Rent May"}, [{"unstructured": [["Rent May"]]}]):
        assert one(stet, STET, remittanceInformation=given).remittance == ("Rent May",)


FLAGS: list[dict[str, Any]] = [{"pending": True}, {"isPending": True}, {"booked": False}, {"is_booked": False}]


@pytest.mark.parametrize("fields", [*FLAGS, {"status": {"code": "PDNG"}}, {"status": ["pending"]}])
def test_what_is_not_booked_yet_says_so_in_whatever_way(fields: dict[str, Any]) -> None:
    assert one(berlin_group, BERLIN, **fields).status is Status.PENDING


AFTER: list[tuple[Any, str | None]] = [
    ({"balanceAmount": {"amount": "5"}}, "5"),
    ({"amount": {"amount": "5", "currency": "EUR"}}, "5"),
    ({"balanceAmount": {"amount": "5", "currency": "EUR"}, "creditDebitIndicator": "DBIT"}, "-5"),
    ({"balanceAmount": {"amount": "5"}, "creditDebitIndicator": "X"}, None),
    (5.5, "5.5"),
]


@pytest.mark.parametrize(("given", "number"), AFTER)
def test_a_balance_after_it_in_whatever_shape(given: Any, number: str | None) -> None:
    found = one(berlin_group, BERLIN, balanceAfterTransaction=given).balance_after
    assert found == (None if number is None else Money(Decimal(number), "EUR"))


def test_what_was_paid_abroad_goes_the_way_of_the_row() -> None:
    original = {"originalAmount": {"amount": "13.15", "currency": "USD"}, "creditDebitIndicator": "DBIT"}
    exchange = one(berlin_group, BERLIN | UNSIGNED, **original).details.exchange
    assert exchange is not None
    assert exchange.instructed == Money(Decimal("-13.15"), "USD")
