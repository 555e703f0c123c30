"""What a bank's file may change of the requests, and of what the answers mean: each knob by the bank that needs it."""

import base64
import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import responses
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from providers.errors import ContractBroken, ProviderError, ReconsentRequired, Refused, Transient
from providers.model import Account
from providers.port import Access, LinkState, Psu
from providers.uk_obie.adapter import UkObieAdapter
from tests.providers import tpp
from tests.providers.pages import UK_ACCOUNT, UK_TRANSACTION, but, uk

ACCOUNT = Account("22289", "GBP")
ACCESS = Access("consent-1", None, None, {"access_token": "at-1", "refresh_token": "rt-1"})
TRANSACTIONS = f"{tpp.AISP}/accounts/22289/transactions"
CONSENTS = f"{tpp.AISP}/account-access-consents"
DAYS = {"date_from": date(2026, 1, 1), "date_to": date(2026, 2, 1)}
TOKEN = {"access_token": "at-2", "token_type": "bearer", "expires_in": 600}


@pytest.fixture
def bank() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.post(f"{tpp.UK}/token", json=TOKEN)
        mock.post(CONSENTS, json={"Data": {"ConsentId": "consent-1", "Status": "AWAU"}}, status=201)
        yield mock


def adapter(**api: Any) -> UkObieAdapter:
    return UkObieAdapter(tpp.albion(**api), tpp.tpp())


def read(one: UkObieAdapter) -> list[Any]:
    return list(one.transactions(ACCESS, ACCOUNT, psu=None, **DAYS))


def asked_permissions(bank: responses.RequestsMock, **api: Any) -> list[str]:
    adapter(**api).start(tpp.link_request())
    found: list[str] = json.loads(bank.calls[-1].request.body or "")["Data"]["Permissions"]
    return found


def test_only_what_the_bank_supports_is_asked_for(bank: responses.RequestsMock) -> None:
    resources = ["standing_orders", "direct_debits", "parties"]
    removed = ["ReadDirectDebits", "ReadStandingOrdersDetail"]
    found = asked_permissions(bank, resources=resources, permissions_remove=removed)
    assert found == [
        "ReadAccountsDetail",
        "ReadBalances",
        "ReadTransactionsCredits",
        "ReadTransactionsDebits",
        "ReadTransactionsDetail",
        "ReadParty",
        "ReadStandingOrdersBasic",
    ]


def test_a_consent_carries_the_dates_that_the_bank_takes(bank: responses.RequestsMock) -> None:
    adapter(consent_sends=[]).start(tpp.link_request())
    assert json.loads(bank.calls[-1].request.body or "")["Data"].keys() == {"Permissions"}


def test_headers_are_sent_renamed_and_left_out_as_the_bank_wants(bank: responses.RequestsMock) -> None:
    wants = {
        "send": {"x-fapi-financial-id": "001", "x-lbg-channel": "MBA"},
        "omit": ["DELETE Accept", "x-customer-user-agent"],
        "rename": {"x-fapi-interaction-id": "x-interaction"},
    }
    bank.get(f"{tpp.AISP}/accounts", body=uk("Account", UK_ACCOUNT))
    bank.delete(f"{CONSENTS}/consent-1", status=204)
    one = adapter(headers=wants)
    one.accounts(ACCESS, psu=Psu("192.0.2.1", "Browser/1.0"))
    sent = bank.calls[-1].request.headers
    assert (sent["x-fapi-financial-id"], sent["x-lbg-channel"]) == ("001", "MBA")
    assert "x-interaction" in sent
    assert not {"x-fapi-interaction-id", "x-customer-user-agent"} & sent.keys()
    assert sent["Accept"] == "application/json"
    one.revoke(ACCESS)
    assert "Accept" not in bank.calls[-1].request.headers
    assert "Authorization" in bank.calls[-1].request.headers


FORMATS = [
    ("zulu", "2026-01-01T00:00:00Z", "2026-02-01T23:59:59Z"),
    ("millis", "2026-01-01T00:00:00.000Z", "2026-02-01T23:59:59.000Z"),
    ("offset", "2026-01-01T00:00:00+00:00", "2026-02-01T23:59:59+00:00"),
    ("naive", "2026-01-01T00:00:00", "2026-02-01T23:59:59"),
    ("day", "2026-01-01", "2026-02-01"),
]


