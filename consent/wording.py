"""What the consent screen says, in plain words: a person must understand it in five seconds.

The words are data, one ``Language`` per language in ``LANGUAGES``; a new language is one file and one entry.
Nothing promises what another permission on the same screen takes away ("not your balance" disappears as soon as the
balance is asked for): each line says with and without which permissions it is true.

``screen`` makes all of it at once. What it returns is what the template shows and what the receipt keeps.
"""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum
from types import MappingProxyType

from consent.details import Detail, PaymentInitiation, payment_in
from consent.model import ACCOUNT_PERMISSIONS, HISTORY_PERMISSIONS, Consent, Permission
from consent.succession import How
from consent.wording_en import ENGLISH
from consent.wording_form import DetailText, Language, Line, unquoted

WORDING_VERSION = "3"
"""Changes with any change of the words, in whatever language: receipts name it."""

DEFAULT_LANGUAGE = "en"
LANGUAGES: Mapping[str, Language] = MappingProxyType({"en": ENGLISH})

MAX_NAME_LENGTH = 60
MAX_PURPOSE_LENGTH = 200


class Severity(StrEnum):
    """How much giving it away matters; the screen colours by it."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Look:
    """What no language changes. ``order``: place on the screen, the most telling last, where the eye rests."""

    order: int
    severity: Severity
    icon: str


LOOKS: Mapping[Permission, Look] = MappingProxyType(
    {
        Permission.SIGN_IN: Look(0, Severity.LOW, "lock"),
        Permission.PROFILE: Look(1, Severity.LOW, "person"),
        Permission.EMAIL: Look(2, Severity.LOW, "mail"),
        Permission.ACCOUNTS_READ: Look(3, Severity.LOW, "bank"),
        Permission.PRODUCTS_READ: Look(4, Severity.LOW, "info"),
        Permission.BALANCES_READ: Look(5, Severity.MEDIUM, "balance"),
        Permission.REGULAR_PAYMENTS_READ: Look(6, Severity.MEDIUM, "sync"),
        Permission.STATEMENTS_READ: Look(7, Severity.HIGH, "page"),
        Permission.TRANSACTIONS_READ: Look(8, Severity.HIGH, "list"),
        Permission.BENEFICIARIES_READ: Look(9, Severity.HIGH, "people"),
        Permission.PARTIES_READ: Look(10, Severity.HIGH, "card"),
        Permission.HOLDERS_READ: Look(11, Severity.HIGH, "home"),
        Permission.PAYMENTS_WRITE: Look(12, Severity.HIGH, "pay"),
    }
)


@dataclass(frozen=True, slots=True)
class Item:
    """One permission on the screen. ``shows`` is what they get, ``hides`` what they do not."""

    permission: Permission
    title: str
    shows: tuple[str, ...]
    hides: tuple[str, ...]
    severity: Severity
    icon: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The exact words that were put before the person, in the order of the screen.

    purpose: the client's own words, marked as theirs; None where it gave none. limits: what they can never do.
    details: one for each of the request's authorization_details, in its order. standing: what becomes of the older
    consent where this one takes its place.
    """

    language: str
    version: str
    headline: str
    purpose: str | None
    items: tuple[Item, ...]
    limits: tuple[str, ...]
    summary: str
    details: tuple[DetailText, ...] = ()
    standing: str | None = None


@dataclass(frozen=True, slots=True)
class Older:
    """The consent that this one would replace or be added to."""

    how: How
    consent: Consent


def language_for(wanted: str) -> str:
    """The language that will really be used for ``wanted`` (a BCP 47 tag): itself, its base, or the default."""
    for tag in (wanted.lower(), wanted.lower().partition("-")[0]):
        if tag in LANGUAGES:
            return tag
    return DEFAULT_LANGUAGE


def explain(permissions: Collection[Permission], language: str = DEFAULT_LANGUAGE) -> tuple[Item, ...]:
    """Each permission in plain words, in the order of the screen."""
    texts = LANGUAGES[language_for(language)].permissions
    return tuple(
        Item(
            permission=permission,
            title=texts[permission].title,
            shows=_true_lines(texts[permission].shows, permissions),
            hides=_true_lines(texts[permission].hides, permissions),
            severity=LOOKS[permission].severity,
            icon=LOOKS[permission].icon,
        )
        for permission in _ordered(permissions)
    )


def limits(permissions: Collection[Permission], language: str = DEFAULT_LANGUAGE) -> tuple[str, ...]:
    """What holds for the whole consent: first of all that they cannot move money, where that is so."""
    return _true_lines(LANGUAGES[language_for(language)].limits, permissions)


