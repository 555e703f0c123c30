"""Lorelei Bank as one that wants a login first, and as one that wants its code said back: who may not."""

import base64
import hashlib
import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from tests.sandbox.berlin_tpp import REDIRECT_URI, BerlinTpp, code_of
from tests.sandbox.browser import Browser
from tests.sandbox.processes import TODAY, start

VERIFIER = secrets.token_urlsafe(40)
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ASKED = {"response_type": "code", "client_id": "tpp", "scope": "AIS", "state": "s", "redirect_uri": REDIRECT_URI}
ASKED |= {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


class FirstTpp(BerlinTpp):
    """Its calls carry the token of whoever logged in last."""

    token = ""

    def call(self, *args: Any, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return super().call(*args, headers=headers, **more)

    def code(self, username: str) -> str:
        browser = Browser(self.url)
        assert browser.open(f"{self.url}/oauth/authorize?{urlencode(ASKED)}") is None
        back = browser.submit(username=username, password=f"{username}-at-lorelei")
        return parse_qs(urlsplit(back or "").query)["code"][0]

    def redeem(self, code: str, **changes: str) -> requests.Response:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI, "client_id": "tpp"}
        return requests.post(f"{self.url}/oauth/token", form | {"code_verifier": VERIFIER} | changes, timeout=5)

    def log_in_first(self, username: str) -> None:
        self.token = self.redeem(self.code(username)).json()["access_token"]


@pytest.fixture(scope="module")
def first() -> Iterator[FirstTpp]:
    bank = start("sandbox.berlin", "--pre-step", "--confirmation-codes", "--today", TODAY)
    yield FirstTpp(bank.url)
    bank.stop()


@pytest.mark.parametrize("token", ["", "made-up"])
@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/consents"), ("GET", "/v1/accounts"), ("GET", "/v1/x")])
def test_without_a_token_nothing_is_said(first: FirstTpp, token: str, method: str, path: str) -> None:
    first.token = token
    answer = first.call(method, path)
    assert (answer.status_code, code_of(answer)) == (401, "TOKEN_INVALID")


@pytest.mark.parametrize("wrong", [{"code_verifier": "x" * 43}, {"client_id": "other"}, {"redirect_uri": "http://x/"}])
def test_a_code_is_worth_nothing_to_whoever_did_not_ask_for_it(first: FirstTpp, wrong: dict[str, str]) -> None:
    assert first.redeem(first.code("alice"), **wrong).json()["error"] == "invalid_grant"


def test_a_code_that_is_used_twice_ends_what_it_gave(first: FirstTpp) -> None:
    code = first.code("alice")
    first.token = first.redeem(code).json()["access_token"]
    assert first.propose().status_code == 201
    assert first.redeem(code).status_code == 400
    assert code_of(first.propose()) == "TOKEN_INVALID"


def test_bobs_token_says_nothing_of_alices_consent(first: FirstTpp) -> None:
    first.log_in_first("alice")
    consent = first.propose().json()
    first.log_in_first("bob")
    path = f"/v1/consents/{consent['consentId']}"
    for method, where in (("GET", path), ("GET", f"{path}/status"), ("DELETE", path)):
        assert code_of(first.call(method, where)) == "CONSENT_UNKNOWN"
    assert code_of(first.call("GET", "/v1/accounts", consent["consentId"])) == "CONSENT_UNKNOWN"


def test_what_was_agreed_to_counts_once_the_code_is_said_back(first: FirstTpp) -> None:
    first.log_in_first("alice")
    consent = first.propose().json()
    back = first.approve(consent)
    code = parse_qs(urlsplit(back or "").query)["confirmationCode"][0]
    path = f"/v1/consents/{consent['consentId']}/status"
    assert first.call("GET", path).json() == {"consentStatus": "received"}
    own = consent["_links"]["confirmation"]["href"]
    assert first.call("GET", own).json()["scaStatus"] == "unconfirmed"
    assert code_of(first.call("PUT", own, json={"confirmationCode": "guess"})) == "PSU_CREDENTIALS_INVALID"
    assert code_of(first.call("PUT", own, json={})) == "FORMAT_ERROR"
    assert first.call("PUT", own, json={"confirmationCode": code}).json()["scaStatus"] == "finalised"
    assert first.call("GET", path).json() == {"consentStatus": "valid"}


def test_five_guesses_at_a_code_end_the_consent(first: FirstTpp) -> None:
    first.log_in_first("alice")
    consent = first.propose().json()
    first.approve(consent)
    own = consent["_links"]["confirmation"]["href"]
    for _ in range(5):
        first.call("PUT", own, json={"confirmationCode": "guess"})
    status = first.call("GET", f"/v1/consents/{consent['consentId']}/status")
    assert status.json() == {"consentStatus": "rejected"}
