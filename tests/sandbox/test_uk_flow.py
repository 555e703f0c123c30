"""Albion Bank, the way a TPP goes when all is well; every answer is held against the official OpenAPI file."""

import base64
import hashlib
from decimal import Decimal
from typing import Any

import pytest
import requests

from tests.sandbox.processes import RunningBank
from tests.sandbox.specs import check
from tests.sandbox.uk_tpp import EVERYTHING, UkTpp, half_hash

BASIC = ["ReadAccountsBasic", "ReadTransactionsBasic", "ReadTransactionsDebits"]


def read_all(uk: UkTpp, token: str, path: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    link: str | None = path
    while link:
        answer = uk.call("GET", link, token)
        check("uk", "/accounts/{AccountId}/transactions", answer)
        rows += answer.json()["Data"]["Transaction"]
        link = answer.json()["Links"].get("Next")
    return rows


def accounts(uk: UkTpp, token: str) -> dict[str, dict[str, Any]]:
    answer = uk.call("GET", "/accounts", token)
    check("uk", "/accounts", answer)
    return {account["Description"]: account for account in answer.json()["Data"]["Account"]}


def test_discovery_names_what_the_bank_can_do(uk: UkTpp) -> None:
    told = requests.get(f"{uk.url}/.well-known/openid-configuration", timeout=5).json()
    assert told["issuer"] == uk.url
    assert told["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    (key,) = requests.get(told["jwks_uri"], timeout=5).json()["keys"]
    assert (key["kty"], key["alg"]) == ("RSA", "PS256")
    assert "d" not in key


def test_a_bank_consent_lives_from_awaiting_to_authorised_to_deleted(uk: UkTpp) -> None:
    created = uk.propose(ExpirationDateTime="2027-02-01T00:00:00+00:00")
    check("uk", "/account-access-consents", created)
    consent_id = created.json()["Data"]["ConsentId"]
    path, template = f"/account-access-consents/{consent_id}", "/account-access-consents/{ConsentId}"
    assert created.json()["Data"]["Status"] == "AwaitingAuthorisation"
    token = uk.exchange(uk.approve(uk.request_claims(consent_id))["code"]).json()
    read = uk.call("GET", path, uk.client_token())
    check("uk", template, read)
    assert read.json()["Data"]["Status"] == "Authorised"
    deleted = uk.call("DELETE", path, uk.client_token())
    check("uk", template, deleted)
    refused = uk.call("GET", "/accounts", token["access_token"])
    check("uk", "/accounts", refused)
    assert refused.status_code == 403
    assert uk.token(grant_type="refresh_token", refresh_token=token["refresh_token"]).json()["error"] == "invalid_grant"
    gone = uk.call("GET", path, uk.client_token())
    check("uk", template, gone)
    assert gone.status_code == 400


def test_the_hybrid_answer_ties_code_state_and_consent_together(uk: UkTpp) -> None:
    consent_id = uk.consent_id(ExpirationDateTime="2027-02-01T00:00:00+00:00")
    claims = uk.request_claims(consent_id)
    answer = uk.approve(claims)
    assert answer["state"] == claims["state"]
    front = uk.id_token_claims(answer["id_token"])
    assert front["nonce"] == claims["nonce"]
    assert front["c_hash"] == half_hash(answer["code"])
    assert front["s_hash"] == half_hash(claims["state"])
    assert front["openbanking_intent_id"] == consent_id
    token = uk.exchange(answer["code"]).json()
    back = uk.id_token_claims(token["id_token"])
    assert (back["iss"], back["aud"], back["nonce"]) == (uk.url, "rialto", claims["nonce"])
    assert back["acr"] == "urn:openbanking:psd2:sca"
    assert back["http://openbanking.org.uk/refresh_token_expires_at"] == 1801440000
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 300)


def test_the_code_flow_answers_in_the_query_with_iss_and_holds_to_pkce(uk: UkTpp) -> None:
    verifier = "v" * 43
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    claims = uk.request_claims(
        uk.consent_id(), response_type="code", code_challenge=challenge, code_challenge_method="S256"
    )
    answer = uk.approve(claims)
    assert answer["iss"] == uk.url
    assert "id_token" not in answer
    assert uk.exchange(answer["code"], code_verifier=verifier).status_code == 200


def test_a_refresh_token_brings_a_new_access_token(uk: UkTpp) -> None:
    token = uk.access()
    fresh = uk.token(grant_type="refresh_token", refresh_token=token["refresh_token"]).json()
    assert fresh["access_token"] != token["access_token"]
    assert len(accounts(uk, fresh["access_token"])) == 4


def test_only_the_picked_accounts_are_seen(uk: UkTpp) -> None:
    assert list(accounts(uk, uk.access(accounts=1)["access_token"])) == ["Everyday Account"]


def test_alices_accounts_carry_sort_code_iban_and_pan(uk: UkTpp) -> None:
    found = accounts(uk, uk.access()["access_token"])
    schemes = {name: [one["SchemeName"] for one in account["Account"]] for name, account in found.items()}
    assert schemes == {
        "Everyday Account": ["UK.OBIE.SortCodeAccountNumber", "UK.OBIE.IBAN"],
        "Rainy Day Saver": ["UK.OBIE.SortCodeAccountNumber", "UK.OBIE.IBAN"],
        "Platinum Credit Card": ["UK.OBIE.PAN"],
        "Euro Account": ["UK.OBIE.IBAN"],
    }


@pytest.mark.parametrize(("username", "count"), [("alice", 4), ("bob", 2), ("charlie", 1)])
def test_each_person_has_accounts_balances_and_rows_that_fit_together(uk: UkTpp, username: str, count: int) -> None:
    token = uk.access(username)["access_token"]
    found = accounts(uk, token)
    assert len(found) == count
    for account in found.values():
        path = f"/accounts/{account['AccountId']}"
        check("uk", "/accounts/{AccountId}", uk.call("GET", path, token))
        answer = uk.call("GET", f"{path}/balances", token)
        check("uk", "/accounts/{AccountId}/balances", answer)
        balances = {one["Type"]: signed(one) for one in answer.json()["Data"]["Balance"]}
        assert len(balances) >= 2
        rows = read_all(uk, token, f"{path}/transactions")
        assert balances["InterimBooked"] == sum(signed(row) for row in rows if row["Status"] == "Booked")
        assert balances["InterimAvailable"] == sum(signed(row) for row in rows)
        assert len({row["TransactionId"] for row in rows}) == len(rows)


def signed(fact: dict[str, Any]) -> Decimal:
    number = Decimal(fact["Amount"]["Amount"])
    assert number >= 0
    return number if fact["CreditDebitIndicator"] == "Credit" else -number


def test_the_booking_filters_and_the_pages_tell_the_same(uk: UkTpp) -> None:
    token = uk.access()["access_token"]
    path = f"/accounts/{accounts(uk, token)['Everyday Account']['AccountId']}/transactions"
    everything = read_all(uk, token, path)
    assert len(everything) > 600
    first, last = "2026-09-01T00:00:00", "2026-09-30T23:59:59+05:00"
    window = [row for row in everything if first <= row["BookingDateTime"][:19] <= last[:19]]
    asked = f"{path}?fromBookingDateTime={first}&toBookingDateTime={last.replace('+', '%2B')}"
    assert read_all(uk, token, asked) == window
    meta = uk.call("GET", path, token).json()["Meta"]
    assert meta["FirstAvailableDateTime"].startswith("2025-11-23")
    assert meta["TotalPages"] == -(-len(everything) // 100)


def test_basic_permissions_hide_what_detail_shows(uk: UkTpp) -> None:
    token = uk.access(permissions=BASIC)["access_token"]
    (account,) = [one for name, one in accounts(uk, token).items() if name == "Everyday Account"]
    assert "Account" not in account
    rows = read_all(uk, token, f"/accounts/{account['AccountId']}/transactions")
    assert {row["CreditDebitIndicator"] for row in rows} == {"Debit"}
    hidden = {"TransactionInformation", "MerchantDetails", "CreditorAccount", "DebtorAccount", "Balance"}
    assert not any(hidden & set(row) for row in rows)
    refused = uk.call("GET", f"/accounts/{account['AccountId']}/balances", token)
    check("uk", "/accounts/{AccountId}/balances", refused)
    assert refused.status_code == 403


def test_a_masked_card_number_is_shown_in_full_only_with_read_pan(uk: UkTpp) -> None:
    without = [code for code in EVERYTHING if code != "ReadPAN"]
    card = accounts(uk, uk.access(permissions=without)["access_token"])["Platinum Credit Card"]
    assert card["Account"][0]["Identification"] == "************5709"


def test_transactions_before_the_consents_window_stay_unseen(uk: UkTpp) -> None:
    token = uk.access(TransactionFromDateTime="2026-10-01T00:00:00+00:00")["access_token"]
    account = accounts(uk, token)["Everyday Account"]["AccountId"]
    rows = read_all(uk, token, f"/accounts/{account}/transactions")
    assert rows
    assert min(row["BookingDateTime"] for row in rows) >= "2026-10-01"


def test_the_party_is_the_person(uk: UkTpp) -> None:
    answer = uk.call("GET", "/party", uk.access("bob")["access_token"])
    check("uk", "/party", answer)
    assert answer.json()["Data"]["Party"]["Name"] == "Bob Müller"


def test_a_consent_authorised_again_makes_the_old_tokens_void(uk: UkTpp) -> None:
    consent_id = uk.consent_id()
    old = uk.exchange(uk.approve(uk.request_claims(consent_id))["code"]).json()
    new = uk.exchange(uk.approve(uk.request_claims(consent_id), accounts=2)["code"]).json()
    assert uk.call("GET", "/accounts", old["access_token"]).status_code == 401
    assert len(accounts(uk, new["access_token"])) == 2


def test_the_request_log_tells_whether_the_person_was_there(uk: UkTpp, albion: RunningBank) -> None:
    token = uk.access()["access_token"]
    albion.control("DELETE", "/requests")
    uk.call("GET", "/accounts", token)
    uk.call("GET", "/accounts", token, headers={"x-fapi-customer-ip-address": "192.0.2.7"})
    calls = albion.control("GET", "/requests").json()["requests"]
    assert [(call["path"].rsplit("/", 1)[-1], call["psu_present"]) for call in calls] == [
        ("accounts", False),
        ("accounts", True),
    ]
