"""/cds-au/v1/banking: accounts, balances and transactions of an arrangement, in the version that was asked for."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue

from sandbox.au.bank import API_PATH, Bank
from sandbox.au.errors import ApiError
from sandbox.au.wire import account_id, account_json, balance_json, moment, transaction_json
from sandbox.book import Entry
from sandbox.oauth.vault import Grant
from sandbox.people import BY_KEY, Account

BANKING = f"{API_PATH}/banking/accounts"
BASIC, TRANSACTIONS = "bank:accounts.basic:read", "bank:transactions:read"
# endpoint -> versions served
SERVED = {"accounts": (2, 3), "balance": (1,), "transactions": (1, 2)}
MOST_PER_PAGE = 1000


def pages(bank: Bank) -> Blueprint:
    blueprint = Blueprint("resources", __name__)

    @blueprint.get(BANKING)
    def accounts() -> ResponseReturnValue:
        shown = [account_json(one) for one in _granted(_grant(bank, BASIC, "accounts"))]
        return _page(bank, BANKING, "accounts", shown, lambda one: one)

    @blueprint.get(f"{BANKING}/<id_>/balance")
    def balance(id_: str) -> ResponseReturnValue:
        account = _account(_grant(bank, BASIC, "balance"), id_)
        body = balance_json(account, bank.book.balances(account))
        return {"data": body, "links": {"self": f"{bank.url}{BANKING}/{id_}/balance"}, "meta": {}}

    @blueprint.get(f"{BANKING}/<id_>/transactions")
    def transactions(id_: str) -> ResponseReturnValue:
        account = _account(_grant(bank, TRANSACTIONS, "transactions"), id_)
        oldest, newest = _moment("oldest-time"), _moment("newest-time")

        def is_asked(entry: Entry) -> bool:
            at = datetime.fromisoformat(moment(entry.day).replace("Z", "+00:00"))
            return (oldest is None or at >= oldest) and (newest is None or at <= newest)

        window = [entry for entry in bank.book.entries(account) if is_asked(entry)]
        own = f"{BANKING}/{id_}/transactions"
        return _page(bank, own, "transactions", window, lambda entry: transaction_json(account, entry))

    @blueprint.after_request
    def name_version(answer: Response) -> Response:
        if "version" in g:
            answer.headers["x-v"] = str(g.version)
        return answer

    return blueprint


def set_next(body: dict[str, Any], href: str) -> None:
    """For a test's fault: make the answer's next page ``href``."""
    body.setdefault("links", {})["next"] = href


def psu_present() -> bool:
    return bool(request.headers.get("x-fapi-customer-ip-address"))


def _grant(bank: Bank, scope: str, endpoint: str) -> Grant:
    _negotiate(endpoint)
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    token = bank.vault.token(secret.strip(), "access") if scheme.lower() == "bearer" else None
    grant = bank.vault.grant_of(token.grant_id, token.client_id) if token else None
    if grant is None:
        raise ApiError(401, "Authorisation/InvalidToken", "The token is unknown or too old.")
    if not grant.stands(bank.clock.now()):
        raise ApiError(403, "Authorisation/RevokedConsent", "The arrangement has ended.")
    if scope not in grant.scope:
        raise ApiError(403, "Authorisation/InvalidConsent", "The arrangement does not cover this.")
    if not request.headers.get("x-fapi-auth-date"):
        raise ApiError(400, "Header/Missing", "x-fapi-auth-date")
    return grant


def _negotiate(endpoint: str) -> None:
    """HTTP headers, versioning: the newest that is served between x-min-v and x-v; 406 where there is none."""
    newest = request.headers.get("x-v", "")
    oldest = request.headers.get("x-min-v", newest)
    if not all(one.isascii() and one.isdigit() and int(one) > 0 for one in (newest, oldest)):
        raise ApiError(400, "Header/InvalidVersion", "x-v is a positive number.")
    fitting = [one for one in SERVED[endpoint] if min(int(oldest), int(newest)) <= one <= int(newest)]
    if not fitting:
        raise ApiError(406, "Header/UnsupportedVersion", f"Served are {SERVED[endpoint]}.")
    g.version = max(fitting)


def _granted(grant: Grant) -> list[Account]:
    return [BY_KEY[key] for key in grant.resources.values()]


def _account(grant: Grant, id_: str) -> Account:
    for account in _granted(grant):
        if account_id(account) == id_:
            return account
    raise ApiError(404, "Authorisation/InvalidBankingAccount", id_)


def _page(bank: Bank, path: str, kind: str, rows: list[Any], shown: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    page, size = _number("page", 1), min(_number("page-size", 25), bank.page_size, MOST_PER_PAGE)
    pages = max(1, -(-len(rows) // size))
    if page > pages:
        raise ApiError(422, "Field/InvalidPage", f"There are {pages} pages.")

    def link(number: int) -> str:
        return f"{bank.url}{path}?{urlencode({**request.args.to_dict(), 'page': str(number)})}"

    links = {"self": link(page), "first": link(1), "last": link(pages)}
    links |= {"next": link(page + 1)} if page < pages else {}
    links |= {"prev": link(page - 1)} if page > 1 else {}
    data = [shown(one) for one in rows[(page - 1) * size : page * size]]
    return {"data": {kind: data}, "links": links, "meta": {"totalRecords": len(rows), "totalPages": pages}}


def _number(name: str, otherwise: int) -> int:
    given = request.args.get(name)
    if given is None:
        return otherwise
    if not (given.isascii() and given.isdigit() and 0 < int(given) < 1_000_000):
        raise ApiError(400, "Field/Invalid", name)
    return int(given)


def _moment(name: str) -> datetime | None:
    given = request.args.get(name)
    try:
        found = datetime.fromisoformat(given.replace("Z", "+00:00")) if given else None
    except ValueError:
        raise ApiError(400, "Field/InvalidDateTime", name) from None
    if found is not None and found.tzinfo is None:
        raise ApiError(400, "Field/InvalidDateTime", name)
    return found