@pytest.mark.parametrize(("form", "first", "last"), FORMATS)
def test_days_are_written_as_the_bank_reads_them(
    bank: responses.RequestsMock, form: str, first: str, last: str
) -> None:
    bank.get(TRANSACTIONS, body=uk("Transaction", UK_TRANSACTION))
    read(adapter(dates={"format": form}))
    query = urlsplit(bank.calls[-1].request.url or "").query
    assert dict(parse_qsl(query)) == {"fromBookingDateTime": first, "toBookingDateTime": last}


def test_a_bank_may_know_no_end_and_another_name_for_the_start(bank: responses.RequestsMock) -> None:
    bank.get(TRANSACTIONS, body=uk("Transaction", UK_TRANSACTION))
    read(adapter(dates={"from_parameter": "fromDate", "to_parameter": None, "format": "day"}))
    assert urlsplit(bank.calls[-1].request.url or "").query == "fromDate=2026-01-01"


ALIASES = [
    ("https://api.lloydsbank.example/open-banking/v3.1/aisp/p2?x=1", ["api.lloydsbank.example"]),
    (f"{tpp.UK.replace('8101', '8443')}/open-banking/v3.1/aisp/p2?x=1", ["127.0.0.1:8443"]),
]


@pytest.mark.parametrize(("link", "hosts"), ALIASES)
def test_a_next_link_under_another_name_of_the_bank_is_followed_at_its_own(
    bank: responses.RequestsMock, link: str, hosts: list[str]
) -> None:
    bank.get(TRANSACTIONS, body=uk("Transaction", UK_TRANSACTION, following=link))
    bank.get(f"{tpp.AISP}/p2?x=1", body=uk("Transaction", but(UK_TRANSACTION, TransactionId="t-2")))
    assert len(read(adapter(paging={"hosts": hosts}))) == 2
    with pytest.raises(ContractBroken, match="leads away"):
        read(adapter())
    assert all((call.request.url or "").startswith(tpp.UK) for call in bank.calls)


@pytest.mark.parametrize("is_the_last", [True, False])
def test_a_last_page_may_name_itself_where_the_bank_does_that(bank: responses.RequestsMock, is_the_last: bool) -> None:
    bank.get(f"{TRANSACTIONS}?p=2", body=uk("Transaction", following=f"{TRANSACTIONS}?p=2"))
    bank.get(TRANSACTIONS, body=uk("Transaction", UK_TRANSACTION, following=f"{TRANSACTIONS}?p=2"))
    if is_the_last:
        assert len(read(adapter(paging={"ends_with_itself": True}))) == 2
    else:
        with pytest.raises(ContractBroken, match="leads back"):
            read(adapter())


def ob_error(code: str, message: str) -> dict[str, Any]:
    return {"Code": "400", "Message": "no", "Errors": [{"ErrorCode": code, "Message": message}]}


CLOSED = {"means": "refused", "status": 400, "message": "Invalid Account Status", "step": "transactions"}
RULES: list[tuple[dict[str, Any], int, Any, type[ProviderError]]] = [
    (CLOSED | {"means": "reconsent"}, 400, ob_error("x", "Invalid Account Status."), ReconsentRequired),
    (CLOSED | {"means": "reconsent", "step": "accounts"}, 400, ob_error("x", "Invalid Account Status"), Refused),
    (CLOSED | {"means": "later"}, 400, ob_error("x", "something else"), Refused),
    ({"means": "next_day", "code": "ACCESS_EXCEEDED"}, 403, ob_error("ACCESS_EXCEEDED", ""), Transient),
    ({"means": "later", "message": "time OUT"}, 403, "<html>Gateway time out</html>", Transient),
    ({"means": "broken", "status": 404}, 404, "", ContractBroken),
]


@pytest.mark.parametrize(("rule", "status", "body", "kind"), RULES)
def test_a_banks_own_refusals_come_before_the_standards(
    bank: responses.RequestsMock, rule: dict[str, Any], status: int, body: Any, kind: type[ProviderError]
) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    bank.get(TRANSACTIONS, body=text, status=status)
    with pytest.raises(kind) as caught:
        read(adapter(errors=[rule]))
    assert "Invalid Account" not in f"{caught.value}"


