"""Whatever the other side does, a call ends: in time, in bounds, at the bank's own door, and quietly."""

import gzip
import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from providers.errors import ContractBroken, Failing, Transient
from providers.transport import Answer, Limits, Transport, path_segment, retry_after_s, seconds_to_next_day
from tests.providers.misbehaving import answer, drip, running, say

QUICK = Limits(connect_s=0.5, read_s=0.3, total_s=0.8, body_bytes=100_000, pause_s=0.0)


def transport(url: str, **more: Any) -> Transport:
    return Transport("albion", [url], limits=more.pop("limits", QUICK), **more)


def test_a_good_answer_is_handed_over_with_lower_case_headers() -> None:
    with running(say(answer(b'{"a":1}', X_Thing="yes"))) as bank:
        found = transport(bank.url).call("GET", f"{bank.url}/things?a=1", headers={"X-Ours": "1"}, query={"b": "ü"})
    assert (found.status, found.body, found.headers["x-thing"]) == (200, b'{"a":1}', "yes")
    assert bank.paths == ["/things?a=1&b=%C3%BC"]
    assert "X-Ours: 1" in bank.requests[0]


@pytest.mark.parametrize("status", ["502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout"])
def test_a_failing_gateway_is_asked_once_more_by_get_only(status: str) -> None:
    with running(say(answer(b"", status=status), answer(b"{}"))) as bank:
        assert transport(bank.url).call("GET", f"{bank.url}/").status == 200
        assert len(bank.requests) == 2
    with running(say(answer(b"", status=status))) as bank, pytest.raises(Transient):
        transport(bank.url).call("POST", f"{bank.url}/", json=b"{}")
    assert len(bank.requests) == 1


def test_a_bank_that_names_a_time_is_not_asked_again_before_it() -> None:
    with running(say(answer(b"", status="503 Busy", Retry_After="120"))) as bank:
        with pytest.raises(Transient) as caught:
            transport(bank.url).call("GET", f"{bank.url}/")
        assert caught.value.retry_after_s == 120
        assert len(bank.requests) == 1


def test_500_is_a_failure_of_one_request_and_not_repeated() -> None:
    with running(say(answer(b"<html>", status="500 Oops"))) as bank:
        with pytest.raises(Failing, match="HTTP 500"):
            transport(bank.url).call("GET", f"{bank.url}/")
        assert len(bank.requests) == 1


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_a_bank_that_asks_for_a_moment_gets_it_and_no_more_than_is_left_of_the_call(status: str) -> None:
    busy, pauses = answer(b"", status=status, Retry_After="1"), list[float]()
    with running(say(busy, answer(b"{}"))) as bank:
        patient = Limits(total_s=5, pause_s=0.1)
        assert transport(bank.url, limits=patient, sleep=pauses.append).call("GET", f"{bank.url}/").status == 200
    assert len(pauses) == 1
    assert 1 <= pauses[0] <= 1.1
    with running(say(busy, answer(b"{}"))) as bank:
        hasty = transport(bank.url, limits=Limits(total_s=0.9), sleep=pauses.append)
        if status.startswith("429"):
            assert hasty.call("GET", f"{bank.url}/").status == 429
        else:
            with pytest.raises(Transient):
                hasty.call("GET", f"{bank.url}/")
        assert len(bank.requests) == 1
    assert len(pauses) == 1


def test_429_without_a_time_is_an_answer_and_not_repeated() -> None:
    with running(say(answer(b"", status="429 Too Many Requests"))) as bank:
        assert transport(bank.url).call("GET", f"{bank.url}/").status == 429
        assert len(bank.requests) == 1


@pytest.mark.parametrize(("method", "times"), [("GET", 2), ("DELETE", 2), ("POST", 1), ("PUT", 1), ("PATCH", 1)])
def test_only_what_may_be_said_twice_is_said_twice(method: str, times: int) -> None:
    """A bank consent is made by POST (UK Open Banking has no idempotency key for it): twice is two bank consents."""
    with running(say(answer(b"", status="503 Service Unavailable"))) as bank:
        with pytest.raises(Transient):
            transport(bank.url).call(method, f"{bank.url}/")
        assert len(bank.requests) == times


def test_nobody_listening_is_transient_after_each_try_with_a_pause() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    pauses: list[float] = []
    door = transport(url, sleep=pauses.append, limits=Limits(tries=3, pause_s=0.4))
    for _ in range(20):
        with pytest.raises(Transient, match="no connection"):
            door.call("GET", f"{url}/secret?q=1")
    assert len(pauses) == 40
    assert all(0 <= one <= 0.4 for one in pauses[::2])
    assert all(0 <= one <= 0.8 for one in pauses[1::2])
    assert max(pauses[1::2]) > 0.4
    assert len(set(pauses)) == 40  # callers that failed together do not come back together


