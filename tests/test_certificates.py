"""Reading a client's certificate: what it says, and when it is none."""

import base64
import hashlib
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from hub.certificates import Authorities, Certificate, Presented
from tests.certificates import SERVER, Authority, Issued, alternative, self_signed

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
OURS = Authority()


def read(issued: Issued, *, vouched: bool = True, at: datetime = NOW, ca: Path | None = None) -> Certificate | None:
    return Presented(issued.client_cert, vouched, Authorities.from_file(lambda: at, ca)).certificate


def usable(issued: Issued, **given: Any) -> Certificate:
    found = read(issued, **given)
    assert found is not None
    return found


def test_everything_that_a_registration_may_name_is_read() -> None:
    names = alternative(dns="app.example", uri="urn:app:1", ip="2001:db8::1", email="ops@app.example")
    issued = OURS.issue("app.example", names)
    found = usable(issued)
    assert found.dns_names == ("app.example",)
    assert found.uris == ("urn:app:1",)
    assert [str(one) for one in found.ip_addresses] == ["2001:db8::1"]
    assert found.emails == ("ops@app.example",)
    assert found.subject_dn == "CN=app.example"
    assert (found.not_before.year, found.not_after.year) == (2020, 2049)


def test_the_thumbprint_is_rfc_8705s() -> None:
    issued = OURS.issue()
    digest = hashlib.sha256(issued.der).digest()
    assert usable(issued).thumbprint_s256 == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def test_the_public_key_is_known_again_in_a_renewed_certificate() -> None:
    first = OURS.issue()
    renewed = OURS.issue(key=first.key)
    assert usable(first).public_key_s256 == usable(renewed).public_key_s256
    assert usable(first).thumbprint_s256 != usable(renewed).thumbprint_s256


@pytest.mark.parametrize(
    ("offset_s", "used"),
    [(-1, False), (0, True), (3600, True), (3601, False)],
)
def test_dates_are_checked_whatever_the_proxy_said(offset_s: int, used: bool) -> None:
    issued = OURS.issue(valid_from=NOW, valid_until=NOW + timedelta(hours=1))
    assert (read(issued, at=NOW + timedelta(seconds=offset_s)) is not None) is used


@pytest.mark.parametrize(
    ("key", "used"),
    [
        (rsa.generate_private_key(65537, 1024), False),
        (rsa.generate_private_key(65537, 2048), True),
        (ec.generate_private_key(ec.SECP192R1()), False),
        (ec.generate_private_key(ec.SECP384R1()), True),
        (ed25519.Ed25519PrivateKey.generate(), True),
        (dsa.generate_private_key(2048), False),
    ],
    ids=["rsa 1024", "rsa 2048", "p-192", "p-384", "ed25519", "dsa"],
)
def test_a_weak_or_strange_key_is_no_certificate(key: Any, used: bool) -> None:
    assert (read(OURS.issue(key=key)) is not None) is used


def test_a_certificate_is_read_once_a_request(caplog: pytest.LogCaptureFixture) -> None:
    presented = Presented(":AAAA:", True, Authorities(lambda: NOW))
    with caplog.at_level(logging.WARNING):
        assert presented.certificate is None
        assert presented.certificate is None
    assert len(caplog.records) == 1


@pytest.fixture
def authorities(tmp_path: Path) -> Path:
    path = tmp_path / "clients.pem"
    path.write_text(OURS.issued.pem + Authority("another").issued.pem)
    return path


def test_our_own_check_of_the_chain_wants_issuer_dates_and_purpose(authorities: Path) -> None:
    company = x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "App GmbH")]
    )
    for issued, verified in (
        (OURS.issue("by name", alternative(dns="app.example")), True),
        (OURS.issue(company), True),
        (OURS.issue("a web server", usage=SERVER), False),
        (Authority().issue("of a stranger by the same name"), False),
        (self_signed(), False),
    ):
        assert usable(issued, vouched=True, ca=authorities).is_verified is verified


def test_the_authority_that_issues_is_enough_and_is_needed(tmp_path: Path) -> None:
    """A proxy hands over the client's own certificate only: what lies between it and a root stands in the file."""
    issuing = Authority("issuing", root=OURS)
    issued, path = issuing.issue(), tmp_path / "clients.pem"
    for known, verified in (
        (issuing.issued.pem, True),
        (issuing.issued.pem + OURS.issued.pem, True),
        (OURS.issued.pem, False),
    ):
        path.write_text(known)
        assert usable(issued, ca=path).is_verified is verified


def test_no_client_certificate_vouches_for_another(authorities: Path) -> None:
    leaf = OURS.issue("a client")
    forged = Authority("forged")
    forged.issued = leaf
    assert not usable(forged.issue("another"), ca=authorities).is_verified


def test_a_name_that_cannot_be_read_is_no_certificate() -> None:
    """Two values for one attribute in one RDN, an invalid alternative name: no half-read certificate."""
    broken = bytearray(OURS.issue("x", alternative(dns="app.example")).der)
    at = broken.index(b"app.example")
    broken[at] = 0xFF
    assert Presented(bytes(broken), True, Authorities(lambda: NOW)).certificate is None
