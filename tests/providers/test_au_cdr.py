"""One Australian data holder through the port, and its answers in the hub's words."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
import responses
from joserfc import jwt

from providers.au_cdr import normalize
from providers.au_cdr.adapter import AuCdrAdapter
from providers.balances import choose
from providers.errors import ContractBroken, ProviderError, ReconsentRequired, Refused, Transient
from providers.model import Account, AccountType, BalanceType, Identifier, Money, Scheme, Status, Transaction
from providers.port import Access, LinkState, Psu, Redirect
from providers.registry import CatalogueError, Institution
from tests.providers import tpp
from tests.providers.pages import AU_ACCOUNT, AU_BALANCE, AU_TRANSACTION, au, but

HOLDER = "https://holder.example"
SYDNEY = ZoneInfo("Australia/Sydney")
ACCOUNT = Account("acc-1", "AUD")
ACCESS = Access(
    "arr-1", None, None, {"access_token": "at-1", "refresh_token": "rt-1", "authorised": tpp.NOW.isoformat()}
)
STATE = LinkState("", tpp.CALLBACK, "state-1", "nonce-1", {"code_verifier": "v" * 43, "sharing_s": "86400"})
ACCOUNTS = f"{HOLDER}/cds-au/v1/banking/accounts"
DAYS = {"date_from": date(2026, 1, 1), "date_to": date(2026, 2, 1)}


@pytest.fixture
def bank() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(f"{HOLDER}/jwks", json=tpp.bank_jwks())
        yield mock


def adapter(**api: Any) -> AuCdrAdapter:
    settings = {
        "issuer": HOLDER,
        "authorization_endpoint": f"{HOLDER}/authorize",
        "pushed_authorization_request_endpoint": f"{HOLDER}/par",
        "token_endpoint": f"{HOLDER}/token",
        "cdr_arrangement_revocation_endpoint": f"{HOLDER}/revoke",
        "jwks_uri": f"{HOLDER}/jwks",
        "resource_base": f"{HOLDER}/cds-au/v1",
        "client_id": "rialto",
    }
    api = settings | api
    known = Institution(id="bunyip", name="Bunyip", standard="au_cdr", version="1.36", country="AU", api=api)
    return AuCdrAdapter(known, tpp.tpp())


def form(request: Any) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(str(request.body)).items()}


def claims_of(token: str) -> dict[str, Any]:
    return jwt.decode(token, tpp.tpp_key(), algorithms=["PS256"]).claims


def test_the_request_is_pushed_and_signed_and_the_browser_carries_only_its_name(bank: responses.RequestsMock) -> None:
    bank.post(f"{HOLDER}/par", json={"request_uri": "urn:x:1", "expires_in": 90}, status=201)
    start = adapter().start(tpp.link_request())
    assert isinstance(start.step, Redirect)
    assert parse_qs(urlsplit(start.step.url).query) == {"client_id": ["rialto"], "request_uri": ["urn:x:1"]}
    sent = form(bank.calls[0].request)
    assert claims_of(sent["client_assertion"])["aud"] == HOLDER
    claims = claims_of(sent["request"])
    assert (claims["response_type"], claims["response_mode"], claims["aud"]) == ("code", "jwt", HOLDER)
    assert claims["claims"]["sharing_duration"] == int((datetime(2026, 8, 29, tzinfo=UTC) - tpp.NOW).total_seconds())
    assert claims["claims"]["id_token"]["acr"] == {"essential": True, "values": ["urn:cds.au:cdr:2"]}
    assert (claims["state"], claims["nonce"], claims["code_challenge_method"]) == ("state-1", "nonce-1", "S256")
    assert claims["code_challenge"] not in start.state.data.values()


def response_of(**changed: Any) -> dict[str, str]:
    soon = int(tpp.NOW.timestamp()) + 60
    claims = {"iss": HOLDER, "aud": "rialto", "exp": soon, "state": "state-1", "code": "c-1"} | changed
    return {"response": tpp.id_token({name: value for name, value in claims.items() if value is not ...})}


def tokens(**changed: Any) -> dict[str, Any]:
    signed = tpp.id_token(tpp.id_token_claims(iss=HOLDER, openbanking_intent_id=...))
    good = {
        "access_token": "at-1",
        "token_type": "Bearer",
        "expires_in": 300,
        "refresh_token": "rt-1",
        "id_token": signed,
        "cdr_arrangement_id": "arr-1",
    }
    return {name: value for name, value in (good | changed).items() if value is not ...}


def test_the_arrangement_comes_with_the_tokens_and_ends_when_sharing_does(bank: responses.RequestsMock) -> None:
    bank.post(f"{HOLDER}/token", json=tokens())
    access = adapter().finish(STATE, response_of(), now=tpp.NOW, psu=Psu())
    assert access.bank_consent_id == "arr-1"
    assert (access.expires_at, access.valid_until) == (tpp.NOW + timedelta(seconds=300), tpp.NOW + timedelta(days=1))


BAD_RETURNS: list[tuple[dict[str, str], dict[str, Any], type[ProviderError]]] = [
    ({"code": "c-1", "state": "state-1"}, tokens(), ContractBroken),
    (response_of(state="another"), tokens(), ContractBroken),
    (response_of() | {"state": "another"}, tokens(), ContractBroken),
    (response_of(iss="https://other.example"), tokens(), ContractBroken),
    (response_of(code=..., error="access_denied"), tokens(), Refused),
    (response_of(), tokens(id_token=...), ContractBroken),
    (response_of(), tokens(cdr_arrangement_id=...), ContractBroken),
    (response_of(), tokens(id_token=tpp.id_token(tpp.id_token_claims(iss=HOLDER, nonce="old"))), ContractBroken),
]


@pytest.mark.parametrize(("callback", "answer", "kind"), BAD_RETURNS)
def test_a_return_that_is_not_this_attempts_gives_no_access(
    bank: responses.RequestsMock, callback: dict[str, str], answer: dict[str, Any], kind: type[ProviderError]
) -> None:
    bank.post(f"{HOLDER}/token", json=answer)
    with pytest.raises(kind):
        adapter().finish(STATE, callback, now=tpp.NOW, psu=Psu())


def test_versions_presence_and_the_days_of_the_banks_own_place(bank: responses.RequestsMock) -> None:
    bank.get(f"{ACCOUNTS}/acc-1/transactions", body=au("transactions", AU_TRANSACTION))
    bank.get(ACCOUNTS, body=au("accounts", AU_ACCOUNT))
    (page,) = adapter().transactions(ACCESS, ACCOUNT, psu=None, **DAYS)
    assert len(page.transactions) == 1
    adapter().accounts(ACCESS, psu=Psu("192.0.2.1", "Browser/1.0"))
    absent, present = (call.request for call in bank.calls)
    query = parse_qs(urlsplit(absent.url or "").query)
    assert (query["oldest-time"], query["newest-time"]) == (["2025-12-31T13:00:00Z"], ["2026-02-01T12:59:59Z"])
    assert (absent.headers["x-v"], absent.headers["x-min-v"]) == ("2", "1")
    assert (present.headers["x-v"], present.headers["x-min-v"]) == ("3", "2")
    assert "x-fapi-customer-ip-address" not in absent.headers
    assert present.headers["x-fapi-customer-ip-address"] == "192.0.2.1"
    assert absent.headers["x-fapi-auth-date"] == "Sun, 01 Mar 2026 12:00:00 GMT"


URN = "urn:au-cds:error:cds-all:"
REFUSALS: list[tuple[int, str, type[ProviderError]]] = [
    (401, "Authorisation/InvalidToken", ReconsentRequired),
    (403, "Authorisation/RevokedConsent", ReconsentRequired),
    (403, "Authorisation/InvalidConsent", ReconsentRequired),
    (403, "Authorisation/AdrStatusNotActive", Refused),
    (404, "Authorisation/UnavailableBankingAccount", Refused),
    (406, "Header/UnsupportedVersion", Refused),
    (429, "GeneralError/Expected", Transient),
    (503, "Service/Unavailable", Transient),
]


@pytest.mark.parametrize(("status", "code", "kind"), REFUSALS)
def test_what_each_refusal_means(
    bank: responses.RequestsMock, status: int, code: str, kind: type[ProviderError]
) -> None:
    bank.get(ACCOUNTS, json={"errors": [{"code": URN + code, "title": "t", "detail": "d"}]}, status=status)
    with pytest.raises(kind):
        adapter().accounts(ACCESS, psu=None)


@pytest.mark.parametrize("status", [204, 200, 422])
def test_an_arrangement_is_ended_or_was_already(bank: responses.RequestsMock, status: int) -> None:
    bank.post(f"{HOLDER}/revoke", status=status)
    adapter().revoke(ACCESS)
    assert form(bank.calls[0].request)["cdr_arrangement_id"] == "arr-1"
    adapter().revoke(Access("", None, None))
    assert len(bank.calls) == 1


WRONG: list[dict[str, Any]] = [
    {"scopes": []},
    {"page_size": 5000},
    {"time_zone": "Mars"},
    {"resource_base": "http://holder.example"},
]


@pytest.mark.parametrize("api", WRONG)
def test_a_file_that_does_not_fit_names_its_bank(api: dict[str, Any]) -> None:
    with pytest.raises(CatalogueError, match="bunyip"):
        adapter(**api)


def only(**changed: Any) -> Transaction:
    body = au("transactions", but(AU_TRANSACTION, **changed))
    page = normalize.transactions(body, account=ACCOUNT, zone=SYDNEY)
    assert page.rejected == ()
    return page.transactions[0]


def test_a_whole_row() -> None:
    found = only()
    assert (found.money, found.status) == (Money(Decimal("-14.20"), "AUD"), Status.BOOKED)
    # 22:30 of the first in UTC is the morning of the second in Sydney
    assert (found.booking_date, found.value_date) == (date(2026, 3, 2), date(2026, 3, 1))
    assert found.transaction_datetime == datetime(2026, 2, 28, 20, tzinfo=UTC)
    assert found.counterparty.name == "Proud Mary"
    assert found.remittance == ("PROUD MARY COLLINGWOOD", "ref-1")
    assert (found.bank_ids["transactionId"], found.merchant_category_code) == ("t-1", "5814")


KINDS = [("FEE", "ACMT-MDOP-FEES"), ("TRANSFER_INCOMING", "PMNT-RCDT-NTAV"), ("DIRECT_DEBIT", "PMNT-RDDT-NTAV")]


@pytest.mark.parametrize(("kind", "code"), KINDS)
def test_types_are_iso_codes_and_keep_their_word(kind: str, code: str) -> None:
    found = only(type=kind)
    assert (found.bank_transaction_code, found.proprietary_code) == (code, kind)


ODD: list[Any] = [7, True, "x", [], {}, None, "2026-13-45T00:00:00Z"]


@pytest.mark.parametrize("field", sorted(set(AU_TRANSACTION) - {"amount", "currency"}))
def test_no_optional_field_costs_a_row(field: str) -> None:
    for value in ODD:
        assert only(**{field: value}).money.number == Decimal("-14.20")


def test_accounts_are_known_by_the_id_that_outlives_the_arrangement() -> None:
    closed = but(AU_ACCOUNT, accountId="acc-2", openStatus="CLOSED")
    (found,) = normalize.accounts(au("accounts", AU_ACCOUNT, closed)).values
    assert found.identifiers == (Identifier(Scheme.OTHER, "acc-1"), Identifier(Scheme.MASKED_PAN, "xxxx0231"))
    assert (found.type, found.currency, found.name) == (AccountType.CURRENT, "AUD", "Bills")


def test_balances_and_purses() -> None:
    found = normalize.balances(json.dumps({"data": AU_BALANCE, "links": {}, "meta": {}}).encode()).values
    assert [(one.type, str(one.money.number), one.money.currency) for one in found] == [
        (BalanceType.INTERIM_BOOKED, "-20.50", "AUD"),
        (BalanceType.INTERIM_AVAILABLE, "479.50", "AUD"),
        (BalanceType.INTERIM_AVAILABLE, "12.00", "NZD"),
    ]
    assert found[0].credit_limit == Money(Decimal("500.00"), "AUD")
    assert normalize.balances(b'{"data":{"accountId":"a"}}').values == ()


CATEGORIES = [
    ("TRANS_AND_SAVINGS_ACCOUNTS", AccountType.CURRENT),
    ("TERM_DEPOSITS", AccountType.SAVINGS),
    ("CRED_AND_CHRG_CARDS", AccountType.CARD),
    ("TRAVEL_CARDS", AccountType.WALLET),
    ("RESIDENTIAL_MORTGAGES", AccountType.MORTGAGE),
    ("PERS_LOANS", AccountType.LOAN),
    ("BUSINESS_LOANS", AccountType.LOAN),
    ("MARGIN_LOANS", AccountType.LOAN),
    ("LEASES", AccountType.LOAN),
    ("OVERDRAFTS", AccountType.LOAN),
    ("TRADE_FINANCE", AccountType.LOAN),
    ("BUY_NOW_PAY_LATER", AccountType.LOAN),
    ("REGULATED_TRUST_ACCOUNTS", AccountType.OTHER),
    ("WHATEVER_COMES_NEXT", AccountType.OTHER),
    (None, AccountType.OTHER),
]


@pytest.mark.parametrize(("category", "kind"), CATEGORIES)
def test_every_category_is_shown_and_debt_is_debt(category: str | None, kind: AccountType) -> None:
    (found,) = normalize.accounts(au("accounts", but(AU_ACCOUNT, productCategory=category))).values
    assert found.type is kind
    body = {"data": but(AU_BALANCE, currentBalance="-250000.00", availableBalance="1200.00", purses=[])}
    chosen = choose(normalize.balances(json.dumps(body).encode(), account=found).values, account_type=kind)
    assert chosen.current is not None
    assert chosen.current.money.number == Decimal("-250000.00")
    without = normalize.balances(
        json.dumps({"data": but(AU_BALANCE, currentBalance=..., purses=[])}).encode(), account=found
    )
    if kind in (AccountType.LOAN, AccountType.MORTGAGE):
        assert [row.reason for row in without.rejected] == ["currentBalance is missing"]
        assert without.values == (), "what may be redrawn is not what is owed"
    else:
        assert [one.type for one in without.values] == [BalanceType.INTERIM_AVAILABLE]


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"data":7}', b'{"data":{}}', b'{"data":{"accounts":7}}'])
def test_an_answer_of_another_shape_is_a_broken_contract(body: bytes) -> None:
    for read in (normalize.accounts, normalize.transactions):
        with pytest.raises(ContractBroken):
            read(body)
