"""/v1/accounts: accounts, balances and transactions under a valid bank consent (NextGenPSD2 1.3, 6.5, 6.6)."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from sandbox.berlin.bank import Bank
from sandbox.berlin.camt import report
from sandbox.berlin.errors import ApiError
from sandbox.berlin.guard import count_call, granted_account, valid_consent
from sandbox.berlin.reports import CAMT, accepts_camt, prepared
from sandbox.berlin.vault import BankConsent, Granted
from sandbox.berlin.wire import account_json, balances_json, reference, standing_order_json, transaction_json
from sandbox.book import Entry
from sandbox.people import Account
from sandbox.rows import Kind

STATUSES = {"booked": {"booked"}, "pending": {"pending"}, "both": {"booked", "pending"}, "all": {"booked", "pending"}}
MONTHS_KEPT_DAYS = 62
PAGE_SECRET = secrets.token_bytes(32)


@dataclass(frozen=True, slots=True)
class _Query:
    """What of the transactions is asked for. ``start`` is the page's first booked row."""

    status: str
    first: date
    last: date | None
    start: int

    def at(self, start: int) -> dict[str, str]:
        asked = {"bookingStatus": self.status, "dateFrom": self.first.isoformat()}
        return {**asked, **({"dateTo": self.last.isoformat()} if self.last else {}), "start": str(start)}


def pages(bank: Bank) -> Blueprint:
    blueprint = Blueprint("resources", __name__, url_prefix="/v1/accounts")

    @blueprint.get("")
    def accounts() -> ResponseReturnValue:
        consent = valid_consent(bank)
        count_call(bank, consent, "accounts")
        return {"accounts": [_account(bank, consent, granted) for granted in consent.granted.values()]}

    @blueprint.get("/<resource_id>")
    def account(resource_id: str) -> ResponseReturnValue:
        consent = valid_consent(bank)
        granted = granted_account(consent, resource_id, "accounts")
        count_call(bank, consent, "account", resource_id)
        return {"account": _account(bank, consent, granted)}

    @blueprint.get("/<resource_id>/balances")
    def balances(resource_id: str) -> ResponseReturnValue:
        consent = valid_consent(bank)
        account = granted_account(consent, resource_id, "balances").account
        count_call(bank, consent, "balances", resource_id)
        shown = balances_json(account, bank.book.balances(account), bank.clock.today())
        return {"account": reference(account), "balances": shown}

    @blueprint.get("/<resource_id>/transactions")
    def transactions(resource_id: str) -> ResponseReturnValue:
        consent = valid_consent(bank, CAMT)
        granted = granted_account(consent, resource_id, "transactions")
        if request.args.get("bookingStatus") == "information":
            count_call(bank, consent, "transactions", resource_id)
            return _standing_orders(bank, granted.account)
        query = _query(bank, consent, resource_id)
        if query.start == 0:  # the further pages belong to the same reading
            count_call(bank, consent, "transactions", resource_id)
        if bank.ways.downloads:
            return prepared(bank, consent, granted, _asked(bank, granted, query))
        if accepts_camt():
            return Response(report(granted.account, _asked(bank, granted, query), bank.clock.today()), mimetype=CAMT)
        return _transactions(bank, consent, granted, query)

    return blueprint


def set_next(body: dict[str, Any], href: str) -> None:
    """For a test's fault: make the answer's next page ``href``."""
    report = body.get("transactions", body)
    report.setdefault("_links", {})["next"] = {"href": href}


def _account(bank: Bank, consent: BankConsent, granted: Granted) -> dict[str, Any]:
    with_balance = request.args.get("withBalance") == "true" and "balances" in granted.rights
    return account_json(
        granted,
        bank.url,
        owner_name=consent.wanted.owner_name,
        today=bank.clock.today(),
        balances=bank.book.balances(granted.account) if with_balance else None,
    )


