"""The JSON of NextGenPSD2 1.3.11 as far as we read it; names are the schemas' in snake case.

Rows stay ``Raw`` in the envelopes: they are decoded one by one, and their own bytes are kept. Optional fields may be
null, because banks send null. Amounts stay ``Raw`` so that their text is read and not a float.
"""

import re
from typing import Any
from urllib.parse import unquote

import msgspec
from msgspec import Raw

from providers.links import target

NOTHING = Raw(b"")
_ACCOUNT_IN_LINK = re.compile(r"/(?:card-)?accounts/([^/?#{}]+)(?:[/?#]|$)")


class Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


class Href(Wire, frozen=True):
    href: str | None = None


Link = Href | str | None  # a bare string at ING


class Amount(Wire, frozen=True):
    """amount: ``-?[0-9]{1,14}(\\.[0-9]{1,3})?``, signed. ``content`` was its name in version 1.0."""

    amount: Raw = NOTHING
    content: Raw = NOTHING
    value: Raw = NOTHING
    currency: str | None = None
    currency_code: str | None = None
    credit_debit_indicator: str | None = None
    unread: tuple[str, ...] = ()


class AccountReference(Wire, frozen=True):
    iban: str | None = None
    bban: str | None = None
    pan: str | None = None
    masked_pan: str | None = None
    msisdn: str | None = None
    identification: str | None = None  # with schemeName beside it, as the British write
    account_number: str | int | None = None
    number: str | int | None = None
    other: "Other | str | None" = None
    name: str | None = None  # the holder's, at banks that name nobody beside the account


class Other(Wire, frozen=True):
    identification: str | None = None


class AccountRow(Wire, frozen=True):
    """accountDetails and cardAccountDetails. Without a resourceId the account is asked about by what its links call it.

    ``id`` is what GoCardless and some banks call it, ``uid`` what Enable Banking does. No currency is a multicurrency
    account. ``account_number``, ``account_reference`` and ``account_id`` are where some banks have the IBAN;
    ``balances`` may have any shape that providers.berlin_group.balances knows, the owners any that
    providers.berlin_group.parties does.
    """

    resource_id: str | int | None = None
    id: str | int | None = None
    account_id: AccountReference | str | int | None = None
    uid: str | None = None
    account_number: str | int | None = None
    account_reference: AccountReference | str | None = None
    currency: str | None = None
    iban: str | None = None
    bban: str | None = None
    masked_pan: str | None = None
    pan: str | None = None
    msisdn: str | None = None
    name: str | None = None
    display_name: str | None = None
    product: str | None = None
    cash_account_type: str | None = None
    account_type: str | None = None
    debit_accounting: bool | None = None
    status: str | None = None
    bic: str | None = None
    owner_name: Any = None
    owner_names: Any = None
    owners: Any = None
    account_owner: Any = None
    owner: Any = None
    usage: str | None = None
    balances: Raw = NOTHING
    links: Any = msgspec.field(name="_links", default=None)
    unread: tuple[str, ...] = ()


class TypeName(Wire, frozen=True):
    code: str | None = None
    proprietary: str | None = None


class BalanceRow(Wire, frozen=True):
    """balance. ``credit_debit_indicator`` is not in 1.3; banks that send it sign nothing. The amount is an object, or
    stands alone beside ``currency``, under one of four names; ``date`` and ``last_action_date_time`` are of 1.0."""

    balance_amount: Raw = NOTHING
    amount: Raw = NOTHING
    balance: Raw = NOTHING
    value: Raw = NOTHING
    currency: str | None = None
    balance_type: TypeName | str | None = None
    type: TypeName | str | None = None
    credit_limit_included: bool | str | None = None
    credit_limit: Amount | None = None
    last_change_date_time: str | None = None
    last_action_date_time: str | None = None
    reference_date: str | None = None
    date: str | None = None
    credit_debit_indicator: str | None = None
    debit_credit_indicator: str | None = None
    unread: tuple[str, ...] = ()


DOWNLOAD = "#download"
"""At the end of a link to a whole report: a fragment is never sent, so the bank's own address stays what it is."""


class BalancePage(Wire, frozen=True):
    """readAccountBalanceResponse-200. The list in any of its shapes (providers.berlin_group.balances)."""

    balances: Raw = NOTHING
    balance: Raw = NOTHING
    account_balances: Raw = NOTHING
    debit_accounting: bool | None = None
    links: Any = msgspec.field(name="_links", default=None)
    plain_links: Any = msgspec.field(name="links", default=None)


def href(link: Link) -> str | None:
    """The target of a hypertext link, however the bank wrapped it."""
    return (link.href if isinstance(link, Href) else link) or None


def id_in_links(row: AccountRow) -> str | None:
    """What an account is called in its own links, at banks that call it nothing elsewhere."""
    for name in ("transactions", "balances", "account", "self"):
        if found := _ACCOUNT_IN_LINK.search(target(row.links, name) or ""):
            return unquote(found[1])
    return None
