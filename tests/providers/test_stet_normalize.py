"""STET answers in the hub's words: the standard's own shapes, and every other that French banks were seen to send."""

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
from providers.rules.profile import Amounts, Pending, Rules
from providers.stet import normalize
from tests.providers.pages import STET_ACCOUNT, STET_BALANCE, STET_CARD, STET_TRANSACTION, but, stet

OWN = Account("acc-1", "EUR", identifiers=(Identifier(Scheme.IBAN, "FR7610907000301234567890125"),))


def only(row: Any, **how: Any) -> Transaction:
    page = normalize.transactions(stet("transactions", row), account=OWN, **how)
    assert page.rejected == (), page.rejected[0].reason
    (found,) = page.transactions
    return found


def changed(**fields: Any) -> Transaction:
    return only(but(STET_TRANSACTION, **fields))


def test_a_whole_row_of_the_standard() -> None:
    found = only(STET_TRANSACTION)
    assert (found.status, found.money) == (Status.BOOKED, Money(Decimal("-12.1"), "EUR"))
    assert (found.booking_date, found.value_date) == (date(2026, 3, 1), date(2026, 3, 2))
    assert found.transaction_datetime == datetime(2026, 2, 27, tzinfo=UTC)
    iban = Identifier(Scheme.IBAN, "FR7630004028379876543210943")
    assert found.counterparty == Party("EDF", iban, "BNPAFRPPXXX")
    assert found.remittance == ("PRLV SEPA EDF CLIENTS", "CONTRAT 4711", "RF18 5390 0754 7034")
    assert found.bank_ids == {"resourceId": "t-1", "entryReference": "ref-1"}
    assert (found.bank_transaction_code, found.proprietary_code) == ("PMNT-RDDT-ESDD", "B3")
    assert found.merchant_category_code == "4900"
    instructed = Money(Decimal("-11.4"), "CHF")
    assert found.details.exchange == Exchange("CHF", "EUR", "EUR", Decimal("0.9421"), instructed)
    assert found.details.charges == Money(Decimal("-0.35"), "EUR")
    assert found.details.additional == "Prélèvement"
    assert json.loads(found.raw) == STET_TRANSACTION
    assert found.provenance["money"] == "transactionAmount with creditDebitIndicator"


AMOUNTS = [
    ("12.10", "DBIT", "-12.10"),
    ("-12.10", "DBIT", "-12.10"),
    (-12.1, "DBIT", "-12.1"),
    ("12.10", "CRDT", "12.10"),
    ("-12.10", "CRDT", "12.10"),
    ("12,10", "DBIT", "-12.10"),
    (12, "debit", "-12"),
    ("-12.10", None, "-12.10"),
    ("12.10", "", "12.10"),
    ("0.00", "DBIT", "0.00"),
    ("1\u00a0234,56", "Débit", "-1234.56"),
]


@pytest.mark.parametrize(("written", "indicator", "expected"), AMOUNTS)
def test_the_indicator_says_the_direction_and_the_sign_where_there_is_none(
    written: Any, indicator: str | None, expected: str
) -> None:
    found = changed(transactionAmount={"amount": written, "currency": "EUR"}, creditDebitIndicator=indicator)
    assert str(found.money.number) == expected


def test_a_banks_file_can_say_that_the_sign_alone_counts() -> None:
    row = but(STET_TRANSACTION, transactionAmount={"amount": "-12.10"}, creditDebitIndicator="CRDT")
    assert only(row, rules=Rules(amounts=Amounts(sign="number"))).money == Money(Decimal("-12.10"), "EUR")


def test_a_row_without_a_currency_is_in_its_accounts() -> None:
    row = but(STET_TRANSACTION, transactionAmount={"amount": "1"})
    assert only(row).money.currency == "EUR"
    chf = Account("a", "CHF")
    (found,) = normalize.transactions(stet("transactions", row), account=chf).transactions
    assert found.money.currency == "CHF"


