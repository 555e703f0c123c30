"""What money was for, and what comes again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from hub.web.viewmodels.shared import Choice
from providers.model import Money


@dataclass(frozen=True, slots=True)
class CategoryForm:
    """On transaction.html. Posts ``category`` to /transactions/<id>/category; "" gives it back to the rules.

    ``reason`` is a sentence. ``choices``: group name -> its categories. Empty where there is nobody to remember.
    """

    name: str
    reason: str
    choices: Mapping[str, tuple[Choice, ...]]
    payee: str = ""
    is_corrected: bool = False


@dataclass(frozen=True, slots=True)
class Spent:
    """One bar: ``share`` is per cent of the largest one of its currency."""

    group: str
    money: Money
    share: int


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """``changes``: sentences about its price. ``next_date`` None: it has ended. ``latest_id`` is its last payment."""

    payee: str
    category: str
    rhythm: str
    amount: Money
    is_fixed: bool
    next_date: date | None
    last_date: date
    latest_id: str
    is_early: bool = False
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RegularPage:
    """regular.html, at /regular. Each list in the order of the next dates; ``ended`` the latest first."""

    going_out: tuple[SeriesRow, ...] = ()
    coming_in: tuple[SeriesRow, ...] = ()
    ended: tuple[SeriesRow, ...] = ()
    has_accounts: bool = True
