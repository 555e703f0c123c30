"""Lorelei Bank, the way a TPP goes when all is well; every answer is held against the official OpenAPI file."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.berlin_tpp import REDIRECT_URI, BerlinTpp
from tests.sandbox.processes import TODAY
from tests.sandbox.specs import check

SINCE = "2025-11-23"
CONSENT, ACCOUNT = "/v1/consents/{consentId}", "/v1/accounts/{account-id}"


def read_all(berlin: BerlinTpp, consent_id: str, path: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(booked, pending) over all pages."""
    booked, pending = [], []
    link: str | None = path
    while link:
        answer = berlin.call("GET", link, consent_id)
        check("berlin", f"{ACCOUNT}/transactions", answer)
        report = answer.json()["transactions"]
        booked += report.get("booked", [])
        pending += report.get("pending", [])
        link = report["_links"].get("next", {}).get("href")
    return booked, pending


def test_a_bank_consent_lives_from_received_to_valid_to_terminated(berlin: BerlinTpp) -> None:
    created = berlin.propose()
    check("berlin", "/v1/consents", created)
    assert created.headers["ASPSP-SCA-Approach"] == "REDIRECT"
    proposed = created.json()
    own = f"/v1/consents/{proposed['consentId']}"
    assert proposed["consentStatus"] == "received"
    before = berlin.call("GET", own)
    check("berlin", CONSENT, before)
    assert before.json()["access"] == {"accounts": [], "balances": [], "transactions": []}
    assert before.json()["validUntil"] == (date.fromisoformat(TODAY) + timedelta(days=180)).isoformat()
    assert berlin.approve(proposed) == REDIRECT_URI
    for link, path in (("status", f"{CONSENT}/status"), ("scaStatus", f"{CONSENT}/authorisations/{{authorisationId}}")):
        answer = berlin.call("GET", proposed["_links"][link]["href"])
        check("berlin", path, answer)
        assert set(answer.json().values()) <= {"valid", "finalised"}
    check("berlin", f"{CONSENT}/authorisations", berlin.call("GET", f"{own}/authorisations"))
    after = berlin.call("GET", own)
    check("berlin", CONSENT, after)
    assert len(after.json()["access"]["transactions"]) == 4
    deleted = berlin.call("DELETE", own)
    check("berlin", CONSENT, deleted)
    assert deleted.status_code == 204
    assert berlin.call("GET", f"{own}/status").json() == {"consentStatus": "terminatedByTpp"}
    refused = berlin.call("GET", "/v1/accounts", proposed["consentId"])
    check("berlin", "/v1/accounts", refused)
    assert refused.status_code == 401


@pytest.mark.parametrize(("username", "count"), [("alice", 4), ("bob", 2), ("charlie", 1)])
def test_each_person_has_accounts_balances_and_rows_that_fit_together(
    berlin: BerlinTpp, username: str, count: int
) -> None:
    consent_id = berlin.linked(username)
    listed = berlin.call("GET", "/v1/accounts?withBalance=true", consent_id)
    check("berlin", "/v1/accounts", listed)
    accounts = listed.json()["accounts"]
    assert len(accounts) == count
    for account in accounts:
        one = berlin.call("GET", f"/v1/accounts/{account['resourceId']}", consent_id)
        check("berlin", ACCOUNT, one)
        assert one.json()["account"]["iban"] == account["iban"]
        answer = berlin.call("GET", account["_links"]["balances"]["href"], consent_id)
        check("berlin", f"{ACCOUNT}/balances", answer)
        assert answer.json()["balances"] == account["balances"]
        balances = {one["balanceType"]: Decimal(one["balanceAmount"]["amount"]) for one in account["balances"]}
        transactions = f"{account['_links']['transactions']['href']}?bookingStatus=both&dateFrom={SINCE}"
        booked, pending = read_all(berlin, consent_id, transactions)
        assert balances["closingBooked"] == total(booked)
        assert balances["interimAvailable"] == total(booked) + total(pending)


def total(rows: list[dict[str, Any]]) -> Decimal:
    return sum((Decimal(row["transactionAmount"]["amount"]) for row in rows), Decimal(0))


