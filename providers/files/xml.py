"""XML that a stranger wrote, as a tree that cannot be large for a small file.

A document type is refused before anything in it is read: without one there are no entities, so nothing can grow
(billion laughs), and nothing outside can be fetched (XXE). Names are local ones: banks bind the namespace to any
prefix, and deliver one version's elements under another's.
"""

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from providers.errors import ContractBroken

MAX_DEPTH = 60
MAX_ELEMENTS = 3_000_000
MAX_HELD = 500_000
"""Elements in memory at once, some 150 MB: those outside of rows, and one row's."""


@dataclass(slots=True)
class Element:
    """``start`` and ``end`` are its place in the bytes of the file."""

    name: str
    attributes: dict[str, str]
    start: int
    end: int = 0
    text: str = ""
    children: "list[Element]" = field(default_factory=list)

    def all(self, *path: str) -> "list[Element]":
        """Every element at the end of ``path`` below this one."""
        found = [self]
        for name in path:
            found = [child for one in found for child in one.children if child.name == name]
        return found

    def first(self, *path: str) -> "Element | None":
        found = self.all(*path)
        return found[0] if found else None

    def say(self, *path: str) -> str | None:
        """The text of the first element at ``path`` that has one."""
        return next((text for one in self.all(*path) if (text := one.text.strip())), None)


def read(raw: bytes, *, row: str, take: Callable[[Element, Element], None]) -> Element:
    """The tree of ``raw`` without its ``row`` elements: each of those is handed to ``take(row, parent)`` as soon as it
    is complete, with what the parent holds so far. Raises ContractBroken.
    """
    try:
        return _Reader(row, take).read(raw, None)
    except expat.ExpatError as error:
        if error.code != expat.errors.codes[expat.errors.XML_ERROR_INVALID_TOKEN] or _is_utf8(raw):
            raise ContractBroken(_why(error)) from None
    raise ContractBroken("The file says it is UTF-8 and is not; save it anew, or ask the bank for another file.")


def encoding_of(raw: bytes) -> str:
    """The codec that a well-formed document is written in, in Python's name; UTF-8 where it names none (XML 1.0 F)."""
    for mark, codec in _WIDE:
        if raw.startswith(mark):
            return codec
    found = _DECLARED.match(raw)
    try:
        return codecs.lookup(found[1].decode()).name if found else "utf-8"
    except LookupError:
        return "utf-8"


_WIDE = (
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
_DECLARED = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _why(error: expat.ExpatError) -> str:
    return f"The file is not well-formed XML (line {error.lineno}): it may be cut off."


class _Reader:
    def __init__(self, row: str, take: Callable[[Element, Element], None]) -> None:
        self._row = row
        self._take = take
        self._path: list[Element] = []
        self._texts: list[list[str]] = []
        self._root: Element | None = None
        self._count = self._held = 0
        self._held_before: list[int] = []

    def read(self, raw: bytes, encoding: str | None) -> Element:
        parser = self._parser = expat.ParserCreate(encoding)
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        try:
            parser.Parse(raw, True)
        except (LookupError, ValueError):
            raise ContractBroken("The file names an encoding that is not known.") from None
        if self._root is None:  # pragma: no cover - expat refuses a document without an element
            raise ContractBroken("The file holds no XML.")
        return self._root

    def _doctype(self, *_given: Any) -> None:
        raise ContractBroken("The file declares a document type, which no statement needs and attacks do.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        self._held_before.append(self._held)
        self._held += 1
        if len(self._path) >= MAX_DEPTH or self._count > MAX_ELEMENTS or self._held > MAX_HELD:
            raise ContractBroken("The file has more elements, or deeper ones, than a statement can have.")
        element = Element(name.rpartition(":")[2], attributes, self._parser.CurrentByteIndex)
        if self._path:
            self._path[-1].children.append(element)
        else:
            self._root = element
        self._path.append(element)
        self._texts.append([])

    def _end(self, _name: str) -> None:
        element, held_before = self._path.pop(), self._held_before.pop()
        element.text = "".join(self._texts.pop())
        element.end = self._parser.CurrentByteIndex
        if element.name == self._row and self._path:
            self._path[-1].children.pop()
            self._held = held_before
            self._take(element, self._path[-1])

    def _characters(self, text: str) -> None:
        if self._texts:
            self._texts[-1].append(text)
