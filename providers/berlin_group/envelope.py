"""The lists of a NextGenPSD2 answer, however a bank cut it. Pure: bytes in, rows still bytes.

The standard (psd2-api 1.3.11: transactionsResponse-200, accountReport, accountList) has rows in lists that say what
they are. Banks put the answer into another object, all rows into one list, the lists beside the report or a report into
a list, one row where a list should be, or numbers before the rows. No rows are left out in silence: a list of them that
nobody knows is handed out as such, and an answer without any list is broken.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from msgspec import Raw

from providers.berlin_group import wire
from providers.errors import ContractBroken
from providers.links import following, target
from providers.rows import core, envelope, rows_in

BOOKED, PENDING, INFORMATION, REJECTED, UNKNOWN = "booked", "pending", "information", "rejected", "unknown"
_NOTHING = frozenset({b"null", b'""'})
_EMPTY = _NOTHING | {b"[]", b"{}"}
_NEXT = ("next", "nextlink", "nexturl", "nextpage")
_MOST_WRAPPED = 3
_MOST_NESTED = 8
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_MEMBERS = msgspec.json.Decoder(dict[str, Raw])
_LISTED = msgspec.json.Decoder(list[Raw])
_ANY = msgspec.json.Decoder(Any)
_TEXT = msgspec.json.Decoder(str)
_LIST_OF_OBJECTS = re.compile(rb"\s*\[\s*\{")
_LIKE_A_REPORT = re.compile(rb'\{\s*"(?:booked|pending|information)"\s*:\s*(?:[\[{]|null)', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one list. ``kind`` is one of the words above, ``name`` what the bank calls the list."""

    kind: str
    name: str
    is_card: bool = False
    rows: tuple[Raw, ...] = ()


@dataclass(slots=True)
class Lists:
    """``links`` are those of the answer and of the reports in it, the innermost first. ``texts``: what stands as a text
    where rows should be."""

    parts: list[Part] = field(default_factory=list)
    links: list[Any] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    debit_accounting: bool | None = None
    is_found: bool = False

    @property
    def next(self) -> str | None:
        return next((found for links in self.links if (found := following(links)) is not None), None)

    @property
    def download(self) -> str | None:
        """The link to a report that is too large for the answer (transactionsResponse-200, ``_links``)."""
        found = next((found for links in self.links if (found := target(links, "download")) is not None), None)
        return None if found is None else found.partition("#")[0] + wire.DOWNLOAD


@dataclass(frozen=True, slots=True)
class _Known:
    """``lists``: the names of lists, and what they say of their rows; ``of_a_row``: members by which a row is known;
    ``has_unknown``: rows may stand in lists of other names; ``may_be_null``: null is an empty list."""

    lists: Mapping[str, Part]
    of_a_row: frozenset[str]
    has_unknown: bool
    may_be_null: bool


_WRAPPERS = frozenset(
    {
        "data",
        "accountreport",
        "cardaccountreport",
        "transactionsresponse",
        "response",
        "result",
        "results",
        "payload",
        "content",
        "body",
        "items",
        "embedded",
    }
)
_OF_THE_STANDARD = frozenset({"transactions", "cardtransactions", "booked", "pending", "accounts", "cardaccounts"})
_OF_A_SUM = frozenset({"amount", "currency", "currencycode", "creditdebitindicator", "count"})
"""An object of these alone in place of a list is what its rows come to."""
_TRANSACTIONS = _Known(
    {
        "transactions": Part(BOOKED, "transactions"),
        "cardtransactions": Part(BOOKED, "cardTransactions", is_card=True),
        **dict.fromkeys(("transaction", "transactionlist", "accounttransactions"), Part(BOOKED, "transactions")),
        **dict.fromkeys(("booked", "bookedtransactions", "posted", "completed", "settled"), Part(BOOKED, "booked")),
        **dict.fromkeys(("pending", "pendingtransactions", "authorised", "reserved"), Part(PENDING, "pending")),
        **dict.fromkeys(("information", "info"), Part(INFORMATION, "information")),
        **dict.fromkeys(("rejected", "declined", "cancelled"), Part(REJECTED, "rejected")),
    },
    of_a_row=frozenset({"transactionamount", "amount"}),
    has_unknown=True,
    may_be_null=True,
)
_ACCOUNTS = _Known(
    {
        **dict.fromkeys(("accounts", "accountlist", "account"), Part(BOOKED, "accounts")),
        "cardaccounts": Part(BOOKED, "cardAccounts", is_card=True),
    },
    of_a_row=frozenset({"resourceid", "iban", "bban", "maskedpan", "pan", "currency", "accountid"}),
    has_unknown=False,
    may_be_null=False,
)


