"""The routes under /v1: thin. Who may call is declared, what is read is decided by the consent, rows go to bytes."""

from decimal import Decimal
from typing import Any

import orjson
from flask import Blueprint, Response, current_app
from sqlalchemy import Connection

from consent.granted import granted
from consent.model import Actor, Consent, Permission
from hub import directory
from hub.access import any_token, needs_login, permits, public
from hub.api import asyncapi, insights, institution_schemas, openapi, schemas
from hub.api.answer import json_of
from hub.api.institutions import shown
from hub.api.operation import operation
from hub.api.query import arguments, no_arguments
from hub.api.resources import login_for_numbers
from hub.connections import health
from hub.consents import service as consents
from hub.context import hub_of_request
from hub.directory import Wanted
from hub.errors import BadInput, NotFound
from hub.gate import allowed, token
from hub.insights import stored
from hub.insights.stored import Meaning
from hub.ledger import history
from hub.ledger.history import HistoryPage, HistoryQuery
from hub.oauth import userinfo

blueprint = Blueprint("api", __name__)


@blueprint.get("/openapi.json")
@public
def document() -> Response:
    no_arguments()
    return json_of(openapi.document(current_app, hub_of_request().settings))


@blueprint.get("/asyncapi.json")
@public
def events_document() -> Response:
    no_arguments()
    return json_of(asyncapi.document(hub_of_request().settings))


@blueprint.get("/v1/institutions")
@public
@operation(
    "Institutions",
    "The directory of banks",
    institution_schemas.InstitutionList,
    query=institution_schemas.InstitutionQuery,
    description="All banks that this hub knows. People can link those that are `enabled`; for the others `to_enable` "
    "says what the operator would need. `unverified` ones were written from notes and never tried at the live bank.",
)
def institutions() -> Response:
    wanted, hub = arguments(institution_schemas.InstitutionQuery), hub_of_request()
    limit, after = wanted.pop("limit"), wanted.pop("after", None)
    rows = directory.found(hub.institutions.values(), Wanted(words=wanted.pop("q", ""), **wanted))
    start = 0
    if after is not None:
        ids = [one.id for one in rows]
        if after not in ids:
            raise BadInput("Not the `next` of a page with these filters.", parameter="after")
        start = ids.index(after) + 1
    page = rows[start : start + limit]
    with hub.db.read() as session:
        states = health.health(session, now=hub.clock())
    more = start + limit < len(rows)
    return json_of({"data": [shown(one, states) for one in page], "next": page[-1].id if more else None})


@blueprint.get("/v1/institutions/<institution_id>")
@public
@operation("Institutions", "One bank", institution_schemas.Institution)
def institution(institution_id: str) -> Response:
    no_arguments()
    hub = hub_of_request()
    one = hub.institution(institution_id)
    with hub.db.read() as session:
        states = health.health(session, now=hub.clock())
    return json_of(shown(one, states))


@blueprint.get("/v1/accounts")
@permits(Permission.ACCOUNTS_READ)
@operation("Accounts", "Accounts that the person chose to share", schemas.AccountList)
def accounts() -> Response:
    no_arguments()
    held = allowed()
    return json_of({"data": hub_of_request().db.ask(lambda reading: history.accounts(reading, held))})


@blueprint.get("/v1/accounts/<account_id>")
@permits(Permission.ACCOUNTS_READ)
@operation("Accounts", "One account", schemas.Account)
def account(account_id: str) -> Response:
    no_arguments()
    held = allowed()
    return json_of(hub_of_request().db.ask(lambda reading: history.account(reading, held, account_id)))


@blueprint.get("/v1/parties")
@permits(Permission.PARTIES_READ)
@needs_login(login_for_numbers)
@operation("Accounts", "Holders and full numbers of the shared accounts", schemas.PartyList)
def parties() -> Response:
    no_arguments()
    held = allowed()
    return json_of({"data": hub_of_request().db.ask(lambda reading: history.accounts(reading, held))})


@blueprint.get("/v1/balances")
@permits(Permission.BALANCES_READ)
@operation("Balances", "Balances of all shared accounts", schemas.BalanceList)
def balances() -> Response:
    no_arguments()
    return _balances()


@blueprint.get("/v1/accounts/<account_id>/balances")
@permits(Permission.BALANCES_READ)
@operation("Balances", "Balances of one account", schemas.BalanceList)
def account_balances(account_id: str) -> Response:
    no_arguments()
    return _balances(account_id)


def _balances(account_id: str | None = None) -> Response:
    held, hub = allowed(), hub_of_request()

    def read(reading: Connection) -> dict[str, object]:
        chosen = history.chosen_balances(reading, held, hub.balance_rules, account_id)
        return {"data": history.balances(reading, held, account_id), "chosen": chosen}

    return json_of(hub.db.ask(read))


@blueprint.get("/v1/transactions")
@permits(Permission.TRANSACTIONS_READ)
@operation(
    "Transactions",
    "Transactions of all shared accounts, the newest first",
    schemas.TransactionList,
    query=schemas.TransactionQuery,
)
def transactions() -> Response:
    return _transactions(arguments(schemas.TransactionQuery))


