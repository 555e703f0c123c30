"""DPoP proofs (RFC 9449 4.3): that whoever sends this request holds the private key that its token is bound to.

Whether a proof has been seen before is not decided here: burn its jti (hub.oauth.jose.replay) until ``expires_at``.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.oauth.jose import times
from hub.oauth.jose.algorithms import FAPI_ALGORITHMS
from hub.oauth.jose.nonces import Nonces
from hub.oauth.jose.public_key import BadKey, PublicKey, read_jwk
from hub.oauth.jose.read import BadJwt, Unverified, parse, verify
from hub.oauth.jose.target import same_target

MAX_LENGTH = 8192
MAX_JTI_LENGTH = 256
PAST_S, FUTURE_S = 60, 15
"""How old a proof may be and how far ahead of our clock. FAPI's tests want 10 s either way accepted, an hour refused.
The past gets a minute, for slow networks and a clock that lags; the future only what 10 s and rounding need, since a
proof made ahead of time is what a nonce-less server cannot tell from a stored one (RFC 9449 11.2)."""


class BadProof(BadJwt):
    """``error`` is what the client is told: ``invalid_dpop_proof``, or ``use_dpop_nonce`` with a fresh nonce."""

    def __init__(self, why: str, error: str = "invalid_dpop_proof") -> None:
        super().__init__(why)
        self.error = error


@dataclass(frozen=True, slots=True)
class Proof:
    """A verified proof. ``jkt``: the key's RFC 7638 thumbprint, to be compared with what the token or code is bound to.

    ``jti`` must be burnt, per ``jkt``, until ``expires_at``.
    """

    jkt: str
    jti: str
    iat: datetime
    expires_at: datetime


def read_proof(
    headers: Sequence[str],
    *,
    method: str,
    url: str,
    now: datetime,
    access_token: str | None = None,
    nonces: Nonces | None = None,
) -> Proof:
    """Check the proof of one request. Raises BadProof.

    ``headers``: every DPoP header of the request. ``url``: the public address the request came to. ``access_token``:
    the token beside the proof, where there is one. ``nonces``: of which the proof must carry one; None: this place
    gives out none, and looks at none.
    """
    if len(headers) != 1:
        raise BadProof("Send one DPoP header, with one proof." if headers else "A DPoP proof is required.")
    try:
        unverified = parse(headers[0].strip(" \t"), max_length=MAX_LENGTH, embedded_jwk=True)
        key = _key(unverified)
        claims = verify(unverified, (key,), algorithms=FAPI_ALGORITHMS)
        jti = _words(claims, method, url)
        iat_s = _check_times(claims, now)
        _check_access_token(claims.get("ath"), access_token)
        _check_nonce(claims.get("nonce"), nonces, now)
    except BadProof:
        raise
    except BadJwt as error:
        raise BadProof(error.why) from error
    return Proof(key.thumbprint, jti, times.moment(iat_s), times.moment(iat_s + PAST_S))


def lacks_nonce(headers: Sequence[str], nonces: Nonces | None, now: datetime) -> bool:
    """Whether there is a proof that will be refused for its nonce. Nothing in it is verified; what is no proof at all
    lacks none, and is for ``read_proof`` to refuse."""
    if nonces is None or len(headers) != 1:
        return False
    try:
        claims = parse(headers[0].strip(" \t"), max_length=MAX_LENGTH, embedded_jwk=True).claims
        _check_nonce(claims.get("nonce"), nonces, now)
    except BadProof:
        return True
    except BadJwt:
        return False
    return False


def _key(unverified: Unverified) -> PublicKey:
    if unverified.typ != "dpop+jwt":
        raise BadProof("The typ of a DPoP proof is dpop+jwt.")
    if "jwk" not in unverified.header:
        raise BadProof("The header of a DPoP proof carries the public key as jwk.")
    try:
        key = read_jwk(unverified.header["jwk"])
    except BadKey as error:
        raise BadProof(error.why) from error
    return PublicKey(unverified.kid, key.algorithms, key.thumbprint, key.key)  # a proof's kid means nothing


def _words(claims: dict[str, Any], method: str, url: str) -> str:
    jti, htm, htu = (claims.get(name) for name in ("jti", "htm", "htu"))
    if not isinstance(jti, str) or not 1 <= len(jti) <= MAX_JTI_LENGTH:
        raise BadProof(f"A DPoP proof needs a jti of at most {MAX_JTI_LENGTH} characters, another one each time.")
    if htm != method:
        raise BadProof("The htm of a DPoP proof is the method of this request.")
    if not isinstance(htu, str) or not same_target(htu, url):
        raise BadProof("The htu of a DPoP proof is the URL of this request, without query and fragment.")
    return jti


def _check_times(claims: dict[str, Any], now: datetime) -> float:
    iat_s, now_s = times.required(claims, "iat"), now.timestamp()
    if not now_s - PAST_S < iat_s <= now_s + FUTURE_S:
        raise BadProof(f"The iat of a DPoP proof is too far from the server's clock. {times.clock_says(now)}")
    times.check_begun(claims, now, future_s=FUTURE_S)
    times.check_not_over(claims, now)
    return iat_s


def _check_access_token(ath: Any, access_token: str | None) -> None:
    if access_token is None:
        return
    digest = hashlib.sha256(access_token.encode()).digest()
    expected = base64.urlsafe_b64encode(digest).rstrip(b"=")
    if not isinstance(ath, str) or not hmac.compare_digest(ath.encode(), expected):
        raise BadProof("The ath of a DPoP proof is the base64url SHA-256 of the access token beside it.")


def _check_nonce(nonce: Any, nonces: Nonces | None, now: datetime) -> None:
    if nonces is not None and (not isinstance(nonce, str) or not nonces.accepts(nonce, now)):
        raise BadProof("Put the nonce of the DPoP-Nonce header into the proof and send it again.", "use_dpop_nonce")
