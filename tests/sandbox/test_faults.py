"""Faults that come with a request, what they do to the rows of a bank, and who may not ask for them."""

import subprocess
import sys

import pytest
import requests
from werkzeug.http import parse_date

from tests.sandbox.berlin_tpp import BerlinTpp
from tests.sandbox.processes import ROOT, RunningBank, start
from tests.sandbox.test_control import Reader, bank, bank_name, reader
from tests.sandbox.uk_tpp import UkTpp

__all__ = ["bank", "bank_name", "reader"]  # fixtures


def struck(reader: Reader, fault: str, area: str = "transactions") -> requests.Response:
    return reader.read(area, headers={"X-Sandbox-Fault": fault})


@pytest.mark.usefixtures("bank")
@pytest.mark.parametrize(("fault", "status"), [("http_500", 500), ("http_503", 503), ("rate_limited", 429)])
def test_a_header_strikes_its_own_request_and_no_other(reader: Reader, fault: str, status: int) -> None:
    assert struck(reader, fault, "balances").status_code == status
    assert reader.read("balances").status_code == 200


@pytest.mark.usefixtures("bank")
def test_a_header_that_names_no_fault_is_told_what_there_is(reader: Reader) -> None:
    answer = struck(reader, "fire")
    assert answer.status_code == 400
    assert "truncated_json" in answer.text


def test_without_the_flag_the_header_is_nothing() -> None:
    bank = start("sandbox.berlin")
    try:
        berlin = BerlinTpp(bank.url)
        consent = berlin.linked("bob")
        assert berlin.call("GET", "/v1/accounts", consent, headers={"X-Sandbox-Fault": "http_500"}).status_code == 200
    finally:
        bank.stop()


@pytest.mark.usefixtures("bank")
def test_json_under_another_name_is_still_json(reader: Reader) -> None:
    answer = struck(reader, "wrong_content_type", "accounts")
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.json()


@pytest.mark.usefixtures("bank")
def test_a_clock_that_is_fast_is_fast_for_one_request(reader: Reader) -> None:
    fast, right = struck(reader, "clock_skew", "accounts"), reader.read("accounts")
    dates = [parse_date(one.headers["Date"]) for one in (right, fast)]
    assert dates[0] is not None
    assert dates[1] is not None
    assert (dates[1] - dates[0]).total_seconds() > 500


def test_only_loopback_hears_the_control_endpoints(lorelei: RunningBank) -> None:
    at = f"{lorelei.url}/_control"
    for headers in ({"Host": "bank.attacker.example"}, {"Origin": "https://attacker.example"}, {"Origin": "null"}):
        assert requests.post(f"{at}/book-pending", headers=headers, timeout=5).status_code == 403, headers
        assert requests.get(at, headers=headers, timeout=5).status_code == 403, headers
        form = {"fault": "http_500", "on": "accounts"}
        assert requests.post(f"{at}/page/fault", data=form, headers=headers, timeout=5).status_code == 403, headers


def test_a_bank_that_the_network_reaches_has_no_control() -> None:
    command = [sys.executable, "-m", "sandbox.berlin", "--port", "0", "--control", "--host", "0.0.0.0"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode != 0
    assert "loopback" in ended.stderr


def test_rows_come_twice_or_under_new_ids_or_are_not_pending(uk: UkTpp, albion: RunningBank) -> None:
    token = uk.access("bob")["access_token"]
    account = uk.call("GET", "/accounts", token).json()["Data"]["Account"][0]["AccountId"]

    def rows(fault: str = "") -> dict[str, list[str]]:
        found: dict[str, list[str]] = {"Booked": [], "Pending": []}
        path = f"/accounts/{account}/transactions"
        while path:
            body = uk.call("GET", path, token, headers={"X-Sandbox-Fault": fault} if fault else {}).json()
            for row in body["Data"]["Transaction"]:
                found[row["Status"]].append(row["TransactionId"])
            path = body["Links"].get("Next", "")
        return found

    usual = rows()
    assert usual["Pending"]
    twice, churned, vanished = rows("duplicate_pages"), rows("id_churn"), rows("vanishing_pending")
    assert {status: sorted(ids) for status, ids in twice.items()} == {s: sorted(ids * 2) for s, ids in usual.items()}
    assert {status: len(ids) for status, ids in churned.items()} == {s: len(ids) for s, ids in usual.items()}
    assert not set(churned["Booked"]) & set(usual["Booked"])
    assert vanished == {"Booked": usual["Booked"], "Pending": []}
    assert rows() == usual
