"""Samples of the pages on which statements come in as files."""

from datetime import date
from decimal import Decimal
from typing import Any

from hub.web import viewmodels as v
from providers.model import Money

Sample = tuple[str, Any, v.Viewer | None]


def _choices(*labels: str) -> tuple[v.Choice, ...]:
    return tuple(v.Choice(label.lower(), label, checked=place == 1) for place, label in enumerate(labels))


def rich(who: v.Viewer, evil: str) -> dict[str, Sample]:
    rows = (
        v.ImportRow(date(2026, 3, 15), "Caffè Florian", "Due espressi", Money(Decimal("-12.50"), "EUR")),
        v.ImportRow(None, evil, evil, Money(Decimal("1850.00"), "XXX"), is_pending=True),
    )
    columns = tuple(
        v.CsvColumn(place, name, sample, _choices("Not read", "Date", "Amount"))
        for place, (name, sample) in enumerate(
            (("Buchungstag", "15.03.26 · 14.03.26"), (evil, evil), ("Betrag", "-3,40"))
        )
    )
    known = v.ImportAccount(
        0,
        "•••• 2051",
        "EUR",
        1203,
        (date(2025, 1, 1), date(2026, 3, 15)),
        pending=2,
        rows=rows,
        rejected=3,
        reasons=("TRNAMT is not an amount", "date is missing"),
        falls_short=True,
        is_known=True,
        also_at="Albion Bank",
        name="Haushalt",
        name_hint="Only you see it.",
    )
    new = v.ImportAccount(
        1,
        "An account without a number",
        "",
        1,
        rows=rows[1:],
        is_wanted=False,
        name_hint="The next file goes to the account of this name.",
        targets=(v.Choice("new", "A new account", checked=True), v.Choice("a1", evil, "EUR")),
    )
    csv = v.CsvForm(
        columns,
        _choices("Comma", "Semicolon"),
        _choices("utf-8", "cp1252"),
        _choices("Point", "Comma"),
        _choices("Month first", "Day first"),
        skip_lines=11,
        has_header=True,
        inverted=True,
        confidence=64,
        doubts=("Days can be read in two ways: look whether day and month are right below.",),
    )
    page = v.ImportFilePage("i1", "Umsätze März 2026.csv", "1.2 MB", "waiting", format="Table (CSV)")
    return {
        "import": (
            "import.html",
            v.ImportPage(10, "The file is a PDF. Ask the bank for camt.053, MT940, OFX or CSV."),
            who,
        ),
        "import_file": (
            "import_file.html",
            v.ImportFilePage(
                page.import_id,
                page.name,
                page.size,
                "failed",
                "Say in which currency the amounts are.",
                page.format,
                (evil,),
                (known, new),
                csv,
                asks_currency=True,
                currency="EUR",
            ),
            who,
        ),
        "import_running": (
            "import_file.html",
            v.ImportFilePage("i1", evil, "9.8 MB", "running", rows_done=4500, rows_total=12000),
            who,
        ),
        "import_stopped": (
            "import_file.html",
            v.ImportFilePage("i1", "a.xml", "9.8 MB", "running", rows_done=4500, rows_total=12000, stopped=True),
            who,
        ),
        "import_done": (
            "import_file.html",
            v.ImportFilePage(
                "i1",
                "a.xml",
                "9.8 MB",
                "done",
                rows_done=12000,
                rows_total=12000,
                added=11000,
                imported=(v.Choice("a1", "Haushalt"), v.Choice("a2", evil)),
            ),
            who,
        ),
    }


def bare(who: v.Viewer) -> dict[str, Sample]:
    account = v.ImportAccount(0, "A", "EUR", 0)
    return {
        "import": ("import.html", v.ImportPage(10), who),
        "import_file": ("import_file.html", v.ImportFilePage("i", "f", "1 kB", "waiting", accounts=(account,)), who),
        "import_unreadable": (
            "import_file.html",
            v.ImportFilePage("i", "f", "1 kB", "failed", "It is a picture."),
            who,
        ),
        "import_running": ("import_file.html", v.ImportFilePage("i", "f", "1 kB", "running"), who),
        "import_quicken": (
            "import_file.html",
            v.ImportFilePage("i", "f", "1 kB", "waiting", accounts=(account,), orders=_choices("Day", "Month")),
            who,
        ),
        "connect_by_token": (
            "connect_confirm.html",
            v.ConnectConfirmPage(v.Bank("simplefin", "SimpleFIN Bridge"), by_token=True),
            who,
        ),
        "connection_file": (
            "connection.html",
            v.ConnectionPage("c", v.Bank("file", "Imported files"), v.ConnectionState.READY, is_file=True),
            who,
        ),
        "disconnect_file": ("disconnect.html", v.DisconnectPage("c", v.Bank("file", "Files"), is_file=True), who),
    }
