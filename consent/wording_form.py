"""The form that every language of the consent screen fills in."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

from consent.details import AccountInformation, PaymentInitiation
from consent.model import Permission

_QUOTES = frozenset('"“”„‟«»＂')


def unquoted(text: str) -> str:
    """The text without what would end our quotation of it."""
    return "".join("’" if sign in _QUOTES else sign for sign in text)


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
class Fact:
    """One thing that a detail says, for a list of terms and values."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class DetailText:
    """One of the authorization_details in words: the whole of it in ``title``, then fact by fact."""

    title: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Language:
    """All the words of one language.

    headline(client name, whether they ask to sign the person in, nouns of what is read, the payment in words or None);
    purpose(the client's words); summary(account count or None, accounts concerned, history concerned,
    first day of history or None, last day); once: the summary of a payment.
    pay: the payment in words, amount first; payment: all of it. information(detail, nouns of what is read, the
    person's zone). adds, takes_place(when the older consent was given, nouns of what it holds).
    """

    permissions: Mapping[Permission, Text]
    limits: tuple[Line, ...]
    headline: Callable[[str, bool, Sequence[str], str | None], str]
    purpose: Callable[[str], str]
    summary: Callable[[int | None, bool, bool, date | None, date], str]
    once: str
    pay: Callable[[PaymentInitiation | None], str]
    payment: Callable[[PaymentInitiation], DetailText]
    information: Callable[[AccountInformation, Sequence[str], tzinfo], DetailText]
    adds: Callable[[date, Sequence[str]], str]
    takes_place: Callable[[date, Sequence[str]], str]
