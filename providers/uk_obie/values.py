"""The parts that every resource is made of, read one way: amounts, days, accounts, parties. Pure.

Names that begin with ``told_`` are for optional fields: None for what cannot be read, where the others raise BrokenRow.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import TypeVar

import msgspec

from providers import amount, dates, text
from providers.errors import ContractBroken
from providers.identify import identifier
from providers.model import Identifier, Money, Party, Scheme
from providers.rows import BrokenRow, Lenient, rows_in
from providers.uk_obie import wire

said = text.meaningful
W = TypeVar("W", bound=msgspec.Struct)

# CreditDebitIndicator: Credit is money in. "A zero balance is considered to be a credit balance" (Balances).
_SIGNS = {"credit": 1, "crdt": 1, "cr": 1, "c": 1, "debit": -1, "dbit": -1, "dr": -1, "d": -1}

# OBExternalAccountIdentification4Code, with and without the namespace that some banks leave out
_SCHEMES = {
    "bban": Scheme.BBAN,
    "iban": Scheme.IBAN,
    "pan": Scheme.MASKED_PAN,
    "sortcodeaccountnumber": Scheme.UK_SORT_CODE_ACCOUNT,
}
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", re.ASCII)
_NOT_CODE = re.compile(r"[^a-z0-9]")
_LISTED = msgspec.json.Decoder(list[msgspec.Raw])
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def key(word: str | None) -> str:
    """A code word for comparison: ``UK.OBIE.SortCodeAccountNumber`` and ``SORT_CODE_ACCOUNT_NUMBER`` are one."""
    return _NOT_CODE.sub("", (word or "").rpartition(".")[2].lower())


def last_word(word: str | None) -> str:
    """A namespaced word without its namespace, as it is written: UK.OBIE.ClosingBalance is ClosingBalance."""
    return (said(word) or "").rpartition(".")[2]


def direction(indicator: str | None) -> int | None:
    """1 for money in, -1 for money out."""
    return _SIGNS.get(key(indicator))


def rows_of(page: wire.Page, name: str, body: bytes) -> list[msgspec.Raw]:
    """The rows of a list, of which null is none; a bank that has one row and writes it without its list has one row.

    Raises ContractBroken where Data holds a list under a name that is not ``name``, for nothing would be told of it.
    """
    if page.data is None or isinstance(page.data, list):
        return rows_in(page.data)
    listed = _named(page.data, name)
    nested = (_named(_members(one), name) for one in page.data.values())
    found = [listed] if listed is not None else [one for one in nested if one is not None]
    if not found:
        if any(_listed(one, body) for one in page.data.values() if bytes(one).lstrip()[:1] == b"["):
            raise ContractBroken(f"Data holds a list, but none of {name}", raw=body)
        return []
    return [row for one in found for row in rows_in(_listed(one, body))]


def _named(data: dict[str, msgspec.Raw], name: str) -> msgspec.Raw | None:
    wanted = _singular(key(name))
    return next((listed for given, listed in data.items() if _singular(key(given)) == wanted), None)


def _members(given: msgspec.Raw) -> dict[str, msgspec.Raw]:
    return _MEMBERS.decode(given) if bytes(given).lstrip()[:1] == b"{" else {}


def _listed(given: msgspec.Raw, body: bytes) -> list[msgspec.Raw]:
    whole = bytes(given).strip()
    if whole in (b"null", b'""'):
        return []
    if whole[:1] == b"{":
        return [given]
    try:
        return _LISTED.decode(whole)
    except msgspec.MsgspecError:
        raise ContractBroken("not the promised JSON: no list of rows", raw=body) from None


def _singular(word: str) -> str:
    return f"{word[:-3]}y" if word.endswith("ies") else word.removesuffix("s")


def each(listed: list[msgspec.Raw] | W | None, decoder: Lenient[W]) -> Iterator[W]:
    """The members of a list that are what they should be; one that stands there without its list counts too."""
    if listed is not None and not isinstance(listed, list):
        yield listed
        return
    for one in listed or ():
        with suppress(msgspec.MsgspecError, UnicodeDecodeError):
            yield decoder.decode(bytes(one))


def lines_of(given: list[str | None] | str | None) -> tuple[str, ...]:
    """The texts of a list of texts, or the one text that stands in its place."""
    return text.lines(given if isinstance(given, list) else (given,))


def exact(told: wire.Amount, prefix: str = "") -> tuple[Decimal, str | None]:
    """The number, and the currency where the bank says one. Raises BrokenRow."""
    return amount.stated(told.amount, told.currency, f"{prefix}Amount", told.unread)


def signed(told: wire.Amount, indicator: str | None, prefix: str = "", *, fallback: str | None = None) -> Money:
    """Amount is unsigned; the indicator says the direction. Zero is credit, whatever it says.

    A minus beside Debit says the same twice. Beside Credit, or a number without an indicator, there is no telling.
    """
    number, named = exact(told, prefix)
    sign = 1 if number.is_zero() else direction(indicator)
    if sign is None:
        raise BrokenRow(f"{prefix}CreditDebitIndicator is unknown")
    if number < 0 < sign:
        raise BrokenRow(f"{prefix}Amount is negative, beside a credit indicator")
    number = number.copy_abs()
    return amount.money(number.copy_negate() if sign < 0 else number, named or fallback or "", f"{prefix}Currency")


def told_signed(told: wire.Amount | None, indicator: str | None, *, fallback: str | None = None) -> Money | None:
    if told is not None:
        with suppress(BrokenRow):
            return signed(told, indicator, fallback=fallback)
    return None


def told_money(told: wire.Amount | None, *, fallback: str | None = None, out: bool = False) -> Money | None:
    """An amount that has no indicator; ``out``: it is paid from the account."""
    if told is not None:
        with suppress(BrokenRow):
            number, named = exact(told)
            size = number.copy_abs()
            return amount.money(size.copy_negate() if out and size else size, named or fallback or "", "Currency")
    return None


def told_number(raw: msgspec.Raw) -> Decimal | None:
    with suppress(BrokenRow):
        return amount.exact(raw, "a number")
    return None


def told_currency(word: str | None) -> str | None:
    found = (said(word) or "").upper()
    return found if amount.is_currency(found) else None


def told_day(word: str | None) -> date | None:
    with suppress(BrokenRow):
        return dates.calendar_day(word, "a date")
    return None


def told_moment(word: str | None, zone: tzinfo) -> datetime | None:
    with suppress(BrokenRow):
        return dates.moment(word, "a moment", zone=zone)
    return None


def told_account(told: wire.Scheme | None) -> Identifier | None:
    value = said(told.identification) if told is not None else None
    if told is None or value is None:
        return None
    return identifier(_SCHEMES.get(key(told.scheme_name), Scheme.OTHER), value)


def told_bic(agent: wire.Agent | None) -> str | None:
    """An agent's BIC. Some banks name no scheme, some write a sort code or a name there, which is no BIC."""
    if agent is None:
        return None
    value = (said(agent.identification) or "").replace(" ", "").upper()
    return value if key(agent.scheme_name) in ("bicfi", "bic", "") and _BIC.fullmatch(value) else None


def told_party(account: wire.Scheme | None, agent: wire.Agent | None = None) -> Party:
    return Party(said(account.name) if account is not None else None, told_account(account), told_bic(agent))
