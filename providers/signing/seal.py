"""The qualified seal (QSealC, eIDAS art. 38) that a PSD2 bank checks our messages with."""

import base64
from dataclasses import dataclass, field
from functools import cached_property

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


class SealError(ValueError):
    """The key or the certificate cannot be used. The message says what to give instead."""


@dataclass(frozen=True)
class Seal:
    """A private RSA key and, where we have one, the certificate that a bank knows it by; both PEM.

    ``kid`` names the key in our JWKS, for banks that take it from there; a qualified seal is not in it and has none.
    """

    key_pem: bytes = field(repr=False)
    kid: str = ""
    certificate_pem: bytes | None = field(default=None, repr=False)

    @cached_property
    def key(self) -> RSAPrivateKey:
        try:
            found = serialization.load_pem_private_key(self.key_pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise SealError("the seal's key is not an unencrypted PEM private key") from None
        if not isinstance(found, RSAPrivateKey):
            raise SealError("the seal's key is not an RSA key")
        return found

    @cached_property
    def certificate(self) -> x509.Certificate:
        if self.certificate_pem is None:
            raise SealError("this bank needs a seal certificate (QSealC), and none is configured")
        try:
            return x509.load_pem_x509_certificate(self.certificate_pem)
        except ValueError:
            raise SealError("the seal's certificate is not a PEM certificate") from None

    def certificate_header(self) -> str:
        """TPP-Signature-Certificate (NextGenPSD2 1.3, 12.2): the DER in Base64, on one line."""
        return base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()

    def names(self) -> dict[str, str]:
        """What a bank may want a key id to be made of.

        ``serial`` is hexadecimal without leading zeros, ``issuer`` the issuer's DN (RFC 4514: last part first),
        ``fingerprint`` the SHA-256 of the DER in hexadecimal; ``serial_decimal`` and ``issuer_in_order`` are what some
        banks make of them. Those only with a certificate.
        """
        named = {"kid": self.kid} if self.kid else {}
        if self.certificate_pem is None:
            return named
        return named | {
            "serial": f"{self.certificate.serial_number:X}",
            "serial_decimal": str(self.certificate.serial_number),
            "issuer": self.certificate.issuer.rfc4514_string(),
            "issuer_in_order": ",".join(one.rfc4514_string() for one in self.certificate.issuer.rdns),
            "fingerprint": self.certificate.fingerprint(hashes.SHA256()).hex(),
        }


def key_id(template: str, seal: Seal, *, client_id: str = "") -> str:
    """A bank's form of keyId, filled: ``{client_id}`` and the names of ``Seal.names``.

    STET wants a URL that leads to the certificate (``https://tpp.example/seal_{fingerprint}.pem``), Berlin Group
    ``SN={serial},CA={issuer}`` (1.3, 12.2). SealError for a part that we have not, or that cannot be quoted.
    """
    try:
        filled = template.format_map({**seal.names(), "client_id": client_id})
    except KeyError as missing:
        raise SealError(f"the key id {template!r} needs {missing.args[0]!r}: configure a seal certificate") from None
    except (ValueError, IndexError, AttributeError):
        raise SealError(f"the key id {template!r} is not a template") from None
    if '"' in filled or "\\" in filled or not filled.isprintable():
        raise SealError(f"the key id {template!r} holds what a quoted string cannot")
    return filled
