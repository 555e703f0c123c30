"""Signatures of bodies: ``x-jws-signature`` (Read/Write API profile, "Message Signing"), ours and the bank's."""

from datetime import UTC, datetime

import msgspec
from joserfc.util import urlsafe_b64encode

from providers import text
from providers.errors import ContractBroken
from providers.fapi.keys import HeldKeys
from providers.signing.answers import SKEW, carried_signature, parts, unpadded, verifies
from providers.signing.detached_jws import ALGORITHM, detached
from providers.signing.seal import Seal
from providers.transport import Answer
from providers.uk_obie.settings import AnswersSigned, Signing

HEADER = "x-jws-signature"
_CLAIMS = "http://openbanking.org.uk/"
_MUST_SAY = frozenset(_CLAIMS + name for name in ("iat", "iss", "tan"))


def signature_of(body: bytes, seal: Seal, signing: Signing, *, now: datetime) -> str:
    """The header's value for ``body``."""
    claims: dict[str, object] = {
        f"{_CLAIMS}iat": int(now.timestamp()),
        f"{_CLAIMS}iss": signing.iss,
        f"{_CLAIMS}tan": signing.tan,
    }
    kid = {} if signing.kid is None else {"kid": signing.kid}
    header = {"typ": "JOSE", "cty": "application/json", **kid, **claims, "crit": list(claims)}
    return detached(body, seal, header, is_encoded=signing.b64)


class _Header(msgspec.Struct, frozen=True):
    alg: str
    kid: str
    crit: list[str]
    iat: int | float = msgspec.field(name=f"{_CLAIMS}iat")
    iss: str = msgspec.field(name=f"{_CLAIMS}iss")
    tan: str = msgspec.field(name=f"{_CLAIMS}tan")
    b64: bool = True


_HEADER = msgspec.json.Decoder(_Header)


def check_answer(how: AnswersSigned, keys: HeldKeys, answer: Answer, *, now: datetime) -> None:
    """ContractBroken for an answer that the bank did not sign, or did not sign just now. The standard binds a signature
    to the body alone: what else the bank signed within those minutes cannot be told from it."""
    if (written := carried_signature(answer, HEADER, refusals=how.refusals)) is None:
        return
    head, payload, signature = parts(written)
    try:
        header = _HEADER.decode(unpadded(head))
        at = datetime.fromtimestamp(header.iat, UTC)
    except (msgspec.MsgspecError, ValueError, OverflowError, OSError, RecursionError):
        raise ContractBroken("the answer's signature has not the header of the standard") from None
    named = set(header.crit)
    if payload or not _MUST_SAY <= named <= _MUST_SAY | {"b64"} or (not header.b64 and "b64" not in named):
        raise ContractBroken("the answer is not signed in the way of the standard")
    if header.alg != ALGORITHM:
        raise ContractBroken("the answer is signed in a way that is not allowed")
    if not text.same(header.iss, how.iss) or header.tan != how.tan:
        raise ContractBroken("the answer is signed by somebody else")
    if abs(now - at) > SKEW:
        raise ContractBroken("the answer was not signed just now")
    message = f"{head}.".encode() + (urlsafe_b64encode(answer.body) if header.b64 else answer.body)
    key = keys.key_named(header.kid, now=now)
    if not verifies(getattr(key, "public_key", None), ALGORITHM, unpadded(signature), message):
        raise ContractBroken("the answer's signature does not hold")
