"""A JWS whose payload travels as the body (RFC 7515 appendix F), with or without ``b64: false`` (RFC 7797)."""

from collections.abc import Mapping

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from joserfc.util import json_b64encode, urlsafe_b64encode

from providers.signing.seal import Seal

ALGORITHM = "PS256"  # FAPI 1.0 Advanced 8.6


def detached(payload: bytes, seal: Seal, header: Mapping[str, object], *, is_encoded: bool = True) -> str:
    """``header..signature`` over ``payload``. ``header`` is what the bank wants beside ``alg`` and ``kid``.

    With ``is_encoded`` false the payload is signed as it is, and the header says so in ``b64`` and ``crit``: UK Open
    Banking wanted that up to 3.1.3 and took it back in 3.1.4, and some banks still live in either time.
    """
    protected: dict[str, object] = {"alg": ALGORITHM, "kid": seal.kid, **header}
    if not is_encoded:
        named = protected.get("crit")
        critical = named if isinstance(named, list | tuple) else ()
        protected |= {"b64": False, "crit": ["b64", *critical]}
    return signed(protected, payload, seal.key, is_encoded=is_encoded)


def signed(protected: Mapping[str, object], payload: bytes, key: RSAPrivateKey, *, is_encoded: bool) -> str:
    """``protected`` is the whole header; its ``alg`` is PS256 or RS256."""
    head = json_b64encode(dict(protected))
    message = head + b"." + (urlsafe_b64encode(payload) if is_encoded else payload)
    is_pss = protected["alg"] == ALGORITHM
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    signature = key.sign(message, pss if is_pss else padding.PKCS1v15(), hashes.SHA256())
    return f"{head.decode()}..{urlsafe_b64encode(signature).decode()}"
