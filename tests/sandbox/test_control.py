"""Faults on demand, the calendar, and what without ``--control`` must not be there."""

import time
from typing import Any

import pytest
import requests

from tests.sandbox.berlin_tpp import BerlinTpp, code_of
from tests.sandbox.processes import RunningBank, start
from tests.sandbox.specs import check
from tests.sandbox.uk_tpp import REDIRECT_URI, Keys, UkTpp

TRANSACTIONS = "?bookingStatus=both&dateFrom=2025-11-23"


class Reader:
    """One way to read from either bank; ``read`` goes to an area and gives the raw answer."""

    def __init__(self, bank: str, tpp: Any) -> None:
        self.bank, self.tpp = bank, tpp
        if bank == "uk":
            self.key = tpp.access("bob")["access_token"]
            self.account = tpp.call("GET", "/accounts", self.key).json()["Data"]["Account"][0]["AccountId"]
        else:
            self.key = tpp.linked("bob")
            self.account = tpp.accounts(self.key)[0]["resourceId"]

    def read(self, area: str, **more: Any) -> requests.Response:
        prefix = "" if self.bank == "uk" else "/v1"
        path = f"{prefix}/accounts" if area == "accounts" else f"{prefix}/accounts/{self.account}/{area}"
        if self.bank == "berlin" and area == "transactions":
            path += TRANSACTIONS
        answer: requests.Response = self.tpp.call("GET", path, self.key, **more)
        return answer

    def next_of(self, answer: requests.Response) -> str:
        body = answer.json()
        return str(body["Links"]["Next"] if self.bank == "uk" else body["transactions"]["_links"]["next"]["href"])


@pytest.fixture(scope="module", params=["uk", "berlin"])
def bank_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def bank(request: pytest.FixtureRequest, bank_name: str) -> RunningBank:
    found: RunningBank = request.getfixturevalue("albion" if bank_name == "uk" else "lorelei")
    return found


@pytest.fixture(scope="module")
def reader(bank_name: str, keys: Keys, albion_process: RunningBank, lorelei_process: RunningBank) -> Reader:
    uk, berlin = UkTpp(albion_process.url, keys), BerlinTpp(lorelei_process.url)
    return Reader(bank_name, uk if bank_name == "uk" else berlin)


@pytest.mark.parametrize(("fault", "status"), [("http_500", 500), ("http_503", 503), ("rate_limited", 429)])
def test_a_status_fault_strikes_its_area_only_and_as_often_as_told(
    bank: RunningBank, reader: Reader, bank_name: str, fault: str, status: int
) -> None:
    bank.control("POST", json={"fault": fault, "on": "balances", "after": 1, "times": 2})
    answers = [reader.read("balances") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, status, status, 200]
    template = "/accounts/{AccountId}/balances" if bank_name == "uk" else "/v1/accounts/{account-id}/balances"
    if (bank_name, status) != ("uk", 503):  # 3.1.11 knows no 503
        check(bank_name, template, answers[1])
    assert ("Retry-After" in answers[1].headers) == (status != 500)
    assert reader.read("accounts").status_code == 200


def test_html_and_half_a_json_come_with_status_200(bank: RunningBank, reader: Reader) -> None:
    for fault in ("html", "truncated_json"):
        bank.control("POST", json={"fault": fault, "on": "accounts"})
        answer = reader.read("accounts")
        assert answer.status_code == 200
        with pytest.raises(requests.JSONDecodeError):
            answer.json()
    assert answer.headers["Content-Type"] == "application/json"
    bank.control("DELETE")
    assert reader.read("accounts").json()


def test_a_hang_sends_headers_and_then_nothing(bank: RunningBank, reader: Reader) -> None:
    bank.control("POST", json={"fault": "hang", "on": "accounts", "times": 1})
    answer = reader.read("accounts", stream=True, timeout=0.3)
    assert answer.status_code == 200
    with pytest.raises(requests.ConnectionError):
        _ = answer.content
    assert reader.read("accounts").status_code == 200


def test_a_slow_answer_is_right_in_the_end(bank: RunningBank, reader: Reader) -> None:
    bank.control("POST", json={"fault": "slow", "on": "accounts", "times": 1})
    started = time.monotonic()
    assert reader.read("accounts").json()
    assert time.monotonic() - started > 1


def test_next_links_lead_abroad_or_round_in_circles(bank: RunningBank, reader: Reader) -> None:
    bank.control("POST", json={"fault": "foreign_link", "on": "transactions", "times": 1})
    assert reader.next_of(reader.read("transactions")).startswith("http://127.0.0.2:1/")
    bank.control("POST", json={"fault": "same_page", "on": "transactions"})
    first = reader.read("transactions")
    second = reader.tpp.call("GET", reader.next_of(first), reader.key)
    assert reader.next_of(second) == reader.next_of(first) == first.url


def test_a_consent_that_has_expired_says_so_in_the_banks_own_words(
    bank: RunningBank, reader: Reader, bank_name: str
) -> None:
    bank.control("POST", json={"fault": "consent_expired", "on": "accounts", "times": 1})
    answer = reader.read("accounts")
    if bank_name == "uk":
        check("uk", "/accounts", answer)
        assert (answer.status_code, answer.json()["Errors"][0]["ErrorCode"]) == (403, "UK.OBIE.Reauthenticate")
    else:
        check("berlin", "/v1/accounts", answer)
        assert (answer.status_code, code_of(answer)) == (401, "CONSENT_EXPIRED")