STATUSES = [
    ("BOOK", Status.BOOKED),
    ("PDNG", Status.PENDING),
    ("OTHR", Status.PENDING),
    ("FUTR", Status.FUTURE),
    ("INFO", Status.INFORMATION),
    ("RJCT", Status.REJECTED),
    ("book", Status.BOOKED),
    (None, Status.BOOKED),
    ("WHAT", Status.BOOKED),
]


@pytest.mark.parametrize(("word", "status"), STATUSES)
def test_statuses(word: str | None, status: Status) -> None:
    assert changed(status=word).status is status


def test_what_othr_means_is_the_banks_to_say() -> None:
    rules = Rules(pending=Pending(statuses={"OTHR": Status.INFORMATION}))
    assert only(but(STET_TRANSACTION, status="OTHR"), rules=rules).status is Status.INFORMATION


REMITTANCES: list[tuple[Any, tuple[str, ...]]] = [
    ({"unstructured": ["a line", "another"]}, ("a line", "another")),
    ({"unstructured": ["a line", "", None, "another"]}, ("a line", "another")),
    ({"unstructured": "a line"}, ("a line",)),
    (["a line", "another"], ("a line", "another")),
    ([{"unstructured": ["a line"]}, "another"], ("a line", "another")),
    ("a line", ("a line",)),
    ([], ()),
    ("", ()),
    (None, ()),
    ({}, ()),
    ({"unstructured": None, "structured": ["ref-77"]}, ("ref-77",)),
    ({"structured": {"reference": "ref-77"}}, ("ref-77",)),
    ({"structured": [{"referredDocumentInformation": [{"number": "F-1"}]}]}, ("F-1",)),
    ({"unstructured": [4711]}, ("4711",)),
    ({"unstructured": [["a line"], "another"]}, ("a line", "another")),
]


@pytest.mark.parametrize(("given", "lines"), REMITTANCES)
def test_remittance_comes_as_an_object_a_list_or_a_text(given: Any, lines: tuple[str, ...]) -> None:
    assert changed(remittanceInformation=given, additionalTransactionInformation=...).remittance == lines


def test_the_banks_own_words_stand_in_where_the_payer_wrote_nothing() -> None:
    assert changed(remittanceInformation=None).remittance == ("Prélèvement",)


def test_a_pending_row_may_have_only_the_day_it_is_expected_or_none_at_all() -> None:
    dates = {"bookingDate": ..., "valueDate": None, "transactionDate": ""}
    for name in ("expectedBookingDate", "expectingBookingDate"):
        found = changed(**dates, status="PDNG", **{name: "2026-03-04"})
        assert (found.booking_date, found.provenance["booking_date"]) == (date(2026, 3, 4), name)
    found = changed(**dates, status="OTHR", remittanceInformation=["x"])
    assert (found.booking_date, found.value_date, found.transaction_datetime) == (None, None, None)


DAYS = ["2026-03-01", "2026-03-01T00:00:00+0100", "2026-03-01T00:00:00.000Z", "01/03/2026", "01-03-2026", "20260301"]


@pytest.mark.parametrize("day", DAYS)
def test_days_in_the_shapes_that_banks_write(day: str) -> None:
    assert changed(bookingDate=day).booking_date == date(2026, 3, 1)


NOTHING_BUT_MONEY = {"transactionAmount": {"amount": "5"}, "creditDebitIndicator": "CRDT"}


def test_a_row_needs_nothing_but_its_amount() -> None:
    assert only(NOTHING_BUT_MONEY).money == Money(Decimal(5), "EUR")


ODD = [7, True, "x", [], [7], {}, {"x": 1}, {"iban": 7}, {"name": ["x"]}, None]


