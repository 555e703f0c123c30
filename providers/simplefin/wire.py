"""The JSON of the SimpleFIN protocol 1.0.7; names are its own. Rows stay Raw: they are decoded one by one and leniently
(providers.rows.Lenient).
"""

from typing import Any

import msgspec
from msgspec import Raw

NOTHING = Raw(b"null")


class Organization(msgspec.Struct, frozen=True, rename="kebab"):
    domain: str | None = None
    name: str | None = None
    sfin_url: str | None = None
    url: str | None = None
    id: str | None = None


class Account(msgspec.Struct, frozen=True, rename="kebab"):
    """``currency`` is ISO 4217, or the URL of a custom one. Amounts are numeric strings."""

    id: str
    name: str
    currency: str
    balance: Raw
    org: Organization | str | None = None
    available_balance: Raw = NOTHING
    balance_date: int | float | str | None = None
    transactions: list[Raw] | None = None


class AccountRows(msgspec.Struct, frozen=True):
    """An account as far as its transactions need it."""

    id: str
    transactions: list[Raw] | None = None


class Transaction(msgspec.Struct, frozen=True):
    """``posted`` and ``transacted_at`` are seconds since 1970; ``posted`` 0 while pending. ``payee``, ``memo`` and
    ``mcc`` are the Bridge's, ``currency`` some servers'."""

    amount: Raw
    id: str | None = None
    description: str | None = None
    posted: int | float | str | None = None
    transacted_at: int | float | str | None = None
    pending: bool | int | str | None = None
    payee: str | None = None
    memo: str | None = None
    mcc: str | int | None = None
    currency: str | None = None
    unread: tuple[str, ...] = ()


class AccountSet(msgspec.Struct, frozen=True):
    """``errors`` are strings for the person in 1.0, objects in drafts of 2.0."""

    accounts: list[Raw]
    errors: list[Any] | str | None = None


class Currency(msgspec.Struct, frozen=True):
    """What a custom currency's URL answers."""

    name: str
    abbr: str
