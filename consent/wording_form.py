"""The form that every language of the consent screen fills in."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from consent.model import Permission


@dataclass(frozen=True, slots=True)
class Line:
    """One line, true only if all of ``given`` and none of ``absent`` are on the same screen."""

    text: str
    given: frozenset[Permission] = frozenset()
    absent: frozenset[Permission] = frozenset()

    def is_true(self, permissions: Collection[Permission]) -> bool:
        return self.given <= set(permissions) and self.absent.isdisjoint(permissions)


@dataclass(frozen=True, slots=True)
class Text:
    """One permission. ``noun`` fits into "asks to see your ..."; shows and hides are fragments for a list."""

    title: str
    noun: str
    shows: tuple[Line, ...]
    hides: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Language:
    """All the words of one language.

    headline(client name, whether they ask to sign the person in, nouns of what is read, whether payments are
    asked for);
    purpose(the client's words); summary(account count or None, accounts concerned, history concerned,
    first day of history or None, last day).
    """

    permissions: Mapping[Permission, Text]
    limits: tuple[Line, ...]
    headline: Callable[[str, bool, Sequence[str], bool], str]
    purpose: Callable[[str], str]
    summary: Callable[[int | None, bool, bool, date | None, date], str]