@pytest.mark.parametrize("field", sorted(set(STET_TRANSACTION) - {"transactionAmount", "creditDebitIndicator"}))
def test_no_optional_field_costs_a_row(field: str) -> None:
    for value in ODD:
        found = changed(**{field: value})
        assert abs(found.money.number) == Decimal("12.1")


def test_a_row_without_an_amount_is_set_aside_and_not_the_page() -> None:
    page = normalize.transactions(stet("transactions", {"transactionAmount": {}}, STET_TRANSACTION, 7, None))
    assert (len(page.transactions), len(page.rejected)) == (1, 2)


def test_the_holder_is_nobodys_counterparty() -> None:
    own_side_only = {"debtor": {"name": "Alice O'Connor"}, "debtorAccount": {"iban": OWN.identifiers[0].value}}
    assert changed(relatedParties=own_side_only, remittanceInformation=None).counterparty == Party()
    credit = changed(relatedParties=own_side_only, creditDebitIndicator="CRDT", remittanceInformation=None)
    assert credit.counterparty.name is None


def test_the_payee_of_a_french_card_row_is_in_its_text() -> None:
    row = changed(relatedParties=None, remittanceInformation=["CARTE 27/02/26 MONOPRIX LYON CB*6655"])
    assert row.counterparty.name == "MONOPRIX LYON"
    assert row.provenance["counterparty"].startswith("remittanceInformation by ")


FRENCH = [
    ("CARTE X1234 05/03 MONOPRIX LYON", "MONOPRIX LYON"),
    ("PAIEMENT PAR CARTE X1234 MONOPRIX LYON 05/03", "MONOPRIX LYON"),
    ("ACHAT CB MONOPRIX LYON 05.03.26 CARTE NUMERO 123", "MONOPRIX LYON"),
    ("CB MONOPRIX LYON 05/03/26", "MONOPRIX LYON"),
    ("PRELEVEMENT EUROPEEN 4711 DE: EDF ID: FR12ZZZ MOTIF: X", "EDF"),
    ("VIR RECU 4711S DE: M DUPONT MOTIF: LOYER", "M DUPONT"),
    ("PRLV SEPA EDF", "EDF"),
    ("VIREMENT EN VOTRE FAVEUR DE M DUPONT", "M DUPONT"),
    ("RETRAIT DAB 05/03 LYON", None),
    ("CHEQUE 1234567", None),
]


@pytest.mark.parametrize(("line", "name"), FRENCH)
def test_what_french_banks_write_around_a_name(line: str, name: str | None) -> None:
    assert changed(relatedParties=None, remittanceInformation=[line]).counterparty.name == name


def test_a_direction_that_is_neither_is_not_guessed() -> None:
    page = normalize.transactions(stet("transactions", but(STET_TRANSACTION, creditDebitIndicator="XXXX")))
    assert (page.transactions, page.rejected[0].reason) == ((), "creditDebitIndicator is unknown")


def test_rows_sorted_into_lists_are_read_too() -> None:
    row = but(STET_TRANSACTION, status=...)
    body = json.dumps({"transactions": {"booked": [row], "pending": [row]}}).encode()
    assert [one.status for one in normalize.transactions(body).transactions] == [Status.BOOKED, Status.PENDING]


NEXT = [
    ({"next": {"href": "/v1/t?page=2"}}, "/v1/t?page=2"),
    ({"next": {"href": "/v1/t?page=2", "templated": True}}, "/v1/t?page=2"),
    ({"next": {"href": "/v1/t{?dateFrom,dateTo}"}}, "/v1/t"),
    ({"next": "/v1/t?page=2"}, "/v1/t?page=2"),
    ({"next": [{"href": "/v1/t?page=2"}]}, "/v1/t?page=2"),
    ({"self": {"href": "/v1/t?page=2"}, "next": {"href": "/v1/t?page=2"}}, None),
    ({"next": {"href": ""}}, None),
    ({"next": None}, None),
    ({"next": []}, None),
    ([], None),
    (None, None),
]


