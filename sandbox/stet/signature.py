"""Whether a request is signed by the TPP: draft-cavage-http-signatures-12 as STET PSD2 1.5 (3.5) asks for it.

Written from the draft alone. keyId is the name of a key in the TPP's JWKS: a real bank wants the URL of a QSealC.
"""

import base64
import binascii
import hashlib
import hmac
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from flask import request

from sandbox.tpp import BadJwt, Tpp

_PARAMETER = re.compile(r'([a-z]+)="([^"]*)"', re.IGNORECASE)
_ALWAYS = frozenset({"(request-target)", "digest"})


class NotSigned(Exception):
    """The message says what is missing or wrong."""


def check_signature(tpp: Tpp) -> None:
    """NotSigned unless the digest is the body's and the signature covers target, digest and, where it came, the
    request's id and the PSU's address."""
    expected = base64.b64encode(hashlib.sha256(request.get_data()).digest()).decode()
    if not hmac.compare_digest(request.headers.get("Digest", "").encode(), f"SHA-256={expected}".encode()):
        raise NotSigned("Digest is missing or not of this body")
    sent = dict(_PARAMETER.findall(request.headers.get("Signature", "")))
    names = sent.get("headers", "").split()
    needed = _ALWAYS | {name for name in ("x-request-id", "psu-ip-address") if name in request.headers}
    if sent.get("algorithm") != "rsa-sha256" or not needed <= set(names) or len(set(names)) != len(names):
        raise NotSigned(f"Signature must be rsa-sha256 over {', '.join(sorted(needed))}")
    try:
        key = tpp.key(sent.get("keyId", "")).public_key
        signature = base64.b64decode(sent.get("signature", ""), validate=True)
        lines = "\n".join(f"{name}: {_value(name)}" for name in names)
        if not isinstance(key, RSAPublicKey):
            raise NotSigned("keyId names no RSA key")
        key.verify(signature, lines.encode(), padding.PKCS1v15(), SHA256())
    except (BadJwt, binascii.Error, InvalidSignature):
        raise NotSigned("Signature does not fit the request") from None


def _value(name: str) -> str:
    if name == "(request-target)":
        target = request.environ["RAW_URI"] if "RAW_URI" in request.environ else request.full_path.rstrip("?")
        return f"{request.method.lower()} {target}"
    if name not in request.headers:
        raise NotSigned(f"{name} is signed and was not sent")
    return request.headers[name].strip()