def test_a_connection_that_is_dropped_is_tried_again_by_get_only() -> None:
    def hang_up(connection: socket.socket, _: str) -> None:
        connection.close()

    with running(hang_up) as bank:
        for method, times in (("GET", 2), ("POST", 1)):
            bank.requests.clear()
            with pytest.raises(Transient):
                transport(bank.url).call(method, f"{bank.url}/")
            assert len(bank.requests) == times


def silence(stop: threading.Event) -> Callable[[socket.socket, str], None]:
    def behave(_: socket.socket, __: str) -> None:
        stop.wait(5)

    return behave


def headers_then_silence(stop: threading.Event) -> Callable[[socket.socket, str], None]:
    def behave(connection: socket.socket, _: str) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
        stop.wait(5)

    return behave


def dripping_headers(stop: threading.Event) -> Callable[[socket.socket, str], None]:
    return drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"z" * 200 + b"\r\n\r\n{}", pause_s=0.05, stop=stop)


def dripping_body(stop: threading.Event) -> Callable[[socket.socket, str], None]:
    return drip(answer(b"[" + b" " * 500 + b"]"), pause_s=0.05, stop=stop)


def dripping_chunks(stop: threading.Event) -> Callable[[socket.socket, str], None]:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

    def behave(connection: socket.socket, _: str) -> None:
        connection.sendall(head)
        while not stop.wait(0.05):
            connection.sendall(b"1\r\n \r\n")

    return behave


@pytest.mark.parametrize("behaviour", [silence, headers_then_silence, dripping_headers, dripping_body, dripping_chunks])
def test_a_bank_cannot_hold_us_beyond_the_total_time(behaviour: Any) -> None:
    stop = threading.Event()
    with running(behaviour(stop)) as bank:
        started = time.monotonic()
        try:
            with pytest.raises(Transient):
                transport(bank.url).call("GET", f"{bank.url}/")
        finally:
            stop.set()
        assert time.monotonic() - started < QUICK.total_s + 4
        assert len(bank.requests) == 1


def test_a_body_that_breaks_off_is_transient() -> None:
    with running(say(answer(b'{"a":', Content_Length="500"))) as bank:
        with pytest.raises(Transient, match="broke off") as caught:
            transport(bank.url).call("GET", f"{bank.url}/")
        assert not isinstance(caught.value, Failing)  # it stopped answering


def test_a_body_is_bounded_and_its_beginning_is_kept() -> None:
    with running(say(answer(b"x" * 100_001))) as bank, pytest.raises(ContractBroken, match="more than") as caught:
        transport(bank.url).call("GET", f"{bank.url}/")
    assert len(caught.value.raw) == ContractBroken.RAW_LIMIT_BYTES


def test_a_small_body_that_unpacks_to_a_huge_one_is_bounded_too() -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    with running(say(answer(bomb, Content_Encoding="gzip"))) as bank, pytest.raises(ContractBroken, match="more than"):
        transport(bank.url).call("GET", f"{bank.url}/")


def test_a_body_in_a_broken_encoding_is_a_broken_contract() -> None:
    with running(say(answer(b"not gzip", Content_Encoding="gzip"))) as bank, pytest.raises(ContractBroken):
        transport(bank.url).call("GET", f"{bank.url}/")


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_never_followed(status: str) -> None:
    with running(say(answer(b"{}"))) as elsewhere:
        redirect = answer(b"", status=status, Location=f"{elsewhere.url}/steal")
        with running(say(redirect)) as bank, pytest.raises(ContractBroken, match="redirects"):
            transport(bank.url).call("GET", f"{bank.url}/", headers={"Authorization": "Bearer t"})
        assert elsewhere.requests == []


NOT_HTTP = [
    b"",
    b"hello\r\n\r\n",
    b"\x00" * 100,
    b"HTTP/1.1 OK\r\n\r\n",
    b"HTTP/1.1 99999 X\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500 + b"\r\n",
    b"HTTP/1.1 200 OK\r\nA: " + b"b" * 100_000 + b"\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\nabc",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
]


@pytest.mark.parametrize("noise", NOT_HTTP)
def test_what_is_not_http_is_one_of_our_errors(noise: bytes) -> None:
    def behave(connection: socket.socket, _: str) -> None:
        connection.sendall(noise)

    with running(behave) as bank, pytest.raises((Transient, ContractBroken)):
        transport(bank.url).call("GET", f"{bank.url}/")


