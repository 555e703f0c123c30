"""/accounts/v2: accounts, balances, overdraft limits and transactions of an authorised consent (Accounts API 2.4)."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from sandbox.book import Entry
from sandbox.br.bank import ACCOUNTS, Bank
from sandbox.br.errors import ApiError, meta
from sandbox.br.guard import authorised
from sandbox.br.wire import account_id, account_json, balances_json, is_between, limits_json, transaction_json
from sandbox.oauth.vault import Grant
from sandbox.people import BY_KEY, Account, AccountKind

CURRENT_DAYS = 7
LEAST_PER_PAGE = 25
PAGE_SECRET = secrets.token_bytes(32)


def pages(bank: Bank) -> Blueprint:
    blueprint = Blueprint("resources", __name__, url_prefix=ACCOUNTS)

    @blueprint.get("")
    def accounts() -> ResponseReturnValue:
        grant = authorised(bank, "ACCOUNTS_READ")
        return envelope(bank, [account_json(one) for one in granted(grant) if one.kind is not AccountKind.CARD])

    @blueprint.get("/<id_>/balances")
    def balances(id_: str) -> ResponseReturnValue:
        account = _account(authorised(bank, "ACCOUNTS_BALANCES_READ"), id_)
        return envelope(bank, balances_json(account, bank.book.balances(account), bank.clock.now()))

    @blueprint.get("/<id_>/overdraft-limits")
    def overdraft_limits(id_: str) -> ResponseReturnValue:
        return envelope(bank, limits_json(_account(authorised(bank, "ACCOUNTS_OVERDRAFT_LIMITS_READ"), id_)))

    @blueprint.get("/<id_>/transactions")
    def transactions(id_: str) -> ResponseReturnValue:
        account = _account(authorised(bank, "ACCOUNTS_TRANSACTIONS_READ"), id_)
        return _transactions(bank, account, f"/{id_}/transactions", "", bank.clock.today() - timedelta(days=365))

    @blueprint.get("/<id_>/transactions-current")
    def transactions_current(id_: str) -> ResponseReturnValue:
        account = _account(authorised(bank, "ACCOUNTS_TRANSACTIONS_READ"), id_)
        earliest = bank.clock.today() - timedelta(days=CURRENT_DAYS - 1)
        return _transactions(bank, account, f"/{id_}/transactions-current", "MaxLimited", earliest)

    return blueprint


def set_next(body: dict[str, Any], href: str) -> None:
    """For a test's fault: make the answer's next page ``href``."""
    body.setdefault("links", {})["next"] = href


def envelope(bank: Bank, data: Any, links: dict[str, str] | None = None) -> dict[str, Any]:
    return {"data": data, "links": {"self": f"{bank.url}{request.path}", **(links or {})}, "meta": meta()}


def granted(grant: Grant) -> list[Account]:
    return [BY_KEY[key] for key in grant.resources.values()]


def _account(grant: Grant, id_: str) -> Account:
    for account in granted(grant):
        if account.kind is not AccountKind.CARD and account_id(account) == id_:
            return account
    raise ApiError(404, "NAO_ENCONTRADO", "There is no such account under this consent.")


def _transactions(bank: Bank, account: Account, path: str, suffix: str, earliest: date) -> dict[str, Any]:
    first, last = day_asked(f"fromBookingDate{suffix}"), day_asked(f"toBookingDate{suffix}")
    first = max(first or earliest, earliest)
    window = [entry for entry in bank.book.entries(account) if is_between(entry, first, last)]
    return paged(bank, ACCOUNTS + path, window, lambda entry: transaction_json(account, entry))


def paged(bank: Bank, path: str, window: list[Entry], shown: Callable[[Entry], dict[str, Any]]) -> dict[str, Any]:
    size = min(_number("page-size", LEAST_PER_PAGE), bank.page_size)
    start = _start(path, window)
    links = {}
    if start + size < len(window):
        key = f"{start + size}.{_proof(path, start + size)}"
        query = {name: value for name, value in request.args.items() if name != "pagination-key"}
        links["next"] = f"{bank.url}{path}?{urlencode({**query, 'pagination-key': key})}"
    return envelope(bank, [shown(entry) for entry in window[start : start + size]], links)


def _start(path: str, window: list[Entry]) -> int:
    """Where the page of the pagination-key begins; nobody but this bank can make one."""
    start, _, proof = request.args.get("pagination-key", "0.").partition(".")
    if start == "0" and not proof:
        return 0
    if not (start.isascii() and start.isdigit()) or not hmac.compare_digest(proof, _proof(path, int(start))):
        raise ApiError(422, "PARAMETRO_INVALIDO", "pagination-key")
    return min(int(start), len(window))


def _proof(path: str, start: int) -> str:
    return hmac.new(PAGE_SECRET, f"{path}|{start}".encode(), hashlib.sha256).hexdigest()[:32]


def _number(name: str, otherwise: int) -> int:
    given = request.args.get(name, str(otherwise))
    if not (given.isascii() and given.isdigit() and 0 < int(given) <= 1000):
        raise ApiError(422, "PARAMETRO_INVALIDO", name)
    return int(given)


def day_asked(name: str) -> date | None:
    given = request.args.get(name)
    try:
        return date.fromisoformat(given) if given else None
    except ValueError:
        raise ApiError(422, "PARAMETRO_INVALIDO", name) from None
