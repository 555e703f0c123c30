"""The hub behind a real nginx with the shipped configuration, and behind its own TLS server: the same promises."""

import base64
import hashlib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.context import Hub, build
from hub.settings import Settings
from tests.certificates import Authority, Issued, self_signed
from tests.conftest import absent
from tests.tls import fronts
from tests.tls.fronts import Front, ask, ask_plainly, trusting

pytestmark = pytest.mark.timeout(120)
TRUSTED = Authority("A trust service")
CLIENT = TRUSTED.issue("budget.example")
STRANGER = Authority("A trust service").issue("budget.example")


@pytest.fixture(scope="module")
def behind_nginx(tmp_path_factory: pytest.TempPathFactory, _sqlite_template: Path) -> Iterator[Front]:
    if fronts.nginx() is None:
        absent("nginx", "no nginx was found on this machine")
    folder = tmp_path_factory.mktemp("nginx")
    environ = {"DATABASE_URL": f"sqlite:///{_copied(_sqlite_template, folder)}", "RIALTO_MASTER_KEYS": f"k:{'A' * 43}="}
    with fronts.behind_nginx(folder, TRUSTED, environ) as front:
        yield front


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory, _sqlite_template: Path) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("own")
    (folder / "clients.pem").write_text(TRUSTED.issued.pem)
    hub: Hub = build(
        Settings(
            base_url="https://localhost:8443",
            database_url=f"sqlite:///{_copied(_sqlite_template, folder)}",
            data_dir=folder,
            client_ca_file=folder / "clients.pem",
        )
    )
    with fronts.own_server(folder, hub) as front:
        yield front
    hub.close()


def _copied(template: Path, folder: Path) -> Path:
    copy = folder / "rialto.db"
    copy.write_bytes(template.read_bytes())
    return copy


@pytest.fixture(params=["behind_nginx", "own_server"])
def front(request: pytest.FixtureRequest) -> Front:
    found: Front = request.getfixturevalue(request.param)
    return found


def s256(issued: Issued) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(issued.der).digest()).rstrip(b"=").decode()


def shown(front: Front, issued: Issued | None, tmp_path: Path, **headers: str) -> dict[str, object]:
    files = issued.write(tmp_path, "client") if issued else None
    answer = ask(front, "/v1/mirror", name=front.mtls_name, certificate=files, headers=headers)
    assert answer.status == 200
    return answer.seen


def test_a_client_certificate_reaches_the_hub(front: Front, tmp_path: Path) -> None:
    seen = shown(front, CLIENT, tmp_path)
    assert seen["thumbprint"] == s256(CLIENT)
    assert seen["verified"] is True
    assert seen["scheme"] == "https"


@pytest.mark.parametrize("issued", [self_signed(), STRANGER], ids=["self-signed", "of a namesake"])
def test_one_of_any_issuer_reaches_it_too_but_is_not_called_verified(
    front: Front, issued: Issued, tmp_path: Path
) -> None:
    seen = shown(front, issued, tmp_path)
    assert (seen["thumbprint"], seen["verified"]) == (s256(issued), False)


def test_without_a_certificate_there_is_none(front: Front, tmp_path: Path) -> None:
    assert shown(front, None, tmp_path)["thumbprint"] is None


FORGED = {
    "Client-Cert": CLIENT.escaped,
    "Client_Cert": CLIENT.escaped,
    "X-Client-Verify": "SUCCESS",
    "X_Client_Verify": "SUCCESS",
    "X-Forwarded-For": "203.0.113.9",
    "X_Forwarded_For": "203.0.113.9",
    "X-Forwarded-Host": "evil.example",
    "Forwarded": "for=203.0.113.9",
}


def test_forged_headers_from_outside_are_replaced(front: Front, tmp_path: Path) -> None:
    mine = TRUSTED.issue("mine")
    seen = shown(front, mine, tmp_path, **FORGED)
    assert seen["thumbprint"] == s256(mine)
    assert seen["address"] == "127.0.0.1"
    assert seen["host"] in {front.mtls_name, f"{front.mtls_name}:{front.port}"}


def test_forged_headers_without_a_certificate_make_none(front: Front, tmp_path: Path) -> None:
    for name in (front.mtls_name, front.name):
        answer = ask(front, "/v1/mirror", name=name, headers=FORGED)
        assert answer.seen["thumbprint"] is None
        assert answer.seen["address"] == "127.0.0.1"


def test_straight_to_the_hub_nobody_but_the_proxy_is_believed(behind_nginx: Front) -> None:
    assert behind_nginx.hub_port is not None
    seen = ask_plainly(behind_nginx.hub_port, "/mirror", source="127.0.0.2", headers=FORGED).seen
    assert (seen["thumbprint"], seen["address"], seen["scheme"]) == (None, "127.0.0.2", "http")


