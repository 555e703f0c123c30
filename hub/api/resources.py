"""What hangs on accounts, under /v1: for each kind two routes, of all shared accounts and of one."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Response
from marshmallow import Schema
from sqlalchemy import Connection

from hub.access import Login, needs_login, permits
from hub.api import resource_schemas as schemas
from hub.api.answer import json_of
from hub.api.operation import operation
from hub.api.query import arguments
from hub.context import hub_of_request
from hub.gate import allowed
from hub.ledger.resources.read import PERMISSIONS, readings, resources
from hub.settings import Settings
from providers.port import Resource

blueprint = Blueprint("resources", __name__)


@dataclass(frozen=True, slots=True)
class _Kind:
    """``words`` fit behind "of all shared accounts"."""

    resource: Resource
    words: str
    answer: type[Schema]

    @property
    def name(self) -> str:
        """The bank's parties are holders here: a party is a side of a payment, and /v1/parties is older."""
        return "holders" if self.resource is Resource.PARTIES else self.resource.value


_KINDS = (
    _Kind(Resource.STANDING_ORDERS, "Standing orders", schemas.StandingOrderList),
    _Kind(Resource.DIRECT_DEBITS, "Direct debits", schemas.DirectDebitList),
    _Kind(Resource.SCHEDULED_PAYMENTS, "Payments set for a later day", schemas.ScheduledPaymentList),
    _Kind(Resource.BENEFICIARIES, "Saved payees", schemas.BeneficiaryList),
    _Kind(Resource.STATEMENTS, "Statements", schemas.StatementList),
    _Kind(Resource.PARTIES, "Holders with their contact details", schemas.HolderList),
    _Kind(Resource.PRODUCTS, "What the bank calls the kind of account", schemas.ProductList),
)
_DESCRIPTION = (
    "As the bank shows it, read about once a day. `readings` says for each account whether and when it was read: "
    "an empty list of an account that was not read does not mean that there are none."
)


def login_for_numbers(settings: Settings) -> Login:
    """Full account numbers, and where people live, are what a thief of a token would want most: an operator may ask
    for more there."""
    return Login(settings.parties_acr or None, settings.parties_max_age_s or None)


def _add(kind: _Kind) -> None:
    def of_all() -> Response:
        return _answer(kind.resource)

    def of_one(account_id: str) -> Response:
        return _answer(kind.resource, account_id)

    path = kind.name.replace("_", "-")
    for rule, endpoint, where, view in (
        (f"/v1/{path}", kind.name, "of all shared accounts", of_all),
        (f"/v1/accounts/<account_id>/{path}", f"account_{kind.name}", "of one account", of_one),
    ):
        blueprint.get(rule, endpoint=endpoint)(_declared(kind, f"{kind.words} {where}", view))


def _declared(kind: _Kind, summary: str, view: Callable[..., Response]) -> Callable[..., Response]:
    described = operation("Resources", summary, kind.answer, query=schemas.ResourceQuery, description=_DESCRIPTION)(
        view
    )
    if kind.resource is Resource.PARTIES:
        described = needs_login(login_for_numbers)(described)
    return permits(PERMISSIONS[kind.resource])(described)


def _answer(kind: Resource, account_id: str | None = None) -> Response:
    with_ended = "include" in arguments(schemas.ResourceQuery)
    hub, held = hub_of_request(), allowed()

    def read(reading: Connection) -> dict[str, object]:
        rows = resources(reading, hub.sealer, held, kind, account_id, with_ended=with_ended)
        return {"data": rows, "readings": readings(reading, held, kind, account_id)}

    return json_of(hub.db.ask(read))


for _kind in _KINDS:
    _add(_kind)
