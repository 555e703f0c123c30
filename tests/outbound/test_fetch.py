"""Strangers' URLs are called as far as they may be, to real servers of this machine."""

import ssl
import threading
import time
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from hub.context import Hub
from hub.outbound.fetch import Forbidden, Limits, Outbound, OutboundError, Unreachable, Unusable
from hub.settings import Settings
from tests.certificates import SERVER, Authority, alternative
from tests.outbound.server import Answer, Site, dripping, serving
from tests.outbound.test_addresses import NOT_URLS, REFUSED

LOCAL, PUBLIC = Settings(), Settings(base_url="https://hub.example")
QUICK = Limits(connect_s=0.5, total_s=0.5)


class Tls:
    """An authority, and a server that it vouches for as client.example."""

    def __init__(self, folder: Path) -> None:
        ours = Authority()
        self.authority = ours.issued.write(folder, "ca")[0]
        own = ours.issue("client.example", alternative(dns="client.example"), usage=SERVER)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*own.write(folder, "server"))


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as made:
        yield made


def at(*addresses: str, settings: Settings = PUBLIC, limits: Limits | None = None) -> Outbound:
    """A hub for which every name is at these addresses."""
    return Outbound(settings, limits=limits, resolver=lambda _host, _port: addresses)


def test_a_document_is_fetched(site: Site) -> None:
    site.answer = Answer(body=b'{"keys":[]}', headers={"Content-Type": "application/json; charset=utf-8", "Age": "3"})
    fetched = Outbound(LOCAL).get_json(site.url + "?a=b", max_bytes=100)
    assert (fetched.status, fetched.body, fetched.headers["age"]) == (200, b'{"keys":[]}', "3")
    (asked,) = site.asked
    assert (asked.method, asked.path) == ("GET", "/there?a=b")
    assert asked.headers.keys() == {"host", "user-agent", "accept", "accept-encoding", "connection"}
    assert asked.headers["host"] == f"127.0.0.1:{site.port}"


def test_a_form_is_posted_and_any_status_comes_back(site: Site) -> None:
    site.answer = Answer(503, b"", {})
    assert Outbound(LOCAL).post_form(site.url, {"logout_token": "a+b&c"}).status == 503
    (asked,) = site.asked
    assert (asked.method, asked.body) == ("POST", b"logout_token=a%2Bb%26c")
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"


TAKEN = {
    "a long page": Answer(200, b"x" * 200_000),
    "packed": Answer(202, b"x", {"Content-Encoding": "gzip"}),
    "half an answer": Answer(201, b"{}", {"Content-Length": "50", "Connection": "close"}),
    "no chunks": Answer(200, b"what", {"Transfer-Encoding": "chunked", "Connection": "close"}),
    "a chunk of no size": Answer(200, b"-2\r\n", {"Transfer-Encoding": "chunked", "Connection": "close"}),
}


@pytest.mark.parametrize("answer", TAKEN.values(), ids=TAKEN.keys())
def test_of_what_is_posted_the_status_is_the_answer_whatever_the_body_is(site: Site, answer: Answer) -> None:
    site.answer = answer
    assert Outbound(LOCAL).post(site.url, b"{}", headers={}).status == answer.status


def test_nor_does_it_matter_whether_that_body_ends_and_it_holds_nobody() -> None:
    patient = Limits(total_s=30)
    with dripping(OK + b"\r\n", b" ", 0.05) as port:
        started = time.monotonic()
        assert Outbound(LOCAL, limits=patient).post(f"http://127.0.0.1:{port}/", b"{}", headers={}).status == 200
        assert time.monotonic() - started < 10


def test_json_is_posted_with_a_bearer_token(site: Site) -> None:
    Outbound(LOCAL).post_json(site.url, {"auth_req_id": "1"}, headers={"Authorization": "Bearer x"})
    (asked,) = site.asked
    assert (asked.body, asked.headers["authorization"]) == (b'{"auth_req_id":"1"}', "Bearer x")
    assert asked.headers["content-type"] == "application/json"


@pytest.mark.parametrize("address", REFUSED.values(), ids=REFUSED.keys())
def test_a_public_name_of_an_inner_address_is_not_called(address: str) -> None:
    with pytest.raises(Forbidden):
        at(address).get_json("https://client.example/", max_bytes=10)
    with pytest.raises(Forbidden):
        at("93.184.216.34", address).get_json("https://client.example/", max_bytes=10)  # nor where it is one of several


@pytest.mark.parametrize("url", [*NOT_URLS.values(), "http://client.example/", "http://127.0.0.1/"])
def test_what_is_no_https_url_is_not_called(url: str) -> None:
    with pytest.raises(Forbidden):
        at("93.184.216.34").post_form(url, {})


