"""Albion Bank, what it must not let pass: each row is something an attacker or a careless TPP tries."""

import time
import uuid
from typing import Any

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import OctKey

from tests.sandbox.browser import Browser
from tests.sandbox.specs import check
from tests.sandbox.uk_tpp import REDIRECT_URI, Keys, UkTpp, parameters

CONSENTS = "/account-access-consents"
ACCOUNT = ["ReadAccountsBasic"]


@pytest.mark.parametrize(
    ("permissions", "code"),
    [
        (["ReadAccountsBasic", "ReadEverything"], "UK.OBIE.Field.Invalid"),
        (["ReadAccountsBasic", "ReadStatementsBasic"], "UK.OBIE.Field.Invalid"),
        (["ReadBalances"], "UK.OBIE.Field.Missing"),
        ([*ACCOUNT, "ReadTransactionsBasic"], "UK.OBIE.Field.Missing"),
        ([*ACCOUNT, "ReadTransactionsDetail"], "UK.OBIE.Field.Missing"),
        ([*ACCOUNT, "ReadTransactionsCredits"], "UK.OBIE.Field.Missing"),
        ([*ACCOUNT, "ReadTransactionsDebits", "ReadTransactionsCredits"], "UK.OBIE.Field.Missing"),
    ],
)
def test_permissions_that_break_the_rules_are_refused(uk: UkTpp, permissions: list[str], code: str) -> None:
    answer = uk.propose(permissions)
    check("uk", CONSENTS, answer)
    assert answer.status_code == 400
    assert answer.json()["Errors"][0]["ErrorCode"] == code


@pytest.mark.parametrize(
    "body",
    [
        {"Data": {"Permissions": ACCOUNT}},
        {"Data": {"Permissions": ACCOUNT}, "Risk": {"extra": 1}},
        {"Data": {"Permissions": ACCOUNT, "Accounts": ["1"]}, "Risk": {}},
        {"Data": {"Permissions": []}, "Risk": {}},
        {"Data": {"Permissions": ACCOUNT, "ExpirationDateTime": "2020-01-01T00:00:00Z"}, "Risk": {}},
        {"Data": {"Permissions": ACCOUNT, "ExpirationDateTime": "2030-01-01T00:00:00"}, "Risk": {}},
        ["Data"],
    ],
)
def test_a_malformed_bank_consent_is_refused_with_the_field(uk: UkTpp, body: object) -> None:
    answer = uk.call("POST", CONSENTS, uk.client_token(), json=body)
    check("uk", CONSENTS, answer)
    assert answer.status_code == 400
    assert answer.json()["Errors"][0]["Path"]


def test_a_consent_body_that_is_not_json_is_415_and_an_xml_reader_gets_406(uk: UkTpp) -> None:
    token = uk.client_token()
    answers = [
        uk.call("POST", CONSENTS, token, data="x=1"),
        uk.call("POST", CONSENTS, token, json={}, headers={"Accept": "application/xml"}),
    ]
    assert [answer.status_code for answer in answers] == [415, 406]
    for answer in answers:
        check("uk", CONSENTS, answer)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://another.bank"},
        {"iss": "somebody"},
        {"sub": "somebody"},
        {"exp": int(time.time()) - 60},
        {"exp": None},
        {"exp": int(time.time()) + 180_000},  # of when the tests were collected, which may be an hour ago
        {"jti": ""},
        {"nbf": int(time.time()) + 80_000},
    ],
)
def test_a_client_assertion_that_is_not_for_this_bank_and_now_is_refused(uk: UkTpp, changes: dict[str, Any]) -> None:
    answer = uk.token(uk.assertion(**changes), grant_type="client_credentials")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_replayed_client_assertion_is_refused(uk: UkTpp) -> None:
    assertion = uk.assertion()
    assert uk.token(assertion, grant_type="client_credentials").status_code == 200
    assert uk.token(assertion, grant_type="client_credentials").json()["error"] == "invalid_client"