BASE = "http://127.0.0.1:8101/v1/accounts"
FOREIGN = [
    "http://127.0.0.2:8101/v1",
    "http://127.0.0.1:8102/v1",
    "https://127.0.0.1:8101/v1",
    "//evil.example/v1",
    "http://127.0.0.1:8101@evil.example/",
    "http://user:pw@127.0.0.1:8101/",
    "http://127.0.0.1:8101\\@evil.example/",
    "http://127.0.0.1:8101.evil.example/",
    "http://evil.example#@127.0.0.1:8101/",
    "http://127.0.0.1:99999/",
    "http://127.0.0.1:/v1",
    "http://[::1/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "/v1\r\nHost: evil.example",
    "http://127.0.0.1:8101/a b",
]


@pytest.mark.parametrize("link", FOREIGN)
def test_a_link_that_leads_away_is_refused_without_connecting(link: str) -> None:
    with pytest.raises(ContractBroken):
        transport("http://127.0.0.1:8101").resolve(BASE, link)
    with pytest.raises(ContractBroken):
        transport("http://127.0.0.1:8101").call("GET", link)


@pytest.mark.parametrize(
    ("link", "resolved"),
    [
        ("http://127.0.0.1:8101/v1/x?p=2", "http://127.0.0.1:8101/v1/x?p=2"),
        ("/v1/x?p=%2B1&q=a+b", "http://127.0.0.1:8101/v1/x?p=%2B1&q=a+b"),
        ("?page=2", "http://127.0.0.1:8101/v1/accounts?page=2"),
        ("next/ü", "http://127.0.0.1:8101/v1/next/%C3%BC"),
        ("HTTP://127.0.0.1:8101/x#fragment", "http://127.0.0.1:8101/x"),
    ],
)
def test_a_link_at_the_bank_is_made_absolute_and_keeps_its_spelling(link: str, resolved: str) -> None:
    assert transport("http://127.0.0.1:8101").resolve(BASE, link) == resolved


@pytest.mark.parametrize("url", ["http://bank.example", "ftp://127.0.0.1", "https://a:b@bank.example", "bank.example"])
def test_a_bank_far_away_is_configured_with_https_and_without_credentials(url: str) -> None:
    with pytest.raises(ValueError):
        transport(url)


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_an_id_cannot_climb_out_of_its_path(value: str) -> None:
    with pytest.raises(ContractBroken):
        path_segment(value)
    assert path_segment("../a?b#c/ü") == "..%2Fa%3Fb%23c%2F%C3%BC"


def test_a_cookie_set_for_one_person_does_not_travel_with_the_next() -> None:
    with running(say(answer(b"{}", Set_Cookie="session=alice; Path=/"))) as bank:
        door = transport(bank.url)
        door.call("GET", f"{bank.url}/1")
        door.call("GET", f"{bank.url}/2")
    assert "cookie" not in bank.requests[1].lower()


def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    with running(say(answer(b"{}"))) as bank:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        assert transport(bank.url).call("GET", f"{bank.url}/").status == 200


def test_a_signer_sees_the_prepared_request() -> None:
    def sign(request: requests.PreparedRequest) -> None:
        request.headers["Signature"] = f"over {request.method} {request.path_url}"

    with running(say(answer(b"{}"))) as bank:
        transport(bank.url, sign=sign).call("POST", f"{bank.url}/pay", json=b"{}")
    assert "Signature: over POST /pay" in bank.requests[0]


def test_the_log_holds_no_query_no_header_and_no_body(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with running(say(answer(b'{"iban":"DE99"}'))) as bank:
        door = transport(bank.url)
        headers = {"Authorization": "Bearer top-secret"}
        found = door.call("POST", f"{bank.url}/token?code=hush", headers=headers, form={"refresh_token": "rt"})
    assert "POST 127.0.0.1 /token 200" in caplog.text
    for secret in ("top-secret", "hush", "rt=", "refresh_token", "DE99"):
        assert secret not in caplog.text
        assert secret not in repr(found)


RETRY_AFTER = [
    ({"retry-after": "120"}, 120),
    ({"retry-after": "99999999999999"}, 7 * 24 * 3600),
    ({"retry-after": "-5"}, None),
    ({"retry-after": "soon"}, None),
    ({"retry-after": "Sun, 01 Mar 2026 00:01:00 GMT", "date": "Sun, 01 Mar 2026 00:00:00 GMT"}, 60),
    ({"retry-after": "Sun, 01 Mar 2026 00:00:00 GMT", "date": "Sun, 01 Mar 2026 00:01:00 GMT"}, 0),
    ({}, None),
]


@pytest.mark.parametrize(("headers", "seconds"), RETRY_AFTER)
def test_retry_after_is_read_in_both_forms_and_bounded(headers: dict[str, str], seconds: int | None) -> None:
    assert retry_after_s(Answer(429, headers, b"")) == seconds


def test_a_spent_daily_quota_is_back_after_the_banks_midnight() -> None:
    assert seconds_to_next_day(Answer(429, {"date": "Sun, 01 Mar 2026 23:00:00 GMT"}, b"")) == 3601