def _query(bank: Bank, consent: BankConsent, resource_id: str) -> _Query:
    for name in ("entryReferenceFrom", "deltaList"):
        if name in request.args:
            raise ApiError("PARAMETER_NOT_SUPPORTED", f"{name} is not supported.", name)
    status = request.args.get("bookingStatus", "")
    if status not in STATUSES:
        raise ApiError("FORMAT_ERROR", f"bookingStatus is one of {', '.join(STATUSES)}.", "bookingStatus")
    if "dateFrom" not in request.args:
        raise ApiError("FORMAT_ERROR", "dateFrom is needed.", "dateFrom")
    first = _day("dateFrom")
    last = _day("dateTo") if "dateTo" in request.args else None
    if first > bank.clock.today() or (last and last < first):
        raise ApiError("PERIOD_INVALID", "The period is empty or in the future.", "dateFrom")
    query = _Query(status, first, last, 0)
    if "pageId" not in request.args:
        return query
    start, _, proof = request.args["pageId"].partition(".")
    expected = _proof(consent, resource_id, {**query.at(0), "start": start})
    if not hmac.compare_digest(proof.encode(), expected.encode()):
        raise ApiError("FORMAT_ERROR", "There is no such page.", "pageId")
    return _Query(status, first, last, int(start))


def _day(name: str) -> date:
    try:
        return date.fromisoformat(request.args[name])
    except ValueError:
        raise ApiError("FORMAT_ERROR", f"{name} is a date.", name) from None


def _proof(consent: BankConsent, resource_id: str, asked: dict[str, str]) -> str:
    """Pages are not counted, so nobody but this bank may make their ids."""
    text = "|".join((consent.consent_id, resource_id, *asked.values()))
    return hmac.new(PAGE_SECRET, text.encode(), hashlib.sha256).hexdigest()[:32]


def _window(bank: Bank, account: Account, query: _Query) -> list[Entry]:
    return [
        entry
        for entry in bank.book.entries(account)
        if query.first <= entry.day and (query.last is None or entry.day <= query.last)
    ]


def _asked(bank: Bank, granted: Granted, query: _Query) -> list[Entry]:
    """All at once: a report other than JSON has no pages."""
    wanted = STATUSES[query.status]
    window = _window(bank, granted.account, query)
    return [one for one in window if ("booked" if one.booked_on else "pending") in wanted]


def _standing_orders(bank: Bank, account: Account) -> dict[str, Any]:
    """Those whose last payment is not two months old: they go on."""
    rows = [one for one in bank.book.entries(account) if one.row.kind is Kind.STANDING_ORDER]
    latest = {(one.row.counterparty, one.text): one for one in reversed(rows)}
    first = {(one.row.counterparty, one.text): one for one in rows}
    going_on = [key for key, one in latest.items() if (bank.clock.today() - one.day).days < MONTHS_KEPT_DAYS]
    shown = [standing_order_json(account, first[key], latest[key]) for key in going_on]
    return {"account": reference(account), "transactions": {"information": shown}}


def _transactions(bank: Bank, consent: BankConsent, granted: Granted, query: _Query) -> dict[str, Any]:
    account = granted.account
    window = _window(bank, account, query)
    own = f"/v1/accounts/{granted.resource_id}"
    report: dict[str, Any] = {"_links": {"account": bank.link(own)}}
    if "booked" in STATUSES[query.status]:
        booked = [entry for entry in window if entry.booked_on]
        end = query.start + bank.page_size
        report["booked"] = [transaction_json(account, entry) for entry in booked[query.start : end]]
        if end < len(booked):
            asked = query.at(end)
            page_id = f"{asked.pop('start')}.{_proof(consent, granted.resource_id, query.at(end))}"
            report["_links"]["next"] = bank.link(f"{own}/transactions?{urlencode({**asked, 'pageId': page_id})}")
    if "pending" in STATUSES[query.status]:
        # All of them come with the first page.
        pending = [entry for entry in window if not entry.booked_on and query.start == 0]
        report["pending"] = [transaction_json(account, entry) for entry in pending]
    body: dict[str, Any] = {"account": reference(account), "transactions": report}
    if request.args.get("withBalance") == "true" and "balances" in granted.rights:
        body["balances"] = balances_json(account, bank.book.balances(account), bank.clock.today())
    return body
