"""What a call to a bank belongs to, and who hears how it went.

UK Open Banking, Open Finance Brasil and the Consumer Data Standards take a correlation id in x-fapi-interaction-id and
play it back: they get the id that the person's click or the app's request had. Berlin Group and STET want an
X-Request-ID that is new for each request; what is heard of a call names both.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal
from uuid import uuid4

current_id: ContextVar[str | None] = ContextVar("rialto_trace_id", default=None)
"""The id under which this thread works, None if nobody asked for what it does."""

family: ContextVar[str] = ContextVar("rialto_call_family", default="other")
"""What the calls of this thread are for, as the hub groups them: link, read, ..."""

_NAMES = ("x-fapi-interaction-id", "x-request-id")

Outcome = Literal["ok", "refused", "failed", "unreachable"]
"""``refused``: the bank said no (4xx but for 429). ``failed``: it answered, and not as it should (5xx, 429, what is no
answer of its standard). ``unreachable``: no answer came."""


@dataclass(frozen=True, slots=True)
class Call:
    """One exchange, a repetition being one of its own. ``shape``: the path without ids. ``detail`` is the status or the
    kind of failure, ``family`` what the call was for. ``request_id``: by which the bank knows the call. ``took_ms``: up
    to the end of the answer."""

    institution_id: str
    method: str
    shape: str
    outcome: Outcome
    detail: str
    request_id: str
    took_ms: int
    family: str = "other"


Heard = Callable[[Call], None]


def interaction_id() -> str:
    """For x-fapi-interaction-id: what this belongs to, else a new UUID."""
    return current_id.get() or str(uuid4())


def request_id_of(headers: Mapping[str, str | None]) -> str:
    """By which a bank knows this request, "" if it was given no id."""
    given = {name.lower(): value for name, value in headers.items()}
    return next((value for name in _NAMES if (value := given.get(name))), "")


def outcome_of(status: int) -> Outcome:
    if status >= 500 or status == 429 or 300 <= status < 400:
        return "failed"
    return "refused" if status >= 400 else "ok"