@blueprint.get("/v1/accounts/<account_id>/transactions")
@permits(Permission.TRANSACTIONS_READ)
@operation(
    "Transactions",
    "Transactions of one account, the newest first",
    schemas.TransactionList,
    query=schemas.AccountTransactionQuery,
)
def account_transactions(account_id: str) -> Response:
    return _transactions(arguments(schemas.AccountTransactionQuery) | {"account_id": account_id})


@blueprint.get("/v1/transactions/sync")
@permits(Permission.TRANSACTIONS_READ)
@operation(
    "Transactions",
    "What changed since last time",
    schemas.TransactionChanges,
    query=schemas.SyncQuery,
    description="Call without `cursor` once, then always with the last `next_cursor`, until `has_more` is false. "
    "The pages of one update never shift while new transactions arrive. A pending transaction that was booked comes "
    "as `removed` and `added` in one update; `supersedes` joins the two.",
)
def sync() -> Response:
    wanted, hub, held = arguments(schemas.SyncQuery), hub_of_request(), allowed()
    page = hub.db.ask(lambda reading: history.changes(reading, hub.sealer, held, wanted.get("cursor"), wanted["count"]))
    return json_of(
        {
            "added": orjson.Fragment(page.added),
            "modified": orjson.Fragment(page.modified),
            "removed": orjson.Fragment(page.removed),
            "next_cursor": page.next_cursor,
            "has_more": page.has_more,
        }
    )


@blueprint.get("/v1/recurring")
@permits(Permission.TRANSACTIONS_READ)
@operation(
    "Insights",
    "Payments that come again: salary, rent, subscriptions",
    schemas.RecurringList,
    description="Found in the last 800 days of the shared history, each with its rhythm, its next date, changes of its "
    "price and the transactions it was found by.",
)
def recurring() -> Response:
    no_arguments()
    hub, held = hub_of_request(), allowed()
    found = hub.db.ask(lambda reading: stored.series(reading, held, today=hub.clock().date()))
    return json_of({"data": [insights.series(*one) for one in found]})


@blueprint.get("/v1/categories")
@public
@operation("Insights", "The categories that transactions can have", schemas.CategoryList)
def categories() -> Response:
    no_arguments()
    return json_of({"data": insights.categories()})


@blueprint.get("/v1/transactions/<transaction_id>")
@permits(Permission.TRANSACTIONS_READ)
@operation("Transactions", "One transaction", schemas.Transaction)
def transaction(transaction_id: str) -> Response:
    no_arguments()
    held = allowed()
    return json_of(hub_of_request().db.ask(lambda reading: history.transaction(reading, held, transaction_id)))


@blueprint.get("/v1/consents")
@any_token
@operation("Consents", "The consent behind this token", schemas.ConsentList)
def own_consents() -> Response:
    no_arguments()
    held = token().consent
    return json_of({"data": [] if held is None else [_consent(held)]})


@blueprint.get("/v1/consents/<consent_id>")
@any_token
@operation("Consents", "One consent, if it is the one behind this token", schemas.Consent)
def own_consent(consent_id: str) -> Response:
    no_arguments()
    return json_of(_consent(_own(consent_id)))


@blueprint.delete("/v1/consents/<consent_id>")
@any_token
@operation("Consents", "Give the consent back: every token of it stops at once", None)
def give_back(consent_id: str) -> Response:
    no_arguments()
    held, hub = _own(consent_id), hub_of_request()
    with hub.db.write() as session:
        consents.revoke(session, held.id, actor=Actor.CLIENT, client_id=token().client_id, now=hub.clock())
    return Response(status=204)


@blueprint.get("/v1/userinfo")
@any_token
@operation("Person", "Who the person is, as far as they share it", schemas.UserInfo)
def person() -> Response:
    no_arguments()
    hub = hub_of_request()
    return json_of(userinfo.claims(hub, token(), hub.clock()))


def _transactions(wanted: dict[str, Any]) -> Response:
    query = HistoryQuery(
        account_id=wanted.get("account_id"),
        date_from=wanted.get("date_from"),
        date_to=wanted.get("date_to"),
        min_amount=_decimal(wanted.get("min_amount")),
        max_amount=_decimal(wanted.get("max_amount")),
        direction=wanted.get("direction"),
        status=wanted.get("status"),
        text=wanted.get("q"),
        limit=wanted["limit"],
        after=wanted.get("after"),
    )
    held = allowed()

    def read(reading: Connection) -> HistoryPage:
        category = Meaning(reading, held).of_row if wanted.get("include") else None
        return history.transactions(reading, held, query, category=category)

    page = hub_of_request().db.ask(read)
    body = b'{"data":' + page.body + b',"next":' + orjson.dumps(page.next_cursor) + b"}"
    return Response(body, content_type="application/json")


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _own(consent_id: str) -> Consent:
    held = token().consent
    if held is None or held.id != consent_id:
        raise NotFound("There is no such consent behind this token.")
    return held


def _consent(held: Consent) -> dict[str, Any]:
    return {
        "id": held.id,
        "status": held.status.value,
        "requested": sorted(held.requested),
        "personal": sorted(held.personal),
        "accounts": [
            {"account_id": account_id, "permissions": sorted(given)}
            for account_id, given in sorted(held.accounts.items())
        ],
        "purpose": held.purpose,
        "history_from": held.history_from,
        "valid_until": held.valid_until,
        "created_at": held.created_at,
        "status_changed_at": held.status_changed_at,
        "authorization_details": granted(held, token().scopes),
    }
