"""Leaked passwords are found in a local list, in ranges, and at a range service that learns five digits."""

import hashlib
import json
import random
import threading
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from hub.context import build
from hub.errors import BadInput
from hub.identity import addresses, breaches, people, recovery
from hub.identity.breaches import RangeFolder, RangeService, SortedFile
from hub.settings import Settings, SettingsError
from tests.identity.steps import HERE, attempt, log_in
from tests.mail.letters import delivered, link_in
from tests.outbound.server import dripping
from tests.people import PASSWORD

LEAKED = [f"leaked once upon a time {number}" for number in range(3000)]
KEPT = [f"never leaked so far {number}" for number in range(300)]


def sha1(password: str) -> str:
    return hashlib.sha1(password.encode()).hexdigest().upper()


def lines(passwords: list[str]) -> list[str]:
    """As the downloader writes them: in order, counts of every length."""
    return [f"{digest}:{10 ** (number % 7)}" for number, digest in enumerate(sorted(map(sha1, passwords)))]


@pytest.fixture(params=["\n", "\r\n"], ids=["unix", "windows"])
def sorted_file(request: pytest.FixtureRequest, tmp_path: Path) -> SortedFile:
    path = tmp_path / "pwned.txt"
    path.write_bytes(str(request.param).join(lines(LEAKED)).encode())
    return SortedFile(path)


def test_every_leaked_password_is_found_and_no_other(sorted_file: SortedFile) -> None:
    assert all(sorted_file.contains(one) for one in LEAKED)
    assert not any(sorted_file.contains(one) for one in KEPT)


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_the_first_and_the_last_line_are_found_in_files_of_any_length(tmp_path: Path, count: int) -> None:
    path = tmp_path / "few.txt"
    path.write_text("\n".join(lines(LEAKED[:count])) + "\n")
    assert all(SortedFile(path).contains(one) for one in LEAKED[:count])
    assert not any(SortedFile(path).contains(one) for one in KEPT)


def test_a_large_file_is_searched_and_not_read(tmp_path: Path) -> None:
    """40 MB, made of random hashes around the one that counts."""
    rng = random.Random(1)
    digests = sorted([rng.randbytes(20).hex().upper() for _ in range(900_000)] + [sha1("needle in a haystack")])
    path = tmp_path / "large.txt"
    with path.open("w") as file:
        file.writelines(f"{digest}:1\n" for digest in digests)
    del digests
    found = SortedFile(path)
    tracemalloc.start()
    assert found.contains("needle in a haystack")
    assert not found.contains("not in there at all")
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 300_000


def test_a_folder_of_ranges_is_read_by_prefix(tmp_path: Path) -> None:
    for line in lines(LEAKED[:50]):
        with (tmp_path / f"{line[:5]}.txt").open("a") as file:
            file.write(line[5:] + "\r\n")
    found = breaches.of(Settings(breach_list=tmp_path))
    assert found is not None
    assert all(found.contains(one) for one in LEAKED[:50])
    assert not any(found.contains(one) for one in KEPT)
    assert not RangeFolder(tmp_path).contains("x")


# --- the range service ----------------------------------------------------------------------------


@dataclass
class Service:
    url: str = ""
    status: int = 200
    pause: threading.Event | None = None
    body: bytes | None = None
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def service() -> Iterator[Service]:
    here = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            here.asked.append(
                (self.path, dict(self.headers), self.rfile.read(int(self.headers.get("Content-Length", 0))))
            )
            if here.pause is not None:
                here.pause.wait(10)
            prefix = self.path.rpartition("/")[2]
            found = [line[5:] for line in lines(LEAKED) if line.startswith(prefix)]
            padding = [f"{sha1(one)[5:]}:0" for one in KEPT[:20]]
            body = here.body if here.body is not None else "\r\n".join(found + padding).encode()
            self.send_response(here.status)
            if here.status == 302:
                self.send_header("Location", here.url + "elsewhere")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.url = f"http://127.0.0.1:{server.server_port}/range/"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield here
    if here.pause is not None:
        here.pause.set()
    server.shutdown()
    server.server_close()


