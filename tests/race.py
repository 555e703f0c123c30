"""The same thing many times at the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def at_once(count: int, job: Callable[[], T]) -> list[T]:
    """What each of ``count`` simultaneous calls returned; an error of one is raised."""
    gate = threading.Barrier(count)

    def begin() -> T:
        gate.wait()
        return job()

    with ThreadPoolExecutor(count) as pool:
        return [one.result() for one in [pool.submit(begin) for _ in range(count)]]
