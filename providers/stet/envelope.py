"""The rows of a HAL answer, however a bank cut it: under the list's name in any spelling, inside ``_embedded`` or
``data``, sorted into ``booked`` and ``pending`` (Connexis Cash), one row without its list, or the bare list.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Raw

from providers.errors import ContractBroken
from providers.rows import core, envelope, rows_in

_BODY = msgspec.json.Decoder(dict[str, Raw] | list[Raw])
_LINKS = msgspec.json.Decoder(Any)
_AROUND = ("_embedded", "data")
_SORTED = ("booked", "pending")
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Listed:
    """``parts`` are rows by the list that holds them, "" where there is but one. ``links`` is _links as it came."""

    parts: tuple[tuple[str, list[Raw]], ...]
    links: Any = None

    @property
    def rows(self) -> list[Raw]:
        return [row for _, rows in self.parts for row in rows]


def listed(body: bytes, *names: str) -> Listed:
    """The list called one of ``names``; null is an empty one. ContractBroken where there is none, for an answer under
    a strange name is not an empty answer."""
    found = envelope(_BODY, body)
    if isinstance(found, list):
        return Listed((("", rows_in(found)),))
    links = _decoded(found, ("_links", "links"))
    for members in (found, *_inner(found)):
        for name in names:
            given = _member(members, name)
            if given is not None:
                return Listed(_parts(given, body), links)
    for name in _AROUND:
        given = _member(found, name)
        if given is not None and bytes(given)[:1] == b"[":
            return Listed(_parts(given, body), links)
    raise ContractBroken(f"no list of {names[0]}", raw=body)


def _parts(given: Raw, body: bytes) -> tuple[tuple[str, list[Raw]], ...]:
    whole = bytes(given).strip()
    if whole in (b"null", b'""'):
        return (("", []),)
    try:
        found = _BODY.decode(whole)
    except _UNREADABLE as error:
        raise ContractBroken(f"not a list: {type(error).__name__}", raw=body) from None
    if isinstance(found, list):
        return (("", rows_in(found)),)
    held = {word: one for word in _SORTED if (one := _member(found, word)) is not None}
    if not held:
        return (("", rows_in([Raw(whole)])),)
    return tuple((word, [row for _, rows in _parts(one, body) for row in rows]) for word, one in held.items())


def _inner(members: Mapping[str, Raw]) -> Iterable[dict[str, Raw]]:
    for name in _AROUND:
        given = _member(members, name)
        if given is None:
            continue
        with suppress(*_UNREADABLE):
            found = _BODY.decode(given)
            if isinstance(found, dict):
                yield found


def _member(members: Mapping[str, Raw], name: str) -> Raw | None:
    """The member of this name: as it is, or else in another spelling."""
    if name in members:
        return members[name]
    wanted = core(name)
    return next((value for given, value in members.items() if core(given) == wanted), None)


def _decoded(members: Mapping[str, Raw], names: Iterable[str]) -> Any:
    """What cannot be read leads nowhere."""
    given = next((members[name] for name in names if name in members), None)
    with suppress(*_UNREADABLE):
        return None if given is None else _LINKS.decode(given)
    return None
