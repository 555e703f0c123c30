"""What a test may do to a bank: make it fail in a chosen way, move its calendar, see what it was asked.

Only served with ``--control``: whoever reaches these endpoints owns the bank.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, Response, g, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.book import Book
from sandbox.clock import BankClock

FAULTS = frozenset(
    {
        "http_500",
        "http_503",
        "rate_limited",
        "html",
        "truncated_json",
        "hang",
        "foreign_link",
        "same_page",
        "consent_expired",
        "slow",
    }
)
AREAS = frozenset({"accounts", "balances", "transactions", "token", "consents"})
HANG_S = 120
SLOW_S = 1.2
FOREIGN_LINK = "http://127.0.0.2:1/open-banking/next?page=2"


@dataclass(slots=True)
class Fault:
    """``after`` requests pass before it strikes; then it strikes ``times`` (None: until cleared)."""

    kind: str
    after: int
    times: int | None


@dataclass(frozen=True, slots=True)
class Manners:
    """What differs between the banks: how each names a call's area, refuses, and links to the next page."""

    area_of: Callable[[str], str | None]
    psu_present: Callable[[], bool]
    refuse: Callable[[str], Response]
    set_next: Callable[[dict[str, Any], str], None]
    revoke_all: Callable[[], int]


class Faults:
    """At most one fault for each area. Thread-safe."""

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


def install(app: Flask, book: Book, clock: BankClock, manners: Manners) -> None:
    """Add the control endpoints and let faults strike the bank's own ones."""
    faults = Faults()
    app.register_blueprint(_endpoints(faults, book, clock, manners))

    @app.before_request
    def meet_fault() -> Response | None:
        area = manners.area_of(request.endpoint or "")
        g.fault = faults.strike(area) if area else None
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
    """Faults that answer instead of the bank."""
    match kind:
        case "http_500" | "http_503" | "rate_limited" | "consent_expired":
            return manners.refuse(kind)
        case "html":
            return Response("<html><body><h1>Scheduled maintenance</h1></body></html>", mimetype="text/html")
        case "hang":
            return Response(_silence(), mimetype="application/json", headers={"Content-Length": "1000"})
        case "slow":
            time.sleep(SLOW_S)
    return None


def _silence() -> Iterator[bytes]:
    yield b""  # sends the headers
    time.sleep(HANG_S)


def _late(kind: str | None, answer: Response, manners: Manners) -> Response:
    """Faults that spoil the bank's own answer."""
    if kind == "truncated_json" and answer.is_json:
        body = answer.get_data()
        answer.set_data(body[: len(body) // 2])
    elif kind in ("foreign_link", "same_page") and answer.status_code == 200 and answer.is_json:
        body = answer.get_json()
        manners.set_next(body, FOREIGN_LINK if kind == "foreign_link" else request.url)
        answer.set_data(jsonify(body).get_data())
    return answer


def _fault_from(body: object) -> tuple[str | None, Fault | None] | str:
    """(area, fault) from the JSON of a control request, or what is wrong with it."""
    if not isinstance(body, dict):
        return "a JSON object is needed"
    kind, area, after, times = body.get("fault"), body.get("on"), body.get("after", 0), body.get("times")
    if kind is None and area in (AREAS | {None}):
        return area, None
    if kind not in FAULTS or area not in AREAS:
        return f"fault is one of {sorted(FAULTS)}, on is one of {sorted(AREAS)}"
    if not isinstance(after, int) or not (times is None or isinstance(times, int)):
        return "after is a number; times is a number or null"
    return area, Fault(kind, after, times)


def _endpoints(faults: Faults, book: Book, clock: BankClock, manners: Manners) -> Blueprint:
    pages = Blueprint("control", __name__, url_prefix="/_control")

    @pages.post("")
    def set_fault() -> ResponseReturnValue:
        wish = _fault_from(request.get_json(silent=True))
        if isinstance(wish, str):
            return {"error": wish}, 400
        area, fault = wish
        if area is None:
            faults.clear()
        else:
            faults.set(area, fault)
        return "", 204

    @pages.delete("")
    def clear() -> ResponseReturnValue:
        faults.clear()
        return "", 204

    @pages.post("/book-pending")
    def book_pending() -> ResponseReturnValue:
        return {"booked": book.book_pending()}

    @pages.post("/advance")
    def advance() -> ResponseReturnValue:
        body = request.get_json(silent=True)
        days = body.get("days") if isinstance(body, dict) else None
        if not isinstance(days, int) or not 0 < days <= 3660:
            return {"error": "days is a number from 1 to 3660"}, 400
        return {"today": clock.advance(days).isoformat()}

    @pages.post("/revoke")
    def revoke() -> ResponseReturnValue:
        return {"revoked": manners.revoke_all()}

    @pages.get("/requests")
    def requests_seen() -> ResponseReturnValue:
        return {"requests": faults.calls()}

    @pages.delete("/requests")
    def forget_requests() -> ResponseReturnValue:
        faults.forget_calls()
        return "", 204

    return pages
