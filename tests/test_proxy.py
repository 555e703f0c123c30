"""What the application gets to see of a request, by who sent it: a trusted proxy, or anybody."""

import ipaddress
import json
import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from hub.app import create_app
from hub.certificates import ENVIRON_KEY, peer_certificate
from hub.context import build
from hub.proxy import SERVER_KEY, TrustedProxies
from hub.settings import Settings, SettingsError
from tests.certificates import Authority, self_signed

NOW = datetime(2026, 11, 25, tzinfo=UTC)
OURS = Authority()
CLIENT = OURS.issue("a client")
SPOKEN = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "hub.example",
}


@Request.application
def _mirror(request: Request) -> Response:
    """Says what reached the application."""
    certificate = peer_certificate(request)
    seen = {
        "address": request.remote_addr,
        "scheme": request.scheme,
        "host": request.host,
        "thumbprint": certificate and certificate.thumbprint_s256,
        "verified": certificate and certificate.is_verified,
        "headers": sorted(name for name in request.environ if name.startswith("HTTP_")),
    }
    return Response(json.dumps(seen))


def ask(settings: Settings, peer: str = "127.0.0.1", *, headers: Any = (), environ: Any = None) -> dict[str, Any]:
    app = TrustedProxies(_mirror, settings, lambda: NOW)
    answer = Client(app).get("/", headers=headers, environ_overrides={"REMOTE_ADDR": peer} | (environ or {}))
    seen: dict[str, Any] = json.loads(answer.data)
    return seen


BEHIND = Settings(trusted_proxy_hops=1)


def test_a_trusted_proxy_is_believed_and_its_headers_stop_there() -> None:
    seen = ask(BEHIND, headers=SPOKEN | {"Client-Cert": CLIENT.client_cert, "X-Client-Verify": "SUCCESS"})
    assert (seen["address"], seen["scheme"], seen["host"]) == ("203.0.113.9", "https", "hub.example")
    assert seen["verified"] is True
    assert seen["headers"] == ["HTTP_HOST"]


@pytest.mark.parametrize(
    ("settings", "peer"),
    [
        (BEHIND, "198.51.100.7"),
        (BEHIND, ""),
        (BEHIND, "unix:/run/hub.sock"),
        (BEHIND, "::ffff:198.51.100.7"),
        (Settings(), "127.0.0.1"),
        (Settings(trusted_proxy_hops=1, trusted_proxies=(ipaddress.ip_network("10.1.0.0/16"),)), "127.0.0.1"),
    ],
)
def test_from_anybody_else_every_such_header_is_taken_away(settings: Settings, peer: str) -> None:
    forged = SPOKEN | {
        "Forwarded": "for=203.0.113.9;proto=https",
        "X-Forwarded-Prefix": "/elsewhere",
        "X-Real-Ip": "203.0.113.9",
        "Client-Cert": CLIENT.client_cert,
        "Client-Cert-Chain": CLIENT.client_cert,
        "X-Client-Verify": "SUCCESS",
    }
    seen = ask(settings, peer, headers=forged)
    assert seen["headers"] == ["HTTP_HOST"]
    assert seen["thumbprint"] is None
    assert (seen["address"], seen["scheme"], seen["host"]) == (peer, "http", "localhost")


def test_an_underscore_twin_is_the_same_name_and_goes_the_same_way() -> None:
    """WSGI maps ``Client_Cert`` and ``X_Forwarded_For`` to the names of the real ones."""
    twins = {"Client_Cert": CLIENT.client_cert, "X_Forwarded_For": "203.0.113.9", "X_Client_Verify": "SUCCESS"}
    seen = ask(BEHIND, "198.51.100.7", headers=twins)
    assert (seen["headers"], seen["address"], seen["thumbprint"]) == (["HTTP_HOST"], "198.51.100.7", None)


