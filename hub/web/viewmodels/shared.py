"""What many pages share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


@dataclass(frozen=True, slots=True)
class Viewer:
    """``unread``: how many notifications they have not seen, a hundred standing for more."""

    name: str
    email: str
    unread: int = 0


@dataclass(frozen=True, slots=True)
class Flash:
    kind: Literal["info", "success", "error"]
    text: str


@dataclass(frozen=True, slots=True)
class Form:
    """What was typed and what was wrong with it, by field name. ``errors[""]`` belongs to no field.

    Passwords are never put back into ``values``.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choice:
    """One radio button or checkbox. ``note`` is a second, quieter line."""

    value: str
    label: str
    note: str = ""
    checked: bool = False


@dataclass(frozen=True, slots=True)
class Bank:
    """An institution as a face: ``institution_id`` addresses it, ``colour`` and the name's initials draw
    its mark.
    """

    institution_id: str
    name: str
    colour: str = ""
    country: str = ""  # ISO 3166-1 alpha-2


@dataclass(frozen=True, slots=True)
class App:
    """A client as a person sees it. ``verified`` is Rialto's own word about it, never the app's.

    ``vouched_by`` names the trust anchor on whose word it is, "" if the operator's own. ``policy`` and ``terms`` are
    pages of the app's.
    """

    client_id: str
    name: str
    site: str = ""  # https URL, or empty
    verified: bool = False
    vouched_by: str = ""
    policy: str = ""
    terms: str = ""


class ConnectionState(StrEnum):
    """Whose turn it is. Each has a word, a sign and (where the person can act) a button in
    ``macros/bank.html``.
    """

    READY = "ready"
    BEHIND = "behind"  # ready too, but not all was read the last time
    SYNCING = "syncing"
    NEEDS_PSU = "needs_psu"
    NEEDS_ASPSP = "needs_aspsp"
    FAILING = "failing"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, slots=True)
class Pager:
    """Keyset paging: ready query strings (``cursor=...&q=...``, no ``?``), or None where there is nothing
    more.
    """

    newer: str | None = None
    older: str | None = None
