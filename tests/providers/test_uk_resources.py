"""What hangs on a UK account beside its transactions, in both versions' words, and whether an amount is there."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import responses

from providers.errors import ContractBroken, ProviderError, ReconsentRequired, Refused, Transient
from providers.model import Account, Identifier, Money, Party, Scheme
from providers.port import Access, Redirect, Resource
from providers.resources import (
    Address,
    Beneficiary,
    DirectDebit,
    Frequency,
    Instalment,
    LineKind,
    MandateStatus,
    Offer,
    Schedule,
    ScheduledPayment,
    StandingOrder,
)
from providers.rows import Rows
from providers.uk_obie import resources
from providers.uk_obie.adapter import UkObieAdapter
from providers.uk_obie.schedules import schedule
from tests.providers import tpp
from tests.providers.pages import but, uk

ACCOUNT = Account("22289", "GBP")
ACCESS = Access("consent-1", None, None, {"access_token": "at-1"})
FUNDS = f"{tpp.UK}/open-banking/v4.0/cbpii"
LANDLORD = {"SchemeName": "UK.OBIE.SortCodeAccountNumber", "Identification": "20000055779911", "Name": "The Landlord"}
PAID = Party("The Landlord", Identifier(Scheme.UK_SORT_CODE_ACCOUNT, "20000055779911"))


def gbp(text: str) -> dict[str, Any]:
    return {"Amount": text, "Currency": "GBP"}


def money(text: str) -> Money:
    return Money(Decimal(text), "GBP")


ORDER_3: dict[str, Any] = {
    "AccountId": "22289",
    "StandingOrderId": "so-1",
    "Frequency": "IntrvlMnthDay:01:28",
    "Reference": "RENT FLAT 2",
    "FirstPaymentDateTime": "2025-01-28T00:00:00+00:00",
    "NextPaymentDateTime": "2026-03-28T00:00:00+00:00",
    "NextPaymentAmount": gbp("900.00"),
    "FinalPaymentDateTime": "2027-01-28T00:00:00+00:00",
    "NumberOfPayments": "24",
    "StandingOrderStatusCode": "Active",
    "CreditorAccount": LANDLORD,
}
ORDER_4: dict[str, Any] = {
    "AccountId": "22289",
    "StandingOrderId": "so-1",
    "NextPaymentDateTime": "2026-03-28T00:00:00+00:00",
    "NextPaymentAmount": gbp("900.00"),
    "NumberOfPayments": "24",
    "StandingOrderStatusCode": "ACTV",
    "CreditorAccount": LANDLORD,
    "MandateRelatedInformation": {
        "MandateIdentification": "m-1",
        "FirstPaymentDateTime": "2025-01-28T00:00:00+00:00",
        "FinalPaymentDateTime": "2027-01-28T00:00:00+00:00",
        "Frequency": {"Type": "MNTH", "PointInTime": "28"},
    },
    "RemittanceInformation": {"Unstructured": ["RENT FLAT 2"]},
}


def test_a_standing_order_is_the_same_in_both_versions() -> None:
    for row, label, mandate in ((ORDER_3, "IntrvlMnthDay:01:28", None), (ORDER_4, "MNTH", "m-1")):
        (found,) = resources.standing_orders(uk("StandingOrder", row), "GBP", UTC).values
        assert found == StandingOrder(
            id="so-1",
            status=MandateStatus.ACTIVE,
            schedule=Schedule(Frequency.MONTHLY, day=28, source_label=label),
            first=Instalment(date(2025, 1, 28)),
            next=Instalment(date(2026, 3, 28), money("-900.00")),
            final=Instalment(date(2027, 1, 28)),
            payments=24,
            creditor=PAID,
            remittance=("RENT FLAT 2",),
            mandate_id=mandate,
            raw=json.dumps(row).encode(),
        )


DEBIT_3: dict[str, Any] = {
    "DirectDebitId": "dd-1",
    "MandateIdentification": "Caravanners",
    "DirectDebitStatusCode": "Inactive",
    "Name": "Towbar Club",
    "Frequency": "UK.OBIE.Annual",
    "PreviousPaymentDateTime": "2025-04-05T10:43:07+00:00",
    "PreviousPaymentAmount": gbp("0.57"),
}
DEBIT_4: dict[str, Any] = {
    "DirectDebitId": "dd-1",
    "DirectDebitStatusCode": "SUSP",
    "Name": "Towbar Club",
    "PreviousPaymentDateTime": "2025-04-05T10:43:07+00:00",
    "PreviousPaymentAmount": gbp("0.57"),
    "MandateRelatedInformation": {"MandateIdentification": "Caravanners", "Frequency": {"Type": "YEAR"}},
}


def test_a_direct_debit_is_the_same_in_both_versions() -> None:
    for row, label, status in (
        (DEBIT_3, "UK.OBIE.Annual", MandateStatus.INACTIVE),
        (DEBIT_4, "YEAR", MandateStatus.SUSPENDED),
    ):
        (found,) = resources.direct_debits(uk("DirectDebit", row), "GBP", UTC).values
        assert found == DirectDebit(
            id="dd-1",
            status=status,
            schedule=Schedule(Frequency.YEARLY, source_label=label),
            previous=Instalment(date(2025, 4, 5), money("-0.57")),
            creditor=Party("Towbar Club"),
            mandate_id="Caravanners",
            raw=json.dumps(row).encode(),
        )


SCHEDULES = [
    ("EvryDay", (Frequency.DAILY, 1, None, None)),
    ("EvryWorkgDay", (Frequency.WORKING_DAYS, 1, None, None)),
    ("IntrvlDay:10", (Frequency.DAILY, 10, None, None)),
    ("IntrvlWkDay:02:03", (Frequency.WEEKLY, 2, 3, None)),
    ("WkInMnthDay:02:05", (Frequency.MONTHLY, 1, 5, 2)),
    ("IntrvlMnthDay:02:-01", (Frequency.MONTHLY, 2, -1, None)),
    ("IntrvlMnthDay:03:15", (Frequency.QUARTERLY, 1, 15, None)),
    ("IntrvlMnthDay:06:15", (Frequency.HALF_YEARLY, 1, 15, None)),
    ("IntrvlMnthDay:12:01", (Frequency.YEARLY, 1, 1, None)),
    ("IntrvlMnthDay:24:01", (Frequency.YEARLY, 2, 1, None)),
    ("QtrDay:SCOTTISH", (Frequency.QUARTERLY, 1, None, None)),
    ("UK.OBIE.Fortnightly", (Frequency.WEEKLY, 2, None, None)),
    ("FRTN", (Frequency.WEEKLY, 2, None, None)),
    ("FOWK", (Frequency.WEEKLY, 4, None, None)),
    ("TWMH", (Frequency.MONTHLY, 2, None, None)),
    ("FIMH", (Frequency.MONTHLY, 5, None, None)),
    ("MIAN", (Frequency.HALF_YEARLY, 1, None, None)),
    ("INDA", (Frequency.INTRADAY, 1, None, None)),
    ("ADHO", (Frequency.AD_HOC, 1, None, None)),
    ("UK.OBIE.NotKnown", None),
    ("NotKnown", None),
    ("NONE", None),
    ("IntrvlDay:00", None),
    ("now and then", None),
    ("", None),
]


@pytest.mark.parametrize(("word", "expected"), SCHEDULES)
def test_how_often_in_iso_terms(word: str, expected: Any) -> None:
    found = schedule(word)
    assert (found and (found.frequency, found.interval, found.day, found.week)) == expected
    assert found is None or found.source_label == word


def test_a_scheduled_payment_leaves_the_account_on_a_day_or_arrives_on_it() -> None:
    row = {
        "ScheduledPaymentId": "sp-1",
        "ScheduledPaymentDateTime": "2026-05-05T00:00:00+00:00",
        "ScheduledType": "Arrival",
        "Reference": "DEPOSIT",
        "InstructedAmount": gbp("10.00"),
        "CreditorAccount": LANDLORD,
    }
    (found,) = resources.scheduled_payments(uk("ScheduledPayment", row), "GBP", UTC).values
    raw = json.dumps(row).encode()
    assert found == ScheduledPayment("sp-1", date(2026, 5, 5), money("-10.00"), True, PAID, ("DEPOSIT",), raw)


def test_a_beneficiary_is_trusted_ordinary_or_not_told() -> None:
    row = {"BeneficiaryId": "b-1", "BeneficiaryType": "Trusted", "Reference": "Towbar", "CreditorAccount": LANDLORD}
    kinds = [row, but(row, BeneficiaryType="UK.OBIE.Ordinary"), but(row, BeneficiaryType=...)]
    found = resources.beneficiaries(uk("Beneficiary", *kinds), "GBP", UTC).values
    assert [one.trusted for one in found] == [True, False, None]
    assert found[0] == Beneficiary("b-1", PAID, "Towbar", True, json.dumps(row).encode())


STATEMENT: dict[str, Any] = {
    "StatementId": "s-1",
    "StatementReference": "002",
    "Type": "RegularPeriodic",
    "StartDateTime": "2026-02-01T00:00:00+00:00",
    "EndDateTime": "2026-02-28T23:59:59+00:00",
    "CreationDateTime": "2026-03-01T00:00:00+00:00",
    "StatementDescription": ["February 2026 Statement"],
    "StatementAmount": [
        {"Type": "UK.OBIE.ClosingBalance", "CreditDebitIndicator": "Debit", "Amount": gbp("400.00")},
        {"Type": "UK.OBIE.Broken", "CreditDebitIndicator": "Debit", "Amount": "none"},
    ],
    "StatementFee": [
        {
            "Type": "UK.OBIE.Annual",
            "CreditDebitIndicator": "Debit",
            "Amount": gbp("3.00"),
            "Description": "Fee",
            "Rate": 12.5,
        }
    ],
    "StatementBenefit": [{"Type": "UK.OBIE.Cashback", "Amount": gbp("1.50")}],
    "StatementDateTime": [{"Type": "UK.OBIE.PaymentDue", "DateTime": "2026-03-20T00:00:00Z"}, None, {"Type": "x"}],
}


def test_a_statement_has_its_period_its_lines_and_its_moments() -> None:
    (found,) = resources.statements(uk("Statement", STATEMENT), "GBP", UTC).values
    assert (found.id, found.reference, found.type) == ("s-1", "002", "RegularPeriodic")
    assert found.period == (date(2026, 2, 1), date(2026, 2, 28))
    assert found.created_at == datetime(2026, 3, 1, tzinfo=UTC)
    assert [(line.kind, line.type, line.money, line.rate) for line in found.lines] == [
        (LineKind.AMOUNT, "ClosingBalance", money("-400.00"), None),
        (LineKind.FEE, "Annual", money("-3.00"), Decimal("12.5")),
        (LineKind.BENEFIT, "Cashback", money("1.50"), None),
    ]
    assert found.moments == {"PaymentDue": datetime(2026, 3, 20, tzinfo=UTC)}
    assert found.description == ("February 2026 Statement",)


PARTY = {
    "PartyId": "p-1",
    "PartyType": "Joint",
    "Name": "Alice O'Connor",
    "FullLegalName": "Alice Mary O'Connor",
    "LegalStructure": "UK.OBIE.Individual",
    "BeneficialOwnership": True,
    "AccountRole": "UK.OBIE.SecondaryOwner",
    "EmailAddress": "alice@people.example",
    "Address": [
        {
            "BuildingNumber": "36",
            "StreetName": "Wellington Street",
            "TownName": "Leeds",
            "PostCode": "LS1 1ZZ",
            "Country": "gb",
        },
        {"AddressLine": ["The Barn", ""], "Country": "England"},
    ],
}


def test_a_party_is_listed_or_stands_alone_and_shows_nothing_in_a_repr() -> None:
    alone = json.dumps({"Data": {"Party": PARTY}}).encode()
    for body in (uk("Party", PARTY), alone):
        (found,) = resources.parties(body, None, UTC).values
        assert (found.id, found.type, found.role) == ("p-1", "Joint", "SecondaryOwner")
        assert (found.legal_structure, found.is_beneficial_owner) == ("Individual", True)
        assert found.addresses == (
            Address(("36 Wellington Street",), "Leeds", "LS1 1ZZ", None, "GB"),
            Address(("The Barn",)),
        )
        assert "Alice" not in repr(found)
        assert "Leeds" not in repr(found)


def test_products_and_offers() -> None:
    product = {"ProductId": "51B", "ProductType": "PersonalCurrentAccount", "ProductName": "321 Product", "PCA": {}}
    (found,) = resources.products(uk("Product", product), None, UTC).values
    assert (found.id, found.name, found.type) == ("51B", "321 Product", "PersonalCurrentAccount")
    assert json.loads(found.raw) == product
    offer = {
        "OfferId": "o-1",
        "OfferType": "LimitIncrease",
        "Description": "Up to 5000",
        "Rate": "9.9",
        "Amount": gbp("5000"),
    }
    (shown,) = resources.offers(uk("Offer", offer), "GBP", UTC).values
    raw = json.dumps(offer).encode()
    assert shown == Offer("o-1", "LimitIncrease", "Up to 5000", rate=Decimal("9.9"), amount=money("5000"), raw=raw)


READERS: list[tuple[str, Callable[..., Rows[Any]]]] = [
    ("StandingOrder", resources.standing_orders),
    ("DirectDebit", resources.direct_debits),
    ("ScheduledPayment", resources.scheduled_payments),
    ("Beneficiary", resources.beneficiaries),
    ("Statement", resources.statements),
    ("Party", resources.parties),
    ("Product", resources.products),
    ("Offer", resources.offers),
]


@pytest.mark.parametrize(("name", "read"), READERS)
def test_a_row_that_is_any_object_is_kept_and_none_is_no_row(name: str, read: Callable[..., Rows[Any]]) -> None:
    found = read(uk(name, {}, None, {"CreditorAccount": 7, "Frequency": [], "Address": 1}, "text"), "GBP", UTC)
    assert [json.loads(one.raw) for one in found.values] == [{}, {"CreditorAccount": 7, "Frequency": [], "Address": 1}]
    assert len(found.rejected) == 1
    assert read(b'{"Data":{}}', "GBP", UTC).values == ()


@pytest.fixture
def bank() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def adapter(*offered: Resource, **api: Any) -> UkObieAdapter:
    return UkObieAdapter(tpp.albion(resources=list(offered), **api), tpp.tpp())


ADDRESSES = [
    (Resource.STANDING_ORDERS, "standing-orders"),
    (Resource.DIRECT_DEBITS, "direct-debits"),
    (Resource.SCHEDULED_PAYMENTS, "scheduled-payments"),
    (Resource.BENEFICIARIES, "beneficiaries"),
    (Resource.STATEMENTS, "statements"),
    (Resource.PARTIES, "parties"),
    (Resource.PRODUCTS, "product"),
    (Resource.OFFERS, "offers"),
]


@pytest.mark.parametrize(("resource", "path"), ADDRESSES)
def test_each_resource_is_read_where_it_is_and_only_where_it_is_offered(
    bank: responses.RequestsMock, resource: Resource, path: str
) -> None:
    bank.get(f"{tpp.AISP}/accounts/22289/{path}", body=uk("Nothing"))
    one = adapter(resource)
    assert one.capabilities.resources == {resource}
    assert getattr(one, resource.value)(ACCESS, ACCOUNT, psu=None) == ()
    with pytest.raises(Refused) as caught:
        getattr(adapter(), resource.value)(ACCESS, ACCOUNT, psu=None)
    assert (caught.value.code, caught.value.step) == ("not_offered", resource.value)
    assert len(bank.calls) == 1


def test_a_bank_that_knows_only_who_logged_in_is_asked_for_that(bank: responses.RequestsMock) -> None:
    bank.get(f"{tpp.AISP}/accounts/22289/party", json={"Data": {"Party": PARTY}})
    assert len(adapter(Resource.PARTIES, parties_at="party").parties(ACCESS, ACCOUNT, psu=None)) == 1


ANSWERS: list[tuple[int, type[ProviderError]]] = [
    (400, Refused),
    (401, ReconsentRequired),
    (404, Refused),
    (429, Transient),
    (500, Transient),
    (200, ContractBroken),
]


@pytest.mark.parametrize(("status", "kind"), ANSWERS)
def test_a_resource_that_fails_is_one_of_our_errors(
    bank: responses.RequestsMock, status: int, kind: type[ProviderError]
) -> None:
    bank.get(f"{tpp.AISP}/accounts/22289/standing-orders", body="<html>", status=status)
    with pytest.raises(kind):
        adapter(Resource.STANDING_ORDERS).standing_orders(ACCESS, ACCOUNT, psu=None)


def test_no_content_is_nothing(bank: responses.RequestsMock) -> None:
    bank.get(f"{tpp.AISP}/accounts/22289/standing-orders", status=204)
    assert adapter(Resource.STANDING_ORDERS).standing_orders(ACCESS, ACCOUNT, psu=None) == ()


def funds(bank: responses.RequestsMock, **answer: Any) -> UkObieAdapter:
    token = {"access_token": "at-1", "token_type": "Bearer", "id_token": tpp.id_token(tpp.id_token_claims())}
    bank.post(f"{tpp.UK}/token", json=token)
    bank.get(f"{tpp.UK}/jwks", json=tpp.bank_jwks())
    consent = {"Data": {"ConsentId": "consent-1", "Status": "AUTH"}}
    bank.post(f"{FUNDS}/funds-confirmation-consents", json=consent, status=201)
    bank.get(f"{FUNDS}/funds-confirmation-consents/consent-1", json=consent)
    bank.delete(f"{FUNDS}/funds-confirmation-consents/consent-1", status=204)
    said = {"FundsAvailable": True, "FundsConfirmationId": "f-1", "CreationDateTime": "2026-03-01T12:00:00Z"}
    bank.post(f"{FUNDS}/funds-confirmations", json={"Data": said | answer}, status=201)
    return adapter(Resource.CONFIRM_FUNDS, funds={"base": FUNDS, "version": "4.0"})


IBAN = Identifier(Scheme.IBAN, "GB33BUKB20201555555555")


def test_funds_are_confirmed_under_a_consent_of_their_own(bank: responses.RequestsMock) -> None:
    one = funds(bank)
    start = one.start_funds(tpp.link_request(), IBAN, name="Alice O'Connor")
    assert isinstance(start.step, Redirect)
    assert "scope=openid+fundsconfirmations" in start.step.url
    asked = json.loads(bank.calls[1].request.body or "")["Data"]
    account = {"SchemeName": "UK.OBIE.IBAN", "Identification": IBAN.value, "Name": "Alice O'Connor"}
    assert asked == {"DebtorAccount": account, "ExpirationDateTime": "2026-08-28T23:59:59+00:00"}
    access = one.finish(start.state, {"state": "state-1", "code": "c"}, now=tpp.NOW, psu=tpp.link_request().psu)
    found = one.confirm_funds(access, money("10.50"), reference="purchase-7")
    assert (found.available, found.id, found.at) == (True, "f-1", datetime(2026, 3, 1, 12, tzinfo=UTC))
    question = json.loads(bank.calls[-1].request.body or "")["Data"]
    assert question == {"ConsentId": "consent-1", "Reference": "purchase-7", "InstructedAmount": gbp("10.50")}
    one.revoke(access)
    assert (bank.calls[-1].request.url or "").endswith("/funds-confirmation-consents/consent-1")


def test_what_is_no_question_is_not_asked(bank: responses.RequestsMock) -> None:
    one = funds(bank)
    access = Access("consent-1", None, None, {"access_token": "at-1", "family": "funds"})
    for amount, reference in (("0", "r"), ("-1", "r"), ("1", ""), ("1", "r" * 36)):
        with pytest.raises(Refused):
            one.confirm_funds(access, money(amount), reference=reference)
    with pytest.raises(Refused):
        one.confirm_funds(ACCESS, money("1"), reference="r")
    with pytest.raises(Refused):
        one.start_funds(tpp.link_request(), Identifier(Scheme.MASKED_PAN, "****5709"))
    with pytest.raises(Refused):
        adapter().start_funds(tpp.link_request(), IBAN)
    assert not any("/funds-confirmations" in (call.request.url or "") for call in bank.calls)


@pytest.mark.parametrize("said", ["yes", None, 1, ...])
def test_an_answer_that_is_neither_yes_nor_no_is_a_broken_contract(bank: responses.RequestsMock, said: Any) -> None:
    one = funds(bank, FundsAvailable=said) if said is not ... else funds(bank)
    if said is ...:
        bank.replace("POST", f"{FUNDS}/funds-confirmations", json={"Data": {}}, status=201)
    access = Access("consent-1", None, None, {"access_token": "at-1", "family": "funds"})
    with pytest.raises(ContractBroken):
        one.confirm_funds(access, money("1"), reference="r")