def test_a_proxy_on_ipv6_or_mapped_ipv4_is_recognised() -> None:
    ten = Settings(trusted_proxy_hops=1, trusted_proxies=(ipaddress.ip_network("10.1.0.0/16"),))
    for settings, peer in ((BEHIND, "::1"), (BEHIND, "::ffff:127.0.0.1"), (ten, "10.1.2.3"), (ten, "::ffff:10.1.2.3")):
        assert ask(settings, peer, headers=SPOKEN)["address"] == "203.0.113.9"


def test_only_as_many_proxies_as_stand_there_are_believed() -> None:
    """What the caller wrote in front of the first of ours is the caller's own tale."""
    told = {"X-Forwarded-For": "192.0.2.66, 203.0.113.9, 10.0.0.1"}
    assert ask(BEHIND, headers=told)["address"] == "10.0.0.1"
    assert ask(Settings(trusted_proxy_hops=2), headers=told)["address"] == "203.0.113.9"


@pytest.mark.parametrize(
    ("verify", "verified"),
    [("SUCCESS", True), ("FAILED:self-signed certificate", False), ("success", False), ("SUCCESS, SUCCESS", False)],
)
def test_a_chain_is_verified_if_the_proxy_says_so_in_its_word(verify: str, verified: bool) -> None:
    seen = ask(BEHIND, headers={"Client-Cert": CLIENT.client_cert, "X-Client-Verify": verify})
    assert seen["thumbprint"] is not None
    assert seen["verified"] is verified


def test_a_proxy_that_says_nothing_has_verified_nothing() -> None:
    assert ask(BEHIND, headers={"Client-Cert": CLIENT.client_cert})["verified"] is False


def test_a_certificate_beside_the_word_that_there_is_none_is_not_believed() -> None:
    """So a header that slips past a proxy's own is caught by the one that the proxy always sends."""
    assert ask(BEHIND, headers={"Client-Cert": CLIENT.client_cert, "X-Client-Verify": "NONE"})["thumbprint"] is None


def test_nginx_notation_means_the_same_certificate() -> None:
    one = ask(BEHIND, headers={"Client-Cert": CLIENT.client_cert})["thumbprint"]
    assert one == ask(BEHIND, headers={"Client-Cert": CLIENT.escaped})["thumbprint"]
    assert one is not None


def test_the_header_may_have_another_name_and_then_the_usual_one_says_nothing() -> None:
    settings = Settings(trusted_proxy_hops=1, client_cert_header="ClientCertificate", client_verify_header="Chain")
    assert ask(settings, headers={"ClientCertificate": CLIENT.client_cert, "Chain": "SUCCESS"})["verified"] is True
    assert ask(settings, headers={"Client-Cert": CLIENT.client_cert, "X-Client-Verify": "SUCCESS"}) == ask(settings)


B64 = CLIENT.client_cert
MALFORMED = [
    pytest.param(f"{B64}, {B64}", id="twice"),
    pytest.param(f"{CLIENT.escaped},{CLIENT.escaped}", id="twice escaped"),
    pytest.param(CLIENT.escaped + OURS.issued.escaped, id="a chain"),
    pytest.param(f"{B64};q=1", id="parameters"),
    pytest.param(B64.strip(":"), id="no colons"),
    pytest.param(":" + B64.strip(":")[:400] + ":", id="cut short"),
    pytest.param(B64[:40] + "!" + B64[41:], id="not base64"),
    pytest.param("::", id="empty"),
    pytest.param(":" + "A" * 20_000 + ":", id="too long"),
    pytest.param("%2D%2D", id="not PEM"),
    pytest.param("(null)", id="a proxy's null"),
    pytest.param(self_signed().key_pem.replace("\n", "%0A"), id="a key"),
]