def transactions(body: bytes) -> Lists:
    """Raises ContractBroken where there is no list of rows, or something else in its place."""
    found = _gathered(_TRANSACTIONS, b"transactions", body)
    if not found.is_found and found.download is None:
        raise ContractBroken("no list of transactions", raw=body)
    return found


def accounts(body: bytes) -> Lists:
    """As ``transactions``; the rows of parts are accounts. Null is no list of them: whoever has none is told so."""
    found = _gathered(_ACCOUNTS, b"accounts", body)
    if not found.is_found:
        raise ContractBroken("no list of accounts", raw=body)
    return found


def _gathered(known: _Known, name: bytes, body: bytes) -> Lists:
    """A list of objects that came alone is one of ``name``; an empty one could be anything's."""
    found = _Gathering(known, body)
    is_list = _LIST_OF_OBJECTS.match(body)
    found.take(envelope(_MEMBERS, b'{"%s":%s}' % (name, body) if is_list else body), None, 0)
    _say_once(found.lists.parts)
    return found.lists


def _say_once(parts: list[Part]) -> None:
    """Take out rows that stand in a list of another name too: what a bank says twice in one answer happened once.
    Within one list, and of what is booked and what is pending, rows may be alike."""
    names: defaultdict[str, set[str]] = defaultdict(set)
    for part in parts:
        if part.kind != UNKNOWN:
            names[part.kind].add(part.name)
    elsewhere: defaultdict[tuple[str, str], Counter[bytes]] = defaultdict(Counter)
    for place, part in enumerate(parts):
        others = names[part.kind] - {part.name}
        if not others:
            continue
        said, rows = elsewhere[part.kind, part.name], []
        for row in part.rows:
            if said[raw := bytes(row)] > 0:
                said[raw] -= 1
                continue
            rows.append(row)
            for name in others:
                elsewhere[part.kind, name][raw] += 1
        parts[place] = replace(part, rows=tuple(rows))


