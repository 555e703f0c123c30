"""Statements that a person brings as files."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from hub.web.viewmodels.shared import Choice
from providers.model import Money


@dataclass(frozen=True, slots=True)
class ImportPage:
    """import.html. POST to /import, multipart, with ``file``."""

    max_mb: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One row of the file as it was understood. ``money`` has currency XXX where none is known yet."""

    on: date | None
    counterparty: str
    text: str
    money: Money
    is_pending: bool = False


@dataclass(frozen=True, slots=True)
class ImportAccount:
    """One account of the file, and the fields ``include-<place>``, ``account-<place>`` and ``name-<place>``.

    ``targets``: accounts of earlier files that its rows may go to; empty where its own number decides.
    ``also_at``: the linked bank that shows this account too, "" for none.
    """

    place: int
    title: str
    currency: str
    count: int
    days: tuple[date, date] | None = None
    pending: int = 0
    rows: tuple[ImportRow, ...] = ()
    rejected: int = 0
    reasons: tuple[str, ...] = ()
    falls_short: bool = False
    is_known: bool = False
    is_wanted: bool = True
    also_at: str = ""
    name: str = ""
    name_hint: str = ""
    targets: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class CsvColumn:
    """``col-<place>``: what the column is."""

    place: int
    name: str
    sample: str
    roles: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class CsvForm:
    """How a CSV is read. ``confidence`` is a percentage."""

    columns: tuple[CsvColumn, ...]
    delimiters: tuple[Choice, ...]
    encodings: tuple[Choice, ...]
    decimals: tuple[Choice, ...]
    orders: tuple[Choice, ...]
    skip_lines: int
    has_header: bool
    inverted: bool
    confidence: int
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportFilePage:
    """import_file.html. POST to /import/<id>: ``act`` is ``look`` (show it again as declared) or ``import``.

    While ``state`` is running the page reloads itself. ``accounts`` is empty where the file could not be read
    (``error`` says why). ``stopped``: whoever imported it has died; the person goes on.
    """

    import_id: str
    name: str
    size: str
    state: Literal["waiting", "running", "done", "failed"]
    error: str = ""
    format: str = ""
    warnings: tuple[str, ...] = ()
    accounts: tuple[ImportAccount, ...] = ()
    csv: CsvForm | None = None
    asks_currency: bool = False
    currency: str = ""
    orders: tuple[Choice, ...] = ()  # for a format whose days can be read in two ways
    rows_done: int = 0
    rows_total: int = 0
    added: int = 0
    imported: tuple[Choice, ...] = ()  # account id, name
    stopped: bool = False
    refresh_s: int = 2
