"""Whether a bank's answer is signed as its file says: HTTP signatures (draft-cavage, with ``Digest``) and JAdES.

What must be signed is ours to say, never the answer's: the digest of the body, and the id of the very request, so that
an answer to another one is worth nothing. A header that says how it was signed is believed only where that is allowed.
Everything that does not hold is ContractBroken, and says what.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
import requests
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from joserfc.util import urlsafe_b64decode

from providers import text
from providers.errors import ContractBroken
from providers.signing import jades
from providers.signing.anchors import Anchors, certificate_of
from providers.signing.http_signature import target_of
from providers.transport import Answer

FEWEST_BITS = 2048
SKEW = timedelta(minutes=10)
_PARAMETER = re.compile(r'\s*([A-Za-z]+)=(?:"([^"\\]*)"|([0-9]+))\s*(?:,|$)')
_DIGESTS: Mapping[str, Callable[[bytes], "hashlib._Hash"]] = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}
_SHA256, _SHA512 = hashes.SHA256(), hashes.SHA512()
_ALGORITHMS = ("rsa-sha256", "rsa-sha512", "hs2019")


@dataclass(frozen=True, slots=True)
class Demand:
    """``must_sign`` are lower-case names. ``certificate_header`` carries the certificate of an HTTP signature (Base64
    of the DER) where the anchors need it. ``refusals`` false: an answer of 400 and more may come unsigned, never
    wrongly signed."""

    anchors: Anchors
    must_sign: tuple[str, ...] = ("digest", "x-request-id")
    certificate_header: str = "aspsp-signature-certificate"
    refusals: bool = True


def check_http_signature(demand: Demand, request: requests.PreparedRequest, answer: Answer, *, now: datetime) -> None:
    """draft-cavage-http-signatures-12, 2.5. Raises ContractBroken."""
    if (written := carried_signature(answer, "signature", refusals=demand.refusals)) is None:
        return
    told = _parameters(written)
    names = tuple(told.get("headers", "").lower().split())
    lines = _lines(demand, names, request, answer, told)
    algorithm = told.get("algorithm", "hs2019")
    if algorithm not in _ALGORITHMS:
        raise ContractBroken("the answer is signed in a way that is not allowed")
    ends = told.get("expires", "")
    if ends and not (ends.isascii() and ends.isdigit() and int(ends[:12]) >= now.timestamp()):
        raise ContractBroken("the answer's signature is out of date")
    signature = _decoded(told.get("signature", ""), "the answer's signature")
    shown = None
    if demand.anchors.need_certificate:
        header = answer.headers.get(demand.certificate_header.lower(), "")
        shown = certificate_of(_decoded("".join(header.split()), "the answer's certificate")) if header else None
    certificates = demand.anchors.believed(shown, now=now)
    if not any(_holds(one, algorithm, signature, lines) for one in certificates):
        raise ContractBroken("the answer's signature does not hold")


class _SigD(msgspec.Struct, frozen=True):
    pars: list[str]
    mId: str  # its name in the standard


class _Header(msgspec.Struct, frozen=True):
    alg: str
    crit: list[str]
    b64: bool
    sig_t: str = msgspec.field(name="sigT")
    sig_d: _SigD = msgspec.field(name="sigD")
    x5c: list[str] = msgspec.field(default_factory=list)
    x5t: str = msgspec.field(name="x5t#S256", default="")


_HEADER = msgspec.json.Decoder(_Header)


def check_jades(demand: Demand, request: requests.PreparedRequest, answer: Answer, *, now: datetime) -> None:
    """ETSI TS 119 182-1, mechanism HttpHeaders (5.2.8.2). Raises ContractBroken."""
    if (written := carried_signature(answer, jades.HEADER, refusals=demand.refusals)) is None:
        return
    head, payload, signature = parts(written)
    try:
        header = _HEADER.decode(unpadded(head))
        at = datetime.strptime(header.sig_t, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise ContractBroken("the answer's JAdES header cannot be read") from None
    if payload or header.b64 or not {"b64"} <= set(header.crit) <= set(jades.CRITICAL):
        raise ContractBroken("the answer is not signed detached and unencoded")
    if header.sig_d.mId != jades.MECHANISM:
        raise ContractBroken("the answer's JAdES is not over HTTP headers")
    if abs(now - at) > SKEW:
        raise ContractBroken("the answer was not signed just now")
    lines = _lines(demand, tuple(header.sig_d.pars), request, answer, {})
    shown = certificate_of(_decoded(header.x5c[0], "the answer's certificate")) if header.x5c else None
    message = f"{head}.".encode() + lines
    for one in demand.anchors.believed(shown, now=now):
        if header.x5t in ("", jades.thumbprint(one)) and _holds(one, header.alg, unpadded(signature), message):
            return
    raise ContractBroken("the answer's signature does not hold")


def parts(token: str) -> tuple[str, str, str]:
    """Of a compact JWS. Raises ContractBroken."""
    found = token.split(".")
    if len(found) != 3 or not token.isascii():  # RFC 7515 3.1
        raise ContractBroken("the answer's signature is not a compact JWS")
    return found[0], found[1], found[2]


def unpadded(part: str) -> bytes:
    """Raises ContractBroken."""
    try:
        return urlsafe_b64decode(part.encode())
    except ValueError:
        raise ContractBroken("the answer's signature is not Base64") from None


def carried_signature(answer: Answer, header: str, *, refusals: bool) -> str | None:
    """None where there need be none. Raises ContractBroken."""
    written = answer.headers.get(header, "")
    if not written and (refusals or answer.status < 400):
        raise ContractBroken("the answer is not signed")
    return written or None


def _parameters(written: str) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while at < len(written):
        one = _PARAMETER.match(written, at)
        if one is None or one[1] in found:
            raise ContractBroken("the answer's signature cannot be read")
        found[one[1]] = one[2] if one[2] is not None else one[3]
        at = one.end()
    return found


def _lines(
    demand: Demand,
    names: tuple[str, ...],
    request: requests.PreparedRequest,
    answer: Answer,
    told: Mapping[str, str],
) -> bytes:
    """What was signed. Raises ContractBroken where that is too little, is not there, or is not of this exchange."""
    if missing := set(demand.must_sign) - set(names):
        raise ContractBroken(f"the answer's signature leaves out {min(missing)}")
    if len(set(names)) != len(names):
        raise ContractBroken("the answer's signature names a header twice")
    known = {
        **answer.headers,
        "(request-target)": f"{(request.method or '').lower()} {target_of(request)}",
        **{f"({name})": told[name] for name in ("created", "expires") if name in told},
    }
    if missing := set(names) - set(known):
        raise ContractBroken(f"the answer's signature is over {min(missing)[:60]}, which it has not")
    if "digest" in demand.must_sign:
        _check_digest(answer)
    if "x-request-id" in demand.must_sign:
        asked = request.headers.get("X-Request-ID") or ""
        if not asked or not text.same(answer.headers["x-request-id"], asked):
            raise ContractBroken("the answer is signed for another request")
    return "\n".join(f"{name}: {known[name].strip()}" for name in names).encode("latin-1", "replace")


def _check_digest(answer: Answer) -> None:
    """RFC 3230 4.3.2: several may be named; each that we know must fit, and one must be known."""
    known = 0
    for one in answer.headers["digest"].split(","):
        name, _, value = one.strip().partition("=")
        hashing = _DIGESTS.get(name.lower())
        if hashing is None:
            continue
        known += 1
        if not text.same(value, base64.b64encode(hashing(answer.body).digest()).decode()):
            raise ContractBroken("the answer's body is not the one that was signed")
    if not known:
        raise ContractBroken("the answer's digest is of no kind that is known")


def _decoded(written: str, what: str) -> bytes:
    try:
        return base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError):
        raise ContractBroken(f"{what} is not Base64") from None


def _holds(certificate: x509.Certificate, algorithm: str, signature: bytes, message: bytes) -> bool:
    try:
        return verifies(certificate.public_key(), algorithm, signature, message)
    except ValueError:  # a key of a kind that nobody knows
        return False


def verifies(key: object, algorithm: str, signature: bytes, message: bytes) -> bool:
    """RSA of 2048 bits and more, and P-256; by names of HTTP signatures and of JWA. Any other algorithm never does."""
    try:
        if isinstance(key, RSAPublicKey) and key.key_size >= FEWEST_BITS:
            match algorithm:
                case "rsa-sha256" | "RS256":
                    key.verify(signature, message, padding.PKCS1v15(), _SHA256)
                case "rsa-sha512":
                    key.verify(signature, message, padding.PKCS1v15(), _SHA512)
                case "hs2019":
                    key.verify(signature, message, padding.PSS(padding.MGF1(_SHA512), 64), _SHA512)
                case "PS256":
                    key.verify(signature, message, padding.PSS(padding.MGF1(_SHA256), 32), _SHA256)
                case _:
                    return False
            return True
        if isinstance(key, ec.EllipticCurvePublicKey) and algorithm == "ES256" and len(signature) == 64:
            r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
            key.verify(encode_dss_signature(r, s), message, ec.ECDSA(_SHA256))
            return isinstance(key.curve, ec.SECP256R1)
    except InvalidSignature:
        return False
    return False
