"""`make serve TLS=1`, whole: certificates of its own, https://localhost, both sandbox banks."""

import socket
import ssl
import time
import urllib.request
from collections.abc import Iterator
from http import HTTPStatus

import pytest

from demo import story
from demo.browser import Browser
from hub.stack import Stack

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(data_dir=tmp_path_factory.mktemp("tls"), tls=True)
    with stack.up():
        yield stack


def test_the_issuer_is_https_and_has_a_name_that_passkeys_can_be_bound_to(secured: Stack) -> None:
    _, metadata = Browser(secured.ca_file).json(f"{secured.url}/.well-known/openid-configuration")
    assert metadata["issuer"] == f"https://localhost:{secured.port}"


def test_both_banks_are_linked_over_it(secured: Stack) -> None:
    """The UK bank fetches the hub's keys over this TLS, and both send the person back through it."""
    alice = Browser(secured.ca_file)
    story.sign_up(alice, secured.url)
    story.link_albion(alice, secured.url)
    story.wait_for_history(alice)
    story.link_lorelei(alice, secured.url)
    story.wait_for_history(alice)
    assert {row["bank"] for row in story.what_alice_sees(alice, secured.url)} == {"Albion Bank", "Lorelei Bank"}
    assert {cookie.name[:7] for cookie in alice.cookies if cookie.domain.startswith("localhost")} == {"__Host-"}


def test_a_body_that_comes_in_pieces_is_waited_for(secured: Stack) -> None:
    """TLS shows records, not bytes: what a plain socket would wait for is not there yet."""
    context = ssl.create_default_context(cafile=secured.ca_file)
    raw = socket.create_connection(("127.0.0.1", secured.port), timeout=20)
    with context.wrap_socket(raw, server_hostname="localhost") as tls:
        tls.sendall(
            b"POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 29\r\n\r\n"
        )
        for piece in (b"grant_type=", b"authorization_code"):
            time.sleep(0.2)
            tls.sendall(piece)
        assert b" 401 " in tls.recv(4096)


def test_who_never_finishes_a_handshake_holds_up_nobody(secured: Stack) -> None:
    idle = [socket.create_connection(("127.0.0.1", secured.port)) for _ in range(8)]
    began = time.monotonic()
    status, _ = Browser(secured.ca_file).json(f"{secured.url}/.well-known/openid-configuration")
    assert (status, time.monotonic() - began < 5) == (HTTPStatus.OK, True)
    for one in idle:
        one.close()


def test_nobody_who_does_not_trust_the_authority_is_talked_into_it(secured: Stack) -> None:
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(secured.url, context=ssl.create_default_context())  # https
