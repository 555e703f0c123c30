"""Accounts, balances, transactions, party: what an authorised bank consent lets its token read."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from sandbox.book import Entry
from sandbox.history import digits
from sandbox.people import BY_KEY, PEOPLE, Account
from sandbox.uk import arrangements, version4
from sandbox.uk.bank import Bank
from sandbox.uk.errors import ApiError
from sandbox.uk.guard import persons_consent
from sandbox.uk.vault import BankConsent
from sandbox.uk.wire import account_id, account_json, balances_json, booked_at, stamp, transaction_json

# Where each is found under an account, what its rows are called, and the codes that open it, the fullest first.
ARRANGEMENTS = {
    "standing-orders": ("StandingOrder", ("ReadStandingOrdersDetail", "ReadStandingOrdersBasic")),
    "direct-debits": ("DirectDebit", ("ReadDirectDebits",)),
    "scheduled-payments": ("ScheduledPayment", ("ReadScheduledPaymentsDetail", "ReadScheduledPaymentsBasic")),
    "beneficiaries": ("Beneficiary", ("ReadBeneficiariesDetail", "ReadBeneficiariesBasic")),
    "statements": ("Statement", ("ReadStatementsDetail", "ReadStatementsBasic")),
    "product": ("Product", ("ReadProducts",)),
    "offers": ("Offer", ("ReadOffers",)),
}


def pages(bank: Bank) -> Blueprint:
    blueprint = Blueprint("resources", __name__)
    listed = f"{bank.profile.aisp_path}/accounts"
    paths = ",".join(f"'{path}'" for path in ARRANGEMENTS)

    @blueprint.get(listed)
    def accounts() -> ResponseReturnValue:
        consent = persons_consent(bank, "ReadAccountsBasic", "ReadAccountsDetail")
        return _accounts(bank, consent, [BY_KEY[key] for key in consent.account_keys], "/accounts")

    @blueprint.get(f"{listed}/<id_>")
    def account(id_: str) -> ResponseReturnValue:
        consent = persons_consent(bank, "ReadAccountsBasic", "ReadAccountsDetail")
        return _accounts(bank, consent, [_granted(consent, id_)], f"/accounts/{id_}")

    @blueprint.get(f"{listed}/<id_>/balances")
    def balances(id_: str) -> ResponseReturnValue:
        account = _granted(persons_consent(bank, "ReadBalances"), id_)
        shown = balances_json(account, bank.book.balances(account), bank.clock.now())
        return _envelope(bank, f"/accounts/{id_}/balances", {"Balance": shown})

    @blueprint.get(f"{listed}/<id_>/transactions")
    def transactions(id_: str) -> ResponseReturnValue:
        consent = persons_consent(bank, "ReadTransactionsBasic", "ReadTransactionsDetail")
        return _transactions(bank, consent, _granted(consent, id_))

    @blueprint.get(f"{listed}/<id_>/party")
    def account_party(id_: str) -> ResponseReturnValue:
        consent = persons_consent(bank, "ReadParty")
        _granted(consent, id_)
        return _envelope(bank, f"/accounts/{id_}/party", {"Party": _party(consent)})

    @blueprint.get(f"{listed}/<id_>/parties")
    def account_parties(id_: str) -> ResponseReturnValue:
        consent = persons_consent(bank, "ReadParty")
        _granted(consent, id_)
        return _envelope(bank, f"/accounts/{id_}/parties", {"Party": [_party(consent)]})

    @blueprint.get(f"{listed}/<id_>/<any({paths}):path>")
    def arrangement(id_: str, path: str) -> ResponseReturnValue:
        name, codes = ARRANGEMENTS[path]
        consent = persons_consent(bank, *codes)
        rows = _arrangements(bank, _granted(consent, id_), name, codes[0] in consent.permissions)
        return _envelope(bank, f"/accounts/{id_}/{path}", {name: rows})

    @blueprint.get(f"{bank.profile.aisp_path}/party")
    def party() -> ResponseReturnValue:
        return _envelope(bank, "/party", {"Party": _party(persons_consent(bank, "ReadPartyPSU"))})

    return blueprint


def set_next(body: dict[str, Any], href: str) -> None:
    """For a test's fault: make the answer's next page ``href``."""
    body.setdefault("Links", {"Self": href})["Next"] = href


def _granted(consent: BankConsent, id_: str) -> Account:
    """400, not 404, and the same for an id that is not there as for one not covered by this consent (3.1.11)."""
    for key in consent.account_keys:
        if account_id(BY_KEY[key]) == id_:
            return BY_KEY[key]
    raise ApiError(400, "UK.OBIE.Resource.NotFound", "There is no such account under this consent.", "AccountId")


def _envelope(bank: Bank, path: str, data: dict[str, Any], **meta: Any) -> dict[str, Any]:
    if bank.profile.version == "4.0":
        data = {name: _spoken(name, value) for name, value in data.items()}
    return {"Data": data, "Links": {"Self": f"{bank.api_url}{path}"}, "Meta": {"TotalPages": 1, **meta}}


def _spoken(name: str, rows: Any) -> Any:
    say = version4.SPOKEN.get(name, version4.unchanged)
    return [say(row) for row in rows] if isinstance(rows, list) else say(rows)


def _arrangements(bank: Bank, account: Account, name: str, detail: bool) -> list[dict[str, Any]]:
    """``detail``: the consent holds the code that shows whom, and how much."""
    today = bank.clock.today()
    match name:
        case "StandingOrder":
            return arrangements.standing_orders(account, today, detail)
        case "DirectDebit":
            return arrangements.direct_debits(account, today)
        case "ScheduledPayment":
            return arrangements.scheduled_payments(account, today, detail)
        case "Beneficiary":
            return arrangements.beneficiaries(account, detail)
        case "Statement":
            return list(arrangements.statements(account, bank.book.entries(account), today, detail))
        case "Product":
            return arrangements.products(account)
        case _:
            return arrangements.offers(account)


def _accounts(bank: Bank, consent: BankConsent, accounts: list[Account], path: str) -> dict[str, Any]:
    permissions = frozenset(consent.permissions)
    return _envelope(bank, path, {"Account": [account_json(one, permissions, bank.profile.bic) for one in accounts]})


def _party(consent: BankConsent) -> dict[str, Any]:
    person = PEOPLE[consent.username]
    return {
        "PartyId": digits(f"party:{person.username}", 8),
        "PartyType": "Sole",
        "Name": person.full_name,
        "FullLegalName": person.full_name,
        "EmailAddress": f"{person.username}@people.example",
        "Phone": f"+44-29{digits(f'phone:{person.username}', 8)}",
        "Address": [
            {
                "StreetName": "Bridge Street",
                "BuildingNumber": str(len(person.full_name)),
                "PostCode": "CF10 1EP",
                "TownName": "Cardiff",
                "Country": "GB",
            }
        ],
    }


def _transactions(bank: Bank, consent: BankConsent, account: Account) -> dict[str, Any]:
    entries = [entry for entry in bank.book.entries(account) if _is_shown(consent, entry)]
    first, last = _filter("fromBookingDateTime"), _filter("toBookingDateTime")
    window = [entry for entry in entries if _is_between(entry, first, last)]
    start = _page_start(len(window))
    permissions = frozenset(consent.permissions)
    page = [transaction_json(account, entry, permissions) for entry in window[start : start + bank.page_size]]
    meta: dict[str, Any] = {"TotalPages": max(1, -(-len(window) // bank.page_size))}
    if entries:
        meta["FirstAvailableDateTime"] = stamp(booked_at(min(entry.day for entry in entries)))
        meta["LastAvailableDateTime"] = stamp(booked_at(max(entry.day for entry in entries)))
    path = f"/accounts/{account_id(account)}/transactions"
    body = _envelope(bank, path, {"Transaction": page}, **meta)
    body["Links"]["Self"] = _link(bank, path, start)
    if start + bank.page_size < len(window):
        body["Links"]["Next"] = _link(bank, path, start + bank.page_size)
    return body


def _is_shown(consent: BankConsent, entry: Entry) -> bool:
    side = "ReadTransactionsDebits" if entry.row.amount < 0 else "ReadTransactionsCredits"
    booked = booked_at(entry.day)
    return (
        side in consent.permissions
        and (consent.shows_from is None or consent.shows_from <= booked)
        and (consent.shows_to is None or booked <= consent.shows_to)
    )


def _is_between(entry: Entry, first: datetime | None, last: datetime | None) -> bool:
    booked = booked_at(entry.day)
    return (first is None or first <= booked) and (last is None or booked <= last)


def _filter(name: str) -> datetime | None:
    """fromBookingDateTime or toBookingDateTime; their time zone is ignored (3.1.11, Filtering)."""
    text = request.args.get(name)
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text.replace(" ", "+")).replace(tzinfo=UTC)
    except ValueError:
        raise ApiError(400, "UK.OBIE.Field.InvalidDate", "An ISO 8601 date-time is needed.", name) from None


def _page_start(count: int) -> int:
    """Where the page of the opaque ``page`` parameter starts."""
    if "page" not in request.args:
        return 0
    try:
        start = int(base64.urlsafe_b64decode(request.args["page"].encode()))
    except (ValueError, binascii.Error):
        start = -1
    if not 0 <= start <= count:
        raise ApiError(400, "UK.OBIE.Field.Invalid", "There is no such page.", "page")
    return start


def _link(bank: Bank, path: str, start: int) -> str:
    """The page from ``start``, with the filters of this request."""
    query = {name: request.args[name] for name in ("fromBookingDateTime", "toBookingDateTime") if name in request.args}
    if start:
        query["page"] = base64.urlsafe_b64encode(str(start).encode()).decode()
    return f"{bank.api_url}{path}?{urlencode(query)}" if query else f"{bank.api_url}{path}"
