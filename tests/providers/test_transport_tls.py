"""A bank that wants our certificate gets it; where either side does not accept the other's, that is said, and not tried
again: it will not pass by itself."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from providers.errors import Transient
from providers.transport import Limits, Transport
from tests.certificates import SERVER, Authority, Issued, alternative, self_signed

LIMITS = Limits(connect_s=2, read_s=2, total_s=5, tries=3, pause_s=0)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Quiet."""


class _Server(ThreadingHTTPServer):
    """``connections`` counts those whose handshake failed, too."""

    connections = 0

    def get_request(self) -> tuple[Any, Any]:
        self.connections += 1
        return super().get_request()


@dataclass(frozen=True)
class Bank:
    url: str
    ca: Path
    server: _Server


@contextmanager
def bank(folder: Path, clients: Authority, *, shows: Issued | None = None) -> Iterator[Bank]:
    """A bank on TLS that lets in who has a certificate of ``clients``; ``shows`` replaces its own."""
    authority = Authority("the bank's CA")
    own = shows or authority.issue("localhost", alternative(ip="127.0.0.1"), usage=SERVER)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*own.write(folder, "bank"))
    context.load_verify_locations(cadata=clients.issued.pem)
    context.verify_mode = ssl.CERT_REQUIRED
    server = _Server(("127.0.0.1", 0), _Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield Bank(f"https://127.0.0.1:{server.server_address[1]}", authority.issued.write(folder, "ca")[0], server)
    finally:
        server.shutdown()
        server.server_close()


def door(one: Bank, certificate: tuple[Path, Path] | None) -> Transport:
    pair = None if certificate is None else (str(certificate[0]), str(certificate[1]))
    return Transport("albion", [one.url], client_certificate=pair, ca_bundle=str(one.ca), limits=LIMITS)


def test_the_certificate_that_the_bank_knows_lets_us_in(tmp_path: Path) -> None:
    clients = Authority()
    with bank(tmp_path, clients) as one:
        ours = clients.issue("rialto").write(tmp_path, "ours")
        assert door(one, ours).call("GET", f"{one.url}/").status == 200


@pytest.mark.parametrize("which", ["none", "of another authority", "by ourselves"])
def test_a_certificate_that_the_bank_does_not_accept_is_said_and_not_tried_again(which: str, tmp_path: Path) -> None:
    wrong = {"of another authority": Authority("another").issue("rialto"), "by ourselves": self_signed()}.get(which)
    with bank(tmp_path, Authority()) as one:
        ours = None if wrong is None else wrong.write(tmp_path, "ours")
        with pytest.raises(Transient, match="certificate") as caught:
            door(one, ours).call("GET", f"{one.url}/secret?q=1")
        assert "secret" not in caught.value.reason
        assert one.server.connections == 1


def test_a_bank_that_shows_a_certificate_of_nobody_we_trust_is_not_spoken_to(tmp_path: Path) -> None:
    clients = Authority()
    impostor = Authority("an impostor").issue("localhost", alternative(ip="127.0.0.1"), usage=SERVER)
    with bank(tmp_path, clients, shows=impostor) as one:
        ours = clients.issue("rialto").write(tmp_path, "ours")
        with pytest.raises(Transient, match="certificate"):
            door(one, ours).call("GET", f"{one.url}/")
        assert one.server.connections == 1
