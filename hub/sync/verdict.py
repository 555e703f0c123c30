"""What a sync's findings mean for its connection: its next state, what is said about it, and when to ask again. Pure.

found                                   happening      asked again
everything read                         read           at the regular interval
part read, rest passes by itself        read           after a back-off
part read, rest will not pass           read           at the regular interval
nothing read, passes by itself          faltered       after a back-off; bank_failed from the third time on
nothing read, bank refuses              bank_failed    tomorrow
nothing read, bank breaks its standard  bank_failed    at the regular interval
the bank wants the PSU (anywhere)       access_ended   never by us
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hub.connections import schedule
from hub.connections.circuit import LeftAlone
from hub.connections.sealed import beginning
from hub.connections.state import FailureKind, Happening
from providers.errors import ContractBroken, Failing, ProviderError, ReconsentRequired, Refused, Transient

FALTERS_BEFORE_FAILED = 3
_PASSES = frozenset({FailureKind.BANK_UNAVAILABLE, FailureKind.HUB_ERROR})
_WORST_FIRST = (
    FailureKind.CONSENT_ENDED,
    FailureKind.CONTRACT_BROKEN,
    FailureKind.REFUSED,
    FailureKind.HUB_ERROR,
    FailureKind.BANK_UNAVAILABLE,
    FailureKind.ROWS_REJECTED,
    FailureKind.NOTICED,
)
READ_ALL = frozenset({FailureKind.ROWS_REJECTED, FailureKind.NOTICED})
"""What is worth saying although everything was read."""
_ANSWERS = READ_ALL | {FailureKind.REFUSED, FailureKind.CONTRACT_BROKEN}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that went wrong. ``detail`` is for operators, without personal data; ``raw`` is the bank's bytes.
    ``retry_after_s`` is the bank's own word, or ours where ``is_ours``. ``is_failing``: unavailable, by its own answer
    (HTTP 5xx).
    """

    kind: FailureKind
    detail: str = ""
    raw: bytes = field(default=b"", repr=False)
    retry_after_s: int | None = None
    is_ours: bool = False
    is_failing: bool = False

    @property
    def is_silence(self) -> bool:
        """The bank is not heard of, or wants to be left alone: what is asked next would fare no better."""
        return self.kind is FailureKind.BANK_UNAVAILABLE and not self.is_failing

    @property
    def leaves_the_rest(self) -> bool:
        """Whatever was wrong, the bank answers and may be asked for more."""
        return self.is_failing or self.kind in _ANSWERS


@dataclass(frozen=True, slots=True)
class Verdict:
    """``wait_s`` is None where only the PSU can bring us back; ``bank_wait_s`` is what the bank itself asked for."""

    happening: Happening
    fault: Fault | None
    failures: int
    wait_s: float | None
    bank_wait_s: int | None = None


def fault_of(error: Exception) -> Fault:
    """An adapter's error as a fault; anything else is a bug, told by its type only (messages may hold anything)."""
    match error:
        case Transient():
            return Fault(
                FailureKind.BANK_UNAVAILABLE,
                _detail(error),
                retry_after_s=error.retry_after_s,
                is_ours=isinstance(error, LeftAlone),
                is_failing=isinstance(error, Failing),
            )
        case ReconsentRequired():
            return Fault(FailureKind.CONSENT_ENDED, _detail(error))
        case Refused():
            return Fault(FailureKind.REFUSED, _detail(error))
        case ContractBroken():
            return Fault(FailureKind.CONTRACT_BROKEN, _detail(error), raw=error.raw)
        case _:
            return Fault(FailureKind.HUB_ERROR, type(error).__name__)


def judge(
    faults: Sequence[Fault], *, read_anything: bool, failures: int, interval_s: int, jitter: float | None = None
) -> Verdict:
    """``failures`` is the count in a row before this sync; ``read_anything`` also holds where there was nothing to
    read.
    """
    waits = [fault.retry_after_s for fault in faults if fault.retry_after_s is not None]
    found = _judge(faults, max(waits, default=None), read_anything, failures, interval_s, jitter)
    asked = [one.retry_after_s for one in faults if one.retry_after_s is not None and not one.is_ours]
    return replace(found, bank_wait_s=min(max(asked), schedule.RETRY_AFTER_MOST_S)) if asked else found


def _judge(
    faults: Sequence[Fault],
    retry_after_s: int | None,
    read_anything: bool,
    failures: int,
    interval_s: int,
    jitter: float | None,
) -> Verdict:
    worst = min(faults, key=lambda fault: _WORST_FIRST.index(fault.kind), default=None)
    regular_s = schedule.regular_s(interval_s, jitter=jitter)
    if worst is None or worst.kind in READ_ALL:
        return Verdict(Happening.READ, worst, 0, regular_s)
    if worst.kind is FailureKind.CONSENT_ENDED:
        return Verdict(Happening.ACCESS_ENDED, worst, failures + 1, None)
    failures += 1
    backoff_s = schedule.backoff_s(failures, limit_s=interval_s, retry_after_s=retry_after_s, jitter=jitter)
    if read_anything:
        passes = any(fault.kind in _PASSES for fault in faults)
        return Verdict(Happening.READ, worst, failures, backoff_s if passes else regular_s)
    match worst.kind:
        case FailureKind.REFUSED:
            return Verdict(Happening.BANK_FAILED, worst, failures, max(regular_s, schedule.DAY_S))
        case FailureKind.CONTRACT_BROKEN:
            return Verdict(Happening.BANK_FAILED, worst, failures, regular_s)
        case FailureKind.BANK_UNAVAILABLE if failures >= FALTERS_BEFORE_FAILED:
            return Verdict(Happening.BANK_FAILED, worst, failures, backoff_s)
        case _:  # ours to repair, or too early to say
            return Verdict(Happening.FALTERED, worst, failures, backoff_s)


def _detail(error: ProviderError) -> str:
    return beginning(f"{error.step}: {error.reason}" if error.step else error.reason)
