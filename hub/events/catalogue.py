"""The types of events that are told to somebody outside, one JSON file each under ``types/``: who hears of it, which
signals it is made of and when, and what it says. Files are the rules: the dispatcher does what they say, and the pages
and schemas for developers are drawn from them.

A signal itself becomes an event too, under its own kind, for the hub's own systems (audience ``hub``).

An operator declares types of their own in folders that RIALTO_EVENT_TYPES names. They are the process's, as those that
are shipped: whoever builds a hub says which.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from consent.model import READ_PERMISSIONS, Permission

TYPES = Path(__file__).parent / "types"
OUTSIDE = "partner."
"""How the kinds of signals begin that systems outside send (hub.events.inbound), and no others."""


class Audience(StrEnum):
    """Whom a type is for."""

    PERSON = "person"  # whom it is about
    CLIENT = "client"  # the app that the signal names in client_id
    APPS = "apps"  # every app with the permission for an account that it is about
    PERSONS_APPS = "persons_apps"  # every app with the permission for any account of the person it is about
    EVERYONE = "everyone"  # all people
    EVERY_CLIENT = "every_client"  # all apps


class Topic(StrEnum):
    """What a notice is about, as people choose where to hear of it."""

    ACCESS = "access"  # their links to banks
    APPS = "apps"  # who sees what
    MONEY = "money"  # what went in or out
    SERVICE = "service"  # this hub itself
    OCCASIONS = "occasions"


class Notice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a person reads of it, in their inbox and elsewhere.

    In ``title`` and ``text`` may stand {bank} (where ``data`` has institution_id), {app} (where the signal says its
    client_id), {payee} and the members of ``data``; in ``path``, a page of ours, {subject} and those members. Only
    ``title`` leaves the hub, so it holds no {payee}. ``settled_by``: after these
    signals for the same subject nobody needs to see it any more. ``once``: never again for the same subject.
    """

    topic: Topic
    title: str
    text: str
    path: str
    settled_by: tuple[str, ...] = ()
    once: bool = False


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One thing that the signal's body must say: more than a number, or a value."""

    field: str
    above: float | None = None
    is_: Any = msgspec.field(default=msgspec.UNSET, name="is")

    def holds(self, body: Mapping[str, Any]) -> bool:
        value = body.get(self.field)
        if self.above is not None:
            return isinstance(value, int | float) and value > self.above
        return bool(value == self.is_)