class _Gathering:
    def __init__(self, known: _Known, body: bytes) -> None:
        self._known = known
        self._body = body
        self.lists = Lists()

    def _gather(self, raw: Raw, at: Part, depth: int) -> None:
        """What stands where ``at`` should be."""
        value = bytes(raw)
        if depth > _MOST_NESTED:
            raise ContractBroken("lists in lists in lists", raw=self._body)
        if value not in _NOTHING or self._known.may_be_null:
            self.lists.is_found = True
        if value[:1] == b"[":
            rows = rows_in(_LISTED.decode(value))
            reports = [row for row in rows if _LIKE_A_REPORT.match(row)]
            for report in reports:
                self._gather(report, at, depth + 1)
            self._add(at, rows if not reports else [row for row in rows if not _LIKE_A_REPORT.match(bytes(row))])
        elif value[:1] == b"{":
            self.take(_MEMBERS.decode(value), replace(at, rows=(raw,)), depth)
        elif value[:1] == b'"' and value not in _NOTHING:
            self.lists.texts.append(_TEXT.decode(value).strip().encode(errors="replace"))
        elif value not in _NOTHING:
            raise ContractBroken(f"{at.name} is no list", raw=self._body)

    def take(self, members: dict[str, Raw], at: Part | None, depth: int) -> None:
        """A report, or one row where a list of them should be, or what somebody put around either. ``at`` is the list
        that it stands for, with itself as its row."""
        by_core = _by_core(members)
        if at is not None and self._is_row(by_core):
            self._add(at if by_core.keys() - _OF_A_SUM else Part(UNKNOWN, at.name), at.rows)
            return
        if (said := bytes(by_core.get("debitaccounting", b""))) in (b"true", b"false"):
            self.lists.debit_accounting = self.lists.debit_accounting or said == b"true"
        lists = {name: value for name, value in by_core.items() if self._is_list(name, value)}
        wrapped = [value for name, value in by_core.items() if name in _WRAPPERS and _holds_something(value)]
        if lists:
            self._lists(members, lists, at, depth)
        elif wrapped and depth < _MOST_WRAPPED:
            for value in wrapped:
                self._unwrap(value, at, depth + 1)
        elif at is not None and by_core.keys() - {"links"}:
            self._add(at, by_core.values() if all(map(str.isdigit, by_core)) else at.rows)
        self.lists.links += (_links(by_core), *_bare_next(by_core))

    def _is_row(self, members: Mapping[str, Raw]) -> bool:
        """An amount beside a list of rows is their sum."""
        found = self._known.of_a_row & members.keys()
        lists = (value for name, value in members.items() if name in self._known.lists)
        return bool(found) and not (found == {"amount"} and any(bytes(one)[:1] == b"[" for one in lists))

    def _is_list(self, name: str, value: Raw) -> bool:
        """``info`` is a list of rows at one bank, and something about the answer at others; so is ``completed``."""
        known = self._known.lists.get(name)
        if known is None or name in _OF_THE_STANDARD:
            return known is not None
        is_or_was_one = bytes(value)[:1] == b"{" or bytes(value) in _NOTHING
        return bytes(value)[:1] == b"[" or (known.kind != INFORMATION and is_or_was_one)

    def _lists(self, members: dict[str, Raw], lists: Mapping[str, Raw], at: Part | None, depth: int) -> None:
        for name, value in lists.items():
            part = self._known.lists[name]
            self._gather(value, replace(part, is_card=part.is_card or (at is not None and at.is_card)), depth + 1)
        for name, value in members.items():
            if core(name) not in lists and self._are_rows(name, value):
                self._add(Part(UNKNOWN, name), rows_in(_LISTED.decode(value)))

    def _are_rows(self, name: str, value: Raw) -> bool:
        """Whether a list that has no name of ours holds what ours hold."""
        if not self._known.has_unknown or "balance" in core(name) or not _LIST_OF_OBJECTS.match(bytes(value)):
            return False
        first = _MEMBERS.decode(_LISTED.decode(value)[0])
        return not self._known.of_a_row.isdisjoint(map(core, first))

    def _unwrap(self, value: Raw, at: Part | None, depth: int) -> None:
        if at is not None or _LIST_OF_OBJECTS.match(bytes(value)):
            self._gather(value, at or next(iter(self._known.lists.values())), depth)
        elif bytes(value)[:1] == b"{":
            self.take(_MEMBERS.decode(value), None, depth)

    def _add(self, at: Part, rows: Iterable[Raw]) -> None:
        self.lists.parts.append(replace(at, rows=tuple(rows)))


def _by_core(members: Mapping[str, Raw]) -> dict[str, Raw]:
    """Of two members that differ in spelling only (``_links`` and ``links``) the one that holds something."""
    found: dict[str, Raw] = {}
    for name, value in members.items():
        if (one := core(name)) not in found or bytes(value) not in _EMPTY:
            found[one] = value
    return found


def _holds_something(value: Raw) -> bool:
    return bytes(value)[:1] in (b"[", b"{")


def _bare_next(members: Mapping[str, Raw]) -> Iterator[dict[str, Any]]:
    """The link to the next page where it stands by itself. The number or the key of a page is no link."""
    for name in _NEXT:
        with suppress(*_UNREADABLE):
            links = {"next": _ANY.decode(members.get(name, b"null"))}
            if "/" in (link := following(links) or "") or link.startswith("?"):
                yield links


def _links(members: Mapping[str, Raw]) -> Any:
    """What cannot be read leads nowhere."""
    with suppress(*_UNREADABLE):
        return _ANY.decode(members.get("links", b"null"))
    return None
