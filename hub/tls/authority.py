"""The development authorities, in ``<data dir>/tls``: one for the hub's own name, another for clients.

    ca.pem          what a browser or curl is told to trust; bound to localhost, so its key is worth nothing elsewhere
    server.pem      the hub's certificate
    clients-ca.pem  who issues client certificates (RIALTO_CLIENT_CA_FILE of a development hub)
    clients/        what ``rialto dev-cert NAME`` made

Everything lives a year and is made anew when less than a month of it is left. Keys have mode 0600.
"""

import ipaddress
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFE = timedelta(days=365)
RENEWED_BEFORE_END = timedelta(days=30)
ORGANISATION = "Rialto development"
_CLIENT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_HOST = "localhost"
_LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
_HOST_NAMES = x509.SubjectAlternativeName(
    [x509.DNSName(_HOST), *(x509.IPAddress(ipaddress.ip_address(one)) for one in ("127.0.0.1", "::1"))]
)
_ONLY_LOOPBACK = x509.NameConstraints(
    permitted_subtrees=[x509.DNSName(_HOST), *(x509.IPAddress(network) for network in _LOOPBACK)],
    excluded_subtrees=None,
)


@dataclass(frozen=True, slots=True)
class Files:
    """``certificate`` and ``key`` are PEM files."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class _Pair:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def server_files(data_dir: Path, *, now: datetime) -> Files:
    """The hub's certificate for localhost; made, with its authority, where there is none or it nears its end."""
    folder = data_dir / "tls"
    issuer = _authority(folder / "ca", "localhost CA", now, _ONLY_LOOPBACK)
    found = _load(folder / "server", now)
    if found is None or found.certificate.issuer != issuer.certificate.subject or not _signed(found, issuer):
        found = _made(_name(_HOST), issuer, now, ExtendedKeyUsageOID.SERVER_AUTH, [_HOST_NAMES])
        _save(folder / "server", found)
    return _files(folder / "server")


def client_authority(data_dir: Path, *, now: datetime) -> Path:
    """The PEM file of the authority that issues development clients' certificates."""
    _authority(data_dir / "tls" / "clients-ca", "clients CA", now)
    return _files(data_dir / "tls" / "clients-ca").certificate


def client_files(data_dir: Path, name: str, *, now: datetime) -> Files:
    """A fresh certificate with ``name`` as its common name. Raises ValueError if that cannot be a file's name."""
    if not _CLIENT_NAME.fullmatch(name):
        raise ValueError("a name has letters, digits, dots, dashes and underscores")
    issuer = _authority(data_dir / "tls" / "clients-ca", "clients CA", now)
    stem = data_dir / "tls" / "clients" / name
    _save(stem, _made(_name(name), issuer, now, ExtendedKeyUsageOID.CLIENT_AUTH, []))
    return _files(stem)


def trusted_certificate(data_dir: Path) -> Path:
    """What a client of the development hub must trust."""
    return _files(data_dir / "tls" / "ca").certificate


def _files(stem: Path) -> Files:
    return Files(stem.with_name(stem.name + ".pem"), stem.with_name(stem.name + ".key"))


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _authority(stem: Path, common_name: str, now: datetime, *constraints: x509.ExtensionType) -> _Pair:
    if (found := _load(stem, now)) is not None:
        return found
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    builder = _builder(_name(common_name), _name(common_name), key, now)
    for extension in (x509.BasicConstraints(ca=True, path_length=0), usage, *constraints):
        builder = builder.add_extension(extension, critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    made = _Pair(builder.sign(key, hashes.SHA256()), key)
    _save(stem, made)
    return made


def _made(
    subject: x509.Name,
    issuer: _Pair,
    now: datetime,
    usage: x509.ObjectIdentifier,
    more: Sequence[x509.ExtensionType],
) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(subject, issuer.certificate.subject, key, now)
    identified = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
    for extension in (x509.ExtendedKeyUsage([usage]), identified, *more):
        builder = builder.add_extension(extension, critical=False)
    return _Pair(builder.sign(issuer.key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    # Begun an hour ago: a virtual machine's clock may be behind.
    return builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + LIFE)


def _signed(pair: _Pair, issuer: _Pair) -> bool:
    try:
        pair.certificate.verify_directly_issued_by(issuer.certificate)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _load(stem: Path, now: datetime) -> _Pair | None:
    files = _files(stem)
    try:
        certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
        key = load_pem_private_key(files.key.read_bytes(), None)
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        return None
    return _Pair(certificate, key) if certificate.not_valid_after_utc - RENEWED_BEFORE_END > now else None


def _save(stem: Path, pair: _Pair) -> None:
    stem.parent.mkdir(parents=True, exist_ok=True)
    files = _files(stem)
    files.key.unlink(missing_ok=True)  # so that the mode below holds for it too
    key = pair.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(files.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key)
    files.certificate.write_bytes(pair.certificate.public_bytes(Encoding.PEM))
