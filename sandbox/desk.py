"""The control page: a developer sees what the bank holds, and does to it what tests do. Forms only, no script."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from sandbox.book import Book
from sandbox.clock import BankClock
from sandbox.faults import HEADER, KINDS, Fault, Faults, Manners
from sandbox.people import PEOPLE

MOST_DAYS = 366
LAST_CALLS = 15
POLICY = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class Desk:
    name: str
    faults: Faults
    book: Book
    clock: BankClock
    manners: Manners
    areas: tuple[str, ...]


def pages(desk: Desk) -> Blueprint:
    blueprint = Blueprint("desk", __name__, url_prefix="/_control", template_folder="templates", static_folder="static")

    @blueprint.get("")
    def page() -> ResponseReturnValue:
        return _page(desk)

    @blueprint.post("/page/fault")
    def fault() -> ResponseReturnValue:
        kind, area = request.form.get("fault", ""), request.form.get("on", "")
        times = request.form.get("times", "")
        if kind not in KINDS or area not in desk.areas or not (times == "" or (times.isdecimal() and len(times) < 7)):
            return _page(desk, "Choose a fault, what it strikes, and how many calls (empty: until it is cleared).")
        desk.faults.set(area, Fault(kind, 0, int(times) if times else None))
        return _done()

    @blueprint.post("/page/clear")
    def clear() -> ResponseReturnValue:
        desk.faults.clear()
        return _done()

    @blueprint.post("/page/advance")
    def advance() -> ResponseReturnValue:
        days = request.form.get("days", type=int)
        if days is None or not 0 < days <= MOST_DAYS:
            return _page(desk, f"The clock goes on by 1 to {MOST_DAYS} days at once, and never back.")
        desk.clock.advance(days)
        return _done()

    @blueprint.post("/page/transaction")
    def transaction() -> ResponseReturnValue:
        try:
            desk.book.add(
                request.form.get("account", ""),
                Decimal(request.form.get("amount", "")),
                counterparty=request.form.get("counterparty", ""),
                text=request.form.get("text", ""),
                pending="pending" in request.form,
            )
        except InvalidOperation:
            return _page(desk, "The amount is a number such as -12.50: money out is negative.")
        except ValueError as error:
            return _page(desk, f"{error}.")
        return _done()

    @blueprint.post("/page/book-pending")
    def book_pending() -> ResponseReturnValue:
        desk.book.book_pending()
        return _done()

    @blueprint.post("/page/revoke")
    def revoke() -> ResponseReturnValue:
        desk.manners.revoke_all()
        return _done()

    return blueprint


def _done() -> ResponseReturnValue:
    return redirect("/_control", 303)


def _page(desk: Desk, problem: str = "") -> ResponseReturnValue:
    accounts = []
    for account in desk.book.accounts:
        pending = sum(1 for entry in desk.book.entries(account) if entry.booked_on is None)
        accounts.append((account, desk.book.balances(account), pending))
    shown = render_template(
        "control.html",
        bank=desk.name,
        problem=problem,
        today=desk.clock.today(),
        people=PEOPLE.values(),
        here=desk.book.bank,
        accounts=accounts,
        consents=desk.manners.consents(),
        armed=desk.faults.armed(),
        kinds=KINDS,
        areas=desk.areas,
        header=HEADER,
        most_days=MOST_DAYS,
        calls=desk.faults.calls()[-LAST_CALLS:][::-1],
    )
    headers = {
        "Content-Security-Policy": POLICY,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",  # with no-referrer a browser says Origin: null, also to the page's own forms
    }
    return shown, 400 if problem else 200, headers
