"""Bunyip Bank and Banco Iara say no to requests that are not signed, not pushed, not in time, or not theirs."""

import base64
import hashlib
import json
import secrets
import time
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from tests.sandbox.browser import Browser
from tests.sandbox.processes import TODAY, RunningBank, start
from tests.sandbox.uk_tpp import CLIENT_ID, REDIRECT_URI, Keys

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ACCOUNTS = "/cds-au/v1/banking/accounts"
CONSENTS, BR_ACCOUNTS = "/open-banking/consents/v3/consents", "/open-banking/accounts/v2/accounts"
PERMISSIONS = [f"ACCOUNTS_{name}" for name in ("READ", "BALANCES_READ", "TRANSACTIONS_READ", "OVERDRAFT_LIMITS_READ")]


class FapiTpp:
    """Pushes, signs and redeems as FAPI 1.0 Advanced says, with nothing of the product's."""

    def __init__(self, url: str, keys: Keys) -> None:
        self.url, self.keys = url, keys
        self.verifier = secrets.token_urlsafe(48)

    def post(self, path: str, **form: str) -> requests.Response:
        now = int(time.time())
        proof = {"iss": CLIENT_ID, "sub": CLIENT_ID, "aud": self.url, "exp": now + 60, "jti": secrets.token_hex(8)}
        sent = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": self.keys.sign(proof), **form}
        return requests.post(f"{self.url}{path}", data=sent, timeout=5)

    def claims(self, **changes: Any) -> dict[str, Any]:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        now = int(time.time())
        claims = {
            "iss": CLIENT_ID,
            "aud": self.url,
            "client_id": CLIENT_ID,
            "exp": now + 60,
            "nbf": now,
            "response_type": "code",
            "response_mode": "jwt",
            "redirect_uri": REDIRECT_URI,
            "state": "s",
            "nonce": "n",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def push(self, **changes: Any) -> requests.Response:
        return self.post("/par", request=self.keys.sign(self.claims(**changes)))

    def approve(self, request_uri: str, bank: str, username: str = "alice") -> str:
        """The code in the signed response at the end of the person's way."""
        browser = Browser(self.url)
        assert browser.open(f"{self.url}/authorize?client_id={CLIENT_ID}&request_uri={request_uri}") is None
        browser.submit(username=username, password=f"{username}-at-{bank}")
        browser.submit(account=browser.find_all(r'name="account" value="([^"]+)"'), decision="approve")
        back = browser.submit(tan=browser.find(r'id="demo-tan" class="tan">(\d{6})<'), decision="approve") or ""
        signed = dict(parse_qsl(urlsplit(back).query))["response"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(signed + "=" * (-len(signed) % 4)))
        assert (claims["iss"], claims["aud"], claims["state"]) == (self.url, CLIENT_ID, "s")
        return str(claims["code"])

    def redeem(self, code: str, **changes: str) -> requests.Response:
        form = {"code": code, "redirect_uri": REDIRECT_URI, "code_verifier": self.verifier, **changes}
        return self.post("/token", grant_type="authorization_code", **form)


@pytest.fixture(scope="module")
def banks(keys: Keys) -> Iterator[dict[str, RunningBank]]:
    flags = ("--control", "--today", TODAY, "--redirect-uri", REDIRECT_URI, "--client-jwks-uri", keys.jwks_uri)
    running = {name: start(module, *flags) for name, module in (("bunyip", "sandbox.au"), ("iara", "sandbox.br"))}
    yield running
    for bank in running.values():
        bank.stop()


@pytest.fixture
def au(banks: dict[str, RunningBank], keys: Keys) -> FapiTpp:
    return FapiTpp(banks["bunyip"].url, keys)


@pytest.fixture
def br(banks: dict[str, RunningBank], keys: Keys) -> FapiTpp:
    return FapiTpp(banks["iara"].url, keys)


AU_SCOPE = "openid bank:accounts.basic:read bank:transactions:read"


def au_linked(au: FapiTpp, username: str = "alice", **wish: Any) -> dict[str, Any]:
    pushed = au.push(scope=AU_SCOPE, claims={"sharing_duration": 86_400, **wish}).json()["request_uri"]
    found: dict[str, Any] = au.redeem(au.approve(pushed, "bunyip", username)).json()
    return found


def au_read(au: FapiTpp, path: str, token: str, **headers: str) -> requests.Response:
    sent = {"Authorization": f"Bearer {token}", "x-v": "3", "x-min-v": "1", "x-fapi-auth-date": "now", **headers}
    return requests.get(f"{au.url}{path}", headers=sent, timeout=5)


BAD_REQUESTS: list[dict[str, Any]] = [
    {"response_mode": "query"},
    {"response_type": "code id_token"},
    {"code_challenge": None},
    {"code_challenge_method": "plain"},
    {"redirect_uri": "https://evil.example/"},
    {"aud": "https://another.example"},
    {"iss": "another"},
    {"state": ""},
    {"nonce": None},
    {"exp": 1},
    {"nbf": None},
    {"scope": "openid bank:payees:read"},
    {"claims": {"sharing_duration": "long"}},
]


@pytest.mark.parametrize("changes", BAD_REQUESTS)
def test_a_request_that_the_profile_does_not_allow_is_not_taken(au: FapiTpp, changes: dict[str, Any]) -> None:
    assert au.push(**{"scope": AU_SCOPE, **changes}).status_code == 400


def test_a_pushed_request_is_good_for_one_browser_once(au: FapiTpp) -> None:
    pushed = au.push(scope=AU_SCOPE).json()["request_uri"]
    address = f"{au.url}/authorize?client_id={CLIENT_ID}&request_uri={pushed}"
    assert requests.get(address, timeout=5).status_code == 200
    assert requests.get(address, timeout=5).status_code == 400
    assert requests.get(f"{au.url}/authorize?client_id={CLIENT_ID}&request=x", timeout=5).status_code == 400


def test_a_stranger_pushes_nothing(au: FapiTpp, keys: Keys) -> None:
    signed = keys.sign(au.claims(scope=AU_SCOPE), key=keys.stranger)
    assert au.post("/par", request=signed).status_code == 400
    assert requests.post(f"{au.url}/par", data={"request": signed}, timeout=5).status_code == 401


def test_versions_are_negotiated(au: FapiTpp) -> None:
    token = au_linked(au)["access_token"]
    assert au_read(au, ACCOUNTS, token).headers["x-v"] == "3"
    assert au_read(au, ACCOUNTS, token, **{"x-v": "2"}).headers["x-v"] == "2"
    assert au_read(au, ACCOUNTS, token, **{"x-v": "9", "x-min-v": "8"}).status_code == 406
    assert au_read(au, ACCOUNTS, token, **{"x-v": "soon"}).status_code == 400


def test_charlie_does_not_read_alices_account(au: FapiTpp) -> None:
    alice, charlie = (au_linked(au, name)["access_token"] for name in ("alice", "charlie"))
    own = au_read(au, ACCOUNTS, alice).json()["data"]["accounts"][0]["accountId"]
    assert au_read(au, f"{ACCOUNTS}/{own}/balance", alice).status_code == 200
    assert au_read(au, f"{ACCOUNTS}/{own}/balance", charlie).status_code == 404


def test_an_arrangement_that_ended_reads_nothing_and_gives_nothing(au: FapiTpp) -> None:
    linked = au_linked(au)
    assert au.post("/arrangements/revoke", cdr_arrangement_id=linked["cdr_arrangement_id"]).status_code == 204
    assert au.post("/arrangements/revoke", cdr_arrangement_id=linked["cdr_arrangement_id"]).status_code == 422
    assert au_read(au, ACCOUNTS, linked["access_token"]).status_code == 403
    again = au.post("/token", grant_type="refresh_token", refresh_token=linked["refresh_token"])
    assert again.json()["error"] == "invalid_grant"


def test_sharing_once_gives_no_refresh_token(au: FapiTpp) -> None:
    assert "refresh_token" not in au_linked(au, sharing_duration=0)


def test_a_code_is_bound_to_its_verifier_and_good_once(au: FapiTpp) -> None:
    pushed = au.push(scope=AU_SCOPE).json()["request_uri"]
    code = au.approve(pushed, "bunyip")
    assert au.redeem(code, code_verifier="x" * 43).json()["error"] == "invalid_grant"
    assert au.redeem(code).json()["error"] == "invalid_grant"


def br_token(br: FapiTpp) -> str:
    return str(br.post("/token", grant_type="client_credentials", scope="consents").json()["access_token"])


def br_call(br: FapiTpp, method: str, path: str, token: str, **more: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}", "x-fapi-interaction-id": str(uuid.uuid4())}
    return requests.request(method, f"{br.url}{path}", headers=headers, timeout=5, **more)


def br_consent(br: FapiTpp, permissions: list[str] | None = None, document: Any = None) -> requests.Response:
    person = {"identification": "12345678909", "rel": "CPF"} if document is None else document
    asked = [*PERMISSIONS, "RESOURCES_READ"] if permissions is None else permissions
    body = {"data": {"loggedUser": {"document": person}, "permissions": asked}}
    return br_call(br, "POST", CONSENTS, br_token(br), json=body)


def test_permissions_of_a_group_come_together_and_for_a_person(br: FapiTpp) -> None:
    assert br_consent(br).status_code == 201
    assert br_consent(br, ["ACCOUNTS_READ"]).status_code == 422
    assert br_consent(br, document={"identification": "1", "rel": "CPF"}).status_code == 400


def test_a_request_names_one_consent_that_waits(br: FapiTpp) -> None:
    consent = br_consent(br).json()["data"]["consentId"]
    other = br_consent(br).json()["data"]["consentId"]
    for scope in ("openid accounts", f"openid consent:{consent}x", f"openid consent:{consent} consent:{other}"):
        assert br.push(scope=scope).status_code == 400
    pushed = br.push(scope=f"openid accounts consent:{consent}").json()["request_uri"]
    token = br.redeem(br.approve(pushed, "iara")).json()["access_token"]
    assert br.push(scope=f"openid accounts consent:{consent}").status_code == 400
    assert len(br_call(br, "GET", BR_ACCOUNTS, token).json()["data"]) == 2
    assert br_call(br, "GET", f"{CONSENTS}/{consent}", token).status_code == 401
    assert br_call(br, "GET", BR_ACCOUNTS, br_token(br)).status_code == 401


def test_a_page_is_the_banks_to_name(br: FapiTpp) -> None:
    consent = br_consent(br).json()["data"]["consentId"]
    pushed = br.push(scope=f"openid accounts consent:{consent}").json()["request_uri"]
    token = br.redeem(br.approve(pushed, "iara")).json()["access_token"]
    first, second = (one["accountId"] for one in br_call(br, "GET", BR_ACCOUNTS, token).json()["data"])
    following = br_call(br, "GET", f"{BR_ACCOUNTS}/{first}/transactions", token).json()["links"]["next"]
    key = dict(parse_qsl(urlsplit(following).query))["pagination-key"]
    assert br_call(br, "GET", f"{BR_ACCOUNTS}/{first}/transactions?pagination-key={key}", token).status_code == 200
    for path in (f"{first}/transactions?pagination-key=50.x", f"{second}/transactions?pagination-key={key}"):
        assert br_call(br, "GET", f"{BR_ACCOUNTS}/{path}", token).status_code == 422


def test_a_consent_is_deleted_once(br: FapiTpp) -> None:
    consent = br_consent(br).json()["data"]["consentId"]
    assert br_call(br, "DELETE", f"{CONSENTS}/{consent}", br_token(br)).status_code == 204
    assert br_call(br, "DELETE", f"{CONSENTS}/{consent}", br_token(br)).status_code == 422
    told = br_call(br, "GET", f"{CONSENTS}/{consent}", br_token(br)).json()["data"]
    assert (told["status"], told["rejection"]["reason"]["code"]) == ("REJECTED", "CUSTOMER_MANUALLY_REVOKED")
