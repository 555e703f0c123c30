"""The same thing many times at the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
U = TypeVar("U")


def at_once(count: int, job: Callable[[], T]) -> list[T]:
    """What each of ``count`` simultaneous calls returned; an error of one is raised."""
    gate = threading.Barrier(count)

    def begin() -> T:
        gate.wait()
        return job()

    with ThreadPoolExecutor(count) as pool:
        return [one.result() for one in [pool.submit(begin) for _ in range(count)]]


class Halfway:
    """Where the first of two threads stops for a moment, so that the second can try to get in between."""

    PATIENCE_S = 0.4
    """How long it waits for the other, who may be waiting for a lock of its own."""

    def __init__(self) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()

    def __call__(self) -> None:
        self.reached.set()
        self.go_on.wait(self.PATIENCE_S)

    def before(self, step: Callable[..., T]) -> Callable[..., T]:
        """The same step, preceded by the stop."""

        def stopped(*given: Any, **more: Any) -> T:
            self()
            return step(*given, **more)

        return stopped


def meanwhile(halfway: Halfway, first: Callable[[], T], second: Callable[[], U]) -> tuple[T, U]:
    """What both returned, where ``second`` began when ``first`` was at ``halfway``."""
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(first)
        assert halfway.reached.wait(10), "the first never got there"
        other = pool.submit(second)
        other.add_done_callback(lambda _: halfway.go_on.set())
        return one.result(), other.result()
