"""What a kind of work is: who does it, how many at once, how often it is tried."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub.context import Hub
    from hub.jobs.holding import Held

PAUSES_S = (5, 30, 120, 600, 3600, 4 * 3600, 12 * 3600)
"""Seconds after each failed attempt, each spread by up to a quarter; with the last one the job is given up."""


class GiveUp(Exception):
    """This job can never be done. The message says why, in words without people's data."""


@dataclass(frozen=True, slots=True)
class Again:
    """It went as it should, and is to be done once more at ``at``."""

    at: datetime


def no_exceptions(_hub: "Hub") -> Mapping[str, int]:
    return {}


@dataclass(frozen=True, slots=True)
class Kind:
    """``work`` returns None when the job is done; whatever it raises counts as a failed attempt, and so does the death
    of its process.

    ``threads``: at most so many at once in one process. ``per_lane``: at most so many of one lane at once, over all
    processes; ``lane_limits`` says which lanes have another limit at this moment (0: left alone). ``is_endless``: the
    last pause is repeated for ever, for work that somebody will always need.
    """

    queue: str
    work: "Callable[[Hub, Held], Again | None]"
    threads: int = 4
    per_lane: int | None = None
    lane_limits: "Callable[[Hub], Mapping[str, int]]" = field(default=no_exceptions)
    pauses_s: tuple[float, ...] = PAUSES_S
    is_endless: bool = False

    def pause_s(self, attempts: int) -> float | None:
        """Seconds until the next attempt after ``attempts`` failed ones; None: give up."""
        if not self.is_spent(attempts):
            return self.pauses_s[attempts - 1]
        return self.pauses_s[-1] if self.is_endless else None

    def is_spent(self, attempts: int) -> bool:
        """Whether ``attempts`` failed ones leave none, or none but after the last pause."""
        return attempts > len(self.pauses_s)
