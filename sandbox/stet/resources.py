"""What a grant lets its token read, and what the TPP forwards of the person's consent (STET PSD2 1.5, 4.5)."""

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.book import Entry
from sandbox.oauth.vault import Grant
from sandbox.people import BY_KEY, PEOPLE, Account, AccountKind
from sandbox.stet.bank import API_PATH, MOST_CALLS_PER_DAY, Bank
from sandbox.stet.errors import ApiError
from sandbox.stet.signature import NotSigned, check_signature
from sandbox.stet.wire import account_json, balances_json, covers, identification, identity_json, link, transaction_json

RIGHTS = ("balances", "transactions", "owners")


def pages(bank: Bank) -> Blueprint:
    blueprint = Blueprint("resources", __name__, url_prefix=API_PATH)

    @blueprint.get("/accounts")
    def accounts() -> ResponseReturnValue:
        grant = _grant(bank, "aisp", "accounts")
        shown = [
            account_json(BY_KEY[key], id_, _linked(grant, BY_KEY[key]), _rights(grant, BY_KEY[key]))
            for id_, key in grant.resources.items()
        ]
        return _hal({"accounts": shown, "_links": {"self": link("/accounts"), "consents": link("/consents")}})

    @blueprint.put("/consents")
    def consents() -> ResponseReturnValue:
        grant = _grant(bank, "aisp")
        body = request.get_json(silent=True)
        if not isinstance(body, dict) or not all(isinstance(body.get(name, []), list) for name in RIGHTS):
            raise ApiError(400, "balances, transactions et owners sont des listes")
        for flag in ("trustedBeneficiaries", "psuIdentity"):
            if not isinstance(body.get(flag), bool):
                raise ApiError(400, f"{flag} est obligatoire")
        grant.kept = {**{name: body.get(name, []) for name in RIGHTS}, "trusted": body["trustedBeneficiaries"]}
        return "", 201

    @blueprint.get("/accounts/<id_>/balances")
    def balances(id_: str) -> ResponseReturnValue:
        account = _account(bank, id_, "balances")
        today = bank.clock.today().strftime("%d/%m/%Y")
        own = f"/accounts/{id_}"
        links = {"self": link(f"{own}/balances"), "parent-list": link("/accounts")}
        return _hal({"balances": balances_json(account, bank.book.balances(account), today), "_links": links})

    @blueprint.get("/accounts/<id_>/transactions")
    def transactions(id_: str) -> ResponseReturnValue:
        return _hal(_transactions(bank, id_, _account(bank, id_, "transactions")))

    @blueprint.get("/accounts/<id_>/owners")
    def owners(id_: str) -> ResponseReturnValue:
        account = _account(bank, id_, "owners")
        links = {"self": link(f"/accounts/{id_}/owners"), "parent-list": link("/accounts")}
        return _hal({"identities": [identity_json(name) for name in account.owners], "_links": links})

    @blueprint.get("/trusted-beneficiaries")
    def trusted_beneficiaries() -> ResponseReturnValue:
        grant = _grant(bank, "aisp", "trusted-beneficiaries")
        if not grant.kept.get("trusted"):
            raise ApiError(403, "Le PSU n'a pas donné cet accès")
        others = [name for name in PEOPLE if name != grant.username]
        shown = [
            {
                "id": f"B{at}",
                "isTrusted": True,
                "creditor": {"name": PEOPLE[name].full_name},
                "creditorAccount": {"iban": BY_KEY[f"melusine.{name}.courant"].iban},
            }
            for at, name in enumerate(others, 1)
        ]
        return _hal({"beneficiaries": shown, "_links": {"self": link("/trusted-beneficiaries")}})

    @blueprint.post("/funds-confirmations")
    def funds_confirmations() -> ResponseReturnValue:
        grant = _grant(bank, "cbpii")
        asked = request.get_json(silent=True)
        account, amount = _coverage(grant, asked)
        result = covers(bank.book.balances(account), account, amount)
        return _hal({"request": asked, "result": result, "_links": {"self": link("/funds-confirmations")}})

    return blueprint


def set_next(body: dict[str, Any], href: str) -> None:
    """For a test's fault: make the answer's next page ``href``."""
    body.setdefault("_links", {})["next"] = {"href": href}


def psu_present() -> bool:
    return bool(request.headers.get("PSU-IP-Address"))


def _hal(body: dict[str, Any]) -> ResponseReturnValue:
    answer = jsonify(body)
    answer.mimetype = "application/hal+json"
    return answer


