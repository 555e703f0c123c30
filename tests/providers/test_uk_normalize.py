"""UK Open Banking 3.1 in the hub's words, rule by rule."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from providers.errors import ContractBroken
from providers.model import AccountType, BalanceType, Identifier, Money, Party, Scheme, Status, Transaction
from providers.uk_obie import normalize
from tests.providers.pages import UK_ACCOUNT, UK_BALANCE, UK_TRANSACTION, but, uk

OWN = (Identifier(Scheme.UK_SORT_CODE_ACCOUNT, "99001741882017"),)


def one(**changed: Any) -> Transaction:
    page = normalize.transactions(uk("Transaction", but(UK_TRANSACTION, **changed)), own=OWN)
    assert page.rejected == ()
    return page.transactions[0]


def amount(text: str | float, currency: str = "GBP") -> dict[str, Any]:
    return {"Amount": text, "Currency": currency}


def test_a_whole_row() -> None:
    found = one()
    assert found.status is Status.BOOKED
    assert found.money == Money(Decimal("-12.10"), "GBP")
    assert (found.booking_date, found.value_date) == (date(2026, 3, 1), date(2026, 3, 2))
    assert found.transaction_datetime is None
    assert found.counterparty == Party("Sainsbury's", Identifier(Scheme.UK_SORT_CODE_ACCOUNT, "20000055779911"))
    assert found.remittance == ("CARD PAYMENT TO SAINSBURYS",)
    assert found.bank_ids == {"TransactionId": "t-1", "TransactionReference": "ref-1"}
    assert found.bank_transaction_code == "PMNT-CCRD-POSD"
    assert found.proprietary_code == "DEB"
    assert found.merchant_category_code == "5411"
    assert found.balance_after == Money(Decimal("87.90"), "GBP")
    assert found.provenance["counterparty"] == "MerchantDetails.MerchantName"
    assert json.loads(found.raw) == UK_TRANSACTION


SIGNS = [
    ("12.10", "Debit", "-12.10"),
    ("12.10", "Credit", "12.10"),
    ("3.7000", "DBIT", "-3.7000"),
    ("0.00", "Debit", "0.00"),
    ("0.00", "Credit", "0.00"),
    (5.1, "Debit", "-5.1"),
]


@pytest.mark.parametrize(("text", "indicator", "number"), SIGNS)
def test_the_indicator_is_folded_into_the_number_and_zero_is_credit(text: Any, indicator: str, number: str) -> None:
    assert str(one(Amount=amount(text), CreditDebitIndicator=indicator).money.number) == number


STATUSES = [
    ("Booked", Status.BOOKED),
    ("Pending", Status.PENDING),
    ("Rejected", Status.REJECTED),
    ("BOOK", Status.BOOKED),
    ("PDNG", Status.PENDING),
    ("FUTR", Status.INFORMATION),
    ("INFO", Status.INFORMATION),
    ("RJCT", Status.REJECTED),
]


@pytest.mark.parametrize(("word", "status"), STATUSES)
def test_status_words_of_both_versions_are_understood(word: str, status: Status) -> None:
    assert one(Status=word).status is status


def test_a_declined_card_payment_is_rejected_whatever_its_status_says() -> None:
    assert one(Status="Pending", SupplementaryData={"Declined": True}).status is Status.REJECTED


@pytest.mark.parametrize("strange", [None, "text", 7, ["Declined"], {"Declined": "yes"}])
def test_supplementary_data_of_any_shape_breaks_nothing(strange: Any) -> None:
    assert one(SupplementaryData=strange).status is Status.BOOKED


def test_the_account_holder_is_never_the_counterparty_of_a_debit() -> None:
    found = one(MerchantDetails=..., CreditorAccount=...)
    assert found.counterparty == Party()
    assert "counterparty" not in found.provenance


def test_the_debtor_of_a_credit_is_the_counterparty() -> None:
    sender = {"SchemeName": "UK.OBIE.IBAN", "Identification": "GB33BUKB20201555555555", "Name": "Bob"}
    found = one(CreditDebitIndicator="Credit", MerchantDetails=..., DebtorAccount=sender)
    assert found.counterparty == Party("Bob", Identifier(Scheme.IBAN, "GB33BUKB20201555555555"))


def test_a_bank_that_names_the_own_account_as_the_other_side_is_not_believed() -> None:
    itself = {"SchemeName": "SortCodeAccountNumber", "Identification": "99001741882017", "Name": "Alice O'Connor"}
    assert one(MerchantDetails=..., CreditorAccount=itself).counterparty == Party()


CODES = [
    ({"Code": "ReceivedCreditTransfer", "SubCode": "DomesticCreditTransfer"}, "PMNT-RCDT-DMCT", "DEB"),
    ({"Code": "RCDT", "SubCode": "ESCT"}, "PMNT-RCDT-ESCT", "DEB"),
    ({"Code": "MiscellaneousDebitOperations", "SubCode": "Fees"}, "-MDOP-FEES", "DEB"),
    ({"Code": "IssuedCreditTransfers", "SubCode": "Something new"}, "PMNT-ICDT-", "DEB"),
    ({"Code": "Whatever", "SubCode": "Fees"}, None, "DEB"),
    (..., None, "DEB"),
]


@pytest.mark.parametrize(("given", "iso", "own"), CODES)
def test_transaction_codes_become_iso_codes_and_unknown_parts_stay_empty(given: Any, iso: str | None, own: str) -> None:
    found = one(BankTransactionCode=given)
    assert (found.bank_transaction_code, found.proprietary_code) == (iso, own)


def test_words_that_are_no_iso_name_stand_in_for_a_missing_own_code() -> None:
    found = one(BankTransactionCode={"Code": "Pots", "SubCode": "RoundUp"}, ProprietaryBankTransactionCode=...)
    assert found.proprietary_code == "Pots/RoundUp"
    assert found.provenance["proprietary_code"] == "BankTransactionCode"


BROKEN = [
    ({"Amount": amount("-12.10")}, "Amount is signed, beside an indicator"),
    ({"Amount": amount("twelve")}, "Amount is not an amount"),
    ({"Amount": amount("1", "pounds")}, "Currency is not a currency code"),
    ({"CreditDebitIndicator": "Sideways"}, "CreditDebitIndicator is unknown"),
    ({"Status": "Maybe"}, "Status is unknown"),
    ({"BookingDateTime": "2025-13-45"}, "BookingDateTime is not a day of the calendar"),
    ({"Amount": ...}, "Object missing required field `Amount`"),
    ({"MerchantDetails": "text"}, "Expected `object | null`, got `str` - at `$.MerchantDetails`"),
    ({"Balance": {"CreditDebitIndicator": "Credit", "Amount": amount("x")}}, "Balance.Amount is not an amount"),
]


@pytest.mark.parametrize(("changed", "reason"), BROKEN)
def test_a_broken_row_is_set_aside_with_its_reason_and_the_page_survives(changed: Any, reason: str) -> None:
    broken = but(UK_TRANSACTION, **changed)
    page = normalize.transactions(uk("Transaction", UK_TRANSACTION, broken, None, UK_TRANSACTION))
    assert len(page.transactions) == 2
    assert [row.reason for row in page.rejected] == [reason, "Expected `object`, got `null`"]
    assert json.loads(page.rejected[0].raw) == broken


def test_a_rows_own_bytes_are_kept_exactly() -> None:
    row = b'{ "Amount":{"Amount":"1.0","Currency":"GBP"},"CreditDebitIndicator":"Credit","Status":"BOOK","X":"\\u00e9"}'
    page = normalize.transactions(b'{"Data":{"Transaction":[' + row + b"]}}")
    assert page.transactions[0].raw == row


NOT_PAGES = [b"", b"<html>", b"[]", b'{"Data":', b'{"Data": 1}', b"{}", b'{"Data":{}}]', b"[" * 99999, b"\xff"]


@pytest.mark.parametrize("body", NOT_PAGES)
def test_a_body_of_another_shape_is_a_broken_contract_and_keeps_its_bytes(body: bytes) -> None:
    with pytest.raises(ContractBroken) as caught:
        normalize.transactions(body)
    assert caught.value.raw == body[: ContractBroken.RAW_LIMIT_BYTES]


@pytest.mark.parametrize("body", [b'{"Data":{}}', b'{"Data":{"Transaction":null},"Links":null}', uk("Transaction")])
def test_no_transactions_is_an_empty_page(body: bytes) -> None:
    page = normalize.transactions(body)
    assert (page.transactions, page.next, page.rejected) == ((), None, ())


def test_a_whole_account() -> None:
    rows = normalize.accounts(uk("Account", UK_ACCOUNT))
    account = rows.values[0]
    assert (account.resource_id, account.currency, account.type) == ("22289", "GBP", AccountType.CURRENT)
    assert (account.name, account.product, account.owner_name) == ("Bills", "Everyday Account", "Alice O'Connor")
    assert account.identifiers == (
        Identifier(Scheme.IBAN, "GB33BUKB20201555555555"),
        Identifier(Scheme.UK_SORT_CODE_ACCOUNT, "99001741882017"),
    )
    assert account.bic == "BUKBGB22"
    assert json.loads(account.raw) == UK_ACCOUNT


def test_a_card_number_is_masked_even_where_the_bank_sends_it_whole() -> None:
    card = [{"SchemeName": "UK.OBIE.PAN", "Identification": "4929420573595709"}]
    account = normalize.accounts(uk("Account", but(UK_ACCOUNT, AccountSubType="CreditCard", Account=card))).values[0]
    assert account.identifiers == (Identifier(Scheme.MASKED_PAN, "************5709"),)
    assert account.type is AccountType.CARD


def test_a_deleted_account_is_left_out_and_a_broken_one_set_aside() -> None:
    gone, broken = but(UK_ACCOUNT, Status="Deleted"), but(UK_ACCOUNT, Currency=...)
    rows = normalize.accounts(uk("Account", gone, UK_ACCOUNT, broken))
    assert len(rows.values) == 1
    assert [row.reason for row in rows.rejected] == ["Object missing required field `Currency`"]


BALANCES = [
    ("ClosingBooked", BalanceType.CLOSING_BOOKED),
    ("ClosingCleared", BalanceType.CLOSING_BOOKED),
    ("ClosingAvailable", BalanceType.CLOSING_AVAILABLE),
    ("InterimBooked", BalanceType.INTERIM_BOOKED),
    ("InterimCleared", BalanceType.INTERIM_BOOKED),
    ("InterimAvailable", BalanceType.INTERIM_AVAILABLE),
    ("Expected", BalanceType.EXPECTED),
    ("OpeningBooked", BalanceType.OPENING_BOOKED),
    ("OpeningCleared", BalanceType.OPENING_BOOKED),
    ("OpeningAvailable", BalanceType.OPENING_AVAILABLE),
    ("PreviouslyClosedBooked", BalanceType.PREVIOUSLY_CLOSED_BOOKED),
    ("ForwardAvailable", BalanceType.FORWARD_AVAILABLE),
    ("Information", BalanceType.INFORMATION),
    ("ITAV", BalanceType.INTERIM_AVAILABLE),
    ("Invented", BalanceType.OTHER),
]


@pytest.mark.parametrize(("word", "kind"), BALANCES)
def test_balance_types_become_iso_codes_and_keep_the_banks_word(word: str, kind: BalanceType) -> None:
    found = normalize.balances(uk("Balance", but(UK_BALANCE, Type=word)), account_id="22289").values[0]
    assert (found.type, found.source_label) == (kind, word)


def test_a_whole_balance_and_only_of_the_account_asked_for() -> None:
    body = uk("Balance", but(UK_BALANCE, CreditDebitIndicator="Debit"), but(UK_BALANCE, AccountId="other"))
    (found,) = normalize.balances(body, account_id="22289").values
    assert str(found.money.number) == "-147.8500"
    assert found.as_of == datetime(2026, 3, 1, 14, 35, 49, 983000, tzinfo=UTC)
    assert found.credit_line_included is False


@pytest.mark.parametrize(("lines", "included"), [(..., None), ([], None), ([{"Included": True}], True), ([{}], False)])
def test_whether_a_credit_line_is_included_is_told_or_left_unknown(lines: Any, included: bool | None) -> None:
    body = uk("Balance", but(UK_BALANCE, CreditLine=lines))
    assert normalize.balances(body, account_id="22289").values[0].credit_line_included is included


@pytest.mark.parametrize("order", [("InterimBooked", "InterimCleared"), ("InterimCleared", "InterimBooked")])
def test_where_a_bank_gives_both_booked_is_the_balance_and_not_cleared(order: tuple[str, str]) -> None:
    """Both have the same ISO code; the larger must not win by being larger."""
    numbers = {"InterimBooked": "100.00", "InterimCleared": "250.00"}
    body = uk("Balance", *(but(UK_BALANCE, Type=word, Amount=amount(numbers[word])) for word in order))
    (found,) = normalize.balances(body, account_id="22289").values
    assert (found.source_label, found.money.number) == ("InterimBooked", Decimal("100.00"))
