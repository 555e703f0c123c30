"""UK Open Banking 3.1 in the hub's words, rule by rule."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from providers.errors import ContractBroken
from providers.model import (
    Account,
    AccountType,
    AccountUsage,
    BalanceType,
    Exchange,
    Identifier,
    Money,
    Party,
    Scheme,
    Status,
    Transaction,
)
from providers.uk_obie import normalize
from tests.providers.pages import UK_ACCOUNT, UK_BALANCE, UK_TRANSACTION, but, uk

OWN = Account("22289", "GBP", identifiers=(Identifier(Scheme.UK_SORT_CODE_ACCOUNT, "99001741882017"),))


def one(**changed: Any) -> Transaction:
    page = normalize.transactions(uk("Transaction", but(UK_TRANSACTION, **changed)), account=OWN)
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
    ("FUTR", Status.FUTURE),
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


def test_what_version_four_tells_more_is_kept() -> None:
    found = one(
        Status="BOOK",
        MerchantDetails=...,
        CreditorAccount={"SchemeName": "UK.OBIE.IBAN", "Identification": "DE89370400440532013000", "Name": "PayPal"},
        CreditorAgent={"SchemeName": "UK.OBIE.BICFI", "Identification": "DEUTDEFF"},
        UltimateCreditor={"Name": "The Bookshop"},
        PaymentPurposeCode="GDDS",
        ChargeAmount=amount("0.30"),
        StatementReference=["2026-03"],
        TransactionMutability="Immutable",
        AddressLine="1 High Street",
        CurrencyExchange={
            "SourceCurrency": "USD",
            "TargetCurrency": "GBP",
            "UnitCurrency": "GBP",
            "ExchangeRate": 1.27,
            "InstructedAmount": amount("15.37", "USD"),
        },
        CardInstrument={"CardSchemeName": "VISA", "Name": "MS A O'CONNOR", "Identification": "4929420573595709"},
    )
    assert found.counterparty == Party("PayPal", Identifier(Scheme.IBAN, "DE89370400440532013000"), "DEUTDEFF")
    details = found.details
    assert details.ultimate == Party("The Bookshop")
    assert (details.purpose, details.additional) == ("GDDS", "1 High Street")
    assert details.charges == Money(Decimal("-0.30"), "GBP")
    assert (details.statement_references, details.is_mutable) == (("2026-03",), False)
    assert details.exchange == Exchange("USD", "GBP", "GBP", Decimal("1.27"), Money(Decimal("-15.37"), "USD"))
    assert details.card is not None
    assert (details.card.masked_pan, details.card.scheme) == ("************5709", "VISA")


def test_the_moment_of_the_event_is_read_from_supplementary_data_only_with_its_time() -> None:
    found = one(SupplementaryData={"TransactionDateTime": "2026-02-28T23:10:00+01:00", "Note": "x"})
    assert found.transaction_datetime == datetime(2026, 2, 28, 22, 10, tzinfo=UTC)
    assert one(SupplementaryData={"TransactionDateTime": "2026-02-28"}).transaction_datetime is None


def test_a_word_for_a_status_that_nobody_knows_moves_no_money() -> None:
    assert one(Status="Maybe").status is Status.INFORMATION
    assert one(Status=...).status is Status.BOOKED
    assert one(Status="", BookingDateTime=...).status is Status.PENDING


def test_extended_codes_stand_in_for_the_banks_own_and_a_category_keeps_its_zeros() -> None:
    found = one(
        ProprietaryBankTransactionCode=...,
        ExtendedProprietaryBankTransactionCodes=[{"Issuer": "x"}, {"Code": "CHP", "Description": "chip"}],
        MerchantDetails={"MerchantCategoryCode": 763},
    )
    assert (found.proprietary_code, found.merchant_category_code) == ("CHP", "0763")


ENVELOPES = [
    {"Data": {"Transaction": UK_TRANSACTION}, "Links": "none"},
    {"Data": {"Transactions": [UK_TRANSACTION]}},
    {"data": {"transaction": [UK_TRANSACTION]}, "links": {"next": None}},
    {"Data": [UK_TRANSACTION]},
    {"Data": {"AccountId": "22289", "Transaction": [UK_TRANSACTION, None]}, "Meta": []},
]


@pytest.mark.parametrize("page", ENVELOPES)
def test_an_envelope_of_another_cut_holds_its_row_all_the_same(page: Any) -> None:
    assert len(normalize.transactions(json.dumps(page).encode()).transactions) == 1


def test_a_list_under_a_strange_name_is_not_taken_for_nothing() -> None:
    with pytest.raises(ContractBroken, match="none of Transaction"):
        normalize.transactions(uk("Entries", UK_TRANSACTION))
    assert normalize.transactions(uk("Entries")).transactions == ()


CODES = [
    ({"Code": "ReceivedCreditTransfer", "SubCode": "DomesticCreditTransfer"}, "PMNT-RCDT-DMCT", "DEB"),
    ({"Code": "RCDT", "SubCode": "ESCT"}, "PMNT-RCDT-ESCT", "DEB"),
    ({"Code": "MiscellaneousDebitOperations", "SubCode": "Fees"}, "-MDOP-FEES", "DEB"),
    ({"Code": "IssuedCreditTransfers", "SubCode": "Something new"}, "PMNT-ICDT-", "DEB"),
    ({"Code": "Issued Direct Debits", "SubCode": "Direct Debit"}, "PMNT-IDDT-PMDD", "DEB"),
    ({"Code": "Whatever", "SubCode": "Fees"}, "PMNT-CCRD-POSD", "DEB"),
    (..., "PMNT-CCRD-POSD", "DEB"),
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
    ({"Amount": amount("-12.10"), "CreditDebitIndicator": "Credit"}, "Amount with CreditDebitIndicator is negative"),
    ({"Amount": amount("twelve")}, "Amount is not an amount"),
    ({"Amount": amount("1", "pounds")}, "is not a currency code"),
    ({"CreditDebitIndicator": "Sideways"}, "CreditDebitIndicator is unknown"),
    ({"CreditDebitIndicator": ...}, "CreditDebitIndicator is unknown"),
    ({"Amount": ...}, "Object missing required field `Amount`"),
]


@pytest.mark.parametrize(("changed", "reason"), BROKEN)
def test_a_broken_row_is_set_aside_with_its_reason_and_the_page_survives(changed: Any, reason: str) -> None:
    broken = but(UK_TRANSACTION, **changed)
    page = normalize.transactions(uk("Transaction", UK_TRANSACTION, broken, None, "text", UK_TRANSACTION))
    assert len(page.transactions) == 2
    assert [reason in page.rejected[0].reason, page.rejected[1].reason] == [True, "Expected `object`, got `str`"]
    assert json.loads(page.rejected[0].raw) == broken


SURVIVED = [
    {"BookingDateTime": "2025-13-45"},
    {"BookingDateTime": ...},
    {"BookingDateTime": "", "ValueDateTime": ""},
    {"ValueDateTime": "soon"},
    {"MerchantDetails": "text"},
    {"MerchantDetails": {"MerchantName": ["a"], "MerchantCategoryCode": 5411}},
    {"Balance": {"CreditDebitIndicator": "Credit", "Amount": amount("x")}},
    {"Balance": "87.90"},
    {"TransactionInformation": 17},
    {"TransactionInformation": None},
    {"TransactionId": 42, "TransactionReference": {"Id": "x"}},
    {"BankTransactionCode": "PMNT"},
    {"CreditorAccount": []},
    {"CreditorAgent": {"Identification": 7}},
    {"CurrencyExchange": {"ExchangeRate": "one"}},
    {"CardInstrument": True},
    {"Status": "Maybe"},
    {"Status": ...},
    {"Amount": amount("-12.10")},
    {"Amount": {"Amount": "12.10"}},
    {"Amount": amount("12.10", "gbp")},
    {"StatementReference": {"a": 1}},
    {"UltimateCreditor": 3},
]


@pytest.mark.parametrize("changed", SURVIVED)
def test_no_optional_field_costs_the_row(changed: Any) -> None:
    found = one(**changed)
    assert found.money == Money(Decimal("-12.10"), "GBP")
    assert json.loads(found.raw) == but(UK_TRANSACTION, **changed)


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
    gone, broken = but(UK_ACCOUNT, Status="Deleted"), but(UK_ACCOUNT, AccountId=...)
    rows = normalize.accounts(uk("Account", gone, UK_ACCOUNT, broken))
    assert len(rows.values) == 1
    assert [row.reason for row in rows.rejected] == ["Object missing required field `AccountId`"]


def test_an_account_without_a_currency_has_the_banks_own_or_is_set_aside() -> None:
    body = uk("Account", but(UK_ACCOUNT, Currency=...))
    assert [one.currency for one in normalize.accounts(body, currency="GBP").values] == ["GBP"]
    assert normalize.accounts(body).rejected[0].reason == "Currency is not a currency code"


ODD_ACCOUNTS = [
    {"Account": None},
    {"Account": [None, UK_ACCOUNT["Account"][0]]},
    {"Account": UK_ACCOUNT["Account"][0]},
    {"Account": "text"},
    {"AccountId": 22289},
    {"Servicer": "BUKBGB22"},
    {"Nickname": 7, "Description": None},
]


@pytest.mark.parametrize("changed", ODD_ACCOUNTS)
def test_no_optional_field_costs_an_account(changed: Any) -> None:
    (account,) = normalize.accounts(uk("Account", but(UK_ACCOUNT, **changed))).values
    assert (account.resource_id, account.currency) == ("22289", "GBP")


ACCOUNT_WORDS = [
    ({"AccountSubType": "CreditCard"}, AccountType.CARD),
    ({"AccountSubType": "EMoney"}, AccountType.WALLET),
    ({"AccountSubType": "Mortgage"}, AccountType.MORTGAGE),
    ({"AccountSubType": ..., "AccountTypeCode": "SVGS"}, AccountType.SAVINGS),
    ({"AccountSubType": ..., "AccountTypeCode": "CACC"}, AccountType.CURRENT),
    ({"AccountSubType": ..., "AccountTypeCode": "WALT"}, AccountType.WALLET),
    ({"AccountSubType": ..., "AccountTypeCode": "TAXE"}, AccountType.OTHER),
    ({"AccountSubType": "SAVINGS"}, AccountType.SAVINGS),
    ({"AccountSubType": ...}, AccountType.OTHER),
]


@pytest.mark.parametrize(("changed", "kind"), ACCOUNT_WORDS)
def test_account_types_of_both_versions_are_understood(changed: Any, kind: AccountType) -> None:
    assert normalize.accounts(uk("Account", but(UK_ACCOUNT, **changed))).values[0].type is kind


def test_personal_and_business_are_private_and_organisation_in_both_versions() -> None:
    words: list[dict[str, Any]] = [
        {"AccountType": "Business"},
        {"AccountType": ..., "AccountCategory": "Personal"},
        {"AccountType": ...},
    ]
    body = uk("Account", *(but(UK_ACCOUNT, AccountId=str(at), **changed) for at, changed in enumerate(words)))
    assert [one.usage for one in normalize.accounts(body).values] == [
        AccountUsage.ORGANISATION,
        AccountUsage.PRIVATE,
        None,
    ]


def test_two_ibans_of_a_pocket_come_in_one_order_whatever_the_bank_does() -> None:
    ibans = [
        {"SchemeName": "IBAN", "Identification": one} for one in ("GB33BUKB20201555555555", "LT121000011101001000")
    ]
    found = [
        normalize.accounts(uk("Account", but(UK_ACCOUNT, Account=listed))).values[0].identifiers
        for listed in (ibans, ibans[::-1])
    ]
    assert found[0] == found[1]


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


LIMITS = [
    ([("Available", "80"), ("Credit", "500")], "500"),
    ([("Available", "80")], None),
    ([("Pre-Agreed", "250.00"), ("Temporary", "50")], "250.00"),
    ([(..., "70")], "70"),
    ([("Credit", "x"), ("Emergency", "10")], "10"),
]


@pytest.mark.parametrize(("lines", "limit"), LIMITS)
def test_the_limit_of_an_account_is_told_and_what_is_left_of_it_is_none(lines: Any, limit: str | None) -> None:
    given = [but({"Included": False, "Type": kind, "Amount": amount(number)}, Type=kind) for kind, number in lines]
    (found,) = normalize.balances(uk("Balance", but(UK_BALANCE, CreditLine=given)), account_id="22289").values
    assert found.credit_limit == (None if limit is None else Money(Decimal(limit), "GBP"))


def test_balances_under_one_other_name_are_still_the_answer_and_mixed_ones_are_sifted() -> None:
    other = but(UK_BALANCE, AccountId="alias")
    assert len(normalize.balances(uk("Balance", other, other), account_id="22289").values) == 2
    mixed = uk("Balance", other, but(UK_BALANCE, AccountId="stranger"))
    assert normalize.balances(mixed, account_id="22289").values == ()


ODD_BALANCES = [{"DateTime": "yesterday"}, {"CreditLine": "250"}, {"Type": None}, {"AccountId": ...}]


@pytest.mark.parametrize("changed", ODD_BALANCES)
def test_no_optional_field_costs_a_balance(changed: Any) -> None:
    (found,) = normalize.balances(uk("Balance", but(UK_BALANCE, **changed)), account_id="22289").values
    assert str(found.money.number) == "147.8500"


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
