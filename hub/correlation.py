"""One id for what belongs together: from the person's click or the app's request, through the jobs and the banks, to
the webhook that tells of it. It is the request's x-fapi-interaction-id, and every log line carries it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from providers.interaction import current_id as _current


def current() -> str | None:
    """The id that this thread works under, None if nobody asked for what it does."""
    return _current.get()


def begin(trace_id: str | None) -> None:
    """From here on, in this thread; None ends it. For the rim, whose requests follow each other in a thread."""
    _current.set(trace_id)


@contextmanager
def under(trace_id: str | None) -> Iterator[None]:
    """Work that was asked for under ``trace_id``."""
    token = _current.set(trace_id)
    try:
        yield
    finally:
        _current.reset(token)
