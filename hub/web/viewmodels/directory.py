"""The directory of banks."""

from dataclasses import dataclass
from typing import Literal

from hub.web.viewmodels.shared import Bank, Choice


@dataclass(frozen=True, slots=True)
class DirectoryRow:
    """``place`` is the country, ``standard`` with its version, ``can`` a few words each. ``health`` "" where nobody has
    linked it lately."""

    bank: Bank
    place: str
    standard: str
    status: Literal["sandbox", "unverified", "verified"]
    is_enabled: bool
    can: tuple[str, ...] = ()
    health: Literal["healthy", "degraded", "down", ""] = ""


@dataclass(frozen=True, slots=True)
class DirectoryPage:
    """directory.html. GET ``q``, ``country``, ``standard``, ``status``. ``next_path``: the next rows; "" at the end."""

    rows: tuple[DirectoryRow, ...] = ()
    total: int = 0
    q: str = ""
    countries: tuple[Choice, ...] = ()
    standards: tuple[Choice, ...] = ()
    states: tuple[Choice, ...] = ()
    next_path: str = ""


@dataclass(frozen=True, slots=True)
class DirectoryEntryPage:
    """directory_entry.html. ``facts`` are (what, words); ``sources`` are (source, day, month or year)."""

    row: DirectoryRow
    facts: tuple[tuple[str, str], ...] = ()
    sites: tuple[tuple[str, str], ...] = ()  # (label, address)
    to_enable: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sources: tuple[tuple[str, str], ...] = ()
