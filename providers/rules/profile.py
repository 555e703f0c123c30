"""What an institution's file may say of its bank under ``rules``. All of it is optional: the engine reads an unknown
bank by what its rows show, and a rule is for what no row shows.

A *path* is a field of the bank's own JSON with dots between the steps (``remittanceInformationStructured``,
``MerchantDetails.MerchantName``, ``creditor.name``). A *template* is a line with blanks (providers.rules.template);
no regular expression comes from data.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from providers.model import AccountType, Status
from providers.rules.template import template

Path = Annotated[str, Meta(pattern="^[A-Za-z_][A-Za-z0-9_.-]{0,99}$")]
Paths = Annotated[tuple[Path, ...], Meta(max_length=8)]
Text = Annotated[str, Meta(min_length=1, max_length=200)]
Texts = Annotated[tuple[Text, ...], Meta(max_length=40)]


Inverted = bool | tuple[AccountType, ...]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Dates(_Part, frozen=True):
    """``booking``, ``value``, ``moment``: where each is read instead, the first that says something.

    ``swapped``: the two days stand in each other's field (mBank). ``texts``: templates with {date}, and {time}, that
    say when the event was; ``ids``: templates with {ymd} or {date} that find a day in a bank id (Deutsche Bank's
    pending rows have it nowhere else).
    """

    booking: Paths = ()
    value: Paths = ()
    moment: Paths = ()
    swapped: bool = False
    texts: Texts = ()
    ids: Texts = ()


class Amounts(_Part, frozen=True):
    """``sign``: what says the direction where the number's sign and an indicator both could. ``both``: they must not
    contradict each other; ``number`` or ``indicator``: only that one counts; ``parties``: a row that names only its
    creditor went out, one that names only its debtor came in, and a minus turns that around (Triodos).

    ``inverted``: positive is money out, on every account or on accounts of these types (credit cards).
    ``pending_unsigned``: a pending row without a sign is money out (NBG). ``billed``: a template with {amount} that
    finds the amount in the account's currency where the field holds the foreign one (Entercard).
    """

    sign: Literal["both", "number", "indicator", "parties"] = "both"
    inverted: Inverted = False
    pending_unsigned: bool = False
    billed: Texts = ()


class Parties(_Part, frozen=True):
    """Who stands on the other side. ``fields`` are tried first, then the standard's own, then ``texts``: templates
    with {payee} for the lines of remittance, or for all of them joined by `` | ``. ``prefixes`` are taken from the
    front of a name. ``placeholders``: names that name nobody here, as templates.

    ``known_texts``: whether the narratives that many banks share may be read too.
    """

    fields: Paths = ()
    texts: Texts = ()
    prefixes: Texts = ()
    placeholders: Texts = ()
    known_texts: bool = True


class Remittance(_Part, frozen=True):
    """``fields``: where the payer's words are, all of them, in this order. ``width``: a line of exactly so many
    characters goes on in the next one, in the middle of a word or not. ``separators`` split a line. ``prefixes`` are
    taken from its front. ``clutter``: lines that fit one of these templates say nothing.
    """

    fields: Paths = ()
    width: Annotated[int, Meta(ge=10, le=200)] | None = None
    separators: Annotated[tuple[Text, ...], Meta(max_length=8)] = ()
    prefixes: Texts = ()
    clutter: Texts = ()


class Shape(_Part, frozen=True):
    """How a real id looks: one of ``lengths`` characters where any are given, not beginning with one of ``never``."""

    lengths: Annotated[tuple[int, ...], Meta(max_length=8)] = ()
    never: Texts = ()


class Ids(_Part, frozen=True):
    """``distrusted``: ids that are no evidence at this bank (repeated, or new at every fetch). ``shapes``: a value of
    another shape is none. ``surviving``: ids that a booked row shares with the pending one before it."""

    distrusted: Paths = ()
    shapes: Mapping[str, Shape] = {}
    surviving: Paths = ()


class Pending(_Part, frozen=True):
    """``statuses``: the bank's own words. ``placeholder_texts``: party and remittance of a pending row are made up by
    the bank and corrected later or never (SSK Düsseldorf), so they are left out."""

    statuses: Mapping[str, Status] = {}
    placeholder_texts: bool = False


Preference = Annotated[tuple[Text, ...], Meta(max_length=12)]


class Balances(_Part, frozen=True):
    """Which balance is which, per account type or for all (``*``), the best first: ISO codes, or the bank's own words
    (``authorised``), or a sum of them with a sign each (``-expected +nonInvoiced``). ``credit_left``: balances that say
    how much of a card's credit is left, not what was spent. ``inverted``: positive is debt, on every account or on
    accounts of these types."""

    current: Mapping[str, Preference] = {}
    available: Mapping[str, Preference] = {}
    credit_left: Preference = ()
    inverted: Inverted = False

    def __post_init__(self) -> None:
        known = {"*", *AccountType}
        for kind in (*self.current, *self.available):
            if kind not in known:
                raise ValueError(f"{kind!r} is no account type")
        for words in (*self.current.values(), *self.available.values(), self.credit_left):
            for word in words:
                if " " in word and not all(part[0] in "+-" and len(part) > 1 for part in word.split()):
                    raise ValueError(f"{word!r} is no sum: each of its balances has a sign")


class Rules(_Part, frozen=True):
    """``note`` is for people: where this was seen. The time zone is a setting of the standard and not here."""

    note: Annotated[str, Meta(max_length=500)] = ""
    dates: Dates = Dates()
    amounts: Amounts = Amounts()
    parties: Parties = Parties()
    remittance: Remittance = Remittance()
    ids: Ids = Ids()
    pending: Pending = Pending()
    balances: Balances = Balances()

    def __post_init__(self) -> None:
        """Raises ValueError for a template that cannot be compiled or lacks the blank that it is for."""
        for needed, sources in (
            (("{date}",), self.dates.texts),
            (("{ymd}", "{date}"), self.dates.ids),
            (("{amount}",), self.amounts.billed),
            (("{payee}",), self.parties.texts),
            (("",), self.parties.placeholders),
            (("",), self.remittance.clutter),
        ):
            for source in sources:
                template(source)
                if not any(one in source for one in needed):
                    raise ValueError(f"template {source!r}: it has no {' or '.join(needed)}")


NO_RULES = Rules()