@pytest.mark.parametrize("alg", ["RS256", "none", "HS256", "stranger"])
def test_a_client_assertion_not_signed_with_our_ps256_key_is_refused(uk: UkTpp, keys: Keys, alg: str) -> None:
    claims = {"iss": "rialto", "sub": "rialto", "aud": uk.url, "exp": int(time.time()) + 60, "jti": str(uuid.uuid4())}
    forged = {
        "RS256": lambda: keys.sign(claims, alg="RS256"),
        "none": lambda: "eyJhbGciOiJub25lIn0." + keys.sign(claims).split(".")[1] + ".",
        "HS256": lambda: jwt.encode({"alg": "HS256", "kid": keys.key.kid}, claims, OctKey.generate_key(256)),
        "stranger": lambda: keys.sign(claims, key=keys.stranger),
    }[alg]()
    assert uk.token(forged, grant_type="client_credentials").status_code == 401


def test_a_key_of_the_tpp_that_is_new_is_fetched(uk: UkTpp, keys: Keys) -> None:
    assert uk.client_token()
    keys.key, keys.stranger = keys.stranger, keys.key
    time.sleep(1.1)  # the bank asks again at most once a second
    assert uk.client_token()


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "http://127.0.0.1:9/callback/evil"},
        {"redirect_uri": REDIRECT_URI + "?x=1"},
        {"redirect_uri": None},
        {"redirect_uri": [REDIRECT_URI]},
        {"iss": "somebody"},
        {"client_id": "somebody"},
        {"exp": int(time.time()) - 60},
    ],
)
def test_where_the_address_or_the_tpp_is_in_doubt_nobody_is_redirected(uk: UkTpp, changes: dict[str, Any]) -> None:
    browser = Browser(uk.url)
    assert browser.open(uk.authorize_url(uk.request_claims(uk.consent_id(), **changes))) is None
    assert browser.page.status_code == 400


@pytest.mark.parametrize("kind", ["none", "stranger", "missing", "another client"])
def test_an_unsigned_or_foreign_request_object_gets_a_page(uk: UkTpp, keys: Keys, kind: str) -> None:
    claims = uk.request_claims(uk.consent_id())
    url = uk.authorize_url(
        claims,
        {
            "none": "eyJhbGciOiJub25lIn0." + keys.sign(claims).split(".")[1] + ".",
            "stranger": keys.sign(claims, key=keys.stranger),
        }.get(kind),
    )
    if kind == "missing":
        url = f"{uk.url}/authorize?client_id=rialto&response_type=code&redirect_uri={REDIRECT_URI}"
    if kind == "another client":
        url = url.replace("client_id=rialto", "client_id=other")
    browser = Browser(uk.url)
    assert browser.open(url) is None
    assert browser.page.status_code == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"aud": "https://another.bank"}, "invalid_request_object"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_mode": "query"}, "invalid_request"),
        ({"scope": "openid accounts payments"}, "invalid_request"),
        ({"nonce": None}, "invalid_request"),
        ({"code_challenge": "x" * 43, "code_challenge_method": "plain"}, "invalid_request"),
        ({"claims": {}}, "invalid_request"),
        ({"claims": {"id_token": {"openbanking_intent_id": {"value": "aac-0", "essential": True}}}}, "invalid_request"),
    ],
)
def test_a_wrong_but_signed_request_is_told_to_the_tpp(uk: UkTpp, changes: dict[str, Any], error: str) -> None:
    claims = uk.request_claims(uk.consent_id(), **changes)
    target = Browser(uk.url).open(uk.authorize_url(claims))
    assert target is not None
    assert target.startswith(REDIRECT_URI)
    assert parameters(target)["error"] == error
    assert parameters(target)["state"] == claims["state"]


def test_who_says_no_rejects_the_consent(uk: UkTpp) -> None:
    consent_id = uk.consent_id()
    browser = Browser(uk.url)
    browser.open(uk.authorize_url(uk.request_claims(consent_id)))
    browser.submit(username="alice", password="alice-at-albion")
    target = browser.submit(decision="deny")
    assert target is not None
    assert parameters(target)["error"] == "access_denied"
    read = uk.call("GET", f"{CONSENTS}/{consent_id}", uk.client_token())
    assert read.json()["Data"]["Status"] == "Rejected"
    again = Browser(uk.url).open(uk.authorize_url(uk.request_claims(consent_id)))
    assert again is not None
    assert parameters(again)["error"] == "access_denied"


def test_the_fifth_wrong_password_ends_the_attempt(uk: UkTpp) -> None:
    browser = Browser(uk.url)
    browser.open(uk.authorize_url(uk.request_claims(uk.consent_id())))
    tries = [browser.submit(username="alice", password="guess") for _ in range(5)]
    assert tries[:4] == [None] * 4
    assert tries[4] is not None
    assert parameters(tries[4])["error"] == "access_denied"


