"""From the ledger's rows to movements, and what is made of them. Every reading takes an Allowed.

Nothing is stored but what the person corrected: better rules count for the whole history at once.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import select

from consent.decide import Allowed
from consent.model import Permission
from hub.db import Reading, unscaled
from hub.insights.categorise import Categorised, Corrections, categorise
from hub.insights.movement import Movement, words
from hub.insights.recurring import Series, recurring
from hub.insights.taxonomy import CATEGORIES
from hub.ledger import render, tables
from hub.ledger.guard import must_cover
from hub.models.insight import CategoryCorrection
from providers.model import Status

LOOK_BACK = timedelta(days=800)
"""Far enough to see a yearly payment three times."""
MAX_ROWS = 20_000
"""Of the newest booked rows: no answer costs more than a second, whatever the history is."""

_T = tables.transaction.c
_COLUMN = {column.name: place for place, column in enumerate(render.COLUMNS)}
_AT = CategoryCorrection.__table__.c

Row = Sequence[Any]


class Meaning:
    """What one person's rows mean to them: made once for an answer, then asked for each row."""

    def __init__(self, reading: Reading, allowed: Allowed) -> None:
        # What somebody thinks of their payees is theirs alone; no consent speaks of it.
        self._corrections = _corrections(reading, allowed.psu_id) if allowed.client_id is None else {}
        self._own, holders = _own_accounts(reading, allowed)
        # Nor does one that shows transactions speak of what the holder is called.
        self._holders = holders if allowed.client_id is None else frozenset()

    def movement(self, row: Row) -> Movement:
        """``row`` is one of render.COLUMNS."""
        details = row[_COLUMN["details"]]
        told: Mapping[str, Any] = orjson.loads(details) if details else {}
        texts = row[_COLUMN["remittance"]]
        account, name = row[_COLUMN["counterparty_account"]], row[_COLUMN["counterparty_name"]] or ""
        return Movement(
            id=row[render.ID],
            account_id=row[render.ACCOUNT],
            day=render.day(row),
            amount=unscaled(row[_COLUMN["amount"]], row[_COLUMN["scale"]]),
            currency=row[_COLUMN["currency"]],
            payee=told.get("card", {}).get("merchant_name") or name,
            text=" ".join(one for one in orjson.loads(texts) if one) if texts != "[]" else "",
            bank_transaction_code=row[_COLUMN["bank_transaction_code"]] or "",
            merchant_category_code=row[_COLUMN["merchant_category_code"]] or "",
            purpose=told.get("purpose", ""),
            is_between_own=account is not None and account in self._own,
            is_to_own_name=bool(self._holders) and frozenset(words(name)) in self._holders,
        )

    def category(self, movement: Movement) -> Categorised:
        return categorise(movement, self._corrections)

    def of_row(self, row: Row) -> dict[str, str]:
        return shown(self.category(self.movement(row)))


def shown(found: Categorised) -> dict[str, str]:
    """A category as the API shows it."""
    return {
        "code": found.category,
        "name": CATEGORIES[found.category].name,
        "because": found.because.value,
        "evidence": found.evidence,
    }


def _corrections(reading: Reading, psu_id: str) -> Corrections:
    rows = reading.execute(select(_AT.payee_key, _AT.is_in, _AT.category).where(_AT.psu_id == psu_id))
    return {(key, bool(is_in)): category for key, is_in, category in rows if category in CATEGORIES}


def _own_accounts(reading: Reading, allowed: Allowed) -> tuple[frozenset[str], frozenset[frozenset[str]]]:
    """The numbers of the accounts that may be read, and their holders' names as sets of words (one word is too common):
    of the person's others an app must not learn even that they are."""
    asked = select(tables.account.c.identifiers, tables.account.c.owner_name)
    found = reading.execute(asked.where(tables.account.c.id.in_(allowed.account_ids))).all()
    names = (frozenset(words(holder)) for _, holder in found if holder)
    numbers = frozenset(one["value"] for identifiers, _ in found for one in identifiers)
    return numbers, frozenset(name for name in names if len(name) > 1)


def booked(reading: Reading, allowed: Allowed, *, first: date, last: date) -> list[Row]:
    """Booked rows of these days, as far as they may be read: render.COLUMNS, the newest first, MAX_ROWS at most."""
    must_cover(allowed, Permission.TRANSACTIONS_READ)
    since = max(day for day in (first, allowed.since) if day)
    return render.fetch(
        reading.execute(
            select(*render.COLUMNS)
            .where(
                _T.account_id.in_(allowed.account_ids),
                _T.removed_at.is_(None),
                _T.status == Status.BOOKED.value,
                _T.sort_date.between(since, last),
            )
            .order_by(_T.sort_date.desc(), _T.id.desc())
            .limit(MAX_ROWS)
        )
    )


def series(reading: Reading, allowed: Allowed, *, today: date) -> list[tuple[Series, Categorised]]:
    """What comes again, each with the category of its latest payment."""
    meaning = Meaning(reading, allowed)
    rows = booked(reading, allowed, first=today - LOOK_BACK, last=today)
    movements = {one.id: one for one in map(meaning.movement, rows)}
    found = recurring(movements.values(), today=today)
    return [(one, meaning.category(movements[one.transactions[-1]])) for one in found]


def spending(reading: Reading, allowed: Allowed, *, first: date, last: date) -> dict[str, dict[str, Decimal]]:
    """Currency -> group of categories -> what went out of the person's hands in those days, positive, refunds taken
    off. Transfers between own accounts, savings and money in are not spending."""
    meaning = Meaning(reading, allowed)
    sums: defaultdict[str, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for movement in map(meaning.movement, booked(reading, allowed, first=first, last=last)):
        group = CATEGORIES[meaning.category(movement).category].group
        if group not in _NOT_SPENT and not (movement.is_in and group == "other"):
            sums[movement.currency][group] -= movement.amount
    return {currency: _largest(groups.items()) for currency, groups in sums.items() if groups}


_NOT_SPENT = frozenset({"income", "transfers", "savings"})


def _largest(groups: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    return dict(sorted(((group, sum_) for group, sum_ in groups if sum_ > 0), key=lambda one: (-one[1], one[0])))
