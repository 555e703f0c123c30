"""A bank that is down is left alone for a while, so that it costs neither threads nor the time of people who wait.

    CLOSED --FAILURES_TO_OPEN in a row within WINDOW--> OPEN --its pause is over, one caller--> PROBING
    PROBING --the bank answered--> CLOSED          PROBING --it failed again--> OPEN, for twice as long

A failure is a call that was not answered: no connection, too slow, HTTP 5xx. Any answer, a refusal or a 429 too, says
that the bank is there. Reading and linking are told apart, for banks run them on different machines; and what hangs on
accounts from the accounts, for standing orders that are down must not shut the door to transactions.

Each process counts for itself: two web processes and a worker find out three times, with FAILURES_TO_OPEN calls each.
They need no agreement for that, and a store that they all had to ask before every call would cost more than it saves.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from hub.clock import Clock
from providers import interaction
from providers.errors import ProviderError, Transient

log = logging.getLogger(__name__)
FAILURES_TO_OPEN = 5
WINDOW = timedelta(minutes=2)
"""Failures further apart than this are not in a row: a bank that is asked once an hour is not down after five."""
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=10)
PROBE_ENDS = timedelta(minutes=3)
"""A probe whose caller never said how it ended (its thread was killed) makes room for the next one."""


class Family(StrEnum):
    READ = "read"
    RESOURCES = "resources"
    LINK = "link"


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    DUE = "due"  # the pause is over: the next caller is the probe
    PROBING = "probing"


class LeftAlone(Transient):
    """The bank was not asked at all. ``retry_after_s`` is our own word, not the bank's."""


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    last_failure_at: datetime | None = None
    pause: timedelta = FIRST_PAUSE
    open_until: datetime | None = None
    probe_until: datetime | None = None

    def state(self, now: datetime) -> State:
        if self.open_until is None:
            return State.CLOSED
        if now < self.open_until:
            return State.OPEN
        return State.PROBING if self.probe_until is not None and now < self.probe_until else State.DUE

    def failed(self, now: datetime) -> bool:
        """Whether it opens by this."""
        recent = self.last_failure_at is not None and now - self.last_failure_at <= WINDOW
        self.failures = self.failures + 1 if recent else 1
        self.last_failure_at = now
        if self.open_until is None:
            if self.failures < FAILURES_TO_OPEN:
                return False
            self.pause = FIRST_PAUSE
        elif now < self.open_until:
            return False  # a call that was under way when it opened
        else:
            self.pause = min(self.pause * 2, LONGEST_PAUSE)
        self.open_until, self.probe_until = now + self.pause, None
        return True


class Circuits:
    """Those of one process, by bank and family. Safe for threads.

    ``is_one_bank`` says of an institution id whether it is one bank for all: where people bring addresses of their own,
    five dead ones must not shut out everybody else.
    """

    def __init__(self, clock: Clock, *, is_one_bank: Callable[[str], bool] = lambda _: True) -> None:
        self._clock = clock
        self._is_one_bank = is_one_bank
        self._lock = threading.Lock()
        self._known: dict[tuple[str, Family], _Circuit] = {}

    @contextmanager
    def asking(self, institution_id: str, family: Family, *, whatever: bool = False) -> Iterator[None]:
        """Around one call to a bank. Raises Transient at once where the bank is left alone; ``whatever`` asks it all
        the same, for what cannot be asked again (a person is back with a code that is good for a minute)."""
        is_probe = self._enter(institution_id, family, whatever=whatever)
        token = interaction.family.set(family.value)
        try:
            yield
        except Transient as error:
            if error.answered:
                self._answered(institution_id, family)
            else:
                self._failed(institution_id, family)
            raise
        except ProviderError:
            self._answered(institution_id, family)
            raise
        except BaseException:
            if is_probe:
                self._let_go(institution_id, family)
            raise
        finally:
            interaction.family.reset(token)
        self._answered(institution_id, family)

    def state(self, institution_id: str, family: Family) -> State:
        with self._lock:
            known = self._known.get((institution_id, family))
            return State.CLOSED if known is None else known.state(self._clock())

    def not_closed(self, family: Family) -> dict[str, State]:
        """By institution id, of those that are not CLOSED."""
        now = self._clock()
        with self._lock:
            states = {key[0]: one.state(now) for key, one in self._known.items() if key[1] is family}
        return {institution_id: state for institution_id, state in states.items() if state is not State.CLOSED}

    def _enter(self, institution_id: str, family: Family, *, whatever: bool) -> bool:
        """Whether this caller is the probe."""
        now = self._clock()
        with self._lock:
            known = self._known.get((institution_id, family))
            state = State.CLOSED if known is None else known.state(now)
            if known is None or state is State.CLOSED:
                return False
            if state is State.DUE:
                known.probe_until = now + PROBE_ENDS
                return True
            if whatever:
                return False
            until = known.open_until if state is State.OPEN else known.probe_until
            left = max(until or now, now) - now
        raise LeftAlone(
            "the bank has not answered lately and is left alone for a moment",
            retry_after_s=int(min(left, known.pause).total_seconds()) + 1,
            institution_id=institution_id,
        )

    def _answered(self, institution_id: str, family: Family) -> None:
        with self._lock:
            known = self._known.pop((institution_id, family), None)
        if known is not None and known.open_until is not None:
            log.info("a bank answers again", extra={"institution_id": institution_id, "family": family.value})

    def _failed(self, institution_id: str, family: Family) -> None:
        if not self._is_one_bank(institution_id):
            return
        with self._lock:
            known = self._known.setdefault((institution_id, family), _Circuit())
            opens = known.failed(self._clock())
            pause_s = known.pause.total_seconds()
        if opens:
            extra = {"institution_id": institution_id, "family": family.value, "pause_s": pause_s}
            log.warning("a bank does not answer and is left alone", extra=extra)

    def _let_go(self, institution_id: str, family: Family) -> None:
        with self._lock:
            if (known := self._known.get((institution_id, family))) is not None:
                known.probe_until = None