def test_a_local_hub_calls_its_own_machine_and_nothing_else_in_the_clear() -> None:
    with pytest.raises(Forbidden):
        at("93.184.216.34", settings=LOCAL).get_json("http://client.example/", max_bytes=10)
    with pytest.raises(Forbidden):
        at("10.0.0.1", settings=LOCAL).get_json("https://client.example/", max_bytes=10)


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://[::1]/", "https://2130706433/", "https://localhost/"])
def test_a_public_hub_does_not_call_its_own_machine(url: str) -> None:
    with pytest.raises(Forbidden):
        Outbound(PUBLIC).get_json(url, max_bytes=10)


def test_what_has_no_address_sounds_like_what_has_one_inside() -> None:
    def unknown(_host: str, _port: int) -> list[str]:
        raise OSError("no such name")

    whys = set()
    for outbound in (Outbound(PUBLIC, resolver=unknown), at("10.0.0.1"), at()):
        with pytest.raises(Forbidden) as caught:
            outbound.get_json("https://inside.example/", max_bytes=10)
        whys.add(caught.value.why)
    assert len(whys) == 1


def test_it_is_asked_once_where_a_name_is_and_called_there(tls: Tls) -> None:
    """DNS rebinding: the second answer would lead inside, and there is no second question."""
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    allowed = Settings(
        base_url="https://hub.example",
        outbound_networks=(ip_network("127.0.0.0/8"),),
        outbound_ca_file=tls.authority,
    )
    outbound = Outbound(allowed, resolver=lambda _host, _port: next(answers))
    with serving(tls=tls.context) as site:
        assert outbound.get_json(f"https://client.example:{site.port}/", max_bytes=10).body == b"{}"
        assert site.asked[0].headers["host"] == f"client.example:{site.port}"
    assert next(answers) == ["10.0.0.1"]


def test_an_allowed_host_may_be_inside(tls: Tls) -> None:
    settings = Settings(
        base_url="https://hub.example", outbound_hosts=frozenset({"client.example"}), outbound_ca_file=tls.authority
    )
    with serving(tls=tls.context) as site:
        outbound = at("127.0.0.1", settings=settings)
        assert outbound.get_json(f"https://client.example:{site.port}/", max_bytes=10).status == 200
        with pytest.raises(Forbidden):
            outbound.get_json(f"https://other.example:{site.port}/", max_bytes=10)


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    return Tls(tmp_path)


def test_the_certificate_is_verified_for_the_name_that_was_asked_for(tls: Tls) -> None:
    with serving(tls=tls.context) as site:
        knows = Settings(outbound_ca_file=tls.authority)
        for outbound, host in (
            (at("127.0.0.1", settings=knows), "other.example"),
            (at("127.0.0.1", settings=LOCAL), "client.example"),
        ):
            with pytest.raises(Unreachable, match="certificate"):
                outbound.get_json(f"https://{host}:{site.port}/", max_bytes=10)
        assert site.asked == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(site: Site, status: int) -> None:
    with serving() as elsewhere:
        site.answer = Answer(status, b"", {"Location": elsewhere.url})
        with pytest.raises(Unusable):
            Outbound(LOCAL).get_json(site.url, max_bytes=10)
        assert Outbound(LOCAL).post_form(site.url, {}).status == status
        assert elsewhere.asked == []