def test_a_fault_at_the_token_endpoint_is_an_oauth_error(uk: UkTpp, albion: RunningBank) -> None:
    albion.control("POST", json={"fault": "consent_expired", "on": "token", "times": 1})
    answer = uk.token(grant_type="client_credentials")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert uk.client_token()


@pytest.mark.parametrize("body", [{"fault": "fire", "on": "accounts"}, {"fault": "html", "on": "moon"}, [], None])
def test_a_fault_that_does_not_exist_is_refused(bank: RunningBank, body: object) -> None:
    assert bank.control("POST", json=body).status_code == 400


def test_a_null_fault_clears_its_area(bank: RunningBank, reader: Reader) -> None:
    bank.control("POST", json={"fault": "http_500", "on": "accounts"})
    bank.control("POST", json={"fault": None, "on": "accounts"})
    assert reader.read("accounts").status_code == 200


def test_without_the_flag_there_is_no_control() -> None:
    bank = start("sandbox.berlin")
    try:
        assert bank.control("POST", json={"fault": "html", "on": "accounts"}).status_code == 404
        assert bank.control("GET", "/requests").status_code == 404
    finally:
        bank.stop()


def test_time_books_what_is_pending_expires_codes_and_ends_consents(keys: Keys) -> None:
    bank = start("sandbox.uk", "--control", "--redirect-uri", REDIRECT_URI, "--client-jwks-uri", keys.jwks_uri)
    try:
        uk = UkTpp(bank.url, keys)
        soon = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() + 10 * 86_400))
        token = uk.access(ExpirationDateTime=soon)
        code = uk.approve(uk.request_claims(uk.consent_id()))["code"]
        path = uk.call("GET", "/accounts", token["access_token"]).json()["Data"]["Account"][0]["AccountId"]
        path = f"/accounts/{path}/transactions"
        before = rows_by_status(uk.call("GET", path, token["access_token"]))
        assert 2 <= len(before["Pending"]) <= 4
        assert bank.control("POST", "/book-pending").json()["booked"] >= len(before["Pending"])
        after = rows_by_status(uk.call("GET", path, token["access_token"]))
        assert after["Pending"] == []
        booked_ids = {row["TransactionId"] for row in after["Booked"]}
        assert not booked_ids & {row["TransactionId"] for row in before["Pending"]}
        bank.control("POST", "/advance", json={"days": 1})
        assert uk.exchange(code).json()["error"] == "invalid_grant"
        assert uk.call("GET", path, token["access_token"]).status_code == 401
        fresh = uk.token(grant_type="refresh_token", refresh_token=token["refresh_token"]).json()["access_token"]
        later = rows_by_status(uk.call("GET", path, fresh))
        assert later["Pending"]
        bank.control("POST", "/advance", json={"days": 10})
        assert uk.token(grant_type="refresh_token", refresh_token=token["refresh_token"]).status_code == 400
    finally:
        bank.stop()


def rows_by_status(answer: requests.Response) -> dict[str, list[dict[str, Any]]]:
    rows = answer.json()["Data"]["Transaction"]
    return {status: [row for row in rows if row["Status"] == status] for status in ("Pending", "Booked")}


def test_time_renews_the_daily_calls_and_ends_the_consent_at_lorelei() -> None:
    bank = start("sandbox.berlin", "--control")
    try:
        berlin = BerlinTpp(bank.url)
        consent_id = berlin.linked("charlie", frequencyPerDay=1)
        once = berlin.linked("bob", recurringIndicator=False, frequencyPerDay=1)
        statuses = [berlin.call("GET", "/v1/accounts", consent_id, present=False).status_code for _ in range(2)]
        bank.control("POST", "/advance", json={"days": 1})
        statuses.append(berlin.call("GET", "/v1/accounts", consent_id, present=False).status_code)
        assert statuses == [200, 429, 200]
        assert code_of(berlin.call("GET", "/v1/accounts", once)) == "CONSENT_EXPIRED"
        bank.control("POST", "/advance", json={"days": 180})
        assert code_of(berlin.call("GET", "/v1/accounts", consent_id)) == "CONSENT_EXPIRED"
    finally:
        bank.stop()


def test_people_may_withdraw_at_the_bank(
    keys: Keys, uk: UkTpp, albion: RunningBank, berlin: BerlinTpp, lorelei: RunningBank
) -> None:
    token, consent_id = uk.access()["access_token"], berlin.linked()
    assert albion.control("POST", "/revoke").json()["revoked"] >= 1
    assert lorelei.control("POST", "/revoke").json()["revoked"] >= 1
    assert uk.call("GET", "/accounts", token).status_code == 403
    assert berlin.call("GET", f"/v1/consents/{consent_id}/status").json() == {"consentStatus": "revokedByPsu"}
    assert code_of(berlin.call("GET", "/v1/accounts", consent_id)) == "CONSENT_INVALID"