def test_a_token_endpoint_has_refusals_of_its_own_too(bank: responses.RequestsMock) -> None:
    error = {"error": "invalid_request", "error_description": "Token was issued to a different client"}
    bank.replace("POST", f"{tpp.UK}/token", json=error, status=400)
    rule = {"means": "reconsent", "step": "token", "message": "different client"}
    with pytest.raises(ReconsentRequired):
        adapter(errors=[rule]).refresh(ACCESS, now=tpp.NOW)
    with pytest.raises(Refused):
        adapter().refresh(ACCESS, now=tpp.NOW)


VERSION_FOUR = [
    ("U028", ReconsentRequired),
    ("U009", ReconsentRequired),
    ("U008", ReconsentRequired),
    ("U005", Refused),
]


@pytest.mark.parametrize(("code", "kind"), VERSION_FOUR)
def test_the_error_codes_of_version_four_are_understood(
    bank: responses.RequestsMock, code: str, kind: type[ProviderError]
) -> None:
    bank.get(TRANSACTIONS, json={"Errors": [{"ErrorCode": code}]}, status=403)
    with pytest.raises(kind):
        read(adapter())


def test_a_consent_that_has_ended_is_gone_by_the_code_of_version_four_or_the_banks_own_word(
    bank: responses.RequestsMock,
) -> None:
    bank.delete(f"{CONSENTS}/consent-1", json={"Errors": [{"ErrorCode": "U011"}]}, status=400)
    adapter().revoke(ACCESS)
    bank.replace("DELETE", f"{CONSENTS}/consent-1", json={}, status=403)
    with pytest.raises(Refused):
        adapter().revoke(ACCESS)
    adapter(errors=[{"means": "gone", "status": 403, "step": "consent"}]).revoke(ACCESS)


REFRESHES: list[tuple[str, dict[str, str], str | None]] = [
    ("as_told", {}, "rt-1"),
    ("as_told", {"refresh_token": "rt-2"}, "rt-2"),
    ("one_use", {}, None),
    ("one_use", {"refresh_token": "rt-2"}, "rt-2"),
    ("keep_first", {"refresh_token": "rt-2"}, "rt-1"),
]


@pytest.mark.parametrize(("mode", "told", "held"), REFRESHES)
def test_which_refresh_token_is_kept_is_the_banks_way(
    bank: responses.RequestsMock, mode: str, told: dict[str, str], held: str | None
) -> None:
    bank.replace("POST", f"{tpp.UK}/token", json=TOKEN | told)
    assert adapter(tokens={"refresh": mode}).refresh(ACCESS, now=tpp.NOW).data.get("refresh_token") == held


def test_a_bank_without_refresh_tokens_is_not_asked(bank: responses.RequestsMock) -> None:
    with pytest.raises(ReconsentRequired):
        adapter(tokens={"refresh": "none"}).refresh(ACCESS, now=tpp.NOW)
    assert len(bank.calls) == 0


def test_a_refresh_says_again_what_the_bank_wants_to_hear(bank: responses.RequestsMock) -> None:
    access = Access("consent-1", None, None, {**ACCESS.data, "redirect_uri": tpp.CALLBACK})
    again = adapter(tokens={"refresh_with": ["scope", "redirect_uri"]}).refresh(access, now=tpp.NOW)
    sent = parse_qs(str(bank.calls[-1].request.body))
    assert (sent["scope"], sent["redirect_uri"]) == (["openid accounts"], [tpp.CALLBACK])
    assert again.data["redirect_uri"] == tpp.CALLBACK


def test_an_access_token_lives_no_longer_than_the_operator_knows_better(bank: responses.RequestsMock) -> None:
    access = adapter(tokens={"expires_in_s": 300}).refresh(ACCESS, now=tpp.NOW)
    assert access.expires_at == tpp.NOW + timedelta(seconds=300)
    bank.replace("POST", f"{tpp.UK}/token", json=TOKEN | {"expires_in": 60.0})
    assert adapter(tokens={"expires_in_s": 300}).refresh(ACCESS, now=tpp.NOW).expires_at == tpp.NOW + timedelta(0, 60)


