"""Clients take turns at being called, so that none waits for another one's address.

A client has one sender at a time, however much waits for it. Its turn ends when it has lasted for TURN_S, or with the
first call that gets no answer: the client then rests with everything that is due for it. Whoever failed before comes
after those who did not, and the rows of one person count one after the other: somebody who is signed in at a thousand
dead apps of their own takes one place in the queue at a time.
"""

import threading
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from hub.outbound.fetch import Limits

SENDERS = 4
LIMITS = Limits(at_once=SENDERS, each=SENDERS, strangers=SENDERS)
"""Of an Outbound that only calls by turns, which are fair already: a sender never waits for another one's place."""
TURN_S = 1.0
ROWS = 20
"""At most so many are called for in one turn."""
LOOK_S = 0.5
"""So often somebody else is looked for while calls are under way."""

Waiting = Callable[[int, Collection[str]], Sequence[str]]
"""(at most so many, apart from these) -> the clients whose turn is next."""


def take(waiting: Waiting, turn: Callable[[str], int], stopping: threading.Event) -> int:
    """Give everybody who is waiting turns, until nobody is, or until ``stopping`` is set and the calls under way have
    ended. ``turn`` (of a client) returns how many calls it was; the result is their sum.
    """
    made = 0
    under_way: dict[Future[int], str] = {}
    with ThreadPoolExecutor(SENDERS, thread_name_prefix="turn") as pool:
        while True:
            free = 0 if stopping.is_set() else SENDERS - len(under_way)
            for client_id in waiting(free, tuple(under_way.values())) if free else ():
                under_way[pool.submit(turn, client_id)] = client_id
            if not under_way:
                return made
            over, _ = wait(under_way, timeout=LOOK_S, return_when=FIRST_COMPLETED)
            for one in over:
                del under_way[one]
                made += one.result()


def clients_of(rows: Select[Any, Any, Any, Any], now: datetime) -> Select[str]:
    """The clients for which something is due, the next one first. ``rows``: client_id, psu_id, attempts and due_at of
    all that is not settled.
    """
    named = rows.subquery()
    client_id, psu_id, attempts, due_at = (named.c[name] for name in ("client_id", "psu_id", "attempts", "due_at"))
    place = func.row_number().over(partition_by=psu_id, order_by=(attempts, due_at))
    placed = select(client_id, attempts, due_at, place.label("place")).subquery()
    known_to_fail = func.max(placed.c.attempts) > 0
    return (
        select(placed.c.client_id)
        .group_by(placed.c.client_id)
        .having(func.min(placed.c.due_at) <= now)
        .order_by(known_to_fail, func.min(placed.c.place), func.min(placed.c.due_at))
    )


def spend(due: Sequence[tuple[str, int]], attempt: Callable[[str, int], bool], rest: Callable[[int], None]) -> int:
    """One turn: ``attempt`` at each of ``due`` (its id, the attempts so far), as the time allows; how many there were.

    ``attempt`` says whether the client's address answered at all. If not, ``rest`` is called with the attempts that had
    been made before at that one.
    """
    ends_at = time.monotonic() + TURN_S
    for made, (row_id, attempts) in enumerate(due, start=1):
        if not attempt(row_id, attempts):
            rest(attempts)
            return made
        if time.monotonic() >= ends_at:
            return made
    return len(due)
