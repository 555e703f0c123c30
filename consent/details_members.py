"""Reading one member of ``authorization_details``: its form, its bounds, and where it stands if it is wrong.

What is read here can be shown as it stands: no text holds a sign that could hide or turn what stands beside it.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from consent.account_number import AccountNumber, Scheme
from consent.canonical import moment
from consent.details import AccountId, AccountReference
from consent.permission import READ_PERMISSIONS, Permission

MAX_ACCOUNTS = 20
MAX_LOCATIONS = 5
MAX_LOCATION_LENGTH = 200
MAX_ID_LENGTH = 36
MAX_DAYS_AHEAD = 365

_AMOUNT = re.compile(r"(?:0|[1-9][0-9]{0,12})(?:\.[0-9]{1,3})?")
_CURRENCY = re.compile("[A-Z]{3}")
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)

# ISO 4217: the minor units that are not two places.
_NO_PLACES = re.compile("BIF|CLP|DJF|GNF|ISK|JPY|KMF|KRW|PYG|RWF|UGX|UYI|VND|VUV|XAF|XOF|XPF")
_THREE_PLACES = re.compile("BHD|IQD|JOD|KWD|LYD|OMR|TND")

_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters and symbols to Unicode, nothing to the eye


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the request is answered with ``invalid_authorization_details`` (RFC 9396 5).

    where: the member, as ``authorization_details[0].instructedAmount.amount``. Repeats nothing of the request but
    names of members, those in the characters that an error_description may hold (RFC 6749 5.2).
    """

    where: str
    why: str

    @property
    def description(self) -> str:
        return f"{self.where} {self.why}"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the request is held against. today: the hub's day. locations: the addresses of our own resources."""

    today: date
    locations: Collection[str] = ()


class Refused(Exception):
    def __init__(self, where: str, why: str) -> None:
        super().__init__(why)
        self.problem = Problem(where, why)


Reader = Callable[[Any, str, Bounds | None], Any]
"""value, where it stands, bounds (None: it was held against them when it came in) -> value. Raises Refused."""


def members(
    value: Any, where: str, bounds: Bounds | None, readers: Mapping[str, Reader], *, required: Collection[str]
) -> dict[str, Any]:
    """Every member read by its reader, under its own name; nothing unknown, nothing missing."""
    if not isinstance(value, dict):
        raise Refused(where, "must be an object")
    for name in value:
        if name not in readers:
            raise Refused(f"{where}.{_printable(name)}", "is not known")
    for name in sorted(required):
        if name not in value:
            raise Refused(f"{where}.{name}", "is missing")
    return {name: readers[name](member, f"{where}.{name}", bounds) for name, member in value.items()}


def elements(value: Any, where: str, longest: int | None = None) -> list[tuple[Any, str]]:
    """Each element with the place where it stands."""
    if not isinstance(value, list):
        raise Refused(where, "must be an array")
    if longest is not None and len(value) > longest:
        raise Refused(where, f"has more than {longest} elements")
    return [(one, f"{where}[{place}]") for place, one in enumerate(value)]


def _printable(name: str) -> str:
    return "".join(sign if "!" <= sign <= "~" and sign not in '"\\' else "?" for sign in name[:40])


def text_of(longest: int) -> Reader:
    def read_text(value: Any, where: str, _bounds: Bounds | None) -> str:
        if not isinstance(value, str) or not value:
            raise Refused(where, "must be text")
        if len(value) > longest:
            raise Refused(where, f"is longer than {longest} characters")
        # What the person sees must be what is bound: nothing that is unseen, turns the direction or breaks the line.
        if any(unicodedata.category(sign)[0] == "C" or sign in _BLANK for sign in value):
            raise Refused(where, "holds a character that cannot be shown")
        if value != " ".join(value.split()):
            raise Refused(where, "begins, ends or is broken by more than a space")
        return value

    return read_text


def _day(value: Any, where: str, _bounds: Bounds | None) -> date:
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise Refused(where, "must be a day, YYYY-MM-DD")


def day_past(value: Any, where: str, bounds: Bounds | None) -> date:
    day = _day(value, where, bounds)
    if bounds is not None and day > bounds.today:
        raise Refused(where, "lies in the future")
    return day


def day_ahead(value: Any, where: str, bounds: Bounds | None) -> date:
    day = _day(value, where, bounds)
    if bounds is not None:
        _ahead(day, where, bounds)
    return day