def _grant(bank: Bank, scope: str, counted: str = "", resource_id: str = "") -> Grant:
    """The standing grant behind the token of a signed call; calls without the person are counted where they are."""
    if not request.headers.get("X-Request-ID"):
        raise ApiError(400, "X-Request-ID est obligatoire")
    try:
        check_signature(bank.tpp)
    except NotSigned as error:
        raise ApiError(400, str(error)) from None
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    token = bank.vault.token(secret.strip(), "access") if scheme.lower() == "bearer" else None
    grant = bank.vault.grant_of(token.grant_id, token.client_id) if token else None
    if grant is None or not grant.stands(bank.clock.now()):
        raise ApiError(401, "Unauthorized")
    if scope not in grant.scope:
        raise ApiError(403, "Forbidden")
    is_counted = counted and not psu_present() and "page" not in request.args  # further pages are free
    if is_counted and not bank.vault.count_unattended(grant, counted, resource_id, MOST_CALLS_PER_DAY):
        raise ApiError(429, "Limite des appels par jour dépassée (Erreur H6B-QA03AAH5)")
    return grant


def _account(bank: Bank, id_: str, right: str) -> Account:
    grant = _grant(bank, "aisp", right, id_)
    if id_ not in grant.resources:
        raise ApiError(404, "Not Found")
    account = BY_KEY[grant.resources[id_]]
    if right not in _rights(grant, account):
        raise ApiError(403, "Le PSU n'a pas donné cet accès")
    return account


def _rights(grant: Grant, account: Account) -> frozenset[str]:
    """What the forwarded consent names for this account."""
    own = identification(account)
    named = {
        right
        for right in RIGHTS
        for reference in grant.kept.get(right, [])
        if isinstance(reference, dict) and (reference.get("iban"), _other(reference)) == (own.get("iban"), _other(own))
    }
    return frozenset(named)


def _other(reference: dict[str, Any]) -> object:
    other = reference.get("other")
    return other.get("identification") if isinstance(other, dict) else None


def _linked(grant: Grant, account: Account) -> str | None:
    """A deferred-debit card hangs on the first cash account of its holder that the person shared."""
    if account.kind is not AccountKind.CARD:
        return None
    cash = (id_ for id_, key in grant.resources.items() if BY_KEY[key].kind is AccountKind.CURRENT)
    return next(cash, None)


def _coverage(grant: Grant, asked: object) -> tuple[Account, Decimal]:
    try:
        assert isinstance(asked, dict)  # noqa: S101  # one shape of wrongness among others
        iban = asked["accountId"]["iban"]
        amount = Decimal(str(asked["instructedAmount"]["amount"]))
        reference = asked["paymentCoverageRequestId"]
    except (AssertionError, KeyError, TypeError, InvalidOperation):
        raise ApiError(400, "La demande est incomplète") from None
    if not isinstance(reference, str) or not 0 < len(reference) <= 35:
        raise ApiError(400, "paymentCoverageRequestId")
    for key in grant.resources.values():
        if BY_KEY[key].iban == iban and BY_KEY[key].kind is not AccountKind.CARD:
            return BY_KEY[key], amount
    raise ApiError(404, "Not Found")


def _transactions(bank: Bank, id_: str, account: Account) -> dict[str, Any]:
    first, end = _day("dateFrom"), _day("dateTo")
    window = [
        entry for entry in bank.book.entries(account) if (not first or entry.day >= first) and _is_before(entry, end)
    ]
    page = request.args.get("page", "1")
    if not (page.isascii() and page.isdigit() and 0 < int(page) < 10_000):
        raise ApiError(400, "page")
    start = (int(page) - 1) * bank.page_size
    own = f"/accounts/{id_}/transactions"
    links = {"self": _page_link(own, int(page)), "balances": link(f"/accounts/{id_}/balances")}
    if start + bank.page_size < len(window):
        links["next"] = _page_link(own, int(page) + 1)
    rows = [transaction_json(account, entry) for entry in window[start : start + bank.page_size]]
    return {"transactions": rows, "_links": links}


def _is_before(entry: Entry, end: date | None) -> bool:
    """dateTo is exclusive (1.5, GET transactions)."""
    return end is None or entry.day < end


def _page_link(path: str, page: int) -> dict[str, Any]:
    kept = {name: value for name, value in request.args.items() if name in ("dateFrom", "dateTo", "dateType")}
    return link(f"{path}?{urlencode({**kept, 'page': str(page)})}")


def _day(name: str) -> date | None:
    given = request.args.get(name)
    if not given:
        return None
    try:
        return datetime.fromisoformat(given.replace("Z", "+00:00")).astimezone(UTC).date()
    except ValueError:
        raise ApiError(400, name) from None
