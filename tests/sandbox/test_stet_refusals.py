"""Banque Mélusine says no to what is not signed, not granted, or not hers; a TPP of our own asks."""

import base64
import hashlib
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tests.sandbox.browser import Browser
from tests.sandbox.processes import TODAY, RunningBank, start
from tests.sandbox.uk_tpp import REDIRECT_URI, Keys

API = "/stet/psd2/v1"


class StetTpp:
    """Signs as draft-cavage-12 says, with nothing of the product's."""

    def __init__(self, url: str, keys: Keys) -> None:
        self.url, self.keys = url, keys

    def call(
        self, method: str, path: str, token: str = "", *, body: bytes = b"", signs: str | None = None, **headers: str
    ) -> requests.Response:
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        sent = {"x-request-id": str(uuid.uuid4()), "digest": f"SHA-256={digest}", **headers}
        names = (signs or "(request-target) x-request-id digest").split()
        known = {"(request-target)": f"{method.lower()} {path}", **sent}
        text = "\n".join(f"{name}: {known[name]}" for name in names)
        key = self.keys.key.private_key
        assert isinstance(key, RSAPrivateKey)
        signature = base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()
        parts = f'keyId="{self.keys.key.kid}",algorithm="rsa-sha256",headers="{" ".join(names)}"'
        sent |= {"Signature": f'{parts},signature="{signature}"', "Authorization": f"Bearer {token}"}
        return requests.request(method, f"{self.url}{path}", data=body, headers=sent, timeout=5, allow_redirects=False)

    def token(self, **form: str) -> requests.Response:
        body = urlencode({"client_id": "rialto", "redirect_uri": REDIRECT_URI, **form}).encode()
        content = {"content-type": "application/x-www-form-urlencoded"}
        return self.call("POST", "/oauth/token", body=body, signs="(request-target) digest x-request-id", **content)

    def authorize(self, **changes: str) -> str:
        query = {"response_type": "code", "client_id": "rialto", "redirect_uri": REDIRECT_URI, "scope": "aisp"}
        return f"{self.url}/oauth/authorize?{urlencode({**query, 'state': 's', **changes})}"

    def code(self, username: str = "alice", **changes: str) -> str:
        browser = Browser(self.url)
        assert browser.open(self.authorize(**changes)) is None
        assert browser.submit(username=username, password=f"{username}-at-melusine") is None
        boxes = browser.find_all(r'name="account" value="([^"]+)"')
        assert browser.submit(account=boxes, decision="approve") is None
        back = browser.submit(tan=browser.find(r'id="demo-tan" class="tan">(\d{6})<'), decision="approve")
        return dict(parse_qsl(urlsplit(back or "").query))["code"]

    def linked(self, username: str = "alice") -> dict[str, Any]:
        answer = self.token(grant_type="authorization_code", code=self.code(username))
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture(scope="module")
def melusine(keys: Keys) -> Iterator[RunningBank]:
    flags = ("--redirect-uri", REDIRECT_URI, "--client-jwks-uri", keys.jwks_uri)
    bank = start("sandbox.stet", "--control", "--today", TODAY, *flags)
    yield bank
    bank.stop()


@pytest.fixture(scope="module")
def tpp(melusine: RunningBank, keys: Keys) -> StetTpp:
    return StetTpp(melusine.url, keys)


def test_a_signed_call_with_a_token_is_answered_and_any_other_is_not(tpp: StetTpp) -> None:
    token = tpp.linked()["access_token"]
    assert tpp.call("GET", f"{API}/accounts", token).status_code == 200
    wrong: list[dict[str, Any]] = [
        {"signs": "(request-target) digest"},
        {"signs": "x-request-id digest"},
        {"signs": "(request-target) x-request-id"},
        {"digest": "SHA-256=AAAA"},
        {"psu-ip-address": "192.0.2.7"},
    ]
    for how in wrong:
        assert tpp.call("GET", f"{API}/accounts", token, **how).status_code == 400, how
    assert (
        requests.get(f"{tpp.url}{API}/accounts", headers={"Authorization": f"Bearer {token}"}, timeout=5).status_code
        == 400
    )
    assert tpp.call("GET", f"{API}/accounts", "another").status_code == 401


