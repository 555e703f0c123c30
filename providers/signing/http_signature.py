"""HTTP signatures as PSD2 banks want them: draft-cavage-http-signatures (08 to 12), with ``Digest`` (RFC 3230, 5843).

The names and their order are the bank's to choose, so they are data. Berlin Group (1.3, chapter 12) is the same
signature with another keyId and the certificate beside it.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Literal
from urllib.parse import urlsplit

import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from providers.signing.seal import Seal

Algorithm = Literal["rsa-sha256", "rsa-sha512", "hs2019"]
DigestAlgorithm = Literal["SHA-256", "SHA-512"]

_REQUEST_TARGET, _CREATED, _EXPIRES = "(request-target)", "(created)", "(expires)"
_DIGESTS = {"SHA-256": hashlib.sha256, "SHA-512": hashlib.sha512}


def digest(body: bytes, algorithm: DigestAlgorithm = "SHA-256") -> str:
    """The ``Digest`` header of ``body``; an empty body has one too."""
    return f"{algorithm}={base64.b64encode(_DIGESTS[algorithm](body).digest()).decode()}"


@dataclass(frozen=True, slots=True)
class Scheme:
    """What a bank signs over. ``headers`` are lower-case names in the bank's order; one that a request does not carry
    (PSU-IP-Address, where nobody is there) is left out of it.

    ``algorithm_name`` is what the bank calls the algorithm, where that is not its name. ``lifetime_s`` is from
    ``(created)`` to ``(expires)``. ``target_prefix`` goes before the path in
    ``(request-target)``, for banks whose gateway cuts it off (BNP Paribas Fortis).
    """

    key_id: str
    headers: tuple[str, ...]
    algorithm: Algorithm = "rsa-sha256"
    digest: DigestAlgorithm = "SHA-256"
    lifetime_s: int = 300
    target_prefix: str = ""
    algorithm_name: str = ""


def signing_string(
    scheme: Scheme, method: str, target: str, headers: Mapping[str, str], *, created: int
) -> tuple[tuple[str, ...], str]:
    """The names that are signed, and the string (draft 12, 2.3). ``target`` is path and query; header names are
    lower-case."""
    special = {
        _REQUEST_TARGET: f"{method.lower()} {scheme.target_prefix}{target}",
        _CREATED: str(created),
        _EXPIRES: str(created + scheme.lifetime_s),
    }
    known = {**headers, **special}
    names = tuple(name for name in scheme.headers if name in known)
    return names, "\n".join(f"{name}: {known[name].strip()}" for name in names)


def signature_header(
    scheme: Scheme, key: RSAPrivateKey, method: str, target: str, headers: Mapping[str, str], *, created: int
) -> str:
    """The value of ``Signature`` (draft 12, 2.1 and 4.1)."""
    names, text = signing_string(scheme, method, target, headers, created=created)
    signature = base64.b64encode(_sign(key, scheme.algorithm, text.encode())).decode()
    parts = [f'keyId="{scheme.key_id}"', f'algorithm="{scheme.algorithm_name or scheme.algorithm}"']
    parts += [f"created={created}"] if _CREATED in names else []
    parts += [f"expires={created + scheme.lifetime_s}"] if _EXPIRES in names else []
    return ",".join([*parts, f'headers="{" ".join(names)}"', f'signature="{signature}"'])


def signer(
    scheme: Scheme,
    seal: Seal,
    *,
    certificate_header: str | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Callable[[requests.PreparedRequest], None]:
    """A providers.transport.Signer. ``certificate_header`` names the header that carries the certificate, if any."""
    key = seal.key
    beside = {} if certificate_header is None else {certificate_header: seal.certificate_header()}

    def sign(request: requests.PreparedRequest) -> None:
        moment = now()
        body = request.body or b""
        if body or "digest" in scheme.headers:
            request.headers["Digest"] = digest(body.encode() if isinstance(body, str) else body, scheme.digest)
        if "date" in scheme.headers:
            request.headers["Date"] = format_datetime(moment.astimezone(UTC), usegmt=True)  # zero-padded, as ING wants
        created = int(moment.timestamp())
        value = signature_header(
            scheme, key, request.method or "", target_of(request), carried(request), created=created
        )
        request.headers.update({"Signature": value, **beside})

    return sign


def carried(request: requests.PreparedRequest) -> dict[str, str]:
    """What a request carries, by lower-case name."""
    found = {name.lower(): value for name, value in request.headers.items() if isinstance(value, str)}
    return {"host": urlsplit(request.url or "").netloc} | found


def target_of(request: requests.PreparedRequest) -> str:
    """Path and query."""
    parts = urlsplit(request.url or "")
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"


def header_lines(request: requests.PreparedRequest) -> dict[str, str]:
    """What can be signed of a request: its headers, and ``(request-target)``."""
    return carried(request) | {_REQUEST_TARGET: f"{(request.method or '').lower()} {target_of(request)}"}


def _sign(key: RSAPrivateKey, algorithm: Algorithm, message: bytes) -> bytes:
    """hs2019 leaves the primitive to the key's metadata and recommends PSS with SHA-512 (draft 12, appendix E.2)."""
    if algorithm == "hs2019":
        pss = padding.PSS(padding.MGF1(hashes.SHA512()), padding.PSS.DIGEST_LENGTH)
        return key.sign(message, pss, hashes.SHA512())
    chosen = hashes.SHA512() if algorithm == "rsa-sha512" else hashes.SHA256()
    return key.sign(message, padding.PKCS1v15(), chosen)
