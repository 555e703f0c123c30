"""What a test may do to a bank: make it fail in a chosen way, move its calendar, see what it was asked.

Only served with ``--control``: whoever reaches these endpoints owns the bank. So they answer at loopback names only,
and no page of another site may call them.
"""

from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

from flask import Blueprint, Flask, abort, request
from flask.typing import ResponseReturnValue

from sandbox import desk
from sandbox import faults as striking
from sandbox.book import Book
from sandbox.clock import BankClock
from sandbox.faults import AREAS, KINDS, Fault, Faults, Manners
from sandbox.serve import LOOPBACK

MOST_DAYS = 3660


def install(app: Flask, name: str, book: Book, clock: BankClock, manners: Manners) -> None:
    """Add the control endpoints and their page, and let faults strike the bank's own ones. ``name`` is the bank's."""
    faults = Faults()
    striking.install(app, book, faults, manners)
    endpoints = _endpoints(faults, book, clock, manners)
    page = desk.pages(desk.Desk(name, faults, book, clock, manners, manners.areas(app)))
    for blueprint in (endpoints, page):
        blueprint.before_request(refuse_strangers)
        app.register_blueprint(blueprint)


def refuse_strangers() -> None:
    """403 for a name that only resolves to this machine (DNS rebinding), and for another site's page (CSRF)."""
    if urlsplit(f"//{request.host}").hostname not in LOOPBACK:
        abort(403, "The control endpoints answer at 127.0.0.1 and localhost only.")
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"{request.scheme}://{request.host}":
        abort(403, "The control endpoints answer no other site.")


def _fault_from(body: object) -> tuple[str | None, Fault | None] | str:
    """(area, fault) from the JSON of a control request, or what is wrong with it."""
    if not isinstance(body, dict):
        return "a JSON object is needed"
    kind, area, after, times = body.get("fault"), body.get("on"), body.get("after", 0), body.get("times")
    if kind is None and (area is None or area in AREAS):
        return area, None
    if kind not in KINDS or area not in AREAS:
        return f"fault is one of {sorted(KINDS)}, on is one of {sorted(AREAS)}"
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

    @pages.post("/transactions")
    def add_transaction() -> ResponseReturnValue:
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            return {"error": "a JSON object is needed"}, 400
        try:
            amount = Decimal(str(body.get("amount")))
            row = book.add(
                str(body.get("account", "")),
                amount,
                counterparty=str(body.get("counterparty", "")),
                text=str(body.get("text", "")),
                pending=body.get("pending") is True,
            )
        except (InvalidOperation, ValueError) as error:
            return {"error": str(error) or "amount is a decimal number"}, 400
        return {"key": row.key}, 201

    @pages.post("/book-pending")
    def book_pending() -> ResponseReturnValue:
        return {"booked": book.book_pending()}

    @pages.post("/advance")
    def advance() -> ResponseReturnValue:
        body = request.get_json(silent=True)
        days = body.get("days") if isinstance(body, dict) else None
        if not isinstance(days, int) or not 0 < days <= MOST_DAYS:
            return {"error": f"days is a number from 1 to {MOST_DAYS}"}, 400
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
