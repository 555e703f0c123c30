"""The one place that reads the time. Everything that decides takes the time as an argument instead."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def now() -> datetime:
    """The present moment, aware, UTC."""
    return datetime.now(UTC)