def test_no_proxy_of_the_environment_is_used(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        Outbound(LOCAL).get_json(site.url, max_bytes=10)
        assert (len(site.asked), proxy.asked) == (1, [])


UNUSABLE = {
    "an error": Answer(404),
    "no content": Answer(204, b""),
    "a page": Answer(200, b"<html>", {"Content-Type": "text/html"}),
    "no type": Answer(200, b"{}", {}),
    "packed": Answer(200, b"x", {"Content-Type": "application/json", "Content-Encoding": "gzip"}),
    "a byte too much": Answer(200, b"x" * 101),
}


@pytest.mark.parametrize("answer", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_an_answer_that_was_not_asked_for_is_none(site: Site, answer: Answer) -> None:
    site.answer = answer
    with pytest.raises(Unusable):
        Outbound(LOCAL).get_json(site.url, max_bytes=100)


def test_the_size_that_is_just_allowed(site: Site) -> None:
    site.answer = Answer(200, b"x" * 100)
    assert len(Outbound(LOCAL).get_json(site.url, max_bytes=100).body) == 100


def test_half_an_answer_is_none(site: Site) -> None:
    site.answer = Answer(
        200, b"{}", {"Content-Type": "application/json", "Content-Length": "50", "Connection": "close"}
    )
    with pytest.raises(Unreachable):
        Outbound(LOCAL).get_json(site.url, max_bytes=100)


@pytest.mark.parametrize("size", [b"-1", b"-2"])
def test_a_chunk_of_less_than_nothing_is_not_read_to_its_end(size: bytes) -> None:
    """There is no such chunk: all was taken that the line and the time allowed."""
    first = OK + b"Transfer-Encoding: chunked\r\n\r\n" + size + b"\r\n"
    with dripping(first, b"x" * 100, 0.05) as port, pytest.raises(Unreachable, match="broke off"):
        Outbound(LOCAL, limits=QUICK).get_json(f"http://127.0.0.1:{port}/", max_bytes=10)


OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
SLOW = {
    "nothing comes": (b"", b""),
    "headers without end": (OK, b"X: y\r\n"),
    "a body without end": (OK + b"\r\n", b" "),
}


@pytest.mark.parametrize(("first", "drop"), SLOW.values(), ids=SLOW.keys())
def test_a_server_that_drips_holds_nobody(first: bytes, drop: bytes) -> None:
    with dripping(first, drop, 0.05) as port:
        started = time.monotonic()
        with pytest.raises(Unreachable):
            Outbound(LOCAL, limits=QUICK).get_json(f"http://127.0.0.1:{port}/", max_bytes=10_000)
        assert time.monotonic() - started < 4


def test_nor_one_that_never_finishes_its_handshake() -> None:
    with dripping(b"", b"", 0.05) as port:
        started = time.monotonic()
        with pytest.raises(Unreachable):
            Outbound(LOCAL, limits=QUICK).get_json(f"https://127.0.0.1:{port}/", max_bytes=10)
        assert time.monotonic() - started < 4


def test_nor_does_a_resolver() -> None:
    over = threading.Event()

    def slow(_host: str, _port: int) -> list[str]:
        over.wait(5)
        return []

    started = time.monotonic()
    with pytest.raises(Unreachable):
        Outbound(LOCAL, limits=QUICK, resolver=slow).get_json("https://client.example/", max_bytes=10)
    assert time.monotonic() - started < 4
    over.set()


def test_so_many_at_once_and_no_more() -> None:
    with dripping(OK, b"X: y\r\n", 0.05) as port:
        one = Outbound(LOCAL, limits=Limits(connect_s=0.2, total_s=1, at_once=1))
        url = f"http://127.0.0.1:{port}/"
        whys: list[str] = []

        def call() -> None:
            try:
                one.get_json(url, max_bytes=10)
            except OutboundError as error:
                whys.append(error.why)

        threads = [threading.Thread(target=call) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(whys) == [
            "The URL did not answer in time.",
            "Too many such calls are under way; try again in a moment.",
        ]


def test_a_closed_port_is_unreachable() -> None:
    with serving() as site:
        url = site.url
    with pytest.raises(Unreachable):
        Outbound(LOCAL).get_json(url, max_bytes=10)


def test_never_inside_a_transaction(hub: Hub, site: Site) -> None:
    with hub.db.write(), pytest.raises(RuntimeError):
        hub.outbound.get_json(site.url, max_bytes=10)
    assert site.asked == []


def test_the_log_names_the_servers_of_clients_and_none_that_a_person_named(
    hub: Hub, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """A bridge (SimpleFIN) or the push service of a browser says something about whose it is."""
    caplog.set_level("DEBUG")
    hub.outbound.get_json(site.url, max_bytes=100)
    (told,) = (vars(record) for record in caplog.records if record.name == "hub.outbound.fetch")
    assert (told["method"], told["host"], told["status"]) == ("GET", "127.0.0.1", 200)
    caplog.clear()
    hub.door.call("GET", site.url, headers={}, max_bytes=100)
    hub.messenger.post(site.url, b"", headers={})
    assert len([record for record in caplog.records if record.name == "hub.outbound.fetch"]) == 2
    assert "127.0.0.1" not in str([vars(record) for record in caplog.records])


@pytest.mark.parametrize(
    "garbage", [b"SSH-2.0-OpenSSH_9.9\r\n", b"\x00" * 100, b"HTTP/1.1 200\r\n" + b"A: b\r\n" * 200]
)
def test_what_does_not_speak_http_is_no_error_of_ours(garbage: bytes) -> None:
    with dripping(garbage, b"", 0.05) as port, pytest.raises(Unreachable):
        Outbound(LOCAL, limits=QUICK).get_json(f"http://127.0.0.1:{port}/", max_bytes=10)
