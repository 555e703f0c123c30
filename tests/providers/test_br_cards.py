"""Credit cards of Open Finance Brasil: what is owed, what is left, and what each movement says."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
import responses

from providers.br_openfinance import cards
from providers.br_openfinance.settings import CARD_PERMISSIONS
from providers.errors import ContractBroken, Refused, Transient
from providers.model import Account, AccountType, Balance, BalanceType, Identifier, Money, Scheme, Status, Transaction
from providers.port import LinkStart, Psu, Resource
from providers.resources import LineKind
from tests.providers import tpp
from tests.providers.pages import BR_ACCOUNT, br, but
from tests.providers.test_br_openfinance import ACCESS, ACCOUNT, API, BANK, CONSENTS, adapter, consent

CARDS = f"{API}/credit-cards-accounts/v2/accounts"
CARD = Account("card-1", "BRL", AccountType.CARD)
SAO_PAULO = ZoneInfo("America/Sao_Paulo")


@pytest.fixture
def bank() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def reais(text: str, currency: str = "BRL") -> dict[str, str]:
    return {"amount": text, "currency": currency}


LISTED: dict[str, Any] = {
    "creditCardAccountId": "card-1",
    "brandName": "Organização A",
    "companyCnpj": "21128159000166",
    "name": "Cartão Universitário",
    "productType": "PLATINUM",
    "creditCardNetwork": "VISA",
}
LIMIT: dict[str, Any] = {
    "creditLineLimitType": "LIMITE_CREDITO_TOTAL",
    "consolidationType": "CONSOLIDADO",
    "identificationNumber": "4453",
    "isLimitFlexible": False,
    "usedAmount": reais("1200.0000"),
    "limitAmount": reais("5000.00"),
    "availableAmount": reais("3800.00"),
}
BILL: dict[str, Any] = {
    "billId": "bill-2",
    "dueDate": "2026-02-20",
    "billTotalAmount": reais("900.00"),
    "billMinimumAmount": reais("135.00"),
    "isInstalment": True,
    "financeCharges": [{"type": "IOF", "amount": "3.10", "currency": "BRL"}],
    "payments": [
        {
            "valueType": "OUTRO_VALOR_PAGO_FATURA",
            "paymentDate": "2026-02-18",
            "paymentMode": "PIX",
            "amount": "400.00",
            "currency": "BRL",
        }
    ],
}
ROW: dict[str, Any] = {
    "transactionId": "TX-1",
    "identificationNumber": "4453",
    "transactionName": "MAGAZINE LUIZA",
    "billId": "bill-2",
    "creditDebitType": "DEBITO",
    "transactionType": "PAGAMENTO",
    "paymentType": "A_PRAZO",
    "chargeIdentificator": 3,
    "chargeNumber": 12,
    "brazilianAmount": reais("189.9000"),
    "amount": reais("189.9000"),
    "transactionDateTime": "2026-02-02T01:30:00.000Z",
    "billPostDate": "2026-02-05",
    "payeeMCC": 5722,
}


def only(**changed: Any) -> Transaction:
    page = cards.transactions(br(but(ROW, **changed)), account=CARD, zone=SAO_PAULO)
    assert page.rejected == ()
    return page.transactions[0]


def test_a_whole_row() -> None:
    found = only()
    assert (found.money, found.status) == (Money(Decimal("-189.9000"), "BRL"), Status.BOOKED)
    # half past one in the night in UTC is still the evening before in São Paulo, and the bank is asked for that day
    assert (found.booking_date, found.value_date) == (date(2026, 2, 1), date(2026, 2, 5))
    assert found.transaction_datetime == datetime(2026, 2, 2, 1, 30, tzinfo=UTC)
    assert found.remittance == ("MAGAZINE LUIZA", "Parcela 3/12")
    assert (found.bank_transaction_code, found.merchant_category_code) == ("PMNT-CCRD-POSD", "5722")
    assert found.bank_ids == {"transactionId": "TX-1"}
    assert found.details.statement_references == ("bill-2",)
    assert found.details.card is not None
    assert found.details.card.masked_pan == "****4453"
    assert found.details.exchange is None


INSTALMENTS: list[tuple[Any, Any, tuple[str, ...]]] = [
    (1, 12, ("Parcela 1/12",)),
    (12, 12, ("Parcela 12/12",)),
    (1, 1, ()),
    (13, 12, ()),
    (0, 12, ()),
    (1, ..., ()),
    (..., 12, ()),
    ("x", 12, ()),
]


@pytest.mark.parametrize(("at", "of", "said"), INSTALMENTS)
def test_an_instalment_says_which_it_is_of_how_many(at: Any, of: Any, said: tuple[str, ...]) -> None:
    assert only(chargeIdentificator=at, chargeNumber=of).remittance == ("MAGAZINE LUIZA", *said)


SIGNS = [
    ("DEBITO", "PAGAMENTO", "-189.9", "PMNT-CCRD-POSD"),
    ("CREDITO", "PAGAMENTO", "189.9", "PMNT-RCDT-NTAV"),
    ("CREDITO", "ESTORNO", "189.9", "PMNT-CCRD-RIMB"),
    ("DEBITO", "TARIFA", "-189.9", "ACMT-MDOP-FEES"),
    ("CREDITO", "CASHBACK", "189.9", None),
]


@pytest.mark.parametrize(("direction", "kind", "money", "code"), SIGNS)
def test_what_is_spent_is_negative_and_what_comes_back_is_not(
    direction: str, kind: str, money: str, code: str | None
) -> None:
    found = only(creditDebitType=direction, transactionType=kind)
    assert (found.money.number, found.bank_transaction_code) == (Decimal(money), code)
    assert found.details.is_reversal is (kind == "ESTORNO")


@pytest.mark.parametrize("direction", ["ESTORNO", "", None, ...])
def test_a_direction_that_is_not_said_is_not_guessed(direction: Any) -> None:
    page = cards.transactions(br(but(ROW, creditDebitType=direction), ROW), account=CARD)
    assert (len(page.transactions), len(page.rejected)) == (1, 1)
    assert "creditDebitType" in page.rejected[0].reason


def test_a_purchase_abroad_keeps_what_it_cost_there_and_counts_what_is_owed_here() -> None:
    found = only(amount=reais("35.00", "USD"))
    assert found.money == Money(Decimal("-189.9000"), "BRL")
    exchange = found.details.exchange
    assert exchange is not None
    assert (exchange.source_currency, exchange.target_currency) == ("USD", "BRL")
    assert exchange.instructed == Money(Decimal("-35.00"), "USD")
    for odd in (reais("x", "USD"), reais("35.00", "R$"), {}, None, 7):
        assert only(amount=odd).money == found.money


def test_what_is_on_no_bill_yet_is_pending() -> None:
    found = only(billPostDate="0001-01-01", billId=...)
    assert (found.status, found.value_date) == (Status.PENDING, None)
    assert found.booking_date == date(2026, 2, 1)


ODD: list[Any] = [True, "x", [], {}, None, -1, "2026-13-45T00:00:00Z"]


@pytest.mark.parametrize("field", sorted(set(ROW) - {"brazilianAmount", "creditDebitType"}))
def test_no_optional_field_costs_a_row(field: str) -> None:
    for value in ODD:
        assert only(**{field: value}).money.number == Decimal("-189.9000")


def balances(*rows: dict[str, Any]) -> tuple[Balance, ...]:
    return cards.balances_of_limits(cards.limits(br(*rows)).values)


def test_what_is_used_is_debt_and_what_is_left_is_credit() -> None:
    owed, left = balances(LIMIT)
    assert (owed.type, owed.money) == (BalanceType.EXPECTED, Money(Decimal("-1200.0000"), "BRL"))
    assert (left.type, left.money) == (BalanceType.INTERIM_AVAILABLE, Money(Decimal("3800.00"), "BRL"))
    assert (left.credit_limit, left.credit_line_included) == (Money(Decimal("5000.00"), "BRL"), True)
    (paid_too_much,) = balances(but(LIMIT, usedAmount=reais("-50.00"), availableAmount=...))
    assert paid_too_much.money == Money(Decimal("50.00"), "BRL")


PART = but(LIMIT, creditLineLimitType="LIMITE_CREDITO_MODALIDADE_OPERACAO", lineName="SAQUE_CREDITO_BRASIL")
OTHER_CARD = but(LIMIT, identificationNumber="9999", usedAmount=reais("300.00"), availableAmount=reais("700.00"))
SINGLE = {"consolidationType": "INDIVIDUAL"}
LIMITS: list[tuple[list[dict[str, Any]], list[str]]] = [
    ([LIMIT, PART], ["-1200", "3800"]),
    ([PART], []),
    ([], []),
    ([LIMIT, but(LIMIT, identificationNumber="9999")], ["-1200", "3800"]),
    ([LIMIT, OTHER_CARD], []),
    ([but(LIMIT, **SINGLE), but(OTHER_CARD, **SINGLE)], ["-1500", "4500"]),
    ([but(LIMIT, **SINGLE), but(OTHER_CARD, **SINGLE, availableAmount=...)], ["-1500"]),
    ([but(LIMIT, usedAmount=reais("1.00", "USD"), availableAmount=reais("x"))], []),
    ([but(LIMIT, usedAmount=...)], []),
]


@pytest.mark.parametrize(("rows", "found"), LIMITS)
def test_no_limit_is_counted_twice_and_none_is_guessed(rows: list[dict[str, Any]], found: list[str]) -> None:
    assert [one.money.number for one in balances(*rows)] == [Decimal(number) for number in found]


def test_a_bank_that_tells_no_limit_shows_what_is_open_of_the_last_bill(bank: responses.RequestsMock) -> None:
    older = but(BILL, billId="bill-1", dueDate="2026-01-20", payments=[])
    bank.get(f"{CARDS}/card-1/limits", body=br())
    bank.get(f"{CARDS}/card-1/bills", body=br(older, BILL))
    for status in (200, 403):
        bank.replace(responses.GET, f"{CARDS}/card-1/limits", body=br(), status=status)
        (found,) = adapter(credit_cards=True).balances(ACCESS, CARD, psu=None)
        assert (found.type, found.money) == (BalanceType.CLOSING_BOOKED, Money(Decimal("-500.00"), "BRL"))
    bank.replace(responses.GET, f"{CARDS}/card-1/bills", status=403)
    with pytest.raises(Refused):
        adapter(credit_cards=True).balances(ACCESS, CARD, psu=None)


def test_a_bill_is_a_statement_whose_debts_are_negative() -> None:
    (found,) = cards.bills(br(BILL), zone=SAO_PAULO).values
    assert found.id == found.reference == "bill-2"
    assert found.moments == {"PaymentDue": datetime(2026, 2, 20, 3, tzinfo=UTC)}
    assert [(line.kind, line.type, line.money.number) for line in found.lines] == [
        (LineKind.AMOUNT, "billTotalAmount", Decimal("-900.00")),
        (LineKind.AMOUNT, "billMinimumAmount", Decimal("-135.00")),
        (LineKind.FEE, "IOF", Decimal("-3.10")),
        (LineKind.AMOUNT, "OUTRO_VALOR_PAGO_FATURA", Decimal("400.00")),
    ]
    broken = but(BILL, payments=[{"amount": "x", "currency": "BRL"}])
    assert len(cards.bills(br(broken, BILL)).rejected) == 1, "half a bill is no bill"


def test_cards_are_accounts_and_a_bank_without_any_is_none_the_worse(bank: responses.RequestsMock) -> None:
    bank.get(f"{API}/accounts/v2/accounts", body=br(BR_ACCOUNT))
    bank.get(CARDS, body=br(LISTED))
    account, card = adapter(credit_cards=True).accounts(ACCESS, psu=None)
    assert (card.resource_id, card.type, card.currency) == ("card-1", AccountType.CARD, "BRL")
    assert (card.name, card.product) == ("Cartão Universitário", "VISA PLATINUM")
    assert card.identifiers == (Identifier(Scheme.OTHER, "card-1"),)
    bank.replace(responses.GET, CARDS, status=403)
    assert adapter(credit_cards=True).accounts(ACCESS, psu=None) == (account,)
    bank.replace(responses.GET, CARDS, status=423)
    with pytest.raises(Transient):  # a list without cards would say that they are gone
        adapter(credit_cards=True).accounts(ACCESS, psu=None)
    count = len(bank.calls)
    assert adapter().accounts(ACCESS, psu=None) == (account,)
    assert len(bank.calls) == count + 1


def test_cards_are_asked_for_only_where_the_file_says_so(bank: responses.RequestsMock) -> None:
    bank.post(f"{BANK}/token", json={"access_token": "app", "token_type": "Bearer"})
    bank.post(CONSENTS, json=consent(), status=201)
    bank.post(f"{BANK}/par", json={"request_uri": "urn:x:1"}, status=201)
    for wanted in (True, False):
        one = adapter(credit_cards=wanted)
        start = one.start(tpp.link_request())
        assert isinstance(one.advance(start.state, {"cpf": "123.456.789-09"}, now=tpp.NOW, psu=Psu()), LinkStart)
        asked = json.loads(bank.calls[-2].request.body or "")["data"]["permissions"]
        assert set(CARD_PERMISSIONS) <= set(asked) if wanted else not set(CARD_PERMISSIONS) & set(asked)
        assert (Resource.STATEMENTS in one.capabilities.resources) is wanted
        assert one.statements(ACCESS, ACCOUNT, psu=None) == ()


def test_movements_are_asked_for_by_the_day_they_were_made(bank: responses.RequestsMock) -> None:
    today = datetime.now(UTC).date()
    for path in ("transactions", "transactions-current"):
        bank.get(f"{CARDS}/card-1/{path}", body=br(ROW))
    for days, path in ((6, "transactions-current"), (7, "transactions")):
        first = today - timedelta(days=days)
        (page,) = adapter().transactions(ACCESS, CARD, date_from=first, date_to=today, psu=None)
        assert len(page.transactions) == 1
        url = urlsplit(bank.calls[-1].request.url or "")
        assert url.path.endswith(f"/{path}")
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        assert (query["fromTransactionDate"], query["toTransactionDate"]) == (first.isoformat(), today.isoformat())
    again = adapter().reread(page.transactions[0].raw, Status.BOOKED, CARD, trace={})
    assert again == page.transactions[0]


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"data":7}', b"\xff"])
def test_an_answer_of_another_shape_is_a_broken_contract(body: bytes) -> None:
    for read in (cards.accounts, cards.limits, cards.bills, cards.transactions):
        with pytest.raises(ContractBroken):
            read(body)