def test_the_service_learns_five_digits_and_nothing_else(service: Service) -> None:
    ranges = RangeService(service.url)
    assert ranges.contains(LEAKED[0])
    assert not ranges.contains(KEPT[50])
    for password, (path, headers, body) in zip((LEAKED[0], KEPT[50]), service.asked, strict=True):
        digest = sha1(password)
        assert path == f"/range/{digest[:5]}"
        everything = json.dumps([path, headers, body.decode()]).upper()
        assert digest[:6] not in everything
        assert digest[5:] not in everything
        assert body == b""
        assert headers["Add-Padding"] == "true"


def test_padding_is_no_leak(service: Service) -> None:
    service.body = f"{sha1('padded with me')[5:]}:0".encode()
    assert not RangeService(service.url).contains("padded with me")


@pytest.mark.parametrize("status", [302, 404, 429, 500, 503])
def test_a_service_that_does_not_answer_well_stops_nobody(
    service: Service, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    service.status = status
    assert not RangeService(service.url).contains(LEAKED[0])
    assert len(service.asked) == 1, "a redirect is not followed"
    assert "the breach list did not answer" in caplog.text
    assert sha1(LEAKED[0])[:5] not in caplog.text


def test_a_service_that_hangs_is_left_in_time(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaches, "TIMEOUT_S", 0.2)
    service.pause = threading.Event()
    assert not RangeService(service.url).contains(LEAKED[0])


OK = b"HTTP/1.1 200 OK\r\n"
SLOW = {
    "nothing": (b"", b""),
    "headers without end": (OK, b"X: y\r\n"),
    "a body without end": (OK + b"\r\n", b" "),
    "half a body": (OK + b"Content-Length: 50\r\n\r\nx", b""),
    "no gzip": (OK + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nxxxx", b""),
}


@pytest.mark.parametrize(("first", "drop"), SLOW.values(), ids=SLOW.keys())
def test_a_service_that_drips_or_breaks_off_is_left_in_time(
    first: bytes, drop: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaches, "TIMEOUT_S", 0.5)
    with dripping(first, drop, 0.05) as port:
        began = time.monotonic()
        assert not RangeService(f"http://127.0.0.1:{port}/range/").contains(LEAKED[0])
        assert time.monotonic() - began < 6


def test_a_service_that_is_away_stops_nobody() -> None:
    assert not RangeService("http://127.0.0.1:9/range/").contains(LEAKED[0])


# --- where it counts ------------------------------------------------------------------------------


def test_a_leaked_password_is_refused_at_registration_change_and_reset(database_url: str, tmp_path: Path) -> None:
    path = tmp_path / "pwned.txt"
    path.write_text("\n".join(lines(LEAKED)))
    hub = build(Settings(database_url=database_url, data_dir=tmp_path / "var", breach_list=path))
    now = hub.clock()

    def register(password: str) -> None:
        people.register(hub, name="Alice", email="alice@people.example", password=password, origin=HERE, now=now)

    with pytest.raises(BadInput, match="breach"):
        register(LEAKED[7])
    register(PASSWORD)
    token = link_in(delivered(hub), "alice@people.example", "/account/email/verify/")
    person, _secret = log_in(hub)
    with pytest.raises(BadInput, match="breach"):
        people.change_password(hub, person, current=PASSWORD, new=LEAKED[8], origin=HERE, now=now)
    addresses.verify(hub, person, token, origin=HERE, now=now)
    recovery.ask(hub, email="alice@people.example", origin=HERE, now=now)
    reset = link_in(delivered(hub), "alice@people.example", "/recover/")
    with pytest.raises(BadInput, match="breach"):
        recovery.reset(hub, reset, new=LEAKED[9], origin=HERE, now=now)
    assert attempt(hub, "alice@people.example", PASSWORD)
    hub.close()


@pytest.mark.parametrize(
    ("setting", "given"),
    [
        ("RIALTO_BREACH_LIST", {"breach_list": Path("/no/such/file")}),
        ("RIALTO_BREACH_LIST", {"breach_list": Path(__file__)}),
        ("RIALTO_BREACH_LIST", {"breach_list": Path(__file__).parent}),
        ("RIALTO_BREACH_RANGE_URL", {"breach_range_url": "http://breaches.example/range/"}),
        ("RIALTO_BREACH_RANGE_URL", {"breach_range_url": "https://breaches.example/range"}),
        ("RIALTO_BREACH_RANGE_URL", {"breach_range_url": "ftp://breaches.example/"}),
    ],
)
def test_a_wrong_setting_is_named(setting: str, given: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=setting):
        breaches.of(Settings(**given))
