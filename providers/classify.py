"""A bank's refusal, turned into one of our errors by a table that each standard keeps in its client.py."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from providers.errors import ContractBroken, ProviderError, ReconsentRequired, Refused, Transient
from providers.transport import Answer, retry_after_s, seconds_to_next_day

_SAFE_CODE = re.compile(r"[A-Za-z0-9_.:\-]{1,64}", re.ASCII)


class Verdict(Enum):
    RECONSENT = "only the PSU can repair this"
    REFUSED = "no, and no again"
    LATER = "try again later"
    NEXT_DAY = "the day's quota is spent"
    BROKEN = "not an answer of this standard"


@dataclass(frozen=True, slots=True)
class Rule:
    """``status`` and ``code`` must both match; None matches everything."""

    status: int | None
    code: str | None
    verdict: Verdict


def safe_code(code: str | None) -> str:
    """A bank's error code if it looks like one; a bank's prose, which may hold a person's data, is dropped."""
    return code if code is not None and _SAFE_CODE.fullmatch(code) else ""


def error_for(answer: Answer, codes: Iterable[str], rules: Iterable[Rule]) -> ProviderError:
    """The first rule that fits any of ``codes`` decides; the tables end in a rule that fits everything."""
    known = tuple(code for code in map(safe_code, codes) if code)
    for rule in rules:
        if rule.status in (None, answer.status) and (rule.code is None or rule.code in known):
            code = rule.code or (known[0] if known else "")
            return _error(rule.verdict, answer, code)
    return _error(Verdict.BROKEN, answer, known[0] if known else "")


def _error(verdict: Verdict, answer: Answer, code: str) -> ProviderError:
    reason = f"HTTP {answer.status} {code}".strip()
    if verdict is Verdict.RECONSENT:
        return ReconsentRequired(reason)
    if verdict is Verdict.REFUSED:
        return Refused(reason, code=code)
    if verdict is Verdict.LATER:
        return Transient(reason, retry_after_s=retry_after_s(answer))
    if verdict is Verdict.NEXT_DAY:
        named = retry_after_s(answer)
        return Transient(reason, retry_after_s=seconds_to_next_day(answer) if named is None else named)
    return ContractBroken(reason, raw=answer.body)
