"""The development authorities: made once, kept, renewed in time, worth nothing beyond this machine."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from hub.certificates import Authorities, Presented
from hub.cli import main
from hub.clock import now as system_now
from hub.oauth.mtls import matches
from hub.tls import authority
from tests.certificates import name

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def check(server: x509.Certificate, ca: Path, host: str = "localhost", *, at: datetime = NOW) -> None:
    verifier = PolicyBuilder().store(Store([load(ca)])).time(at).build_server_verifier(x509.DNSName(host))
    verifier.verify(server, [])


def test_the_server_is_known_as_localhost_by_its_authority(tmp_path: Path) -> None:
    files = authority.server_files(tmp_path, now=NOW)
    check(load(files.certificate), authority.trusted_certificate(tmp_path))


def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    authority.server_files(tmp_path, now=NOW)
    authority.client_files(tmp_path, "app", now=NOW)
    keys = list(tmp_path.rglob("*.key"))
    assert len(keys) == 4
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}


def test_a_second_start_changes_nothing(tmp_path: Path) -> None:
    authority.server_files(tmp_path, now=NOW)
    authority.client_authority(tmp_path, now=NOW)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    authority.server_files(tmp_path, now=NOW + timedelta(days=300))
    authority.client_authority(tmp_path, now=NOW + timedelta(days=300))
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before


def test_everything_is_made_anew_before_it_ends(tmp_path: Path) -> None:
    files = authority.server_files(tmp_path, now=NOW)
    ca = authority.trusted_certificate(tmp_path)
    first = load(ca)
    assert first.not_valid_after_utc == NOW + timedelta(days=365)
    late = NOW + timedelta(days=340)
    authority.server_files(tmp_path, now=late)
    assert load(ca) != first
    check(load(files.certificate), ca, at=late + timedelta(days=360))


def test_a_server_certificate_of_a_lost_authority_is_replaced(tmp_path: Path) -> None:
    files = authority.server_files(tmp_path, now=NOW)
    (tmp_path / "tls" / "ca.key").unlink()
    authority.server_files(tmp_path, now=NOW)
    check(load(files.certificate), authority.trusted_certificate(tmp_path))


def test_half_a_file_is_replaced(tmp_path: Path) -> None:
    files = authority.server_files(tmp_path, now=NOW)
    files.certificate.write_text("-----BEGIN CERTIFICATE-----")
    authority.server_files(tmp_path, now=NOW)
    check(load(files.certificate), authority.trusted_certificate(tmp_path))


def test_who_steals_the_key_that_a_browser_trusts_can_only_play_localhost(tmp_path: Path) -> None:
    authority.server_files(tmp_path, now=NOW)
    ca = load(authority.trusted_certificate(tmp_path))
    key = load_pem_private_key((tmp_path / "tls" / "ca.key").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    for host, good in (("localhost", True), ("bank.example", False)):
        builder = x509.CertificateBuilder(ca.subject, name(host), key.public_key(), 1, NOW, NOW + timedelta(days=1))
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
        forged = builder.add_extension(identifier, critical=False).sign(key, hashes.SHA256())
        if good:
            check(forged, authority.trusted_certificate(tmp_path), host)
        else:
            with pytest.raises(VerificationError, match=r"(?i)constraint"):
                check(forged, authority.trusted_certificate(tmp_path), host)


def test_dev_cert_says_what_to_register_and_the_hub_agrees(tmp_path: Path) -> None:
    told = CliRunner().invoke(main, ["dev-cert", "budget-buddy", "--data", str(tmp_path)])
    assert told.exit_code == 0
    registration = dict([told.output.splitlines()[0].split(": ", 1)])
    der = load(tmp_path / "tls" / "clients" / "budget-buddy.pem").public_bytes(Encoding.DER)
    authorities = Authorities.from_file(system_now, authority.client_authority(tmp_path, now=system_now()))
    certificate = Presented(der, False, authorities).certificate
    assert certificate is not None
    assert matches(certificate, registration)


@pytest.mark.parametrize("given", ["../ca", "a/b", "", ".", "-x", "a b", "ä", "x" * 64])
def test_a_name_stays_inside_its_folder(tmp_path: Path, given: str) -> None:
    with pytest.raises(ValueError, match="a name has"):
        authority.client_files(tmp_path, given, now=NOW)
    assert not (tmp_path / "tls" / "clients").exists()
    assert CliRunner().invoke(main, ["dev-cert", "--data", str(tmp_path), "--", given]).exit_code == 1