def end(value: Any, where: str, bounds: Bounds | None) -> datetime:
    """A moment, not a day: a day alone does not say in which zone it ends."""
    try:
        if isinstance(value, str) and _MOMENT.fullmatch(value):
            end = datetime.fromisoformat(value)
            if bounds is not None:
                _ahead(end.date(), where, bounds)
            return datetime.fromisoformat(moment(end))
    except (ValueError, OverflowError):
        pass
    raise Refused(where, "must be a moment with its zone, as 2026-12-31T23:00:00Z (RFC 3339)")


def _ahead(day: date, where: str, bounds: Bounds) -> None:
    if day < bounds.today:
        raise Refused(where, "lies in the past")
    if day > bounds.today + timedelta(days=MAX_DAYS_AHEAD):
        raise Refused(where, f"lies more than {MAX_DAYS_AHEAD} days ahead")


def permissions(value: Any, where: str, _bounds: Bounds | None) -> frozenset[Permission]:
    words = elements(value, where, len(READ_PERMISSIONS))
    if not words:
        raise Refused(where, "is empty")
    for word, place in words:
        if word not in sorted(READ_PERMISSIONS):
            raise Refused(place, f"must be one of {', '.join(sorted(READ_PERMISSIONS))}")
    return frozenset(Permission(word) for word, _ in words)


def accounts(value: Any, where: str, bounds: Bounds | None) -> tuple[AccountReference, ...]:
    return tuple(dict.fromkeys(account(one, place, bounds) for one, place in elements(value, where, MAX_ACCOUNTS)))


def account(value: Any, where: str, bounds: Bounds | None) -> AccountReference:
    if isinstance(value, dict) and "id" in value:
        return AccountId(**members(value, where, bounds, {"id": text_of(MAX_ID_LENGTH)}, required={"id"}))
    return account_number(value, where, bounds)


def account_number(value: Any, where: str, bounds: Bounds | None) -> AccountNumber:
    if isinstance(value, dict) and "iban" in value:
        said = members(value, where, bounds, {"iban": _plain}, required={"iban"})
        return _checked(Scheme.IBAN, said["iban"], f"{where}.iban")
    readers: Mapping[str, Reader] = {"scheme": _scheme, "identification": _plain}
    said = members(value, where, bounds, readers, required=readers)
    return _checked(said["scheme"], said["identification"], f"{where}.identification")


def _checked(scheme: Scheme, identification: str, where: str) -> AccountNumber:
    try:
        return AccountNumber(scheme, identification)
    except ValueError as wrong:
        raise Refused(where, str(wrong)) from wrong


def _scheme(value: Any, where: str, _bounds: Bounds | None) -> Scheme:
    if value not in (*Scheme,):
        raise Refused(where, f"must be one of {', '.join(Scheme)}")
    return Scheme(value)


def _plain(value: Any, where: str, _bounds: Bounds | None) -> str:
    if not isinstance(value, str):
        raise Refused(where, "must be text")
    return value


def instructed_amount(value: Any, where: str, bounds: Bounds | None) -> tuple[Decimal, str]:
    readers: Mapping[str, Reader] = {"currency": _currency, "amount": _amount}
    said = members(value, where, bounds, readers, required=readers)
    amount: Decimal = said["amount"]
    currency: str = said["currency"]
    places = 0 if _NO_PLACES.fullmatch(currency) else 3 if _THREE_PLACES.fullmatch(currency) else 2
    _, _, fraction = format(amount, "f").partition(".")
    if len(fraction) > places:
        raise Refused(f"{where}.amount", f"has more places than {currency} has: {places}")
    return amount, currency


def _currency(value: Any, where: str, _bounds: Bounds | None) -> str:
    if not isinstance(value, str) or not _CURRENCY.fullmatch(value):
        raise Refused(where, "must be three capitals (ISO 4217)")
    return value


def _amount(value: Any, where: str, _bounds: Bounds | None) -> Decimal:
    if not isinstance(value, str):
        raise Refused(where, "must be text: a JSON number is not exact")
    if not _AMOUNT.fullmatch(value) or not Decimal(value):
        raise Refused(where, "must be a positive amount such as 12.50, without sign or grouping")
    return Decimal(value)


def locations(value: Any, where: str, bounds: Bounds | None) -> tuple[str, ...]:
    addresses = []
    for one, place in elements(value, where, MAX_LOCATIONS):
        address = text_of(MAX_LOCATION_LENGTH)(one, place, bounds)
        if bounds is not None and address not in bounds.locations:
            raise Refused(place, "is no resource of this server")
        addresses.append(address)
    return tuple(dict.fromkeys(addresses))
