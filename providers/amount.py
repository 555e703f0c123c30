"""Amounts from a bank's JSON, exactly as written there."""

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

import msgspec

from providers import text as texts
from providers.model import Money
from providers.rows import BrokenRow, core

# Wider than both standards (Berlin Group 14+3 digits, UK 13+5) because banks send "3.7000", and JSON numbers like 1e2;
# narrow enough that no amount can grow past what a database column or a formatter takes.
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
_PLAIN_JSON = re.compile(rb'"?(-?[0-9]{1,14}(?:\.[0-9]{1,4})?)"?')
_PLAIN = re.compile(r"-?[0-9]{1,14}(?:\.[0-9]{1,4})?", re.ASCII)
# A comma before any last digits but three, before three of a number whose groups are parted otherwise or not at all, or
# before nothing (as SWIFT writes), can mean one thing only.
_DECIMAL_COMMA = re.compile(
    r"[+-]?(?:[0-9]{1,3}(?:[.'\s]?[0-9]{3}){0,5},(?:[0-9]{0,2}|[0-9]{4,8})"
    r"|(?:[0-9]{1,3}(?:[.'\s][0-9]{3}){1,5}|[0-9]{4,15}),[0-9]{3})",
    re.ASCII,
)
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:(?:,[0-9]{3}){1,5}\.[0-9]{1,5}|(?:,[0-9]{3}){2,5})", re.ASCII)
_SWISS = re.compile(r"[+-]?[0-9]{1,3}(?:['\u2019][0-9]{3}){1,5}(?:\.[0-9]{1,5})?", re.ASCII)
_PART_OF_ONE = re.compile(r"[+-]?0,[0-9]{1,8}", re.ASCII)  # no group begins with nothing but a zero
_SPACED = re.compile(r"[+-]?[0-9]{1,3}(?: [0-9]{3}){1,5}(?:\.[0-9]{1,5})?", re.ASCII)
_BLANKS = re.compile(r"[\u00a0\u2009\u202f]|\\u(?:00a0|2009|202f)", re.IGNORECASE)  # what French numbers are grouped by
_SIGN_BEHIND = re.compile(r"[0-9.,' ]{1,40}[+-]", re.ASCII)
_SIGN_APART = re.compile(r"[+-] {1,4}[0-9.,' ]{1,40}", re.ASCII)
_BRACKETED = re.compile(r"\([0-9.,' ]{1,40}\)", re.ASCII)  # an accountant's minus
_WORD_BEHIND = re.compile(r"([0-9.,' ]{1,40}?) ?(CR|DR)", re.ASCII | re.IGNORECASE)
_MINUSES = re.compile(r"[\u2212\u2013]|\\u(?:2212|2013)")  # of printed statements
_SYMBOLS = re.compile(r" ?(?:R\$|[€£$]|\\u(?:20ac|00a3)) ?", re.IGNORECASE)
_BY_SIGN = {"€": "EUR", "\\u20ac": "EUR", "£": "GBP", "\\u00a3": "GBP", "r$": "BRL"}
_WITH_CODE = re.compile(
    r"(?P<front>[A-Z]{3}) ?(?P<after>[^A-Za-z]{1,40})|(?P<before>[^A-Za-z]{1,40}?) ?(?P<back>[A-Z]{3})", re.ASCII
)
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_CURRENCY_NAMES = frozenset({"currency", "currencycode"})
_INSIDE = ("amount", "value", "content")
_GROUPING = re.compile(r"['\s]")
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
# ISO 4217's numbers of the currencies of Europe and those that its banks keep accounts in, and signs of one meaning
_CODES = {
    "978": "EUR", "826": "GBP", "756": "CHF", "752": "SEK", "578": "NOK", "208": "DKK", "352": "ISK", "985": "PLN",
    "203": "CZK", "348": "HUF", "946": "RON", "975": "BGN", "941": "RSD", "980": "UAH", "949": "TRY", "840": "USD",
    "036": "AUD", "124": "CAD", "392": "JPY", "156": "CNY", "986": "BRL", "554": "NZD", "702": "SGD", "344": "HKD",
    "\u20ac": "EUR", "\u00a3": "GBP", "z\u0142": "PLN", "Z\u0141": "PLN", "K\u010d": "CZK", "K\u010c": "CZK",
}  # fmt: skip
_LARGEST = Decimal(10) ** 18
_FINEST_EXPONENT = -18


def exact(raw: msgspec.Raw, field: str) -> Decimal:
    """The number in ``raw`` (a JSON string or a JSON number), made from its text and never through a binary float.

    Zeros that the bank wrote are kept ("3.7000"); an exponent is written out (1e2 is 100); zero has no sign.
    Raises BrokenRow naming ``field``.
    """
    body = bytes(raw)
    if (plain := _PLAIN_JSON.fullmatch(body)) is not None:  # by far the most
        return _plain(plain)
    text = body.decode("utf-8", "replace")
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    return exact_text(text, field)


