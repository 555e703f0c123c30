"""JAdES over HTTP headers (ETSI TS 119 182-1, 5.2.8.2), as openFinance 2.x signs: ``x-jws-signature``, a detached JWS.

What is signed is the same string of header lines as in the HTTP signatures of 1.x (the mechanism takes it from there),
unencoded (RFC 7797). The protected header says when (``sigT``), over what (``sigD``) and by which certificate
(``x5t#S256``, and ``x5c`` where the bank wants it sent along).
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from joserfc.util import urlsafe_b64encode

from providers.signing.detached_jws import signed
from providers.signing.http_signature import DigestAlgorithm, digest, header_lines
from providers.signing.seal import Seal

HEADER = "x-jws-signature"
MECHANISM = "http://uri.etsi.org/19182/HttpHeaders"
CRITICAL = ("sigT", "sigD", "b64")
Algorithm = Literal["PS256", "RS256"]


@dataclass(frozen=True, slots=True)
class JadesScheme:
    """``headers`` are lower-case names in the bank's order; one that a request does not carry is left out of it.
    ``sends_certificate``: the certificate goes along (x5c) beside its thumbprint."""

    headers: tuple[str, ...]
    algorithm: Algorithm = "PS256"
    digest: DigestAlgorithm = "SHA-256"
    sends_certificate: bool = True


def protected_header(
    scheme: JadesScheme, certificate: x509.Certificate, names: tuple[str, ...], *, at: datetime
) -> dict[str, object]:
    """Clause 5.1. ``at`` is aware; ``sigT`` has whole seconds, in UTC."""
    der = certificate.public_bytes(serialization.Encoding.DER)
    header: dict[str, object] = {
        "alg": scheme.algorithm,
        "b64": False,
        "crit": list(CRITICAL),
        "sigT": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "sigD": {"pars": list(names), "mId": MECHANISM},
        "x5t#S256": thumbprint(certificate),
    }
    return header | ({"x5c": [base64.b64encode(der).decode()]} if scheme.sends_certificate else {})


def thumbprint(certificate: x509.Certificate) -> str:
    """x5t#S256 (RFC 7515 4.1.8)."""
    return urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).decode()


def signature(scheme: JadesScheme, seal: Seal, lines: Mapping[str, str], *, at: datetime) -> str:
    """The header's value. ``lines`` are the values of what a request carries by lower-case name, ``(request-target)``
    among them. Raises SealError without a certificate."""
    names = tuple(name for name in scheme.headers if name in lines)
    payload = "\n".join(f"{name}: {lines[name].strip()}" for name in names).encode()
    return signed(protected_header(scheme, seal.certificate, names, at=at), payload, seal.key, is_encoded=False)


def jades_signer(
    scheme: JadesScheme, seal: Seal, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Callable[[requests.PreparedRequest], None]:
    """A providers.transport.Signer. Raises SealError where there is no certificate to sign under."""
    _ = seal.certificate, seal.key

    def sign(request: requests.PreparedRequest) -> None:
        body = request.body or b""
        if body or "digest" in scheme.headers:
            request.headers["Digest"] = digest(body.encode() if isinstance(body, str) else body, scheme.digest)
        request.headers[HEADER] = signature(scheme, seal, header_lines(request), at=now())

    return sign
