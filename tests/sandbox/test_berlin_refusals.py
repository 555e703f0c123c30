"""Lorelei Bank, what it must not let pass."""

from typing import Any

import pytest

from tests.sandbox.berlin_tpp import NOK_URI, OFFERED, BerlinTpp, code_of
from tests.sandbox.specs import check

ACCOUNT = "/v1/accounts/{account-id}"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"access": {}}, "FORMAT_ERROR"),
        ({"access": {"allPsd2": "everything"}}, "FORMAT_ERROR"),
        ({"access": {"allPsd2": "allAccounts", "accounts": []}}, "FORMAT_ERROR"),
        ({"access": {"accounts": [{"iban": "DE00999123450417700231"}]}}, "FORMAT_ERROR"),
        ({"access": {"accounts": [], "balances": [{"iban": "DE87999123450417700231"}]}}, "FORMAT_ERROR"),
        ({"access": {"accounts": [], "additionalInformation": {}}}, "PARAMETER_NOT_SUPPORTED"),
        ({"recurringIndicator": "yes"}, "FORMAT_ERROR"),
        ({"frequencyPerDay": 0}, "FORMAT_ERROR"),
        ({"recurringIndicator": False, "frequencyPerDay": 4}, "FORMAT_ERROR"),
        ({"validUntil": "soon"}, "FORMAT_ERROR"),
        ({"validUntil": "2020-01-01"}, "PERIOD_INVALID"),
        ({"combinedServiceIndicator": True}, "SESSIONS_NOT_SUPPORTED"),
    ],
)
def test_a_consent_request_that_breaks_the_rules_is_refused(
    berlin: BerlinTpp, changes: dict[str, Any], code: str
) -> None:
    answer = berlin.propose(**{"access": OFFERED, **changes})
    check("berlin", "/v1/consents", answer)
    assert (answer.status_code, code_of(answer)) == (400, code)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Request-ID": None},
        {"X-Request-ID": "17"},
        {"TPP-Redirect-URI": None},
        {"TPP-Redirect-URI": "javascript:alert(1)"},
        {"TPP-Redirect-URI": "//evil.example/x"},
        {"TPP-Redirect-URI": "http://user@evil.example/"},
        {"TPP-Redirect-URI": "http://ok.example/#x"},
        {"TPP-Nok-Redirect-URI": "ftp://ok.example/"},
    ],
)
def test_a_header_that_is_missing_or_unfit_is_refused(berlin: BerlinTpp, headers: dict[str, Any]) -> None:
    answer = berlin.propose(headers=headers)
    check("berlin", "/v1/consents", answer)
    assert (answer.status_code, code_of(answer)) == (400, "FORMAT_ERROR")
    assert answer.json()["tppMessages"][0]["path"] == next(iter(headers))


def test_a_consent_needs_the_persons_address(berlin: BerlinTpp) -> None:
    answer = berlin.call(
        "POST", "/v1/consents", present=False, json={}, headers={"TPP-Redirect-URI": "http://ok.example/"}
    )
    assert (answer.status_code, code_of(answer)) == (400, "FORMAT_ERROR")


def test_who_says_no_rejects_the_consent_and_goes_to_the_other_address(berlin: BerlinTpp) -> None:
    proposed = berlin.propose().json()
    assert berlin.log_in(proposed).submit(decision="deny") == NOK_URI
    assert berlin.call("GET", proposed["_links"]["status"]["href"]).json() == {"consentStatus": "rejected"}
    assert berlin.call("GET", proposed["_links"]["scaStatus"]["href"]).json() == {"scaStatus": "failed"}
    answer = berlin.call("GET", "/v1/accounts", proposed["consentId"])
    assert (answer.status_code, code_of(answer)) == (401, "CONSENT_INVALID")


def test_a_wrong_tan_authorises_nothing_and_the_fifth_ends_it(berlin: BerlinTpp) -> None:
    proposed = berlin.propose().json()
    browser = berlin.log_in(proposed)
    browser.submit(account=browser.find_all(r'name="account" value="([^"]+)"'), decision="approve")
    assert [browser.submit(tan="wrong", decision="approve") for _ in range(4)] == [None] * 4
    assert berlin.call("GET", proposed["_links"]["status"]["href"]).json() == {"consentStatus": "received"}
    assert browser.submit(tan="wrong", decision="approve") == NOK_URI


def test_the_pages_need_a_login_the_csrf_word_and_own_accounts(berlin: BerlinTpp) -> None:
    proposed = berlin.propose().json()
    page = proposed["_links"]["scaRedirect"]["href"]
    browser = berlin.log_in(proposed, "charlie")
    assert browser.submit(account="lorelei.alice.giro", decision="approve") is None
    assert browser.page.status_code == 400
    assert browser.session.post(f"{page}/tan", data={"tan": "1"}, timeout=5).status_code == 400
    csrf = browser.find(r'name="csrf" value="([^"]+)"')
    assert browser.session.post(f"{page}/tan", data={"csrf": csrf, "tan": "1"}, timeout=5).status_code == 403
    assert "lorelei_session" in browser.session.cookies


