"""Of an exchange the form is shown and nothing that it says about anybody."""

import json
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from providers import redact
from providers.capture import Exchange, captured_by
from providers.errors import ContractBroken, Transient
from providers.transport import Limits, Transport
from tests.providers.misbehaving import answer, running, say

SECRETS = ["DE89370400440532013000", "Alice Adams", "eyJhbGciOiJIUzI1NiJ9", "1234.56", "hush", "+4930123456", "Rue 9"]
ACCOUNT = {
    "iban": "DE89370400440532013000",
    "ownerName": "Alice Adams",
    "currency": "EUR",
    "status": "enabled",
    "balances": [{"balanceAmount": {"amount": "1234.56", "currency": "EUR"}, "referenceDate": "2026-11-24"}],
    "access_token": "eyJhbGciOiJIUzI1NiJ9",
    "tppMessages": [{"category": "ERROR", "code": "CONSENT_EXPIRED", "text": "hush"}],
    "phone": "+4930123456",
    "number": 1234.56,
    "dateOfBirth": "1980-02-03",
    "isJoint": True,
    "Rue 9": None,
}


def test_words_of_the_standard_stay_and_everything_else_is_shape() -> None:
    shown = redact.value(ACCOUNT)
    assert shown["iban"] == "xx99999999999999999999"
    assert shown["ownerName"] == "xxxxx xxxxx"
    assert (shown["currency"], shown["status"], shown["isJoint"]) == ("EUR", "enabled", True)
    amount = {"amount": "9999.99", "currency": "EUR"}
    assert shown["balances"] == [{"balanceAmount": amount, "referenceDate": "2026-11-24"}]
    assert shown["tppMessages"] == [{"category": "ERROR", "code": "CONSENT_EXPIRED", "text": "xxxx"}]
    assert shown["dateOfBirth"] == "9999-99-99"
    assert not [secret for secret in SECRETS if secret in json.dumps(shown)]


@given(st.text(max_size=300))
def test_no_letter_and_no_digit_survives_a_shape(text: str) -> None:
    shown = redact.shape(text).partition("<")[0]
    assert not set(shown) & (set("abcdefghijklmnopqrstuvwyzABCDEFGHIJKLMNOPQRSTUVWXYZ012345678") | {"é", "ß"})
    assert shown.isascii()


BODIES: list[tuple[bytes, str, Any]] = [
    (b"", "application/json", None),
    (b"<html>Alice</html>", "text/html", "<18 bytes that are not JSON>"),
    (b"[" * 100_000, "application/json", "<100000 bytes that are not JSON>"),
    (b"[1,2", "application/json", "<4 bytes that are not JSON>"),
    (b"\xff\xfe", "application/json", "<2 bytes that are not JSON>"),
    (b"grant_type=refresh_token&refresh_token=abc-1", "application/x-www-form-urlencoded", None),
]


@pytest.mark.parametrize(("content", "media_type", "shown"), BODIES)
def test_a_body_that_is_no_json_is_told_by_its_length(content: bytes, media_type: str, shown: Any) -> None:
    found = redact.body(content, media_type)
    if "form" in media_type:
        shown = "grant_type=refresh_token&refresh_token=xxx-9"
    assert found == shown


def test_long_lists_deep_nests_and_odd_names_are_cut() -> None:
    assert redact.value([7] * 100) == ["9"] * redact.MOST_ITEMS + ["<80 more>"]
    deep: Any = "end"
    for _ in range(redact.MOST_DEPTH + 5):
        deep = [deep]
    assert "<too deep>" in json.dumps(redact.value(deep))
    assert redact.value({"DE89 3704": 1}) == {"xx99 9999": "9"}


def exchanges(*answers: bytes, **call: Any) -> list[Exchange]:
    found: list[Exchange] = []
    with running(say(*answers)) as bank:
        door = Transport("albion", [bank.url], limits=Limits(read_s=0.5, total_s=2, pause_s=0, body_bytes=1000))
        headers = {"Authorization": "Bearer top-secret", "PSU-IP-Address": "192.0.2.7", "X-Request-ID": "r-1"}
        with captured_by(found.append):
            try:
                url = f"{bank.url}/v1/accounts/acc-77?dateFrom=2026-01-01&token=tk9"
                door.call(call.pop("method", "GET"), url, headers=headers, **call)
            except (Transient, ContractBroken):
                pass
        door.call("GET", f"{bank.url}/after")  # which nobody asked to have written down
    return found


def test_an_exchange_is_handed_over_without_tokens_cookies_ids_and_addresses() -> None:
    good = answer(json.dumps(ACCOUNT).encode(), Set_Cookie="session=alice")
    (found,) = exchanges(good)
    assert found.url.endswith("/v1/accounts/*?dateFrom=2026-01-01&token=xx9")
    assert found.request_headers["Authorization"] == "<17 characters>"
    assert found.request_headers["X-Request-ID"] == "r-1"
    assert (found.status, found.response_body["currency"]) == (200, "EUR")
    said = repr(found)
    assert not [one for one in [*SECRETS, "top-secret", "192.0.2.7", "alice", "acc-77"] if one in said]


def test_every_try_is_there_and_so_is_what_did_not_end_well() -> None:
    bad, good = answer(b"", status="503 Busy"), answer(b"{}")
    assert [one.status for one in exchanges(bad, good)] == [503, 200]
    (large,) = exchanges(answer(b"x" * 5000), good)
    assert large.failed == "more than 1000 bytes"
    (cut,) = exchanges(answer(b'{"a":', Content_Length="500"), good)
    assert cut.status == 200
    assert cut.failed.startswith("the answer broke off")
    posted = {"refresh_token": "hush", "grant_type": "refresh_token"}
    (form,) = exchanges(answer(b"{}"), method="POST", form=posted)
    assert form.request_body == "refresh_token=xxxx&grant_type=refresh_token"


def test_a_bank_that_does_not_listen_is_told_by_the_kind_of_error() -> None:
    found: list[Exchange] = []
    with running(say(b"")) as bank:
        url = bank.url
    door = Transport("albion", [url], limits=Limits(tries=1))
    with captured_by(found.append), pytest.raises(Transient):
        door.call("GET", f"{url}/")
    assert [(one.failed, one.status) for one in found] == [(requests.ConnectionError.__name__, None)]