def test_a_signature_is_for_one_target_only(tpp: StetTpp) -> None:
    token = tpp.linked()["access_token"]
    signed = tpp.call("GET", f"{API}/accounts", token).request.headers
    moved = requests.get(f"{tpp.url}{API}/trusted-beneficiaries", headers=dict(signed), timeout=5)
    assert moved.status_code == 400


def test_accounts_have_no_links_until_the_consent_names_them(tpp: StetTpp) -> None:
    token = tpp.linked()["access_token"]
    bare = tpp.call("GET", f"{API}/accounts", token).json()["accounts"]
    assert all(one["_links"] == {} and "resourceId" not in one for one in bare)
    body = b'{"balances":[{"iban":"%s"}],"transactions":[],"trustedBeneficiaries":false,"psuIdentity":false}'
    consent = body % bare[0]["accountId"]["iban"].encode()
    assert (
        tpp.call("PUT", f"{API}/consents", token, body=consent, **{"content-type": "application/json"}).status_code
        == 201
    )
    first, *others = tpp.call("GET", f"{API}/accounts", token).json()["accounts"]
    assert set(first["_links"]) == {"balances"}
    assert all(one["_links"] == {} for one in others)
    own = f"{API}/accounts/{first['resourceId']}"
    assert tpp.call("GET", f"{own}/balances", token).status_code == 200
    assert tpp.call("GET", f"{own}/transactions", token).status_code == 403
    assert tpp.call("GET", f"{API}/trusted-beneficiaries", token).status_code == 403


def test_charlie_does_not_read_alices_account(tpp: StetTpp) -> None:
    alice, charlie = tpp.linked("alice")["access_token"], tpp.linked("charlie")["access_token"]
    shown = tpp.call("GET", f"{API}/accounts", alice).json()["accounts"]
    named = b'{"balances":[%s],"transactions":[],"trustedBeneficiaries":false,"psuIdentity":false}'
    consent = named % (b'{"iban":"%s"}' % shown[0]["accountId"]["iban"].encode())
    for token in (alice, charlie):
        tpp.call("PUT", f"{API}/consents", token, body=consent, **{"content-type": "application/json"})
    own = tpp.call("GET", f"{API}/accounts", alice).json()["accounts"][0]["resourceId"]
    assert tpp.call("GET", f"{API}/accounts/{own}/balances", alice).status_code == 200
    assert tpp.call("GET", f"{API}/accounts/{own}/balances", charlie).status_code == 404
    assert all(one["_links"] == {} for one in tpp.call("GET", f"{API}/accounts", charlie).json()["accounts"])


def test_a_code_is_good_once_and_a_refresh_token_too(tpp: StetTpp) -> None:
    code = tpp.code()
    first = tpp.token(grant_type="authorization_code", code=code)
    assert first.status_code == 200
    assert tpp.token(grant_type="authorization_code", code=code).json()["error"] == "invalid_grant"
    assert tpp.call("GET", f"{API}/accounts", first.json()["access_token"]).status_code == 401
    refresh = tpp.linked()["refresh_token"]
    assert tpp.token(grant_type="refresh_token", refresh_token=refresh).status_code == 200
    assert tpp.token(grant_type="refresh_token", refresh_token=refresh).json()["error"] == "invalid_grant"


def test_nobody_is_redirected_to_an_address_that_is_not_registered(tpp: StetTpp) -> None:
    for changes in ({"redirect_uri": "https://evil.example/"}, {"client_id": "another"}):
        answer = requests.get(tpp.authorize(**changes), timeout=5, allow_redirects=False)
        assert answer.status_code == 400
    for changes in ({"scope": "pisp"}, {"scope": "aisp cbpii"}, {"response_type": "token"}, {"code_challenge": "x"}):
        answer = requests.get(tpp.authorize(**changes), timeout=5, allow_redirects=False)
        assert "error=" in answer.headers["Location"]


def test_five_wrong_codes_are_a_no(tpp: StetTpp) -> None:
    browser = Browser(tpp.url)
    browser.open(tpp.authorize())
    browser.submit(username="alice", password="alice-at-melusine")
    browser.submit(account=browser.find_all(r'name="account" value="([^"]+)"'), decision="approve")
    ends = [browser.submit(tan="000000x", decision="approve") for _ in range(5)]
    assert ends[:4] == [None] * 4
    assert "error=access_denied" in (ends[4] or "")
