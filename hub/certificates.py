"""The certificate that a client showed in the TLS handshake, as views ask for it: ``peer_certificate(request)``.

The proxy in front, or the hub's own TLS server, hands it over (hub.proxy). It is read once a request and only when
asked for. One that cannot be used is no certificate: malformed, out of date or with a weak key.
"""

import base64
import binascii
import hashlib
import ipaddress
import logging
import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote_to_bytes

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store, VerificationError
from werkzeug.wrappers import Request

from hub import distinguished_names
from hub.clock import Clock
from hub.settings import SettingsError

log = logging.getLogger(__name__)
ENVIRON_KEY = "rialto.client_certificate"  # in a WSGI environ: a name with a dot, which no header can bring about
MAX_CHARACTERS = 16 * 1024
RSA_BITS = 2048  # FAPI 2.0 Security Profile 5.4.1
EC_BITS = 224
_PEM = re.compile(rb"\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*")
IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


class Unusable(Exception):
    """Why a certificate is not used, in words without its content."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """``subject_dn`` is RFC 4514 text, ``subject`` the name to compare with. Dates are aware UTC.

    ``thumbprint_s256`` is base64url of the DER's SHA-256 (``x5t#S256``, RFC 8705 3.1), ``public_key_s256`` the same of
    the public key's DER (SubjectPublicKeyInfo). ``is_verified`` says that its chain leads to an authority that the
    operator trusts; without it the certificate proves nothing but that the client holds its key.
    """

    thumbprint_s256: str
    public_key_s256: str
    subject_dn: str
    subject: distinguished_names.Name
    dns_names: tuple[str, ...]
    uris: tuple[str, ...]
    ip_addresses: tuple[IpAddress, ...]
    emails: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    is_verified: bool


def peer_certificate(request: Request) -> Certificate | None:
    """The certificate that the caller has proven to hold the key of; None if there is none or it cannot be used."""
    presented = request.environ.get(ENVIRON_KEY)
    return presented.certificate if isinstance(presented, Presented) else None


@dataclass(frozen=True)
class Authorities:
    """``store`` is what RIALTO_CLIENT_CA_FILE holds; None leaves the chain to the proxy."""

    clock: Clock
    store: Store | None = None

    @classmethod
    def from_file(cls, clock: Clock, path: Path | None) -> "Authorities":
        """Raises SettingsError if the file has no certificates in it."""
        if path is None:
            return cls(clock)
        try:
            return cls(clock, Store(x509.load_pem_x509_certificates(path.read_bytes())))
        except (OSError, ValueError) as error:
            raise SettingsError(f"RIALTO_CLIENT_CA_FILE: {path} holds no PEM certificates") from error

    def vouch_for(self, certificate: x509.Certificate, now: datetime) -> bool:
        """Whether the chain leads to one of our authorities (RFC 5280 6)."""
        if self.store is None:
            return False
        # A company's certificate may name it in the subject alone: alternative names may be missing.
        leaf = ExtensionPolicy.webpki_defaults_ee().may_be_present(
            x509.SubjectAlternativeName, Criticality.AGNOSTIC, None
        )
        policies = (
            PolicyBuilder()
            .store(self.store)
            .time(now)
            .extension_policies(ee_policy=leaf, ca_policy=ExtensionPolicy.webpki_defaults_ca())
        )
        try:
            policies.build_client_verifier().verify(certificate, [])
        except VerificationError:
            return False
        return True


@dataclass(frozen=True)
class Presented:
    """What came with one request. ``vouched`` is whether the proxy says that it verified the chain."""

    value: str | bytes = field(repr=False)
    vouched: bool
    authorities: Authorities

    @cached_property
    def certificate(self) -> Certificate | None:
        try:
            return self._read()
        except Unusable as why:
            log.warning("a client certificate is not used", extra={"why": str(why)})
            return None

    def _read(self) -> Certificate:
        der = self.value if isinstance(self.value, bytes) else from_header(self.value)
        now = self.authorities.clock()
        try:
            parsed = x509.load_der_x509_certificate(der)
            if not parsed.not_valid_before_utc <= now <= parsed.not_valid_after_utc:
                raise Unusable("it is not valid at this time")
            trusted = self.vouched if self.authorities.store is None else self.authorities.vouch_for(parsed, now)
            return _described(der, parsed, trusted)
        except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
            raise Unusable("it cannot be read") from None


def from_header(value: str) -> bytes:
    """DER out of ``:base64:`` (RFC 9440 2.1) or percent-encoded PEM (nginx's $ssl_client_escaped_cert).

    Raises Unusable for anything else, such as two values joined by a comma.
    """
    text = value.strip(" \t")
    if len(text) > MAX_CHARACTERS:
        raise Unusable("it is too long")
    try:
        if len(text) > 2 and text[0] == text[-1] == ":":
            padded = text[1:-1] + "=" * (-len(text[1:-1]) % 4)  # RFC 8941 4.2.7: padding may be missing
            return base64.b64decode(padded, validate=True)
        pem = _PEM.fullmatch(unquote_to_bytes(text))
        if pem is None:
            raise Unusable("the header holds neither a byte sequence nor one PEM certificate")
        return base64.b64decode(b"".join(pem.group(1).split()), validate=True)
    except (binascii.Error, ValueError):
        raise Unusable("the header is not base64") from None


def _described(der: bytes, parsed: x509.Certificate, trusted: bool) -> Certificate:
    try:
        names = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        names = x509.SubjectAlternativeName([])
    addresses = names.get_values_for_type(x509.IPAddress)
    return Certificate(
        thumbprint_s256=_s256(der),
        public_key_s256=_s256(_public_key(parsed)),
        subject_dn=parsed.subject.rfc4514_string(),
        subject=distinguished_names.of(parsed.subject),
        dns_names=tuple(names.get_values_for_type(x509.DNSName)),
        uris=tuple(names.get_values_for_type(x509.UniformResourceIdentifier)),
        ip_addresses=tuple(one for one in addresses if isinstance(one, IpAddress)),
        emails=tuple(names.get_values_for_type(x509.RFC822Name)),
        not_before=parsed.not_valid_before_utc,
        not_after=parsed.not_valid_after_utc,
        is_verified=trusted,
    )


def _public_key(parsed: x509.Certificate) -> bytes:
    key = parsed.public_key()
    long_enough = isinstance(key, ed25519.Ed25519PublicKey) or (
        key.key_size >= RSA_BITS
        if isinstance(key, rsa.RSAPublicKey)
        else isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= EC_BITS
    )
    if not long_enough:
        raise Unusable("its key is weak or of a kind that is not accepted")
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _s256(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