def test_tls_below_1_2_is_refused_by_the_server(front: Front) -> None:
    old = trusting(front)
    old.set_ciphers("ALL:@SECLEVEL=0")  # this client would do it
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match=r"(?i)alert.protocol.version"):
        ask(front, "/livez", context=old)


@pytest.mark.parametrize(
    "suite",
    ["ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-CCM"],
)
def test_another_suite_of_tls_1_2_is_refused_by_the_server(front: Front, suite: str) -> None:
    weak = trusting(front)
    weak.maximum_version = ssl.TLSVersion.TLSv1_2
    weak.set_ciphers(f"{suite}:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError, match=r"(?i)alert.handshake.failure"):
        ask(front, "/livez", context=weak)


@pytest.mark.parametrize("suite", ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"])
def test_the_suites_of_fapi_are_spoken(front: Front, suite: str) -> None:
    good = trusting(front)
    good.maximum_version = ssl.TLSVersion.TLSv1_2
    good.set_ciphers(suite)
    assert ask(front, "/livez", context=good).status == 200


def test_tls_1_3_is_preferred(front: Front) -> None:
    modern = trusting(front)
    modern.minimum_version = ssl.TLSVersion.TLSv1_3
    assert ask(front, "/livez", context=modern).status == 200


def test_browsers_are_told_once_to_stay_with_https(front: Front) -> None:
    for path in ("/livez", "/static/app.css", "/no-such-page"):
        told = ask(front, path).headers["strict-transport-security"]
        assert told.startswith("max-age=")
        assert "," not in told


def test_plain_http_goes_to_https_and_carries_nothing(behind_nginx: Front) -> None:
    assert behind_nginx.http_port is not None
    answer = ask_plainly(behind_nginx.http_port, "/login?next=/", headers={"X-Forwarded-Host": "evil.example"})
    assert (answer.status, answer.headers["location"]) == (301, "https://hub.example/login?next=/")
    assert ask_plainly(behind_nginx.http_port, "/oauth/token", method="POST").status == 403


def test_plain_http_on_the_tls_port_is_answered_by_nobody_of_ours(own_server: Front) -> None:
    answer = ask_plainly(own_server.port, "/livez")
    assert answer.status == 400


def test_the_host_for_certificates_serves_no_page(behind_nginx: Front) -> None:
    for path in (
        "/",
        "/login",
        "/mirror",
        "/oauth/authorize",
        "//oauth/authorize",
        "/oauth/../login",
        "/static/app.css",
    ):
        assert ask(behind_nginx, path, name=fronts.MTLS_NAME).status == 404, path
    assert ask(behind_nginx, "/oauth/jwks", name=fronts.MTLS_NAME).status == 200


def test_the_host_for_people_asks_for_no_certificate_and_hands_none_on(behind_nginx: Front, tmp_path: Path) -> None:
    answer = ask(behind_nginx, "/mirror", certificate=CLIENT.write(tmp_path, "client"))
    assert (answer.status, answer.seen["thumbprint"]) == (200, None)


def test_a_handshake_for_one_host_does_not_open_the_other(behind_nginx: Front, tmp_path: Path) -> None:
    files = CLIENT.write(tmp_path, "client")
    crossed = ask(behind_nginx, "/v1/mirror", name=fronts.MTLS_NAME, server_name=fronts.NAME, certificate=files)
    assert crossed.status == 421 or crossed.seen["thumbprint"] is None
    other = ask(behind_nginx, "/v1/mirror", name=fronts.NAME, server_name=fronts.MTLS_NAME, certificate=files)
    assert other.status == 421 or other.seen["thumbprint"] is None


def test_a_name_that_is_not_ours_gets_no_handshake(behind_nginx: Front) -> None:
    with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
        ask(behind_nginx, "/livez", name="evil.example")


def test_no_session_is_taken_up_again(front: Front, tmp_path: Path) -> None:
    """A resumed one would bring a certificate that this connection has not shown."""
    context = trusting(front, CLIENT.write(tmp_path, "client"))
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context.minimum_version = context.maximum_version = version
        session = None
        for _ in range(2):
            raw = socket.create_connection(("127.0.0.1", front.port), timeout=fronts.PATIENCE_S)
            with context.wrap_socket(raw, server_hostname=front.mtls_name, session=session) as secured:
                secured.sendall(f"GET /livez HTTP/1.1\r\nHost: {front.mtls_name}\r\n\r\n".encode())
                assert secured.recv(100).startswith(b"HTTP/1.1")  # by now a ticket of TLS 1.3 would be here
                assert not secured.session_reused
                session = secured.session


def test_a_body_larger_than_the_hub_takes_stops_at_the_proxy(behind_nginx: Front) -> None:
    answer = ask(behind_nginx, "/oauth/token", method="POST", headers={"Content-Length": str(300 * 1024)})
    assert answer.status == 413


def test_no_answer_invites_scripts_of_other_origins_to_authorize(front: Front) -> None:
    answer = ask(front, "/oauth/authorize", headers={"Origin": "https://evil.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]
