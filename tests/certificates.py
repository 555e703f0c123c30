"""Authorities and client certificates for tests, made in milliseconds (P-256)."""

import base64
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

FROM, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2049, 1, 1, tzinfo=UTC)
CLIENT, SERVER = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH


@dataclass(frozen=True)
class Issued:
    """A certificate and its key, in every form that a test may want to hand over."""

    certificate: x509.Certificate
    key: Any

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()  # type: ignore[no-any-return]

    @property
    def client_cert(self) -> str:
        """As RFC 9440 writes it in the Client-Cert header."""
        return f":{base64.b64encode(self.der).decode()}:"

    @property
    def escaped(self) -> str:
        """As nginx writes it: $ssl_client_escaped_cert."""
        return quote(self.pem, safe="")

    def write(self, folder: Path, name: str) -> tuple[Path, Path]:
        """The certificate's file and the key's."""
        paths = folder / f"{name}.pem", folder / f"{name}.key"
        paths[0].write_text(self.pem)
        paths[1].write_text(self.key_pem)
        return paths


def name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def alternative(dns: str = "", uri: str = "", ip: str = "", email: str = "") -> list[x509.GeneralName]:
    """Subject alternative names, one of each kind that is given."""
    names: list[x509.GeneralName] = []
    names += [x509.DNSName(dns)] if dns else []
    names += [x509.UniformResourceIdentifier(uri)] if uri else []
    names += [x509.IPAddress(ipaddress.ip_address(ip))] if ip else []
    names += [x509.RFC822Name(email)] if email else []
    return names


class Authority:
    """A CA. ``issued`` is its own certificate, signed by ``root`` if it has one."""

    def __init__(self, common_name: str = "Rialto test CA", *, root: "Authority | None" = None) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        issuer = root.issued if root else None
        builder = _builder(
            name(common_name), issuer.certificate.subject if issuer else name(common_name), key, FROM, UNTIL
        )
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        builder = builder.add_extension(usage, critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        if issuer:
            builder = builder.add_extension(_identified(issuer), critical=False)
        self.issued: Issued = Issued(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)

    def issue(
        self,
        subject: x509.Name | str = "a client",
        names: Sequence[x509.GeneralName] = (),
        *,
        key: Any = None,
        valid_from: datetime = FROM,
        valid_until: datetime = UNTIL,
        usage: x509.ObjectIdentifier = CLIENT,
        more: Sequence[x509.ExtensionType] = (),
    ) -> Issued:
        """``subject`` as text is a common name."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        subject = name(subject) if isinstance(subject, str) else subject
        builder = _builder(subject, self.issued.certificate.subject, key, valid_from, valid_until)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        builder = builder.add_extension(_identified(self.issued), critical=False)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        for extension in more:
            builder = builder.add_extension(extension, critical=False)
        return Issued(builder.sign(self.issued.key, hashes.SHA256()), key)


def _identified(issuer: Issued) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())


def self_signed(common_name: str = "a client by itself", *, key: Any = None) -> Issued:
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = _builder(name(common_name), name(common_name), key, FROM, UNTIL)
    return Issued(builder.sign(key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: CertificateIssuerPrivateKeyTypes,
    valid_from: datetime,
    valid_until: datetime,
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(valid_from).not_valid_after(valid_until)