def test_alices_giro_holds_the_traps_of_a_real_history(berlin: BerlinTpp) -> None:
    consent_id = berlin.linked()
    giro = berlin.accounts(consent_id)[0]["resourceId"]
    path = f"/v1/accounts/{giro}/transactions?dateFrom={SINCE}&bookingStatus="
    booked, pending = read_all(berlin, consent_id, f"{path}both")
    assert 2 <= len(pending) <= 4
    assert not any("bookingDate" in row for row in pending)
    assert all("bookingDate" in row for row in booked)
    ids = Counter(row["transactionId"] for row in booked if "transactionId" in row)
    assert max(ids.values()) == 1
    twins = [row for row in booked if "transactionId" not in row and "entryReference" not in row]
    assert len(twins) == 2
    assert twins[0] == twins[1]
    assert any(len(row.get("remittanceInformationUnstructuredArray", [])) == 2 for row in booked)
    assert any("currencyExchange" in row for row in booked)
    assert any("ß" in row.get("remittanceInformationUnstructured", "") for row in booked)
    assert read_all(berlin, consent_id, f"{path}booked") == (booked, [])
    assert read_all(berlin, consent_id, f"{path}pending") == ([], pending)
    month, _ = read_all(
        berlin,
        consent_id,
        f"/v1/accounts/{giro}/transactions?bookingStatus=booked&dateFrom=2026-09-01&dateTo=2026-09-30",
    )
    assert month == [row for row in booked if row["bookingDate"].startswith("2026-09")]


def test_resource_ids_change_with_every_consent_and_the_iban_stays(berlin: BerlinTpp) -> None:
    first, second = (berlin.accounts(berlin.linked("bob")) for _ in range(2))
    assert [one["iban"] for one in first] == [one["iban"] for one in second]
    assert not {one["resourceId"] for one in first} & {one["resourceId"] for one in second}


def test_a_new_recurring_consent_expires_the_persons_former_one_and_nobody_elses(berlin: BerlinTpp) -> None:
    first, other = berlin.linked("bob"), berlin.linked("charlie")
    second = berlin.linked("bob")
    answers = [berlin.call("GET", f"/v1/consents/{one}/status").json() for one in (first, other, second)]
    statuses = [answer["consentStatus"] for answer in answers]
    assert statuses == ["expired", "valid", "valid"]
    refused = berlin.call("GET", "/v1/accounts", first)
    check("berlin", "/v1/accounts", refused)
    assert (refused.status_code, refused.json()["tppMessages"][0]["code"]) == (401, "CONSENT_EXPIRED")


def test_a_one_off_consent_leaves_the_standing_one_alone(berlin: BerlinTpp) -> None:
    standing = berlin.linked("bob")
    once = berlin.linked("bob", recurringIndicator=False, frequencyPerDay=1)
    assert len(berlin.accounts(once)) == len(berlin.accounts(standing)) == 2


def test_a_global_consent_takes_all_accounts_and_tells_their_owners(berlin: BerlinTpp) -> None:
    consent_id = berlin.linked(access={"allPsd2": "allAccountsWithOwnerName"})
    accounts = berlin.accounts(consent_id)
    assert len(accounts) == 4
    assert accounts[3]["ownerName"] == "Alice O'Connor und Bob Müller"
    assert berlin.call("GET", f"/v1/consents/{consent_id}").json()["access"] == {"allPsd2": "allAccountsWithOwnerName"}


def test_a_dedicated_consent_reaches_the_named_accounts_with_the_named_rights(berlin: BerlinTpp) -> None:
    offered = berlin.accounts(berlin.linked())
    giro, savings = offered[0]["iban"], offered[1]["iban"]
    access = {"balances": [{"iban": giro}, {"iban": savings}], "transactions": [{"iban": giro}]}
    consent_id = berlin.linked(access=access)
    accounts = {one["iban"]: one for one in berlin.accounts(consent_id)}
    assert set(accounts) == {giro, savings}
    assert set(accounts[savings]["_links"]) == {"balances"}
    answer = berlin.call(
        "GET",
        f"/v1/accounts/{accounts[savings]['resourceId']}/transactions?bookingStatus=booked&dateFrom={SINCE}",
        consent_id,
    )
    check("berlin", f"{ACCOUNT}/transactions", answer)
    assert (answer.status_code, answer.json()["tppMessages"][0]["code"]) == (401, "CONSENT_INVALID")


def test_a_list_of_accounts_shows_accounts_and_nothing_else(berlin: BerlinTpp) -> None:
    accounts = berlin.accounts(berlin.linked(access={"availableAccounts": "allAccounts"}))
    assert len(accounts) == 4
    assert not any(one["_links"] for one in accounts)
