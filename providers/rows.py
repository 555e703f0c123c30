"""From a bank's page to its rows, so that one broken row costs one row, and one broken field costs one field."""

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from types import UnionType
from typing import Any, Generic, Protocol, TypeVar, get_args

import msgspec
from msgspec import structs

from providers.errors import ContractBroken
from providers.mending import mended, unquoted
from providers.model import RejectedRow

W = TypeVar("W")
W_co = TypeVar("W_co", covariant=True)
T = TypeVar("T")

_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LISTED = msgspec.json.Decoder(list[msgspec.Raw])
_UTF16_MARKS = (BOM_UTF16_LE, BOM_UTF16_BE)
_UNDEFINED_IN_1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_SCALAR = (*(b"%d" % digit for digit in range(10)), b"-", b'"')
_JAVA_DAY = re.compile(rb"\[ ?([0-9]{4}), ?([0-9]{1,2}), ?([0-9]{1,2})(?:, ?[0-9]{1,9}){0,4} ?\]")
# what the only member of an object is called that is there for its value alone
_VALUES = frozenset({"value", "text", "content", "code", "name", "date", "datetime", "id", "#text", "$"})
_NUMBERED = re.compile(rb'\{\s*"[0-9]{1,6}"\s*:\s*\{')
_SAMPLE = 8  # rows of a page that are looked at for how its bank spells
_UNREAD = "unread"  # the field of a wire Struct that names what could not be read


class BrokenRow(ValueError):
    """This row cannot be understood. The message names the field, never its value."""


@dataclass(frozen=True, slots=True)
class Rows(Generic[T]):
    """What one answer held: the rows understood, the rows not, and the bank's link to more."""

    values: tuple[T, ...]
    rejected: tuple[RejectedRow, ...] = ()
    next: str | None = None


class Decodes(Protocol[W_co]):
    def decode(self, raw: bytes, /) -> W_co: ...