def test_a_decision_needs_the_csrf_word_a_login_and_an_own_account(uk: UkTpp) -> None:
    browser = Browser(uk.url)
    browser.open(uk.authorize_url(uk.request_claims(uk.consent_id())))
    decision = browser.page.url + "/decision"
    csrf = browser.find(r'name="csrf" value="([^"]+)"')
    before_login = browser.session.post(decision, data={"csrf": csrf, "decision": "approve"}, timeout=5)
    browser.submit(username="alice", password="alice-at-albion")
    forged = browser.session.post(decision, data={"csrf": csrf, "decision": "approve"}, timeout=5)
    assert browser.submit(account="albion.bob.current", decision="approve") is None
    assert [before_login.status_code, forged.status_code, browser.page.status_code] == [403, 400, 400]
    stranger = requests.post(decision, data={"csrf": csrf, "decision": "approve"}, timeout=5)
    assert stranger.status_code == 400


def test_a_login_changes_the_session_cookie_and_pages_forbid_scripts(uk: UkTpp) -> None:
    browser = Browser(uk.url)
    browser.open(uk.authorize_url(uk.request_claims(uk.consent_id())))
    before = browser.session.cookies["albion_session"]
    browser.submit(username="alice", password="alice-at-albion")
    assert browser.session.cookies["albion_session"] != before
    assert "default-src 'none'" in browser.page.headers["Content-Security-Policy"]
    assert "<script" not in browser.page.text


def test_a_code_is_good_once_and_its_replay_ends_what_it_gave(uk: UkTpp) -> None:
    code = uk.approve(uk.request_claims(uk.consent_id()))["code"]
    token = uk.exchange(code).json()
    assert uk.exchange(code).json()["error"] == "invalid_grant"
    assert uk.call("GET", "/accounts", token["access_token"]).status_code == 401


@pytest.mark.parametrize("form", [{"redirect_uri": "http://127.0.0.1:9/other"}, {"code_verifier": "w" * 43}, {}])
def test_a_code_is_bound_to_its_redirect_uri_and_its_verifier(uk: UkTpp, form: dict[str, str]) -> None:
    claims = uk.request_claims(uk.consent_id(), code_challenge="c" * 43, code_challenge_method="S256")
    code = uk.approve(claims)["code"]
    sent = {"redirect_uri": REDIRECT_URI, **form}
    answer = uk.token(grant_type="authorization_code", code=code, **sent)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_each_kind_of_token_opens_its_own_door_only(uk: UkTpp) -> None:
    access = uk.access()
    wrong = [
        uk.call("GET", "/accounts", uk.client_token()),
        uk.call("POST", CONSENTS, access["access_token"], json={}),
        uk.call("GET", "/accounts", access["refresh_token"]),
        uk.call("GET", "/accounts", "made-up"),
    ]
    assert [answer.status_code for answer in wrong] == [403, 403, 401, 401]
    for answer, path in zip(wrong, ("/accounts", CONSENTS, "/accounts", "/accounts"), strict=True):
        check("uk", path, answer)


def test_anothers_account_id_answers_like_one_that_is_not_there(uk: UkTpp) -> None:
    alice, charlie = uk.access()["access_token"], uk.access("charlie")["access_token"]
    account_id = uk.call("GET", "/accounts", alice).json()["Data"]["Account"][0]["AccountId"]
    for path in ("", "/balances", "/transactions"):
        answers = [uk.call("GET", f"/accounts/{id_}{path}", charlie) for id_ in (account_id, "000000000000000")]
        told = [answer.json() | {"Id": ""} for answer in answers]
        assert told[0] == told[1]
        assert {answer.status_code for answer in answers} == {400}
        check("uk", f"/accounts/{{AccountId}}{path}", answers[0])


@pytest.mark.parametrize("query", ["fromBookingDateTime=yesterday", "page=zzz", "page=LTE=", "page=OTk5OTk5"])
def test_a_filter_or_page_that_cannot_be_is_refused(uk: UkTpp, query: str) -> None:
    token = uk.access()["access_token"]
    account_id = uk.call("GET", "/accounts", token).json()["Data"]["Account"][0]["AccountId"]
    answer = uk.call("GET", f"/accounts/{account_id}/transactions?{query}", token)
    check("uk", "/accounts/{AccountId}/transactions", answer)
    assert answer.status_code == 400