@pytest.mark.parametrize("value", MALFORMED)
def test_what_is_not_one_certificate_is_none_and_the_log_says_so_without_it(
    value: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        assert ask(BEHIND, headers={"Client-Cert": value, "X-Client-Verify": "SUCCESS"})["thumbprint"] is None
    (line,) = caplog.records
    assert line.getMessage() == "a client certificate is not used"
    assert value[:12] not in str(vars(line))


def test_two_headers_from_the_proxy_are_none() -> None:
    other = OURS.issue("another client").client_cert
    assert ask(BEHIND, headers=[("Client-Cert", B64), ("Client-Cert", other)])["thumbprint"] is None


def test_forging_is_said_once_in_the_log_and_without_its_content(caplog: pytest.LogCaptureFixture) -> None:
    app = Client(TrustedProxies(_mirror, BEHIND, lambda: NOW))
    for _ in range(3):
        app.get("/", headers={"Client-Cert": B64}, environ_overrides={"REMOTE_ADDR": "198.51.100.7"})
    (line,) = caplog.records
    assert "removed" in line.getMessage()
    assert B64[:12] not in str(vars(line))


def test_a_server_that_ends_tls_itself_hands_over_what_no_header_can() -> None:
    seen = ask(Settings(), headers={"Client-Cert": OURS.issue("forged").client_cert}, environ={SERVER_KEY: CLIENT.der})
    assert seen["thumbprint"] == ask(BEHIND, headers={"Client-Cert": B64})["thumbprint"]
    assert seen["verified"] is False


def test_no_header_becomes_the_certificate_itself() -> None:
    for name in (SERVER_KEY, ENVIRON_KEY):
        assert ask(Settings(), headers={name: B64})["thumbprint"] is None
        assert (
            ask(Settings(), environ={name: B64})["thumbprint"] is None
        )  # granian copies the process's environment there


@pytest.fixture
def authorities(tmp_path: Path) -> Path:
    path = tmp_path / "clients.pem"
    path.write_text(OURS.issued.pem)
    return path


def test_with_authorities_of_its_own_the_hub_believes_no_proxys_word(authorities: Path) -> None:
    settings = Settings(trusted_proxy_hops=1, client_ca_file=authorities)
    stranger = Authority("Rialto test CA").issue("a client")
    for issued, word, verified in (
        (CLIENT, "SUCCESS", True),
        (CLIENT, "FAILED:unable to get local issuer certificate", True),
        (stranger, "SUCCESS", False),
        (self_signed(), "SUCCESS", False),
    ):
        seen = ask(settings, headers={"Client-Cert": issued.client_cert, "X-Client-Verify": word})
        assert seen["verified"] is verified


def test_a_file_without_authorities_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    for name in ("empty.pem", "absent.pem"):
        with pytest.raises(SettingsError, match="RIALTO_CLIENT_CA_FILE"):
            TrustedProxies(_mirror, Settings(client_ca_file=tmp_path / name), lambda: NOW)


def test_the_hub_itself_stands_behind_it(app: Flask) -> None:
    """A page's own application, whatever the test client sends: no view can see a forged address."""
    seen: dict[str, Any] = {}
    inner = app.wsgi_app
    assert isinstance(inner, TrustedProxies)

    def spy(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        seen.update(environ)
        return _mirror(environ, start_response)

    inner._app = spy
    Client(app).get("/", headers=SPOKEN | {"Client-Cert": B64})
    assert {name for name in seen if name.startswith("HTTP_")} == {"HTTP_HOST"}


@pytest.mark.parametrize(
    ("base_url", "told"),
    [
        ("https://hub.example", "max-age=31536000; includeSubDomains"),
        ("https://localhost:8443", "max-age=300"),  # the promise would bind every server of a developer's machine
        ("http://127.0.0.1:8000", None),  # RFC 6797 7.2: never over plain http
    ],
)
def test_browsers_are_told_to_stay_with_https_where_there_is_https(
    settings: Settings, base_url: str, told: str | None
) -> None:
    hub = build(replace(settings, base_url=base_url, master_keys=f"k:{'A' * 43}="))
    answer = create_app(hub).test_client().get("/livez", base_url=base_url)
    assert (answer.status_code, answer.headers.get("Strict-Transport-Security")) == (HTTPStatus.OK, told)
    hub.close()
