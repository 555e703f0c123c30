"""Read a person's data. Every function takes an Allowed: what the gate of the consent let through, and no more.

Whatever the Allowed does not hold is NotFound, whether it exists or not. Clients and the person's own pages read by the
same functions; the person's Allowed simply holds everything (consent.decide.for_owner).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Row, or_, select

from consent.decide import Allowed
from consent.disclose import only
from consent.model import Permission
from hub.db import Reading, amount_text, scaled
from hub.errors import NotFound
from hub.ledger import render, tables
from hub.ledger.balances import BalanceRules, chosen
from hub.ledger.changes import ChangesPage, changes
from hub.ledger.cursors import Place
from hub.ledger.guard import must_cover, must_hold
from hub.ledger.owner import Provenance, Totals, daily_balances, provenance, totals
from hub.ledger.queries import HistoryQuery, statement
from providers.balances import Choice

__all__ = [
    "ChangesPage",
    "HistoryPage",
    "HistoryQuery",
    "Provenance",
    "Totals",
    "account",
    "accounts",
    "balances",
    "changes",
    "chosen_balances",
    "daily_balances",
    "provenance",
    "totals",
    "transaction",
    "transactions",
]

_T = tables.transaction.c
_ACCOUNT = tables.account
_BALANCE = tables.balance


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """``body`` is a JSON array of ``count`` transactions, the newest first. ``next_cursor`` None: that was the last."""

    body: bytes
    count: int
    next_cursor: str | None

    @property
    def items(self) -> list[dict[str, Any]]:
        """The same, decoded."""
        return orjson.loads(self.body)  # type: ignore[no-any-return]  # an array of objects, by render.transactions


def accounts(reading: Reading, allowed: Allowed) -> list[dict[str, Any]]:
    """Every account, each with the fields that it is shown with, in the order of their ids."""
    must_cover(allowed, Permission.ACCOUNTS_READ, Permission.PARTIES_READ)
    found = reading.execute(select(_ACCOUNT).where(_ACCOUNT.c.id.in_(allowed.account_ids)).order_by(_ACCOUNT.c.id))
    return [only(_account(row, allowed), allowed.fields[row.id]) for row in found]


def account(reading: Reading, allowed: Allowed, account_id: str) -> dict[str, Any]:
    """Raises NotFound for an account that is not in the consent."""
    must_cover(allowed, Permission.ACCOUNTS_READ, Permission.PARTIES_READ)
    must_hold(allowed, account_id)
    row = reading.execute(select(_ACCOUNT).where(_ACCOUNT.c.id == account_id)).first()
    if row is None:
        raise NotFound("No such account.")
    return only(_account(row, allowed), allowed.fields[account_id])


def _account(row: Row[Any], allowed: Allowed) -> dict[str, Any]:
    return {
        "id": row.id,
        "institution_id": row.institution_id,
        "connection_id": row.connection_id,
        "name": row.name,
        "type": row.type,
        "usage": row.usage,
        "product": row.product,
        "currency": row.currency,
        "status": row.status,
        "parent_id": row.parent_id if row.parent_id in allowed.account_ids else None,
        "identifiers_masked": [
            {"scheme": one["scheme"], "value": render.masked(one["value"])} for one in row.identifiers
        ],
        "identifiers": row.identifiers,
        "owner_name": row.owner_name,
        "bic": row.bic,
        "last_updated": render.moment(row.synced_at),
    }


def balances(reading: Reading, allowed: Allowed, account_id: str | None = None) -> list[dict[str, Any]]:
    """Every balance the banks gave, of one account or of all. Raises NotFound as ``account`` does."""
    must_cover(allowed, Permission.BALANCES_READ)
    wanted = allowed.account_ids if account_id is None else (must_hold(allowed, account_id),)
    found = reading.execute(
        select(_BALANCE)
        .where(_BALANCE.c.account_id.in_(wanted))
        .order_by(_BALANCE.c.account_id, _BALANCE.c.type, _BALANCE.c.source_label)
    )
    return [
        only(
            {
                "account_id": row.account_id,
                "type": row.type,
                "bank_type": row.source_label,
                "amount": amount_text(row.amount, row.scale),
                "currency": row.currency,
                "credit_line_included": row.credit_line_included,
                "credit_limit": row.credit_limit,
                "as_of": render.moment(row.as_of),
                "last_updated": render.moment(row.fetched_at),
            },
            allowed.fields[row.account_id],
        )
        for row in found
    ]


def chosen_balances(
    reading: Reading, allowed: Allowed, rules: BalanceRules, account_id: str | None = None
) -> list[dict[str, Any]]:
    """What each account's balances come to: current, available, credit left, credit limit, each with how it was chosen;
    null where the bank does not say it. Raises NotFound as ``account`` does."""
    must_cover(allowed, Permission.BALANCES_READ)
    wanted = allowed.account_ids if account_id is None else (must_hold(allowed, account_id),)
    found = sorted(chosen(reading, wanted, rules).items())
    return [
        only(
            {
                "account_id": id_,
                "current": _choice(one.current),
                "available": _choice(one.available),
                "credit_left": _choice(one.credit_left),
                "credit_limit": _choice(one.credit_limit),
            },
            allowed.fields[id_],
        )
        for id_, one in found
    ]


def _choice(one: Choice | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {"amount": amount_text(*scaled(one.money.number)), "currency": one.money.currency, "reason": one.reason}


def transactions(
    reading: Reading,
    allowed: Allowed,
    query: HistoryQuery,
    *,
    category: Callable[[render.Row], dict[str, str]] | None = None,
) -> HistoryPage:
    """One page of the history, the newest first, by one statement. Withdrawn and replaced rows are not in it, and
    rejected or merely announced ones only where ``status`` asks for them. ``category`` makes that field of each row.

    Raises NotFound for an account that is not in the consent, BadInput for a cursor that is not ours.
    """
    must_cover(allowed, Permission.TRANSACTIONS_READ)
    wanted = allowed.account_ids if query.account_id is None else (must_hold(allowed, query.account_id),)
    if not wanted:
        return HistoryPage(b"[]", 0, None)
    rows = render.fetch(reading.execute(*statement(query, wanted, allowed.since)))
    shown = rows[: query.limit]
    more = len(rows) > query.limit
    cursor = Place(render.day(shown[-1]), shown[-1][render.ID]).text() if more else None
    return HistoryPage(render.transactions(shown, allowed.fields, category), len(shown), cursor)


def transaction(reading: Reading, allowed: Allowed, transaction_id: str) -> dict[str, Any]:
    """One transaction. A replaced one is still found and says by what (``superseded_by``); a withdrawn one is not."""
    shown: dict[str, Any] = orjson.loads(render.transactions([row(reading, allowed, transaction_id)], allowed.fields))[
        0
    ]
    return shown


def row(reading: Reading, allowed: Allowed, transaction_id: str) -> render.Row:
    """The same as it is stored, columns as in ``render.COLUMNS``. Raises NotFound as ``transaction`` does."""
    must_cover(allowed, Permission.TRANSACTIONS_READ)
    found = render.fetch(
        reading.execute(
            select(*render.COLUMNS).where(
                _T.id == transaction_id, or_(_T.removed_at.is_(None), _T.superseded_by.is_not(None))
            )
        )
    )
    if not found or found[0][render.ACCOUNT] not in allowed.account_ids:
        raise NotFound("No such transaction.")
    if allowed.since is not None and render.day(found[0]) < allowed.since:
        raise NotFound("No such transaction.")
    return found[0]
