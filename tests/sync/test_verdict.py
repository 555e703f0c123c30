"""What a sync's findings mean, as a table; and when a bank is asked again."""

import pytest

from hub.connections.schedule import backoff_s, regular_s, spread_s
from hub.connections.state import FailureKind, Happening
from hub.sync.verdict import Fault, fault_of, judge
from providers.errors import ContractBroken, ReconsentRequired, Refused, Transient

HOUR = 3600
DOWN = Fault(FailureKind.BANK_UNAVAILABLE)
BUSY = Fault(FailureKind.BANK_UNAVAILABLE, retry_after_s=900)
NO = Fault(FailureKind.REFUSED)
BROKEN = Fault(FailureKind.CONTRACT_BROKEN, raw=b"<html>")
ENDED = Fault(FailureKind.CONSENT_ENDED)
BUG = Fault(FailureKind.HUB_ERROR)
ROWS = Fault(FailureKind.ROWS_REJECTED)

TABLE = [
    # faults, read anything, failures before -> happening, what is said, failures after, seconds to wait
    ([], True, 5, Happening.READ, None, 0, 6 * HOUR),
    ([ROWS], True, 5, Happening.READ, ROWS, 0, 6 * HOUR),
    ([DOWN], True, 0, Happening.READ, DOWN, 1, 60),
    ([NO], True, 0, Happening.READ, NO, 1, 6 * HOUR),
    ([BROKEN], True, 0, Happening.READ, BROKEN, 1, 6 * HOUR),
    ([DOWN, BROKEN, ROWS], True, 1, Happening.READ, BROKEN, 2, 120),
    ([DOWN], False, 0, Happening.FALTERED, DOWN, 1, 60),
    ([DOWN], False, 1, Happening.FALTERED, DOWN, 2, 120),
    ([DOWN], False, 2, Happening.BANK_FAILED, DOWN, 3, 240),
    ([BUSY], False, 0, Happening.FALTERED, BUSY, 1, 900),
    ([DOWN], False, 40, Happening.BANK_FAILED, DOWN, 41, 6 * HOUR),
    ([BUG], False, 40, Happening.FALTERED, BUG, 41, 6 * HOUR),
    ([NO], False, 0, Happening.BANK_FAILED, NO, 1, 24 * HOUR),
    ([BROKEN], False, 0, Happening.BANK_FAILED, BROKEN, 1, 6 * HOUR),
    ([ENDED], False, 0, Happening.ACCESS_ENDED, ENDED, 1, None),
    ([DOWN, ENDED], True, 0, Happening.ACCESS_ENDED, ENDED, 1, None),
]


@pytest.mark.parametrize(("faults", "read", "before", "happening", "said", "after", "wait_s"), TABLE)
def test_what_was_found_decides_what_happens(
    faults: list[Fault],
    read: bool,
    before: int,
    happening: Happening,
    said: Fault | None,
    after: int,
    wait_s: float | None,
) -> None:
    verdict = judge(faults, read_anything=read, failures=before, interval_s=6 * HOUR, jitter=0)
    assert (verdict.happening, verdict.fault, verdict.failures) == (happening, said, after)
    assert verdict.wait_s == wait_s


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Transient("x"), FailureKind.BANK_UNAVAILABLE),
        (ReconsentRequired("x"), FailureKind.CONSENT_ENDED),
        (Refused("x"), FailureKind.REFUSED),
        (ContractBroken("x", raw=b"raw"), FailureKind.CONTRACT_BROKEN),
        (KeyError("Alice's IBAN"), FailureKind.HUB_ERROR),
    ],
)
def test_every_error_is_a_fault_and_a_bug_keeps_its_message_to_itself(error: Exception, kind: FailureKind) -> None:
    fault = fault_of(error)
    assert fault.kind is kind
    assert "Alice" not in repr(fault)
    assert "raw" not in repr(fault)


def test_backing_off_doubles_up_to_the_limit_and_never_falls_below_the_banks_word() -> None:
    assert [backoff_s(n, limit_s=1000, jitter=0) for n in range(7)] == [60, 60, 120, 240, 480, 960, 1000]
    assert backoff_s(10**9, limit_s=1000, jitter=0) == 1000
    assert backoff_s(1, limit_s=1000, retry_after_s=5000, jitter=0) == 5000
    assert backoff_s(1, limit_s=1000, retry_after_s=1, jitter=0) == 60
    assert backoff_s(1, limit_s=1000, retry_after_s=-5, jitter=0) == 60
    assert backoff_s(1, limit_s=1000, retry_after_s=10**9, jitter=0) == 86_400
    assert backoff_s(1, limit_s=1000, jitter=1) == 75


def test_the_jitter_of_regular_syncs_only_adds_so_the_quota_holds() -> None:
    assert all(21_600 <= regular_s(21_600) <= 21_600 * 1.05 for _ in range(100))
    assert (spread_s(60, jitter=0), spread_s(60, jitter=1)) == (60, 360)
