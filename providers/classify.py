"""A bank's refusal, turned into one of our errors by a table that each standard keeps in its client.py."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum

from providers.errors import ContractBroken, ProviderError, QuotaSpent, ReconsentRequired, Refused, Transient
from providers.transport import Answer, retry_after_s, seconds_to_next_day

_LONGEST_PROSE = 1000
_SAFE_CODE = re.compile(r"[A-Za-z0-9_.:\-]{1,64}", re.ASCII)


class Verdict(Enum):
    RECONSENT = "only the PSU can repair this"
    REFUSED = "no, and no again"
    LATER = "try again later"
    NEXT_DAY = "the day's quota is spent"
    BROKEN = "not an answer of this standard"
    DONE = "there is nothing left to end"


@dataclass(frozen=True, slots=True)
class Rule:
    """All of ``status``, ``code`` and ``message`` must fit; None fits everything. ``message`` is what the bank's prose
    must hold: words of its file, in whatever case, or a pattern of ours. The prose itself is never repeated."""

    status: int | None
    code: str | None
    verdict: Verdict
    message: str | re.Pattern[str] | None = None

    def fits(self, status: int, codes: Collection[str], messages: Iterable[str]) -> bool:
        return (
            self.status in (None, status)
            and (self.code is None or self.code in codes)
            and (self.message is None or any(_holds(one, self.message) for one in messages))
        )


def _holds(prose: str, message: str | re.Pattern[str]) -> bool:
    if isinstance(message, str):
        return message.casefold() in prose.casefold()
    return message.search(prose[:_LONGEST_PROSE]) is not None


def safe_code(code: str | None) -> str:
    """A bank's error code if it looks like one; a bank's prose, which may hold a person's data, is dropped."""
    return code if code is not None and _SAFE_CODE.fullmatch(code) else ""


def error_for(
    answer: Answer, codes: Iterable[str], rules: Iterable[Rule], messages: Iterable[str] = ()
) -> ProviderError:
    """As ``classified``; what no rule fits is broken (the tables end in a rule that fits everything)."""
    known = tuple(codes)
    return classified(answer, known, rules, messages) or _error(Verdict.BROKEN, answer, _first(known))


def classified(
    answer: Answer, codes: Iterable[str], rules: Iterable[Rule], messages: Iterable[str] = ()
) -> ProviderError | None:
    """The first rule that fits the answer, any of ``codes`` and any of ``messages`` decides."""
    known, prose = tuple(code for code in map(safe_code, codes) if code), tuple(messages)
    for rule in rules:
        if rule.fits(answer.status, known, prose):
            return _error(rule.verdict, answer, rule.code or _first(known))
    return None


def _first(codes: Iterable[str]) -> str:
    return next((code for code in map(safe_code, codes) if code), "")


def _error(verdict: Verdict, answer: Answer, code: str) -> ProviderError:
    reason = f"HTTP {answer.status} {code}".strip()
    if verdict is Verdict.RECONSENT:
        return ReconsentRequired(reason)
    if verdict is Verdict.REFUSED:
        return Refused(reason, code=code)
    if verdict is Verdict.LATER:
        return Transient(reason, retry_after_s=retry_after_s(answer), answered=True)
    if verdict is Verdict.NEXT_DAY:
        named = retry_after_s(answer)
        return QuotaSpent(reason, retry_after_s=seconds_to_next_day(answer) if named is None else named)
    return ContractBroken(reason, raw=answer.body)