def headline(
    client_name: str,
    permissions: Collection[Permission],
    language: str = DEFAULT_LANGUAGE,
    details: Sequence[Detail] = (),
) -> str:
    """``Budget Buddy asks to see your balances and transactions.`` The name is the client's: see ``tame``."""
    words = LANGUAGES[language_for(language)]
    return words.headline(
        tame(client_name, MAX_NAME_LENGTH),
        Permission.SIGN_IN in permissions,
        _nouns(words, set(permissions) - _DOES),
        words.pay(payment_in(details)) if Permission.PAYMENTS_WRITE in permissions else None,
    )


def explain_details(
    details: Sequence[Detail], language: str = DEFAULT_LANGUAGE, zone: tzinfo = UTC
) -> tuple[DetailText, ...]:
    """Each detail in plain words, in the order of the request: for the screen, the receipt, the person's own list."""
    words = LANGUAGES[language_for(language)]
    return tuple(
        words.payment(detail)
        if isinstance(detail, PaymentInitiation)
        else words.information(detail, _nouns(words, detail.permissions), zone)
        for detail in details
    )


def standing(older: Older, language: str = DEFAULT_LANGUAGE, zone: tzinfo = UTC) -> str:
    """What becomes of the older consent if the person says yes to this one."""
    words = LANGUAGES[language_for(language)]
    say = words.adds if older.how is How.MERGE else words.takes_place
    given = older.consent.created_at.astimezone(zone).date()
    return say(given, _nouns(words, older.consent.holds))


def summary(
    permissions: Collection[Permission],
    *,
    account_count: int | None,
    history_from: date | None,
    valid_until: datetime,
    language: str = DEFAULT_LANGUAGE,
    zone: tzinfo = UTC,
) -> str:
    """``For 3 accounts, history since 1 Jan 2026, until 23 Feb 2027.``

    account_count: how many were picked; None = not picked yet. Accounts are left out where no permission concerns
    them, history where nothing of the past is read. ``zone``: the person's, so that the last day is their day.
    A payment is made once, whatever the rest.
    """
    if Permission.PAYMENTS_WRITE in permissions:
        return LANGUAGES[language_for(language)].once
    return LANGUAGES[language_for(language)].summary(
        account_count,
        bool(ACCOUNT_PERMISSIONS & set(permissions)),
        bool(HISTORY_PERMISSIONS & set(permissions)),
        history_from,
        valid_until.astimezone(zone).date(),
    )


def screen(
    client_name: str,
    permissions: Collection[Permission],
    *,
    purpose: str | None,
    account_count: int | None,
    history_from: date | None,
    valid_until: datetime,
    language: str = DEFAULT_LANGUAGE,
    zone: tzinfo = UTC,
    details: Sequence[Detail] = (),
    older: Older | None = None,
) -> Shown:
    """Everything the consent screen says, as one value for the template and for the receipt."""
    used = language_for(language)
    told = tame(purpose or "", MAX_PURPOSE_LENGTH)
    return Shown(
        language=used,
        version=WORDING_VERSION,
        headline=headline(client_name, permissions, used, details),
        purpose=LANGUAGES[used].purpose(told) if told else None,
        items=explain(permissions, used),
        limits=limits(permissions, used),
        summary=summary(
            permissions,
            account_count=account_count,
            history_from=history_from,
            valid_until=valid_until,
            language=used,
            zone=zone,
        ),
        details=explain_details(details, used, zone),
        standing=standing(older, used, zone) if older else None,
    )


def tame(text: str, length: int) -> str:
    """A client's own words, made unable to rewrite the sentence around them.

    Controls, line breaks, invisible and direction-turning characters (Unicode C*, Zl, Zp) become spaces, runs of space
    one space; quotation marks, which would end our quotation, an apostrophe; what is too long is cut with an ellipsis.
    HTML is the template's matter: this is text.
    """
    calm = (" " if unicodedata.category(sign)[0] == "C" else sign for sign in text)
    words = " ".join(unquoted("".join(calm)).split())
    return words if len(words) <= length else words[: length - 1].rstrip() + "…"


_DOES = frozenset({Permission.SIGN_IN, Permission.PAYMENTS_WRITE})
"""What is not "see your ..." in the headline."""


def _ordered(permissions: Collection[Permission]) -> list[Permission]:
    return sorted(set(permissions), key=lambda permission: LOOKS[permission].order)


def _nouns(words: Language, permissions: Collection[Permission]) -> list[str]:
    return [words.permissions[one].noun for one in _ordered(permissions)]


def _true_lines(lines: tuple[Line, ...], permissions: Collection[Permission]) -> tuple[str, ...]:
    return tuple(line.text for line in lines if line.is_true(permissions))
