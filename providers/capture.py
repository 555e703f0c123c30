"""Writing exchanges with a bank down for support, redacted before anything keeps them.

It is asked for around the calls and not through them (as in providers.paging): no adapter has to know.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import requests

from providers import redact


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came of it. Everything is redacted. ``failed``: why no answer
    came, or why it was not taken."""

    method: str
    url: str
    request_headers: Mapping[str, str]
    request_body: Any
    status: int | None = None
    response_headers: Mapping[str, str] | None = None
    response_body: Any = None
    failed: str = ""


Recorder = Callable[[Exchange], None]
_recorder: ContextVar[Recorder | None] = ContextVar("recorder", default=None)


@contextmanager
def captured_by(recorder: Recorder) -> Iterator[None]:
    """Every exchange inside this block is handed to ``recorder``."""
    token = _recorder.set(recorder)
    try:
        yield
    finally:
        _recorder.reset(token)


def note_answer(response: requests.Response, body: bytes, *, failed: str = "") -> None:
    """``body`` is as much of it as was read; ``failed`` is why it is not taken."""
    if (recorder := _recorder.get()) is not None:
        recorder(
            _exchange(
                response.request,
                status=response.status_code,
                response_headers=redact.headers(response.headers),
                response_body=redact.body(body, response.headers.get("content-type", "")),
                failed=failed,
            )
        )


def note_failure(request: requests.PreparedRequest, error: BaseException) -> None:
    if (recorder := _recorder.get()) is not None:
        recorder(_exchange(request, failed=type(error).__name__))


def _exchange(request: requests.PreparedRequest, **came: Any) -> Exchange:
    sent = request.body or b""
    body = sent.encode() if isinstance(sent, str) else bytes(sent)
    return Exchange(
        request.method or "",
        redact.url(request.url or ""),
        redact.headers(request.headers),
        redact.body(body, str(request.headers.get("Content-Type", ""))),
        **came,
    )