def test_a_dedicated_consent_for_anothers_account_offers_nothing(berlin: BerlinTpp) -> None:
    giro = berlin.accounts(berlin.linked())[0]["iban"]
    proposed = berlin.propose({"accounts": [{"iban": giro}]}).json()
    browser = berlin.log_in(proposed, "charlie")
    assert browser.find_all(r'name="account"') == []
    assert browser.submit(decision="approve") is None
    assert browser.page.status_code == 400


def test_the_link_of_an_answered_consent_is_dead(berlin: BerlinTpp) -> None:
    proposed = berlin.propose().json()
    berlin.approve(proposed)
    browser = berlin.log_in(berlin.propose().json())
    browser.open(proposed["_links"]["scaRedirect"]["href"])
    assert browser.page.status_code == 410


def test_unknown_consents_and_resources_have_their_own_codes(berlin: BerlinTpp) -> None:
    alice, charlie = berlin.linked(), berlin.linked("charlie")
    resource = berlin.accounts(alice)[0]["resourceId"]
    cases = [
        ("/v1/accounts", "/v1/accounts", "no-such-consent", 400, "CONSENT_UNKNOWN"),
        ("/v1/accounts", "/v1/accounts", "", 400, "FORMAT_ERROR"),
        ("/v1/consents/{consentId}", "/v1/consents/nothing", "", 403, "CONSENT_UNKNOWN"),
        (ACCOUNT, f"/v1/accounts/{resource}", charlie, 404, "RESOURCE_UNKNOWN"),
        (f"{ACCOUNT}/balances", f"/v1/accounts/{resource}/balances", charlie, 404, "RESOURCE_UNKNOWN"),
        (f"{ACCOUNT}/balances", "/v1/accounts/nothing/balances", charlie, 404, "RESOURCE_UNKNOWN"),
    ]
    for template, path, consent_id, status, code in cases:
        answer = berlin.call("GET", path, consent_id)
        check("berlin", template, answer)
        assert (answer.status_code, code_of(answer)) == (status, code)


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("dateFrom=2026-01-01", 400, "FORMAT_ERROR"),
        ("bookingStatus=both", 400, "FORMAT_ERROR"),
        ("bookingStatus=both&dateFrom=1.1.2026", 400, "FORMAT_ERROR"),
        ("bookingStatus=both&dateFrom=2026-01-01&deltaList=true", 400, "PARAMETER_NOT_SUPPORTED"),
        ("bookingStatus=both&dateFrom=2099-01-01", 400, "PERIOD_INVALID"),
        ("bookingStatus=both&dateFrom=2026-02-01&dateTo=2026-01-01", 400, "PERIOD_INVALID"),
        ("bookingStatus=both&dateFrom=2026-01-01&pageId=100.forged", 400, "FORMAT_ERROR"),
    ],
)
def test_a_query_that_cannot_be_answered_is_refused(berlin: BerlinTpp, query: str, status: int, code: str) -> None:
    consent_id = berlin.linked("charlie")
    resource = berlin.accounts(consent_id)[0]["resourceId"]
    answer = berlin.call("GET", f"/v1/accounts/{resource}/transactions?{query}", consent_id)
    check("berlin", f"{ACCOUNT}/transactions", answer)
    assert (answer.status_code, code_of(answer)) == (status, code)


def test_a_reader_of_xml_gets_406(berlin: BerlinTpp) -> None:
    answer = berlin.call("GET", "/v1/accounts", "any", headers={"Accept": "application/xml"})
    check("berlin", "/v1/accounts", answer)
    assert (answer.status_code, code_of(answer)) == (406, "REQUESTED_FORMATS_INVALID")


def test_calls_without_the_person_are_counted_for_each_account_and_endpoint(berlin: BerlinTpp) -> None:
    consent_id = berlin.linked("bob", frequencyPerDay=2)
    first, second = (one["resourceId"] for one in berlin.accounts(consent_id))
    statuses = [berlin.call("GET", f"/v1/accounts/{first}/balances", consent_id, present=False) for _ in range(3)]
    assert [answer.status_code for answer in statuses] == [200, 200, 429]
    check("berlin", f"{ACCOUNT}/balances", statuses[2])
    assert code_of(statuses[2]) == "ACCESS_EXCEEDED"
    assert berlin.call("GET", f"/v1/accounts/{second}/balances", consent_id, present=False).status_code == 200
    assert berlin.call("GET", f"/v1/accounts/{first}/balances", consent_id).status_code == 200


def test_the_further_pages_of_one_reading_are_not_counted(berlin: BerlinTpp) -> None:
    consent_id = berlin.linked("bob", frequencyPerDay=1)
    resource = berlin.accounts(consent_id)[0]["resourceId"]
    link = f"/v1/accounts/{resource}/transactions?bookingStatus=booked&dateFrom=2025-11-23"
    pages = 0
    while link:
        answer = berlin.call("GET", link, consent_id, present=False)
        assert answer.status_code == 200
        pages += 1
        link = answer.json()["transactions"]["_links"].get("next", {}).get("href")
    assert pages > 3