@pytest.mark.parametrize(("links", "following"), NEXT)
def test_the_next_page_however_its_link_is_wrapped(links: Any, following: str | None) -> None:
    body = json.dumps({"transactions": [], "_links": links}).encode()
    assert normalize.transactions(body).next == following


CUT = [
    lambda rows: {"transactions": rows},
    lambda rows: {"Transactions": rows},
    lambda rows: {"_embedded": {"transactions": rows}},
    lambda rows: {"data": {"transactions": rows}},
    lambda rows: {"transactions": {"booked": rows, "pending": None}},
    lambda rows: {"transactions": rows[0]},
    lambda rows: rows,
]


@pytest.mark.parametrize("cut", CUT)
def test_rows_are_found_however_an_answer_is_cut(cut: Any) -> None:
    page = normalize.transactions(json.dumps(cut([STET_TRANSACTION])).encode())
    assert [row.bank_ids["resourceId"] for row in page.transactions] == ["t-1"]


@pytest.mark.parametrize("body", [b'{"transactions":null}', b'{"transactions":[]}', b"[]", b'{"transactions":[null]}'])
def test_nothing_is_an_empty_page(body: bytes) -> None:
    page = normalize.transactions(body)
    assert (page.transactions, page.rejected, page.next) == ((), (), None)


STRANGE = [
    b"",
    b"{}",
    b"<html>",
    b'{"rows":[]}',
    b'{"transactions":7,"accounts":7,"balances":7}',
    b"\xff",
    b'"x"',
    b"7",
]


@pytest.mark.parametrize("body", STRANGE)
def test_an_answer_of_another_shape_is_a_broken_contract(body: bytes) -> None:
    for read in (normalize.transactions, normalize.accounts, normalize.balances):
        with pytest.raises(ContractBroken):
            read(body)


def test_accounts_of_the_standard() -> None:
    cash, card = normalize.accounts(stet("accounts", STET_ACCOUNT, STET_CARD)).values
    assert (cash.resource_id, cash.currency, cash.type) == ("acc-1", "EUR", AccountType.CURRENT)
    assert (cash.name, cash.product, cash.bic) == ("Mme O'Connor", "Compte de dépôt", "CCBPFRPPXXX")
    assert (cash.usage, cash.parent_id) == (AccountUsage.PRIVATE, None)
    assert cash.identifiers == OWN.identifiers
    assert (card.type, card.parent_id) == (AccountType.CARD, "acc-1")
    assert card.identifiers == (Identifier(Scheme.MASKED_PAN, "************1234"),)
    assert b"4970410000001234" not in repr(card).encode()


LINKED = [
    ("acc-1", "acc-1"),
    ("FR7610907000301234567890125", "acc-1"),
    ("FR76 1090 7000 3012 3456 7890 125", "acc-1"),
    ("/psd2/v1/accounts/acc-1", "acc-1"),
    ({"iban": "FR7610907000301234567890125"}, "acc-1"),
    ("another", "another"),
    ("card-1", None),
    ("", None),
    (None, None),
    ([], None),
]


@pytest.mark.parametrize(("linked", "parent"), LINKED)
def test_what_a_card_hangs_on_is_named_in_many_ways(linked: Any, parent: str | None) -> None:
    _, card = normalize.accounts(stet("accounts", STET_ACCOUNT, but(STET_CARD, linkedAccount=linked))).values
    assert card.parent_id == parent


def test_an_account_is_found_without_the_fields_that_the_standard_leaves_open() -> None:
    bare = [
        {"accountId": {"iban": "FR7610907000301234567890125"}},
        {"resourceId": 77},
        {"_links": {"transactions": {"href": "/psd2/v1/accounts/a-9/transactions{?dateFrom}"}}},
        {
            "accountId": "FR7610907000301234567890125",
            "balances": [STET_BALANCE | {"balanceAmount": {"amount": "1", "currency": "CHF"}}],
        },
        {},
    ]
    page = normalize.accounts(stet("accounts", *bare), currency="XPF")
    assert [one.resource_id for one in page.values] == [
        "FR7610907000301234567890125",
        "77",
        "a-9",
        "FR7610907000301234567890125",
    ]
    assert [one.currency for one in page.values] == ["XPF", "XPF", "XPF", "CHF"]
    assert all(one.identifiers for one in page.values)
    assert len(page.rejected) == 1


