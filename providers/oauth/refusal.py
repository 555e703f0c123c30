"""OAuth's error codes as our errors (RFC 6749 4.1.2.1 and 5.2)."""

import re
from collections.abc import Iterable

import msgspec

from providers.classify import Rule, classified, safe_code
from providers.errors import ContractBroken, ProviderError, Refused, Transient
from providers.transport import Answer, retry_after_s

_LATER = frozenset({"server_error", "temporarily_unavailable"})
_OAUTH_CODE = re.compile(r"[a-z_]{1,40}", re.ASCII)


class _TokenError(msgspec.Struct, frozen=True):
    error: str = ""
    error_description: str | None = None


_TOKEN_ERROR = msgspec.json.Decoder(_TokenError)


def from_code(code: str) -> ProviderError:
    """A callback's parameters come through the browser: only a code in the registered form is repeated."""
    known = safe_code(code) if _OAUTH_CODE.fullmatch(code) else ""
    if known in _LATER:
        return Transient(known)
    return Refused(known or "refused without a code", code=known)


def from_answer(answer: Answer, *, rules: Iterable[Rule] = ()) -> ProviderError:
    """What a token endpoint, or one that answers like it, meant by anything but success. ``rules`` are the bank's own
    and come first."""
    try:
        told = _TOKEN_ERROR.decode(answer.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        told = None
    own = classified(answer, (told.error,) if told else (), rules, (told.error_description or "",) if told else ())
    if own is not None:
        return own
    if answer.status == 429:
        return Transient("HTTP 429", retry_after_s=retry_after_s(answer), answered=True)
    if told is None:  # without the body: it may repeat what was sent
        return ContractBroken(f"token endpoint: HTTP {answer.status} without an OAuth error")
    return from_code(told.error)