class After(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So long after the signal, unless one of these came for the same subject."""

    minutes: float
    unless: tuple[str, ...]


class Before(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So long before the moment that the signal's body names (RFC 3339), unless one of these came."""

    field: str
    days: float
    unless: tuple[str, ...]


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One member of ``data``. ``source``: ``subject``, ``kind`` (its last word), or a member of the signal's body."""

    source: str = msgspec.field(name="from")
    schema: Mapping[str, Any]


class EventType(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``names_accounts``: apps are told the accounts that they may read and that it is about, as ``account_ids``.
    ``deprecated``: until when it is still told, and what to hear instead, in words; "" while it stays.
    """

    type: str
    version: int
    deprecated: str = ""
    title: str
    description: str
    audience: tuple[Audience, ...]
    on: tuple[str, ...] = ()
    any: tuple[Condition, ...] = ()
    after: After | None = None
    before: Before | None = None
    permission: Permission | None = None
    names_accounts: bool = False
    notice: Notice | None = None
    data: Mapping[str, Told] = {}

    def __post_init__(self) -> None:
        by_permission = {Audience.APPS, Audience.PERSONS_APPS} & set(self.audience)
        if by_permission and self.permission not in READ_PERMISSIONS:
            raise ValueError(f"{self.type}: apps hear of it by a permission to read")
        if Audience.PERSONS_APPS in by_permission and (len(by_permission) > 1 or self.names_accounts):
            raise ValueError(f"{self.type}: it is about a person or about accounts, not both")
        if (self.notice is not None) is not bool({Audience.PERSON, Audience.EVERYONE} & set(self.audience)):
            raise ValueError(f"{self.type}: people hear of it in the words of a notice")
        if self.after and self.before:
            raise ValueError(f"{self.type}: after or before, not both")

    def is_made_of(self, kind: str, body: Mapping[str, Any]) -> bool:
        return kind in self.on and (not self.any or any(one.holds(body) for one in self.any))

    def says(self, kind: str, subject_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """``data`` of the event that this signal makes. What the signal does not say is null."""
        known = {"subject": subject_id, "kind": kind.rpartition(".")[2]}
        return {name: known.get(one.source, body.get(one.source)) for name, one in self.data.items()}

    @property
    def ends(self) -> tuple[str, ...]:
        """The signals after which its timer is not waited for any more."""
        timer = self.after or self.before
        return timer.unless if timer else ()


_own: dict[str, EventType] = {}


def declare(directories: Iterable[Path]) -> None:
    """The operator's own types are those in these folders, from now on. Raises ValueError, naming the file, for one
    that is none, has the name of another, or says what nobody could be shown."""
    found: dict[str, EventType] = {}
    for one in [one for directory in directories for one in _load(directory)]:
        if one.type in found or one.type in _shipped():
            raise ValueError(f"{one.type}.json: there is a type of that name already")
        if problem := _unfit(one):
            raise ValueError(f"{one.type}.json: {problem}")
        found[one.type] = one
    if found != _own:
        _own.clear()
        _own.update(found)
        types.cache_clear()
        concerned.cache_clear()


@cache
def _shipped() -> Mapping[str, EventType]:
    return {one.type: one for one in _load(TYPES)}


@cache
def types() -> Mapping[str, EventType]:
    """All of them, by their name."""
    return {**_shipped(), **_own}


@cache
def concerned(kind: str) -> Sequence[EventType]:
    """The types that a signal of this kind makes, or whose timer it starts or ends."""
    return [one for one in types().values() if kind in one.on or kind in one.ends]


def _load(directory: Path) -> Sequence[EventType]:
    if not directory.is_dir():
        raise ValueError(f"{directory} is no folder")
    found = []
    for path in sorted(directory.glob("*.json")):
        try:
            one = msgspec.json.decode(path.read_bytes(), type=EventType)
        except msgspec.MsgspecError as error:
            raise ValueError(f"{path.name}: {error}") from error
        if one.type != path.stem:
            raise ValueError(f"{path.name} declares {one.type}")
        found.append(one)
    return found


_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")
_PLACE = re.compile(r"\{([a-z_]+)\}")
_LONGEST_NAME = 60  # of an event's kind


def _unfit(one: EventType) -> str:
    """What an operator's file must not say, "" if it is fit. The shipped ones are held to the same by a test."""
    if not _NAME.fullmatch(one.type) or len(one.type) > _LONGEST_NAME or one.type.startswith(OUTSIDE):
        return f"its name is words of small letters with dots between, {_LONGEST_NAME} letters, not {OUTSIDE}…"
    if not one.on:
        return "no signal makes it (on)"
    for name, told in one.data.items():
        if "type" not in told.schema and "enum" not in told.schema:
            return f"data.{name} has a schema without a type"
    if one.notice is None:
        return ""
    if "{bank}" in one.notice.title + one.notice.text and "institution_id" not in one.data:
        return "notice names {bank}, and data does not say institution_id"
    return _unreadable(one.notice, {*one.data, "bank", "app"})


def _unreadable(notice: Notice, known: set[str]) -> str:
    places = {"title": known, "text": known | {"payee"}, "path": known - {"bank", "app"} | {"subject"}}
    for name, allowed in places.items():
        text: str = getattr(notice, name)
        rest = _PLACE.sub("", text)
        if "{" in rest or "}" in rest or not text.isprintable() or not text:
            return f"notice.{name} is a line of text in which {{a_name}} is replaced"
        if strange := set(_PLACE.findall(text)) - allowed:
            return f"notice.{name} names {', '.join(sorted(strange))}, which is not said"
    if not notice.path.startswith("/") or notice.path.startswith("//") or "\\" in notice.path:
        return "notice.path is a page of this hub, such as /connections"
    return ""
