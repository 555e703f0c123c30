"""The shapes in which banks send what NextGenPSD2 describes, and the fields of it that only some of them send."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from providers.berlin_group import normalize
from providers.errors import ContractBroken
from providers.model import (
    Account,
    AccountType,
    AccountUsage,
    BalanceType,
    Card,
    Exchange,
    Identifier,
    Money,
    Page,
    Party,
    Scheme,
    Status,
    Transaction,
)
from providers.rows import Rows

ROW: dict[str, Any] = {"bookingDate": "2026-03-10", "transactionAmount": {"amount": "-12.10", "currency": "EUR"}}


def page(content: Any, account: Account | None = None) -> Page:
    return normalize.transactions(json.dumps(content).encode(), account=account)


def one(**fields: Any) -> Transaction:
    found = page({"transactions": {"booked": [ROW | fields]}})
    assert found.rejected == ()
    return found.transactions[0]


ENVELOPES: list[tuple[Any, list[Status]]] = [
    ({"transactions": {"booked": [ROW], "pending": [ROW]}}, [Status.BOOKED, Status.PENDING]),
    ({"transactions": [ROW, ROW | {"status": "pending"}]}, [Status.BOOKED, Status.PENDING]),
    ({"booked": [ROW], "pending": [ROW]}, [Status.BOOKED, Status.PENDING]),
    ({"cardTransactions": {"booked": [ROW], "pending": None}}, [Status.BOOKED]),
    ({"transactions": {"booked": None, "pending": [ROW, None]}}, [Status.PENDING]),
    ({"transactions": {"information": [ROW], "info": [ROW]}}, [Status.INFORMATION, Status.INFORMATION]),
    ({"transactions": {"_links": {}}}, []),
    ({"transactions": []}, []),
    ({"transactions": {"booked": ROW, "_links": []}}, [Status.BOOKED]),
    ({"Transactions": {"Booked": [ROW]}}, [Status.BOOKED]),
    ([ROW, ROW | {"status": "pending "}], [Status.BOOKED, Status.PENDING]),
    ({"data": {"transactions": {"booked": [ROW]}}}, [Status.BOOKED]),
    ({"data": [ROW]}, [Status.BOOKED]),
    ({"accountReport": {"booked": [ROW], "pending": [ROW]}}, [Status.BOOKED, Status.PENDING]),
    ({"status": 200, "response": {"data": {"transactions": {"booked": [ROW]}}}}, [Status.BOOKED]),
    ({"transactions": {"booked": [ROW]}, "_links": "x", "debitAccounting": "no"}, [Status.BOOKED]),
]


@pytest.mark.parametrize(("content", "statuses"), ENVELOPES)
def test_the_rows_are_found_however_they_are_wrapped(content: Any, statuses: list[Status]) -> None:
    found = page(content)
    assert ([row.status for row in found.transactions], found.rejected) == (statuses, ())


@pytest.mark.parametrize(
    "content",
    [
        {"transactions": {"booked": 7}},
        {"transactions": {"booked": [ROW], "pending": "none"}},
        {"transactions": "x"},
        {"data": {"transactions": {"booked": 7}}},
        {"transactions": {"booked": [ROW]}, "cardTransactions": 1},
    ],
)
def test_rows_are_never_lost_in_silence(content: Any) -> None:
    with pytest.raises(ContractBroken, match="is no list"):
        page(content)


EUR = {"currency": "EUR"}
SPELLINGS = [
    {"BookingDate": "2026-03-10", "TransactionAmount": {"Amount": "-12.10", "Currency": "EUR"}, "CreditorName": "Shop"},
    {"booking_date": "2026-03-10", "transaction_amount": {"amount": "-12.10"} | EUR, "creditor_name": "Shop"},
    {"bookingDate": "2026-03-10", "transactionAmount": {"Amount": "-12.10", "currency": "eur"}, "creditor": "Shop"},
    {"bookingDate": "2026-03-10", "transactionAmount": {"content": "-12.10"} | EUR, "creditorname": "Shop"},
    {"booking-date": "2026-03-10", "transactionAmount": {"value": "-12,10"} | EUR, "creditor": {"name": "Shop"}},
]


@pytest.mark.parametrize("row", SPELLINGS)
def test_names_are_read_however_a_bank_spells_them(row: dict[str, Any]) -> None:
    (found,) = page({"transactions": {"booked": [row]}}).transactions
    assert (str(found.money.number), found.money.currency, found.counterparty.name) == ("-12.10", "EUR", "Shop")
    assert str(found.booking_date) == "2026-03-10"


AMOUNTS: list[tuple[dict[str, Any], str, str]] = [
    ({"amount": {"content": -100.12, "currency": "EUR"}}, "-100.12", "amount"),
    ({"amount": "-5.10", "currency": "EUR"}, "-5.10", "amount"),
    ({"Amount": {"value": 5, "Currency": "eur"}}, "5", "amount"),
]


@pytest.mark.parametrize(("fields", "number", "place"), AMOUNTS)
def test_an_amount_stands_where_the_bank_put_it(fields: dict[str, Any], number: str, place: str) -> None:
    (found,) = page({"transactions": [fields]}).transactions
    assert (str(found.money.number), found.money.currency, found.provenance["money"]) == (number, "EUR", place)


@pytest.mark.parametrize(
    "given",
    [
        {"cardInstrument": {"cardSchemeName": "MASTERCARD", "name": "Alice", "identification": 1234}},
        {"cardSchemeName": "MASTERCARD", "name": "Alice", "identification": "1234"},
        {"CardSchemeName": "MASTERCARD", "Name": "Alice", "Identification": "1234"},
        {"CardInstrument": {"CardSchemeName": "MASTERCARD", "Identification": "1234"}},
    ],
)
def test_the_card_of_an_aggregators_row(given: dict[str, Any]) -> None:
    card = one(creditorName="Dunkin", additionalDataStructured=given).details.card
    assert card == Card("1234", "MASTERCARD", "Dunkin")


def test_a_code_that_the_bank_calls_a_type() -> None:
    found = one(transactionType="Sepa Credit Transfer", transactionStatus="PDNG")
    assert (found.bank_transaction_code, found.status) == ("PMNT-ICDT-ESCT", Status.PENDING)
    assert found.provenance["bank_transaction_code"] == "transactionType by words"


def test_an_id_in_the_additional_text_is_no_remittance() -> None:
    assert one(additionalInformation="8a7d6a71-0bbc-4691-b04e-9ac7c54e0b5e").remittance == ()
    assert one(additionalInformation="Netto").remittance == ("Netto",)


def test_one_wrong_field_costs_the_field() -> None:
    found = one(
        creditorName={"x": "y"}, creditorId={"a": 1}, valueDate=20260311, balanceAfterTransaction=[], debtorName=None
    )
    assert found.provenance["unread"] == "creditorName, creditorId, balanceAfterTransaction"
    assert str(found.value_date) == "2026-03-11"


def test_an_amount_after_the_transaction_that_is_none_costs_only_itself() -> None:
    found = one(balanceAfterTransaction={"balanceAmount": {"amount": "?", "currency": "EUR"}})
    assert (found.balance_after, found.provenance["unread"]) == (None, "balanceAfterTransaction")
    flat = one(balanceAfterTransaction={"amount": "5", "currency": "EUR"})
    assert flat.balance_after == Money(Decimal(5), "EUR")


EXCHANGES: list[tuple[dict[str, Any], Exchange]] = [
    (
        {"currencyExchange": [{
            "sourceCurrency": "USD", "exchangeRate": "1.0870", "unitCurrency": "EUR", "targetCurrency": "EUR",
        }]},
        Exchange("USD", "EUR", "EUR", Decimal("1.0870")),
    ),
    (
        {"currencyExchange": {"sourceCurrency": "USD", "exchangeRate": 1.087, "instructedAmount": {
            "amount": "13.15", "currency": "USD",
        }}},
        Exchange("USD", None, None, Decimal("1.087"), Money(Decimal("-13.15"), "USD")),
    ),
    (
        {"exchangeRate": [{"currencyFrom": "USD", "rateFrom": "1.087", "currencyTo": "EUR", "rateTo": "1"}]},
        Exchange("USD", "EUR", None, Decimal("1.087")),
    ),
    (
        {"exchangeRate": {"sourceCurrency": "USD", "rate": "1,087", "targetCurrency": "EUR"}},
        Exchange("USD", "EUR", None, None),
    ),
    (
        {"originalAmount": {"amount": "-13.15", "currency": "USD"}},
        Exchange(instructed=Money(Decimal("-13.15"), "USD")),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "exchange"), EXCHANGES)
def test_an_exchange_has_one_shape(fields: dict[str, Any], exchange: Exchange) -> None:
    assert one(**fields).details.exchange == exchange


def test_the_only_entry_of_a_batch_tells_what_the_row_does_not() -> None:
    entry = {
        "endToEndId": "E1", "creditorName": "Shop", "creditorAccount": {"iban": "DE89370400440532013000"},
        "remittanceInformationUnstructured": "Rent", "purposeCode": "RENT", "ultimateCreditor": "Owner",
    }  # fmt: skip
    found = one(entryDetails=[entry])
    assert found.counterparty == Party("Shop", Identifier(Scheme.IBAN, "DE89370400440532013000"))
    assert (found.remittance, found.bank_ids) == (("Rent",), {"endToEndId": "E1"})
    assert (found.details.purpose, found.details.ultimate, found.details.batch_size) == ("RENT", Party("Owner"), None)
    assert one(entryDetails=entry).counterparty.name == "Shop"


def test_a_batch_of_many_says_how_many_and_nobody() -> None:
    found = one(entryDetails=[{"creditorName": "A"}, {"creditorName": "B"}])
    assert (found.counterparty, found.details.batch_size) == (Party(), 2)
    assert one(batchNumberOfTransactions="17").details.batch_size == 17
    assert one(entryDetails=7).provenance["unread"] == "entryDetails"


CARD_ROW = {
    "cardTransactionId": "c-1", "transactionDate": "2026-03-08", "acceptorTransactionDateTime": "2026-03-08T10:00:00Z",
    "bookingDate": "2026-03-10", "transactionAmount": {"amount": "-12.10", "currency": "EUR"},
    "markupFee": {"amount": "0.30", "currency": "EUR"}, "originalAmount": {"amount": "13.15", "currency": "USD"},
    "cardAcceptorAddress": {"townName": "Köln", "country": "DE"}, "cardAcceptorCategoryCode": "5411",
    "maskedPAN": "525412******3241", "transactionDetails": "SHOP KOELN 4711",
}  # fmt: skip


def test_a_row_of_a_card_account() -> None:
    (found,) = page({"cardAccount": {}, "cardTransactions": {"booked": [CARD_ROW]}}).transactions
    assert str(found.transaction_datetime) == "2026-03-08 10:00:00+00:00"
    assert found.bank_ids == {"cardTransactionId": "c-1"}
    assert (found.merchant_category_code, found.counterparty.name) == ("5411", "SHOP KOELN 4711")
    assert found.details.card == Card("************3241", None, "SHOP KOELN", "Köln", "DE")
    assert found.details.charges == Money(Decimal("-0.30"), "EUR")
    assert found.details.exchange == Exchange(instructed=Money(Decimal("-13.15"), "USD"))


def test_a_row_of_a_card_is_one_in_whatever_list_it_stands() -> None:
    """A kept row is read again without the page around it."""
    (found,) = page({"transactions": {"booked": [CARD_ROW]}}).transactions
    (in_its_list,) = page({"cardTransactions": {"booked": [CARD_ROW]}}).transactions
    assert found == in_its_list
    card = Account("c", "EUR", type=AccountType.CARD)
    (plain,) = page({"transactions": [ROW | {"transactionDetails": "SHOP 4711"}]}, account=card).transactions
    assert plain.details.card == Card(merchant_name="SHOP")


def test_transaction_details_name_the_shop_in_a_cards_row_only() -> None:
    found = one(transactionDetails="Gebühr für Januar", creditorName="Lorelei Bank")
    assert (found.counterparty.name, found.details.additional) == ("Lorelei Bank", "Gebühr für Januar")


def test_a_report_that_quotes_debits_positive_says_so_and_is_turned() -> None:
    found = page({"debitAccounting": True, "cardTransactions": {"booked": [CARD_ROW]}})
    assert str(found.transactions[0].money.number) == "12.10"
    body = {"debitAccounting": True, "balances": [{"balanceType": "interimBooked", "balanceAmount": {
        "amount": "100", "currency": "EUR",
    }}]}  # fmt: skip
    assert normalize.balances(json.dumps(body).encode()).values[0].money.number == -100


def test_references_in_every_shape_are_remittance() -> None:
    for given in ("RF18", {"reference": "RF18"}, ["RF18", None], [{"reference": "RF18", "referenceType": "x"}]):
        assert one(remittanceInformationStructured=given).remittance == ("RF18",)
    assert one(remittanceInformationStructuredArray=["a", {"reference": "b"}]).remittance == ("a", "b")
    assert one(remittanceInformationUnstructured=["a", 7]).remittance == ("a", "7")
    assert one(remittance_information=["a", None]).remittance == ("a",)


def test_accounts_in_every_shape_are_identifiers() -> None:
    iban = Identifier(Scheme.IBAN, "DE89370400440532013000")
    for given in (iban.value, {"iban": iban.value}, {"iban": iban.value, "bban": "370400440532013000"}):
        assert one(creditorAccount=given).counterparty.account == iban
    assert one(creditorAccount={"other": {"identification": "A-7"}}).counterparty.account == Identifier(
        Scheme.OTHER, "A-7"
    )
    assert one(creditor={"name": "X", "iban": iban.value}).counterparty == Party("X", iban)
    assert one(creditorName="X", creditorAgent="LORLDE33").counterparty.agent == "LORLDE33"
    assert one(creditorName="X", creditorAgent={"bicfi": "LORLDE33"}).counterparty.agent == "LORLDE33"


def accounts(content: Any) -> tuple[Account, ...]:
    found = normalize.accounts(json.dumps(content).encode())
    assert found.rejected == ()
    return found.values


def test_card_accounts_are_cards() -> None:
    row = {"resourceId": "c", "maskedPan": "525412******3241", "currency": "EUR", "usage": "PRIV", "ownerName": "Alice"}
    (found,) = accounts({"cardAccounts": [row]})
    assert (found.type, found.usage) == (AccountType.CARD, AccountUsage.PRIVATE)
    assert found.identifiers == (Identifier(Scheme.MASKED_PAN, "************3241"),)


def test_an_account_alone_without_a_currency_or_under_another_id() -> None:
    (found,) = accounts({"account": {"id": "a", "iban": "DE02120300000000202051"}})
    assert (found.resource_id, found.currency) == ("a", "XXX")
    assert accounts({"accounts": [{"resource_id": 7, "currency": "eur"}, None]})[0].resource_id == "7"


def test_balances_of_banks_with_indicators_limits_and_other_words() -> None:
    rows = [
        {"balanceType": "ITBD", "balanceAmount": {"amount": "5", "currency": "EUR"}, "creditDebitIndicator": "DBIT"},
        {
            "balance_type": "CLOSING_BOOKED",
            "balance_amount": {"amount": 5.5, "currency": "EUR"},
            "reference_date": "soon",
            "credit_limit": {"amount": "-100", "currency": "EUR"},
        },
    ]
    first = normalize.balances(json.dumps({"balances": rows[:1]}).encode()).values[0]
    second = normalize.balances(json.dumps({"balances": rows[1:]}).encode()).values[0]
    assert (first.type.value, str(first.money.number)) == ("ITBD", "-5")
    assert (second.type.value, str(second.money.number), second.as_of) == ("CLBD", "5.5", None)
    assert second.credit_limit == Money(Decimal(100), "EUR")


def test_a_wrapped_answer_keeps_the_link_that_stands_outside() -> None:
    found = page({"data": [ROW], "_links": {"next": {"href": "/more"}}})
    assert (len(found.transactions), found.next) == (1, "/more")


@pytest.mark.parametrize(
    ("beside", "link"),
    [
        ({"next": "/v1/accounts/1/transactions?page=2"}, "/v1/accounts/1/transactions?page=2"),
        ({"next": {"href": "?page=2"}}, "?page=2"),
        ({"nextLink": "https://bank.example/x?page=2"}, "https://bank.example/x?page=2"),
        ({"_links": {"next": {"href": "/this"}}, "next": "/that"}, "/this"),
        ({"next": 2}, None),
        ({"nextPage": "c2Vjb25k"}, None),
        ({"next": None}, None),
        ({"next": {"a": [[]]}}, None),
    ],
)
def test_the_next_page_s_link_may_stand_by_itself_but_its_number_or_key_is_no_link(
    beside: dict[str, object], link: str | None
) -> None:
    for answer in ({"transactions": {"booked": [ROW]}, **beside}, {"transactions": {"booked": [ROW], **beside}}):
        found = page(answer)
        assert (len(found.transactions), found.next) == (1, link)


@pytest.mark.parametrize("depth", [4, 90_000])
def test_an_answer_in_many_wrappers_is_no_answer(depth: int) -> None:
    with pytest.raises(ContractBroken):
        normalize.transactions(b'{"data":' * depth + b'{"booked":[]}' + b"}" * depth)


@pytest.mark.parametrize(("name", "given"), [("description", "Coffee at the corner"), ("narrative", "Rent for March")])
def test_a_description_is_read_where_nothing_else_is_said(name: str, given: str) -> None:
    bare = {"bookingDate": ROW["bookingDate"], "transactionAmount": ROW["transactionAmount"], name: given}
    (found,) = page({"transactions": {"booked": [bare]}}).transactions
    assert given in (*found.remittance, found.counterparty.name)


@pytest.mark.parametrize(
    "wrap", [lambda rows: rows, lambda rows: {"data": {"accounts": rows}}, lambda rows: {"data": rows}]
)
def test_accounts_are_found_however_they_are_wrapped(wrap: Callable[[Any], Any]) -> None:
    row = {"resourceId": "a", "currency": "EUR", "iban": "DE89370400440532013000"}
    (found,) = normalize.accounts(json.dumps(wrap([row])).encode()).values
    assert found.resource_id == "a"


IBAN = Identifier(Scheme.IBAN, "DE89370400440532013000")
NESTED = {"code": "PMNT", "family": {"code": "RCDT", "subFamilyCode": "ESCT"}}


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        ({"remittanceInformation": {"unstructured": ["Rent May", "Flat 3"]}}, ("Rent May", "Flat 3")),
        ({"remittanceInformation": [{"unstructured": "Rent May"}]}, ("Rent May",)),
        ({"remittanceInformation": {"structured": {"reference": "RF18539007547034"}}}, ("RF18539007547034",)),
        (
            {"remittanceInformationStructured": {"creditorReferenceInformation": {"reference": "RF18539007547034"}}},
            ("RF18539007547034",),
        ),
        (
            {"remittanceInformationStructured": [{"additionalRemittanceInformation": ["Rent May", "Flat 3"]}]},
            ("Rent May", "Flat 3"),
        ),
        ({"descriptionLines": ["Rent May", "Flat 3"]}, ("Rent May", "Flat 3")),
    ],
)
def test_remittance_as_iso_20022_has_it(fields: dict[str, Any], lines: tuple[str, ...]) -> None:
    assert one(**fields).remittance == lines


@pytest.mark.parametrize(
    ("code", "iso", "own"),
    [
        ({"domain": NESTED, "proprietary": {"code": "NTRF+166", "issuer": "DK"}}, "PMNT-RCDT-ESCT", "NTRF+166"),
        ({"domain": {"code": "PMNT", "familyCode": "RCDT", "subFamilyCode": "ESCT"}}, "PMNT-RCDT-ESCT", None),
        ({"domain": "PMNT", "family": NESTED["family"]}, "PMNT-RCDT-ESCT", None),
        ({"domainCode": "PMNT", "familyCode": "RCDT", "subFamilyCode": "ESCT"}, "PMNT-RCDT-ESCT", None),
        ({"domain": "PMNT", "code": "RCDT", "subCode": "ESCT"}, "PMNT-RCDT-ESCT", None),
        ({"code": "RCDT", "subCode": "ESCT", "description": "Lohn"}, "PMNT-RCDT-ESCT", "Lohn"),
        ({"domainCode": "PMNT", "familyCode": "RCDT", "proprietaryCode": "NTRF"}, "PMNT-RCDT-", "NTRF"),
        ({"description": "8810 BEA"}, None, "8810 BEA"),
        ({"code": "12", "subCode": None}, None, "12"),
    ],
)
def test_a_transaction_code_in_whatever_nest(code: Any, iso: str | None, own: str | None) -> None:
    found = one(bankTransactionCode=code)
    assert (found.bank_transaction_code, found.proprietary_code) == (iso, own)


def test_a_banks_own_code_as_an_object() -> None:
    found = one(proprietaryBankTransactionCode={"code": "166", "issuer": "DK"})
    assert (found.proprietary_code, found.provenance["proprietary_code"]) == ("166", "proprietaryBankTransactionCode")


@pytest.mark.parametrize("sign", ["-", ""])
@pytest.mark.parametrize(
    ("fields", "party"),
    [
        ({"counterpartyName": "Corner Shop"}, Party("Corner Shop")),
        ({"counterPartyName": "Corner Shop", "counterPartyAccount": IBAN.value}, Party("Corner Shop", IBAN)),
        ({"counterparty": {"name": "Corner Shop", "account": {"iban": IBAN.value}}}, Party("Corner Shop", IBAN)),
        ({"counterPartyName": "Corner Shop", "counterPartyAccountNumber": IBAN.value}, Party("Corner Shop", IBAN)),
        ({"partnerName": ["Corner", "Shop"], "partnerIban": IBAN.value}, Party("Corner Shop", IBAN)),
        ({"merchantName": "Corner Shop"}, Party("Corner Shop")),
    ],
)
def test_the_other_side_at_banks_that_do_not_say_which_it_is(fields: dict[str, Any], party: Party, sign: str) -> None:
    assert one(transactionAmount={"amount": f"{sign}1.00", "currency": "EUR"}, **fields).counterparty == party


@pytest.mark.parametrize(
    "fields",
    [
        {"creditor": {"name": "Corner Shop", "account": {"iban": IBAN.value}}},
        {"creditorName": ["Corner", "Shop"], "creditorAccount": {"schemeName": "IBAN", "identification": IBAN.value}},
    ],
)
def test_parties_as_objects_and_lists(fields: dict[str, Any]) -> None:
    assert one(**fields).counterparty == Party("Corner Shop", IBAN)


@pytest.mark.parametrize(
    "fields",
    [
        {"debitCreditIndicator": "D"},
        {"debitCredit": "DEBIT"},
        {"creditDebit": "debit"},
        {"direction": "OUTGOING"},
        {"transactionAmount": {"amount": "12.10", "currency": "EUR", "creditDebitIndicator": "DBIT"}},
    ],
)
def test_a_sign_in_words_under_whatever_name(fields: dict[str, Any]) -> None:
    assert one(**({"transactionAmount": {"amount": "12.10", "currencyCode": "EUR"}} | fields)).money == Money(
        Decimal("-12.10"), "EUR"
    )


@pytest.mark.parametrize("name", ["bookedDate", "bookDate", "postingDate", "date"])
def test_the_day_of_booking_under_whatever_name(name: str) -> None:
    found = one(bookingDate=None, **{name: "2026-03-11"})
    assert (str(found.booking_date), found.provenance["booking_date"]) == ("2026-03-11", name)


def test_a_balance_with_its_sign_in_words() -> None:
    rows = [
        {"balanceAmount": {"amount": "5.00", "currency": "EUR", "creditDebitIndicator": "DBIT"}},
        {"amount": "5.00", "currency": "EUR", "debitCreditIndicator": "D"},
    ]
    found = normalize.balances(json.dumps({"balances": rows}).encode())
    assert [one.money.number for one in found.values] == [Decimal("-5.00")] * 2


MONEY = {"amount": "1.00", "currency": "EUR"}
CLOSING = {"balanceType": "closingBooked", "balanceAmount": MONEY}


@pytest.mark.parametrize(
    "body",
    [
        {"balances": [CLOSING]},
        {"balances": CLOSING},
        {"balances": {"balance": [CLOSING]}},
        {"balance": CLOSING},
        {"balance": [CLOSING, None]},
        {"accountBalances": [CLOSING]},
        {"data": {"balances": [CLOSING]}},
        [CLOSING],
        CLOSING,
        {"balances": [{"closingBooked": {"amount": MONEY}}]},
        {"balances": {"closingBooked": {"amount": MONEY}}},
        {"balances": [{"balanceType": {"code": "CLBD"}, "balanceAmount": MONEY}]},
        {"balances": [{"type": "CLBD", "amount": MONEY}]},
        {"balances": [{"type": "CLBD", "amount": {"value": 1.00, "currencyCode": "EUR"}}]},
        {"balances": [{"balanceType": "closingBooked", "balanceAmount": "1.00", "currency": "EUR"}]},
        {"balances": [{"balanceType": "closingBooked", "value": 1.00, "currency": "EUR"}]},
        {"balances": [{"balanceType": "closingBooked", "balance": MONEY}]},
    ],
)
def test_a_balance_in_whatever_shape(body: Any) -> None:
    (found,) = normalize.balances(json.dumps(body).encode()).values
    assert (found.type, found.money) == (BalanceType.CLOSING_BOOKED, Money(Decimal("1.00"), "EUR"))


@pytest.mark.parametrize("body", [{"balances": []}, {"balances": None}, {"balances": {}}, []])
def test_no_balance_is_no_fault(body: Any) -> None:
    assert normalize.balances(json.dumps(body).encode()) == Rows(())


@pytest.mark.parametrize("body", [b'{"balances":7}', b'"none"', b"7", b""])
def test_what_is_no_balance_is_said(body: bytes) -> None:
    with pytest.raises(ContractBroken):
        normalize.balances(body)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("body", [{"balances": [CLOSING]}, {"data": {"balances": [CLOSING]}}])
def test_balances_behind_a_byte_order_mark(encoding: str, body: Any) -> None:
    assert len(normalize.balances(json.dumps(body).encode(encoding)).values) == 1


def test_a_balance_that_is_not_even_text_costs_one_row() -> None:
    found = normalize.balances(b'{"balances":[%s,{"\xe4":1}]}' % json.dumps(CLOSING).encode())
    assert (len(found.values), len(found.rejected)) == (1, 1)


def test_the_moment_of_a_balance_of_version_1_0() -> None:
    body = {"balances": [{"expected": {"amount": MONEY, "lastActionDateTime": "2026-03-10T08:00:00Z"}}]}
    (found,) = normalize.balances(json.dumps(body).encode()).values
    assert (found.type, str(found.as_of)) == (BalanceType.EXPECTED, "2026-03-10 08:00:00+00:00")


@pytest.mark.parametrize(
    "fields",
    [
        {"iban": IBAN.value},
        {"accountNumber": IBAN.value},
        {"accountReference": {"iban": IBAN.value}},
        {"accountReference": IBAN.value},
        {"accountId": {"iban": IBAN.value}, "uid": "7"},
    ],
)
@pytest.mark.parametrize("name", ["resourceId", "id", "accountId"])
@pytest.mark.parametrize("listed", ["accounts", "accountList"])
def test_an_account_in_whatever_shape(fields: dict[str, Any], name: str, listed: str) -> None:
    row = {name: "7", "currency": "EUR", "ownerName": ["Alice Moro", "Bob Moro"], "balances": CLOSING} | fields
    (found,) = normalize.accounts(json.dumps({listed: [row]}).encode()).values
    assert (found.resource_id, found.identifiers, found.owner_name) == ("7", (IBAN,), "Alice Moro, Bob Moro")
    assert found.balances is not None
    assert [one.money.number for one in found.balances] == [Decimal("1.00")]


@pytest.mark.parametrize(
    ("fields", "resource_id"),
    [
        ({"_links": {"balances": {"href": "/v1/accounts/3dc3-d5/balances"}}}, "3dc3-d5"),
        ({"_links": {"transactions": "https://bank.example/psd2/v1/accounts/3d%2Fc3?x"}}, "3d/c3"),
        ({"_links": {"account": {"href": "/v1/card-accounts/3dc3"}}}, "3dc3"),
        ({"_links": [{"balances": {"href": "/v1/accounts/3dc3/balances"}}]}, "3dc3"),
        ({"_links": {"balances": {"href": "/v1/accounts/{account-id}/balances"}}}, IBAN.value),
        ({"_links": "none"}, IBAN.value),
        ({"resourceId": "", "id": None}, IBAN.value),
    ],
)
def test_an_account_without_an_id_is_called_what_its_links_call_it(fields: dict[str, Any], resource_id: str) -> None:
    assert accounts({"accounts": [{"iban": IBAN.value, "currency": "EUR"} | fields]})[0].resource_id == resource_id


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"ownerNames": [{"name": "Alice Moro"}, {"name": "Bob Moro", "role": "holder"}]}, "Alice Moro, Bob Moro"),
        ({"ownerNames": ["Alice Moro", None, "Alice Moro"]}, "Alice Moro"),
        ({"ownerNames": "Alice Moro", "ownerName": None}, "Alice Moro"),
        ({"ownerName": {"firstName": "Alice", "lastName": "Moro"}}, "Alice Moro"),
        ({"ownerName": ["Alice Moro", {"x": {}}, 7, []]}, "Alice Moro"),
        ({"owners": [{"Name": "Alice Moro"}]}, "Alice Moro"),
        ({"owner": {"name": "Alice Moro"}}, "Alice Moro"),
        ({"ownerNames": {"name": {"first": "Alice"}}, "ownerName": ""}, None),
        ({"ownerNames": [{"name": "NOTPROVIDED"}]}, None),
        ({"ownerName": 7, "owners": True}, None),
    ],
)
def test_a_holder_in_whatever_shape_is_a_name_or_nobody(fields: dict[str, Any], name: str | None) -> None:
    assert accounts({"accounts": [{"resourceId": "7", "currency": "EUR"} | fields]})[0].owner_name == name
