"""One bank of Open Finance Brasil through the port, and its answers in the hub's words."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
import responses
from joserfc import jwe, jwt
from joserfc.errors import JoseError
from joserfc.util import urlsafe_b64encode

from providers.br_openfinance import normalize
from providers.br_openfinance.adapter import BrOpenFinanceAdapter
from providers.br_openfinance.cpf import cpf
from providers.errors import ContractBroken, ProviderError, ReconsentRequired, Refused, Transient
from providers.fapi.jwe import opened
from providers.model import Account, AccountType, BalanceType, Identifier, Money, Scheme, Status, Transaction
from providers.port import Access, Ask, LinkStart, LinkState, Psu, Redirect
from providers.registry import CatalogueError, Institution
from tests.providers import tpp
from tests.providers.pages import BR_ACCOUNT, BR_BALANCE, BR_TRANSACTION, br, but

BANK = "https://banco.example"
API = f"{BANK}/open-banking"
CONSENTS, ACCOUNTS = f"{API}/consents/v3/consents", f"{API}/accounts/v2/accounts"
CONSENT = "urn:bancoex:C1DD33123"
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
ACCOUNT = Account("acc-1", "BRL")
ACCESS = Access(CONSENT, None, None, {"access_token": "at-1", "refresh_token": "rt-1"})
STATE = LinkState(CONSENT, tpp.CALLBACK, "state-1", "nonce-1", {"code_verifier": "v" * 43})
US = replace(tpp.tpp(), opening_keys=lambda: (tpp.opening_key(),))


@pytest.fixture
def bank() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(f"{BANK}/jwks", json=tpp.bank_jwks())
        yield mock


def adapter(**api: Any) -> BrOpenFinanceAdapter:
    settings = {
        "issuer": BANK,
        "authorization_endpoint": f"{BANK}/authorize",
        "pushed_authorization_request_endpoint": f"{BANK}/par",
        "token_endpoint": f"{BANK}/token",
        "jwks_uri": f"{BANK}/jwks",
        "resource_base": API,
        "client_id": "rialto",
    }
    api = settings | api
    known = Institution(id="iara", name="Iara", standard="br_openfinance", version="2.4", country="BR", api=api)
    return BrOpenFinanceAdapter(known, US)


CPFS = [
    ("123.456.789-09", "12345678909"),
    ("12345678909", "12345678909"),
    (" 529 982 247 25 ", "52998224725"),
    ("123.456.789-00", None),
    ("111.111.111-11", None),
    ("1234567890", None),
    ("", None),
    ("abcdefghijk", None),
    ("１２３４５６７８９０９", None),
]


@pytest.mark.parametrize(("written", "digits"), CPFS)
def test_a_cpf_is_checked_before_any_bank_sees_it(written: str, digits: str | None) -> None:
    assert cpf(written) == digits


def consent(status: str = "AWAITING_AUTHORISATION", **more: Any) -> dict[str, Any]:
    return {"data": {"consentId": CONSENT, "status": status, **more}}


def test_the_psu_is_asked_who_they_are_and_asked_again_if_that_cannot_be() -> None:
    start = adapter().start(tpp.link_request())
    assert isinstance(start.step, Ask)
    assert [field.name for field in start.step.fields] == ["cpf"]
    again = adapter().advance(start.state, {"cpf": "123"}, now=tpp.NOW, psu=Psu())
    assert isinstance(again, LinkStart)
    assert isinstance(again.step, Ask)
    assert again.step.error
    assert again.state == start.state


def test_the_consent_names_the_psu_and_the_scope_names_the_consent(bank: responses.RequestsMock) -> None:
    bank.post(f"{BANK}/token", json={"access_token": "app", "token_type": "Bearer"})
    bank.post(CONSENTS, json=consent(), status=201)
    bank.post(f"{BANK}/par", json={"request_uri": "urn:x:1"}, status=201)
    start = adapter().start(tpp.link_request())
    gone_on = adapter().advance(start.state, {"cpf": "123.456.789-09"}, now=tpp.NOW, psu=Psu())
    assert isinstance(gone_on, LinkStart)
    assert isinstance(gone_on.step, Redirect)
    assert parse_qs(urlsplit(gone_on.step.url).query)["request_uri"] == ["urn:x:1"]
    assert (gone_on.state.bank_consent_id, gone_on.state.state) == (CONSENT, "state-1")
    token, made, pushed = (call.request for call in bank.calls)
    assert "scope=consents" in str(token.body)
    asked = json.loads(made.body or "")["data"]
    assert asked["loggedUser"] == {"document": {"identification": "12345678909", "rel": "CPF"}}
    assert asked["expirationDateTime"] == "2026-08-28T23:59:59Z"
    assert "ACCOUNTS_OVERDRAFT_LIMITS_READ" in asked["permissions"]
    signed = parse_qs(str(pushed.body))["request"][0]
    claims = jwt.decode(signed, tpp.tpp_key(), algorithms=["PS256"]).claims
    assert claims["scope"] == f"openid accounts resources consent:{CONSENT}"
    assert claims["response_mode"] == "jwt"
    kept = {**gone_on.state.data, "shown": repr(gone_on)}
    assert "12345678909" not in str(kept)


@pytest.mark.parametrize("consent_id", ["", "urn:x y", "urn:x\n"])
def test_a_consent_id_that_would_change_the_scope_is_refused(bank: responses.RequestsMock, consent_id: str) -> None:
    bank.post(f"{BANK}/token", json={"access_token": "app", "token_type": "Bearer"})
    bank.post(CONSENTS, json={"data": {"consentId": consent_id, "status": "AWAITING_AUTHORISATION"}}, status=201)
    start = adapter().start(tpp.link_request())
    with pytest.raises(ContractBroken):
        adapter().advance(start.state, {"cpf": "123.456.789-09"}, now=tpp.NOW, psu=Psu())


def returned(**changed: Any) -> dict[str, str]:
    claims = {"iss": BANK, "aud": "rialto", "exp": int(tpp.NOW.timestamp()) + 60, "state": "state-1", "code": "c-1"}
    return {"response": tpp.id_token({**claims, **changed})}


def answer(*, encrypted: bool) -> dict[str, Any]:
    signed = tpp.id_token(tpp.id_token_claims(iss=BANK, openbanking_intent_id=...))
    if encrypted:
        signed = jwe.encrypt_compact(
            {"alg": "RSA-OAEP", "enc": "A256GCM"}, signed.encode(), tpp.encryption_key("ours-enc")
        )
    return {
        "access_token": "at-1",
        "token_type": "Bearer",
        "expires_in": 300,
        "refresh_token": "rt-1",
        "id_token": signed,
    }


@pytest.mark.parametrize("encrypted", [True, False])
def test_the_id_token_may_be_encrypted_to_us(bank: responses.RequestsMock, encrypted: bool) -> None:
    bank.post(f"{BANK}/token", json=answer(encrypted=encrypted))
    bank.get(f"{CONSENTS}/{CONSENT}", json=consent("AUTHORISED", expirationDateTime="2026-08-28T23:59:59Z"))
    access = adapter().finish(STATE, returned(), now=tpp.NOW, psu=Psu())
    assert access.valid_until == datetime(2026, 8, 28, 23, 59, 59, tzinfo=UTC)
    assert access.data == {"access_token": "at-1", "refresh_token": "rt-1"}


def test_a_bank_that_is_to_encrypt_and_does_not_is_refused(bank: responses.RequestsMock) -> None:
    bank.post(f"{BANK}/token", json=answer(encrypted=False))
    with pytest.raises(ContractBroken, match="not encrypted"):
        adapter(id_token_encrypted=True).finish(STATE, returned(), now=tpp.NOW, psu=Psu())
    bank.replace(responses.POST, f"{BANK}/token", json=answer(encrypted=True))
    bank.get(f"{CONSENTS}/{CONSENT}", json=consent("AUTHORISED"))
    assert adapter(id_token_encrypted=True).finish(STATE, returned(), now=tpp.NOW, psu=Psu()).bank_consent_id == CONSENT


def encrypted(kid: str | None = "ours-enc", key: str = "ours-enc", **header: str) -> str:
    header = {"alg": "RSA-OAEP", "enc": "A256GCM"} | ({"kid": kid} if kid else {}) | header
    algorithms = [header["alg"], header["enc"], "DEF"]
    return jwe.encrypt_compact(header, b"a.b.c", tpp.encryption_key(key), algorithms=algorithms)


def test_a_key_that_was_replaced_still_opens_and_the_header_says_which() -> None:
    us = replace(tpp.tpp(), opening_keys=lambda: (tpp.opening_key("new-enc"), tpp.opening_key()))
    assert opened(encrypted("new-enc", "new-enc"), us) == opened(encrypted(), us) == "a.b.c"
    assert opened(encrypted(None, "new-enc"), us) == "a.b.c"
    assert [key["kid"] for key in us.jwks()["keys"] if key["use"] == "enc"] == ["new-enc"]
    for token in (encrypted(None), encrypted("new-enc", "ours-enc"), encrypted("unknown")):
        with pytest.raises(ContractBroken):
            opened(token, us)


DOWNGRADES: list[dict[str, Any]] = [
    {"alg": "RSA1_5"},
    {"enc": "A128CBC-HS256"},
    {"enc": "A128GCM"},
    {"zip": "DEF"},
    {"crit": "x"},
    {"enc": {"a": 1}},
]


@pytest.mark.filterwarnings("ignore:JWE algorithm")
@pytest.mark.parametrize("header", DOWNGRADES)
def test_what_is_encrypted_more_weakly_than_agreed_is_not_opened(header: dict[str, Any]) -> None:
    from_us = urlsafe_b64encode(json.dumps({"alg": "RSA-OAEP", "enc": "A256GCM", "kid": "ours-enc"} | header).encode())
    token = f"{from_us.decode()}.AAAA.AAAA.AAAA.AAAA"
    with contextlib.suppress(JoseError, ValueError, TypeError):
        token = encrypted(**header)
    with pytest.raises(ContractBroken):
        opened(token, US)


def test_what_is_encrypted_to_another_or_garbled_is_a_broken_contract() -> None:
    other = encrypted(None, "other-enc")
    for token in (other, "a.b.c.d.e", "....", "\xff.b.c.d.e"):
        with pytest.raises(ContractBroken):
            opened(token, US)
    with pytest.raises(ContractBroken, match="no key"):
        opened(other, tpp.tpp())
    assert {key["use"] for key in US.jwks()["keys"]} == {"sig", "enc"}
    assert all("d" not in key for key in US.jwks()["keys"])


STATUSES: list[tuple[str, type[ProviderError]]] = [
    ("AWAITING_AUTHORISATION", Transient),
    ("REJECTED", Refused),
    ("SURPRISE", Refused),
]


@pytest.mark.parametrize(("status", "kind"), STATUSES)
def test_a_consent_that_is_not_authorised_gives_no_access(
    bank: responses.RequestsMock, status: str, kind: type[ProviderError]
) -> None:
    bank.post(f"{BANK}/token", json=answer(encrypted=False))
    bank.get(f"{CONSENTS}/{CONSENT}", json=consent(status))
    with pytest.raises(kind):
        adapter().finish(STATE, returned(), now=tpp.NOW, psu=Psu())


def test_a_foreign_return_is_refused(bank: responses.RequestsMock) -> None:
    for callback in (returned(state="x"), returned(iss="https://x.example"), {"state": "state-1", "code": "c"}):
        with pytest.raises(ContractBroken):
            adapter().finish(STATE, callback, now=tpp.NOW, psu=Psu())


def test_the_last_days_are_asked_of_their_own_endpoint(bank: responses.RequestsMock) -> None:
    today = datetime.now(UTC).date()
    for path in ("transactions", "transactions-current"):
        bank.get(f"{ACCOUNTS}/acc-1/{path}", body=br(BR_TRANSACTION))
    for days, path in ((6, "transactions-current"), (7, "transactions"), (300, "transactions")):
        (page,) = adapter().transactions(
            ACCESS, ACCOUNT, date_from=today - timedelta(days=days), date_to=today, psu=None
        )
        assert len(page.transactions) == 1
        url = urlsplit(bank.calls[-1].request.url or "")
        assert url.path.endswith(f"/{path}")
        assert ("MaxLimited" in url.query) is (path == "transactions-current")


REFUSALS: list[tuple[int, type[ProviderError]]] = [
    (401, ReconsentRequired),
    (403, Refused),
    (404, Refused),
    (422, Refused),
    (423, Transient),
    (429, Transient),
    (500, Transient),
    (529, Transient),
]


@pytest.mark.parametrize(("status", "kind"), REFUSALS)
def test_what_each_refusal_means(bank: responses.RequestsMock, status: int, kind: type[ProviderError]) -> None:
    bank.get(ACCOUNTS, json={"errors": [{"code": "X", "title": "t", "detail": "d"}]}, status=status)
    with pytest.raises(kind) as caught:
        adapter().accounts(ACCESS, psu=None)
    if status == 423:
        assert isinstance(caught.value, Transient)
        assert (caught.value.retry_after_s or 0) > 0


@pytest.mark.parametrize("status", [204, 404, 422])
def test_a_consent_is_ended_or_was_already(bank: responses.RequestsMock, status: int) -> None:
    bank.post(f"{BANK}/token", json={"access_token": "app", "token_type": "Bearer"})
    bank.delete(f"{CONSENTS}/{CONSENT}", status=status)
    adapter().revoke(ACCESS)
    adapter().revoke(Access("", None, None))
    assert len(bank.calls) == 2


def test_the_overdraft_is_read_beside_the_balance_where_there_is_one(bank: responses.RequestsMock) -> None:
    bank.get(f"{ACCOUNTS}/acc-1/balances", json={"data": BR_BALANCE})
    limit = {"data": {"overdraftContractedLimit": {"amount": "1500.0000", "currency": "BRL"}}}
    bank.get(f"{ACCOUNTS}/acc-1/overdraft-limits", json=limit)
    available, blocked, invested = adapter().balances(ACCESS, ACCOUNT, psu=None)
    assert (available.type, available.money) == (BalanceType.INTERIM_AVAILABLE, Money(Decimal("100.0400"), "BRL"))
    assert (available.credit_limit, available.credit_line_included) == (Money(Decimal("1500.0000"), "BRL"), False)
    assert available.as_of == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert (blocked.source_label, invested.source_label) == ("blockedAmount", "automaticallyInvestedAmount")
    bank.replace(responses.GET, f"{ACCOUNTS}/acc-1/overdraft-limits", status=404)
    assert adapter().balances(ACCESS, ACCOUNT, psu=None)[0].credit_limit is None
    count = len(bank.calls)
    adapter(overdraft_limits=False).balances(ACCESS, ACCOUNT, psu=None)
    assert len(bank.calls) == count + 1


@pytest.mark.parametrize("lacking", [..., None, {}, True])
def test_what_is_held_back_or_invested_is_never_taken_for_the_balance(lacking: Any) -> None:
    found = normalize.balances(json.dumps({"data": but(BR_BALANCE, availableAmount=lacking)}).encode())
    assert found.values == ()
    assert len(found.rejected) == 1


KINDS_OF_ACCOUNT = [
    ("CONTA_DEPOSITO_A_VISTA", AccountType.CURRENT),
    ("CONTA_POUPANCA", AccountType.SAVINGS),
    ("CONTA_PAGAMENTO_PRE_PAGA", AccountType.WALLET),
    ("CONTA_QUE_AINDA_VEM", AccountType.OTHER),
    (None, AccountType.OTHER),
]


@pytest.mark.parametrize(("word", "kind"), KINDS_OF_ACCOUNT)
def test_every_kind_of_account_is_shown(word: str | None, kind: AccountType) -> None:
    (found,) = normalize.accounts(br(but(BR_ACCOUNT, type=word))).values
    assert found.type is kind


def only(**changed: Any) -> Transaction:
    page = normalize.transactions(br(but(BR_TRANSACTION, **changed)), account=ACCOUNT, zone=SAO_PAULO)
    assert page.rejected == ()
    return page.transactions[0]


def test_a_whole_row() -> None:
    found = only()
    assert (found.money, found.status) == (Money(Decimal("-25.0000"), "BRL"), Status.BOOKED)
    # two in the night in UTC is still the evening before in São Paulo
    assert found.booking_date == date(2026, 2, 28)
    assert found.transaction_datetime == datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
    assert found.counterparty.account == Identifier(Scheme.BBAN, "001-6272-123456789")
    assert found.remittance == ("PIX ENVIADO PADARIA",)
    assert (found.bank_transaction_code, found.proprietary_code) == ("PMNT-IRCT-NTAV", "PIX")
    assert only(creditDebitType="CREDITO").bank_transaction_code == "PMNT-RRCT-NTAV"


def test_a_direction_that_is_neither_is_not_guessed() -> None:
    page = normalize.transactions(br(but(BR_TRANSACTION, creditDebitType="ESTORNO"), BR_TRANSACTION))
    assert [row.reason for row in page.rejected] == ["creditDebitType is unknown"]
    assert len(page.transactions) == 1


KINDS = [
    ("TRANSACAO_EFETIVADA", Status.BOOKED),
    ("TRANSACAO_PROCESSANDO", Status.PENDING),
    ("LANCAMENTO_FUTURO", Status.FUTURE),
    ("OUTRO", Status.BOOKED),
    (None, Status.BOOKED),
]


@pytest.mark.parametrize(("word", "status"), KINDS)
def test_statuses(word: str | None, status: Status) -> None:
    assert only(completedAuthorisedPaymentType=word).status is status


ODD: list[Any] = [7, True, "x", [], {}, None, "2026-13-45T00:00:00Z"]


@pytest.mark.parametrize("field", sorted(set(BR_TRANSACTION) - {"transactionAmount", "creditDebitType"}))
def test_no_optional_field_costs_a_row(field: str) -> None:
    for value in ODD:
        assert abs(only(**{field: value}).money.number) == Decimal("25.0000")


def test_accounts() -> None:
    bare = {"accountId": "acc-2"}
    found, other = normalize.accounts(br(BR_ACCOUNT, bare)).values
    assert found.identifiers == (Identifier(Scheme.BBAN, "999-0117-417700231"),)
    assert (found.type, found.currency) == (AccountType.CURRENT, "BRL")
    assert other.identifiers == (Identifier(Scheme.OTHER, "acc-2"),)


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"data":7}', b"\xff"])
def test_an_answer_of_another_shape_is_a_broken_contract(body: bytes) -> None:
    for read in (normalize.accounts, normalize.transactions):
        with pytest.raises(ContractBroken):
            read(body)


WRONG: list[dict[str, Any]] = [
    {"permissions": []},
    {"page_size": 10},
    {"time_zone": "Mars"},
    {"resource_base": "http://banco.example"},
]


@pytest.mark.parametrize("api", WRONG)
def test_a_file_that_does_not_fit_names_its_bank(api: dict[str, Any]) -> None:
    with pytest.raises(CatalogueError, match="iara"):
        adapter(**api)
