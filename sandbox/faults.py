"""How a bank can be made to fail: one list for every bank, and the layer that lets a fault strike a request.

A fault waits in an area until it is cleared or used up, or comes with one request in the header ``X-Sandbox-Fault``.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

from flask import Flask, Response, g, has_request_context, jsonify, request

from sandbox import clock
from sandbox.book import Book, Entry

KINDS = {
    "slow": "answers after 1.2 seconds",
    "hang": "sends its headers, then nothing for two minutes",
    "http_500": "answers 500",
    "http_503": "answers 503 with Retry-After",
    "rate_limited": "answers 429 with Retry-After",
    "html": "answers 200 with a page for people",
    "truncated_json": "breaks off in the middle of its JSON",
    "wrong_content_type": "sends its JSON as text/html",
    "consent_expired": "says that the consent has ended",
    "clock_skew": "has a clock that is ten minutes fast",
    "foreign_link": "names a next page at another host",
    "same_page": "names the same page as the next one",
    "duplicate_pages": "gives every transaction a second time on later pages",
    "id_churn": "gives transactions new ids at each call",
    "vanishing_pending": "shows nothing that is pending",
}
AREAS = ("accounts", "balances", "transactions", "token", "consents")
HEADER = "X-Sandbox-Fault"
HANG_S = 120
SLOW_S = 1.2
SKEW = timedelta(minutes=10)
FOREIGN_LINK = "http://127.0.0.2:1/open-banking/next?page=2"


@dataclass(slots=True)
class Fault:
    """``after`` requests pass before it strikes; then it strikes ``times`` (None: until cleared)."""

    kind: str
    after: int
    times: int | None


@dataclass(frozen=True, slots=True)
class Consent:
    """What of a consent a developer is shown. ``who`` is empty until a person has said yes."""

    consent_id: str
    who: str
    status: str


@dataclass(frozen=True, slots=True)
class Manners:
    """What differs between the banks: how each names a call's area, refuses, links to the next page, and what
    consents it has."""

    area_of: Callable[[str], str | None]
    psu_present: Callable[[], bool]
    refuse: Callable[[str], Response]
    set_next: Callable[[dict[str, Any], str], None]
    revoke_all: Callable[[], int]
    consents: Callable[[], list[Consent]]

    def areas(self, app: Flask) -> tuple[str, ...]:
        """Those of AREAS that this bank has."""
        here = {self.area_of(endpoint) for endpoint in app.view_functions}
        return tuple(area for area in AREAS if area in here)


class Faults:
    """At most one fault for each area, and what the bank was asked. Thread-safe."""

    def __init__(self) -> None:
        self._faults: dict[str, Fault] = {}
        self._calls: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def set(self, area: str, fault: Fault | None) -> None:
        with self._lock:
            self._faults.pop(area, None)
            if fault:
                self._faults[area] = fault

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def armed(self) -> dict[str, Fault]:
        """Copies of what may still strike, by area."""
        with self._lock:
            return {area: replace(one) for area, one in sorted(self._faults.items()) if one.times != 0}

    def strike(self, area: str) -> str | None:
        """The kind of fault that this request meets, counted down."""
        with self._lock:
            fault = self._faults.get(area)
            if fault is None:
                return None
            if fault.after > 0:
                fault.after -= 1
                return None
            if fault.times is not None:
                if fault.times <= 0:
                    return None
                fault.times -= 1
            return fault.kind

    def note(self, call: dict[str, Any]) -> None:
        with self._lock:
            self._calls.append(call)

    def calls(self) -> list[dict[str, Any]]:
        with self._lock:
            return list(self._calls)

    def forget_calls(self) -> None:
        with self._lock:
            self._calls.clear()


def install(app: Flask, book: Book, faults: Faults, manners: Manners) -> None:
    """Let faults strike the calls of the bank's own interface."""
    book.shows = _as_struck

    @app.before_request
    def meet_fault() -> Response | None:
        # Before the book and the keys are asked; a thread serves many requests, so the last one's skew ends here.
        clock.skew.set(timedelta(0))
        area = manners.area_of(request.endpoint or "")
        if not area:
            return None
        wished = request.headers.get(HEADER)
        if wished is not None and wished not in KINDS:
            return Response(f"{HEADER} is one of {', '.join(KINDS)}\n", 400, mimetype="text/plain")
        g.fault = wished or faults.strike(area)
        return _early(g.fault, manners) if g.fault else None

    @app.after_request
    def spoil(answer: Response) -> Response:
        if not request.path.startswith("/_control"):
            # The path only: queries and bodies carry codes and tokens.
            faults.note(
                {
                    "method": request.method,
                    "path": request.path,
                    "status": answer.status_code,
                    "psu_present": manners.psu_present(),
                }
            )
        return _late(g.get("fault"), answer, manners)


def _early(kind: str, manners: Manners) -> Response | None:
    """Faults that answer instead of the bank, or before it."""
    match kind:
        case "http_500" | "http_503" | "rate_limited" | "consent_expired":
            return manners.refuse(kind)
        case "html":
            return Response("<html><body><h1>Scheduled maintenance</h1></body></html>", mimetype="text/html")
        case "hang":
            return Response(_silence(), mimetype="application/json", headers={"Content-Length": "1000"})
        case "slow":
            time.sleep(SLOW_S)
        case "clock_skew":
            clock.skew.set(SKEW)
    return None


def _silence() -> Iterator[bytes]:
    yield b""  # sends the headers
    time.sleep(HANG_S)


def _late(kind: str | None, answer: Response, manners: Manners) -> Response:
    """Faults that spoil the bank's own answer."""
    if kind == "truncated_json" and answer.is_json:
        body = answer.get_data()
        answer.set_data(body[: len(body) // 2])
    elif kind == "wrong_content_type" and answer.is_json:
        answer.mimetype = "text/html"
    elif kind in ("foreign_link", "same_page") and answer.status_code == 200 and answer.is_json:
        body = answer.get_json()
        manners.set_next(body, FOREIGN_LINK if kind == "foreign_link" else request.url)
        answer.set_data(jsonify(body).get_data())
    return answer


def _as_struck(entries: list[Entry]) -> list[Entry]:
    """The book's entries as the request's fault shows them."""
    match g.get("fault") if has_request_context() else None:
        case "duplicate_pages":
            return entries + entries
        case "id_churn":
            salt = secrets.token_hex(8)
            return [
                replace(one, entry_id=sha256(f"{salt}:{one.entry_id}".encode()).hexdigest()[:20]) for one in entries
            ]
        case "vanishing_pending":
            return [one for one in entries if one.booked_on]
    return entries