BALANCES = [
    ("CLBD", BalanceType.CLOSING_BOOKED),
    ("XPCD", BalanceType.EXPECTED),
    ("VALU", BalanceType.VALUE_DATED),
    ("OTHR", BalanceType.OTHER),
    ("ITAV", BalanceType.INTERIM_AVAILABLE),
    ("clbd", BalanceType.CLOSING_BOOKED),
    ("Solde", BalanceType.OTHER),
    (None, BalanceType.OTHER),
]


@pytest.mark.parametrize(("word", "kind"), BALANCES)
def test_balance_types(word: str | None, kind: BalanceType) -> None:
    (found,) = normalize.balances(stet("balances", but(STET_BALANCE, balanceType=word))).values
    assert found.type is kind
    assert found.source_label
    assert found.money == Money(Decimal("-150.00"), "EUR")


AS_OF = [
    ({}, datetime(2026, 3, 1, 13, 35, 49, 983000, tzinfo=UTC)),
    ({"lastChangeDateTime": "", "referenceDate": "2026-03-01"}, datetime(2026, 3, 1, tzinfo=UTC)),
    ({"lastChangeDateTime": "soon", "referenceDate": "2026-03-01"}, datetime(2026, 3, 1, tzinfo=UTC)),
    ({"lastChangeDateTime": None}, datetime(2025, 11, 6, tzinfo=UTC)),
    ({"lastChangeDateTime": None, "name": "Solde au 45/11/2025"}, None),
    ({"lastChangeDateTime": None, "name": None}, None),
]


@pytest.mark.parametrize(("fields", "moment"), AS_OF)
def test_a_balance_is_dated_by_its_fields_or_by_its_name(fields: dict[str, Any], moment: datetime | None) -> None:
    (found,) = normalize.balances(stet("balances", but(STET_BALANCE, **fields))).values
    assert found.as_of == moment


def test_a_balance_with_an_indicator_is_signed_by_it() -> None:
    row = but(STET_BALANCE, balanceAmount={"amount": 20.5}, creditDebitIndicator="DBIT")
    (found,) = normalize.balances(stet("balances", row)).values
    assert found.money == Money(Decimal("-20.5"), "EUR")


def test_beneficiaries_and_holders() -> None:
    row = {
        "id": "B1",
        "isTrusted": True,
        "creditor": {"name": "Bob Müller"},
        "creditorAccount": {"iban": "FR7630004028379876543210943"},
        "creditorAgent": {"bicFi": "BNPAFRPPXXX"},
    }
    for kind in ("beneficiaries", "trustedBeneficiaries"):
        (found,) = normalize.beneficiaries(stet(kind, row)).values
        assert found.creditor.name == "Bob Müller"
        assert (found.id, found.trusted, found.creditor.agent) == ("B1", True, "BNPAFRPPXXX")
    persons = {"identities": [{"fullName": "O'Connor Alice"}, {"firstName": "Bob", "lastName": "Müller"}]}
    found_names = [one.name for one in normalize.parties(json.dumps(persons).encode()).values]
    assert found_names == ["O'Connor Alice", "Bob Müller"]
    (psu,) = normalize.parties(b'{"identity":{"fullName":"Alice"}}').values
    (company,) = normalize.parties(b'{"company":{"identification":"552100554","schemeName":"SREN"}}').values
    assert (psu.name, company.id, company.type) == ("Alice", "552100554", "SREN")
    assert "Alice" not in repr(psu)