def test_accounts_that_can_only_be_read_at_once_are_read_at_once_and_kept(bank: responses.RequestsMock) -> None:
    id_token = tpp.id_token(tpp.id_token_claims())
    bank.replace("POST", f"{tpp.UK}/token", json=TOKEN | {"refresh_token": "rt-1", "id_token": id_token})
    bank.get(f"{tpp.UK}/jwks", json=tpp.bank_jwks())
    bank.get(f"{CONSENTS}/consent-1", json={"Data": {"ConsentId": "consent-1", "Status": "AUTH"}})
    bank.get(f"{tpp.AISP}/accounts", body=uk("Account", UK_ACCOUNT))
    one = adapter(accounts_at_link=True, tokens={"scope_with_code": True})
    state = LinkState("consent-1", tpp.CALLBACK, "state-1", "nonce-1", {"code_verifier": "v" * 64})
    access = one.finish(state, {"state": "state-1", "code": "c"}, now=tpp.NOW, psu=Psu("192.0.2.1"))
    exchanged = next(call for call in bank.calls if "code=c" in str(call.request.body))
    assert parse_qs(str(exchanged.request.body))["scope"] == ["openid accounts"]
    bank.replace("GET", f"{tpp.AISP}/accounts", status=403)
    later = one.refresh(access, now=tpp.NOW)
    assert [account.resource_id for account in one.accounts(later, psu=None)] == ["22289"]


def test_a_bank_that_cannot_show_its_accounts_at_once_costs_no_link(bank: responses.RequestsMock) -> None:
    bank.replace("POST", f"{tpp.UK}/token", json=TOKEN | {"id_token": tpp.id_token(tpp.id_token_claims())})
    bank.get(f"{tpp.UK}/jwks", json=tpp.bank_jwks())
    bank.get(f"{CONSENTS}/consent-1", json={"Data": {"ConsentId": "consent-1", "Status": "AUTH"}})
    bank.get(f"{tpp.AISP}/accounts", status=500)
    one = adapter(accounts_at_link=True)
    state = LinkState("consent-1", tpp.CALLBACK, "state-1", "nonce-1", {"code_verifier": "v" * 64})
    access = one.finish(state, {"state": "state-1", "code": "c"}, now=tpp.NOW, psu=Psu())
    assert "accounts" not in access.data
    bank.replace("GET", f"{tpp.AISP}/accounts", body=uk("Account", UK_ACCOUNT))
    assert len(one.accounts(access, psu=None)) == 1


@pytest.mark.parametrize("b64", [True, False])
def test_bodies_are_signed_in_the_form_that_the_bank_takes(bank: responses.RequestsMock, b64: bool) -> None:
    signing = {"iss": "org-1/software-1", "kid": "directory-1", "b64": b64}
    adapter(signing=signing).start(tpp.link_request())
    request = bank.calls[-1].request
    head, nothing, signature = str(request.headers["x-jws-signature"]).split(".")
    header = json.loads(base64.urlsafe_b64decode(head + "=="))
    assert nothing == ""
    assert (header["alg"], header["kid"], header.get("b64", True)) == ("PS256", "directory-1", b64)
    assert header["http://openbanking.org.uk/iss"] == "org-1/software-1"
    claims = [f"http://openbanking.org.uk/{name}" for name in ("iat", "iss", "tan")]
    assert header["crit"] == ([] if b64 else ["b64"]) + claims
    body = request.body.encode() if isinstance(request.body, str) else request.body or b""
    content = base64.urlsafe_b64encode(body).rstrip(b"=") if b64 else body
    key = serialization.load_pem_private_key(tpp.tpp().signing_key_pem, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    made = base64.urlsafe_b64decode(signature + "==")
    key.public_key().verify(made, head.encode() + b"." + content, pss, hashes.SHA256())


def test_nothing_is_signed_for_a_bank_that_asks_for_nothing(bank: responses.RequestsMock) -> None:
    adapter().start(tpp.link_request())
    assert "x-jws-signature" not in bank.calls[-1].request.headers
