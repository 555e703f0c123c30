"""Whose certificate is believed under what a bank signs: one that the operator has from the bank, or one that comes
along and was issued, by an authority that the operator names, to the organisation that the bank is.

A certificate that comes along proves nothing by itself: everybody can make one, and everybody with a licence can buy
one from the same authority. Revocation is not asked about (the answer comes over TLS in any case).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import NameOID
from msgspec import Meta

from providers.errors import ContractBroken

Text = Annotated[str, Meta(min_length=1)]


class AnchorFiles(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Paths of PEM files. ``certificates``: the bank's own. Or ``issuers``: authorities that may have issued what comes
    along, to ``organisation`` (organizationIdentifier, ETSI EN 319 412-1: ``PSDDE-BAFIN-123456``)."""

    certificates: Text | None = None
    issuers: Text | None = None
    organisation: Text | None = None

    def __post_init__(self) -> None:
        if (self.certificates is None) == (self.issuers is None):
            raise ValueError("anchors: certificates or issuers")
        if (self.issuers is None) != (self.organisation is None):
            raise ValueError("anchors: issuers need the bank's organisation, and nothing else does")


@dataclass(frozen=True, slots=True)
class Anchors:
    certificates: tuple[x509.Certificate, ...] = ()
    issuers: tuple[x509.Certificate, ...] = ()
    organisation: str = ""

    @property
    def need_certificate(self) -> bool:
        """Whether the certificate must come with the answer."""
        return not self.certificates

    def believed(self, shown: x509.Certificate | None, *, now: datetime) -> tuple[x509.Certificate, ...]:
        """The certificates that may have signed. ``shown`` came with the answer. Raises ContractBroken for none."""
        if self.certificates:
            found = tuple(one for one in self.certificates if _is_in_time(one, now))
            if not found:
                raise ContractBroken("the bank's certificate that is on file is out of date")
            return found
        if shown is None:
            raise ContractBroken("the answer's signature comes without its certificate")
        if not _is_in_time(shown, now) or not _may_sign(shown):
            raise ContractBroken("the answer's certificate is out of date, or not one for signing")
        if not any(_issued(shown, by, now) for by in self.issuers):
            raise ContractBroken("the answer's certificate is of no authority that is known for this bank")
        named = shown.subject.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER)
        if [one.value for one in named] != [self.organisation]:
            raise ContractBroken("the answer's certificate is another organisation's")
        return (shown,)


def anchors_of(files: AnchorFiles) -> Anchors:
    """Raises ValueError for a file that cannot be read, or holds no certificate."""
    if files.certificates is not None:
        return Anchors(certificates=_read(files.certificates))
    return Anchors(issuers=_read(files.issuers or ""), organisation=files.organisation or "")


def certificate_of(der: bytes) -> x509.Certificate:
    """Raises ContractBroken."""
    try:
        return x509.load_der_x509_certificate(der)
    except ValueError:
        raise ContractBroken("the answer's certificate is none") from None


def _read(path: str) -> tuple[x509.Certificate, ...]:
    try:
        return tuple(x509.load_pem_x509_certificates(Path(path).read_bytes()))
    except OSError as error:
        raise ValueError(f"anchors: {type(error).__name__}: a file cannot be read") from None
    except ValueError:
        raise ValueError("anchors: a file holds no PEM certificate") from None


def _is_in_time(one: x509.Certificate, now: datetime) -> bool:
    return one.not_valid_before_utc <= now <= one.not_valid_after_utc


def _issued(one: x509.Certificate, by: x509.Certificate, now: datetime) -> bool:
    try:
        one.verify_directly_issued_by(by)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return _is_in_time(by, now) and _is_authority(by)


def _is_authority(one: x509.Certificate) -> bool:
    return any(isinstance(found, x509.BasicConstraints) and found.ca for found in _extensions(one))


def _may_sign(one: x509.Certificate) -> bool:
    """RFC 5280 4.2.1.3; a seal has one of the two bits, or both."""
    usages = [found for found in _extensions(one) if isinstance(found, x509.KeyUsage)]
    return not _is_authority(one) and all(usage.digital_signature or usage.content_commitment for usage in usages)


def _extensions(one: x509.Certificate) -> Iterable[x509.ExtensionType]:
    try:
        return [found.value for found in one.extensions]
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        # Twice the same, not DER, or with a name of a rare kind: nothing of it is believed.
        raise ContractBroken("the answer's certificate is not well formed") from None