def stated(
    raw: msgspec.Raw, currency: str | None, field: str, unread: Iterable[str] = ()
) -> tuple[Decimal, str | None]:
    """The number in ``raw``, as ``exact``, and its currency in capitals: the one stated beside it, or the one that a
    bank writes into the amount ("12.10 EUR"), or into an object in its place. None where neither says one. ``unread``
    are the names beside it that could not be read.

    Raises BrokenRow naming ``field``, also where the two are not one, or the currency is there and cannot be read: that
    of the account might be another one.
    """
    body = bytes(raw)
    if not unread and currency is not None and is_currency(currency) and (plain := _PLAIN_JSON.fullmatch(body)):
        return _plain(plain), currency  # by far the most
    if any(core(name) in _CURRENCY_NAMES for name in unread):
        raise BrokenRow(f"{field}.currency is not a currency code")
    beside = texts.word(currency)
    beside = None if beside is None else beside.upper()
    inside = None
    if body[:1] == b"{":
        number, inside = _in_object(raw, field)
    elif _PLAIN_JSON.fullmatch(body) is None and (found := _with_code(body)) is not None:
        number, inside = exact_text(found["after"] or found["before"], field), found["front"] or found["back"]
    else:
        number, inside = exact(raw, field), _by_sign(body)
    if inside is not None and beside is not None and _CODES.get(inside, inside) != _CODES.get(beside, beside):
        raise BrokenRow(f"{field} is in two currencies")
    return number, beside or inside


def _with_code(body: bytes) -> re.Match[str] | None:
    return _WITH_CODE.fullmatch(body.strip(b'" ').decode("utf-8", "replace"))


def _by_sign(body: bytes) -> str | None:
    """The currency whose sign stands in the amount; a dollar could be of many countries."""
    if _PLAIN_JSON.fullmatch(body) is not None:
        return None
    found = _SYMBOLS.search(body.decode("utf-8", "replace"))
    return _BY_SIGN.get(found[0].strip().lower()) if found else None


def _in_object(raw: msgspec.Raw, field: str) -> tuple[Decimal, str | None]:
    members = {core(name): one for name, one in _MEMBERS.decode(raw).items()}
    inner = next((members[name] for name in _INSIDE if name in members), None)
    if inner is None or bytes(inner)[:1] == b"{":
        raise BrokenRow(f"{field} is not an amount")
    try:
        told = members.get("currency") or members.get("currencycode") or b"null"
        currency = msgspec.json.decode(told, type=str | None)
    except msgspec.ValidationError:
        raise BrokenRow(f"{field}.currency is not a currency code") from None
    return stated(inner, currency, field)


def _plain(found: re.Match[bytes]) -> Decimal:
    number = Decimal(found[1].decode())
    return number if number else number.copy_abs()


def exact_text(text: str, field: str) -> Decimal:
    """The number in ``text``, as ``exact`` reads it."""
    if _PLAIN.fullmatch(text):
        number = Decimal(text)
        return number if number else number.copy_abs()
    read = _parse(text)
    if read is None:
        raise BrokenRow(f"{field} is not an amount")
    number = read
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < _FINEST_EXPONENT or number.copy_abs() >= _LARGEST:
        raise BrokenRow(f"{field} is out of range")
    if exponent > 0:  # arithmetic on Decimal rounds to its context; these steps do not
        number = Decimal(int(number))
    return number.copy_abs() if number.is_zero() else number


def _parse(text: str) -> Decimal | None:
    """A plain number, one with a decimal comma ("1.234,56", "12,5", "0,500"), one with grouping commas ("1,234.56"),
    blanks ("1 234.56") or apostrophes ("1'234.50"), or with its sign elsewhere (_sign_in_front). "1,234" could be two
    numbers, so it is none."""
    if not _NUMBER.fullmatch(text):
        text = _sign_in_front(_BLANKS.sub(" ", text).strip())
        if _PART_OF_ONE.fullmatch(text):
            text = text.replace(",", ".")
        elif _SWISS.fullmatch(text):
            text = text.replace("'", "").replace("\u2019", "")
        elif _DECIMAL_COMMA.fullmatch(text):
            text = _GROUPING.sub("", text).replace(".", "").replace(",", ".")
        elif _GROUPED.fullmatch(text):
            text = text.replace(",", "")
        elif _SPACED.fullmatch(text):
            text = text.replace(" ", "")
        if not _NUMBER.fullmatch(text):
            return None
    return Decimal(text)


def _sign_in_front(text: str) -> str:
    """ "12.00-", "- 12.00", "(12.00)", "12.00 DR", "€ -12.00" and a printed minus, each as "-12.00"; else the text."""
    text = _MINUSES.sub("-", _SYMBOLS.sub("", text, count=1))
    if _SIGN_BEHIND.fullmatch(text):
        return text[-1] + text[:-1].rstrip()
    if _SIGN_APART.fullmatch(text):
        return text[0] + text[1:].lstrip()
    if _BRACKETED.fullmatch(text):
        return f"-{text[1:-1].strip()}"
    if worded := _WORD_BEHIND.fullmatch(text):
        return worded[1] if worded[2].upper() == "CR" else f"-{worded[1]}"
    return text


@lru_cache(maxsize=1024)
def is_currency(text: str) -> bool:
    """Whether it has the form of an ISO 4217 code."""
    return _CURRENCY.fullmatch(text) is not None


def money(number: Decimal, currency: str, field: str) -> Money:
    """``number`` in ``currency``, which may be written as ISO 4217's number or a sign that means one currency only;
    BrokenRow if it has the form of no code."""
    known = currency if is_currency(currency) else _CODES.get(currency.strip())
    if known is None:
        raise BrokenRow(f"{field} is not a currency code")
    return Money(number, known)