class Lenient(Generic[W]):
    """Decodes a row into the Struct ``kind``, whole where it fits, and field by field where it does not.

    A field that has not its type is left out if it is optional, and its name is kept in ``unread`` (if ``kind`` has
    that field), as ``kind`` has it: a bank could spell it in as many ways as there are rows. What stands for what: a
    number for its text, one object for a list of it, a list of one for what it holds, an object of one value for that
    value (``{"code": "DBIT"}``), three numbers for a day (Java's ``[2024, 3, 15]``), a text or number for the amount
    object that it should be in. Raises what msgspec says of the whole row if a mandatory field is wrong or missing.
    ``loosely`` spelled names fit without regard to case, ``_`` and ``-``: ``booking_date``, ``maskedPAN``.
    """

    def __init__(self, kind: type[W], *, loosely: bool = False) -> None:
        self._kind = kind
        self._whole = msgspec.json.Decoder(kind)
        self._loosely = loosely
        self._fields = {one.encode_name: one for one in structs.fields(kind)}  # type: ignore[arg-type]
        self._by_core = {core(name): one for name, one in self._fields.items()}
        self._amount = self._by_core["amount"].encode_name.encode() if "amount" in self._by_core else None
        self._parts = {one.name: _part_decoder(one.type) for one in self._fields.values()}

    def decode(self, raw: bytes, /) -> W:
        if not self._loosely:
            try:
                return self._whole.decode(raw)
            except msgspec.ValidationError as error:
                return self._mend(raw, error)
        return self._mend(raw, None)

    def alone(self, value: bytes) -> W:
        """The amount object that a bank left out around ``value``. Raises msgspec.ValidationError where it is none."""
        if self._amount is None or value[:1] not in _SCALAR:
            raise msgspec.ValidationError("Expected `object`")
        return self.decode(b'{"%s":%s}' % (self._amount, value))

    def of_page(self, rows: Sequence[msgspec.Raw]) -> "Lenient[W]":
        """This decoder, or the loose one if a sample of the rows is spelled in the bank's own way."""
        step = max(1, len(rows) // _SAMPLE)
        return self._loose if any(map(self._is_misspelled, rows[::step])) else self

    @cached_property
    def _loose(self) -> "Lenient[W]":
        """Made once: it costs as much as reading a thousand rows, and an answer may have as many lists."""
        return Lenient(self._kind, loosely=True)

    def _is_misspelled(self, row: msgspec.Raw) -> bool:
        try:
            names = _MEMBERS.decode(row).keys()
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return False
        for name in names:
            if name not in self._fields:
                meant = self._by_core.get(core(name))
                if meant is not None and meant.encode_name not in names:
                    return True
        return False

    def _mend(self, raw: bytes, error: msgspec.ValidationError | None) -> W:
        values: dict[str, Any] = {}
        unread: list[str] = []
        for name, value in _MEMBERS.decode(raw).items():
            one = self._fields.get(name) or self._by_core.get(core(name))
            if one is None or one.name == _UNREAD or (one.name in values and name != one.encode_name):
                continue
            try:
                values[one.name] = _decoded(self._parts[one.name], bytes(value))
            except msgspec.ValidationError:
                if bytes(value) != b"null":
                    unread.append(one.encode_name)
        missing = [one for one in self._fields.values() if one.required and one.name not in values]
        if missing:
            raise error or msgspec.ValidationError(f"Object missing required field `{missing[0].encode_name}`")
        if unread and _UNREAD in self._parts:
            values[_UNREAD] = tuple(unread)
        return self._kind(**values)


def is_unread(unread: Iterable[str], name: str) -> bool:
    """Whether the field is there and could not be read, which is not the same as not there. ``name`` as ``core``."""
    return any(core(one) == name for one in unread)


def core(name: str) -> str:
    """A member's name without what banks write in one way or another."""
    return name.replace("_", "").replace("-", "").casefold()


def _part_decoder(kind: Any) -> Decodes[Any]:
    """A Struct, or the one Struct that a union holds, is decoded leniently too."""
    plain: Decodes[Any] = msgspec.json.Decoder(kind)
    kinds = get_args(kind) if isinstance(kind, UnionType) else (kind,)
    found = [one for one in kinds if isinstance(one, type) and issubclass(one, msgspec.Struct)]
    if kind in found:
        return Lenient(kind, loosely=True)
    return _Either(plain, Lenient(found[0], loosely=True)) if len(found) == 1 else plain


@dataclass(frozen=True, slots=True)
class _Either:
    plain: Decodes[Any]
    part: Lenient[Any]

    def decode(self, raw: bytes, /) -> Any:
        return self.part.decode(raw) if raw[:1] == b"{" else self.plain.decode(raw)


def _decoded(decoder: Decodes[Any], value: bytes) -> Any:
    """What a value stands for that has not its field's type: the first of its meanings that has."""
    try:
        return decoder.decode(value)
    except msgspec.ValidationError as error:
        for meant in _meanings(value):
            with suppress(msgspec.ValidationError):
                return decoder.decode(meant)
        part = decoder.part if isinstance(decoder, _Either) else decoder
        if isinstance(part, Lenient):
            with suppress(msgspec.ValidationError):
                return part.alone(value)
        raise error


def _meanings(value: bytes) -> Iterator[bytes]:
    if value[:1] == b"[":
        if len(listed := _LISTED.decode(value)) == 1:
            yield bytes(listed[0])
        elif day := _JAVA_DAY.fullmatch(value):
            yield b'"%s-%02d-%02d"' % (day[1], int(day[2]), int(day[3]))
    elif value[:1] == b"{":
        members = _MEMBERS.decode(value)
        if len(members) == 1 and core(next(iter(members))) in _VALUES:
            yield bytes(*members.values())
        yield b"[" + value + b"]"
    elif value[:1].isdigit() or value[:1] == b"-":
        yield b'"' + value + b'"'


def envelope(decoder: Decodes[W], body: bytes) -> W:
    """The outer shape of an answer, its rows left as bytes. ContractBroken, with the body, if it has not that shape."""
    try:
        whole = _json(body)
        try:
            return decoder.decode(whole)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            return decoder.decode(mended(whole))
    except msgspec.MsgspecError as error:
        # msgspec names paths and types, never values
        raise ContractBroken(f"not the promised JSON: {error}", raw=body) from None
    except (UnicodeDecodeError, RecursionError) as error:
        raise ContractBroken(f"not JSON: {type(error).__name__}", raw=body) from None


def _json(body: bytes) -> bytes:
    """``body`` as msgspec reads it: without a byte order mark and what stands behind the last brace, and in UTF-8 where
    it came in UTF-16 (RFC 8259 8.1 forbids both, and gateways do both). Raises UnicodeDecodeError."""
    if body.startswith(_UTF16_MARKS):
        body = body.decode("utf-16").encode()
    if body[:1] == b"\xef" or body[-1:] <= b" ":
        body = body.removeprefix(BOM_UTF8).rstrip(b"\x00 \t\r\n")
    return unquoted(body)


def _utf8(row: bytes) -> bytes:
    """A row whose letters are of one byte each, Windows' or Latin, in UTF-8: no such letter is a sign of JSON's. The
    decoder skips what it does not want unread, and the kept row must be JSON throughout."""
    if row.isascii():
        return row
    try:
        row.decode()
    except UnicodeDecodeError:
        return row.decode("cp1252" if _UNDEFINED_IN_1252.search(row) is None else "latin-1").encode()
    return row


def rows_in(listed: Iterable[msgspec.Raw] | None) -> list[msgspec.Raw]:
    """The rows of a list; null is none. A list in it is taken apart, and so is an object whose members are numbered, as
    PHP writes a list with gaps."""
    found: list[msgspec.Raw] = []
    for row in listed or ():
        raw = bytes(row)
        if raw[:1] == b"[":
            found.extend(one for one in _LISTED.decode(raw) if bytes(one) != b"null")
        elif raw[:1] == b"{" and _NUMBERED.match(raw) is not None:
            found.extend(_MEMBERS.decode(raw).values())
        elif raw != b"null":
            found.append(row)
    return found


def sift(
    raws: Iterable[msgspec.Raw], decoder: Decodes[W], make: Callable[[W, bytes], T]
) -> tuple[tuple[T, ...], tuple[RejectedRow, ...]]:
    """``make(decoded, raw)`` for each row; a row that will not decode, or that make() calls broken, is set aside."""
    good: list[T] = []
    rejected: list[RejectedRow] = []
    for row in raws:
        raw = _utf8(bytes(row))
        try:
            good.append(make(decoder.decode(raw), raw))
        except (BrokenRow, msgspec.MsgspecError) as error:
            rejected.append(RejectedRow(str(error), raw))
        except (UnicodeDecodeError, RecursionError) as error:
            rejected.append(RejectedRow(type(error).__name__, raw))
    return tuple(good), tuple(rejected)


def only_row(transactions: Sequence[T], rejected: Sequence[RejectedRow]) -> T:
    """What a page of one row holds. Raises BrokenRow with the reason if the row was set aside."""
    if len(transactions) == 1 and not rejected:
        return transactions[0]
    raise BrokenRow(rejected[0].reason if rejected else "it is no row of this standard")
