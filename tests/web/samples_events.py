"""Samples of the pages about events: the operator's flow, the developers' reference."""

from datetime import datetime, timedelta
from typing import Any

from hub.settings import Settings
from hub.web import viewmodels as v
from hub.web.present import events

Sample = tuple[str, Any, v.Viewer | None]


def rich(now: datetime, who: v.Viewer, evil: str) -> dict[str, Sample]:
    rules = (
        v.RuleRow("connection.abandoned", "A link was left", "10 minutes after x.begun", "all people", 0, 0, 0, 3, now),
        v.RuleRow("transactions.updated", evil, "at once on connection.synced", "apps with the permission", 91, 7, 100),
    )
    readers = (
        v.ReaderRow("Timers", "hints and reminders for later", 1200, 3, 0, 0.4),
        v.ReaderRow("Webhooks", "apps' endpoints with something to take", 7, 7, 4, 900.0),
        v.ReaderRow("Kafka", "the stream for systems of your own", 0),
    )
    sources = (v.SourceRow("connection.synced", 128_000, 5_300, 100), v.SourceRow(evil, 3, 0, 1))
    ago = now - timedelta(hours=7)
    behind = (
        v.BehindRow(evil, "hooks.budget-buddy.example", 1000, 1000, 100, ago, "failing"),
        v.BehindRow("Tidy Books", "a-host-with-quite-a-long-name.of.some.provider.example", 12, 0, 1, ago),
        v.BehindRow("Quiet", "quiet.example", 1, 0, 1),
    )
    dead = (
        v.DeadSignalRow("d-1", evil, "c-1", ago, "KeyError", now, "7c9e6679-7425-40de-944b-e07fc1f90ae7"),
        v.DeadSignalRow("d-2", "partner.loyalty.points_expire", "a-card", ago, "DataError", now),
    )
    said_at = now - timedelta(seconds=3)
    page = v.EventsPage(10_000, 400.0, 81_234_567, said_at, sources, rules, readers, behind, dead, 1_234)
    return {
        "operator_events": ("operator_events.html", page, who),
        "events_reference": ("events_reference.html", events.docs_page(Settings()), who),
    }


def bare(who: v.Viewer) -> dict[str, Sample]:
    return {
        "operator_events": ("operator_events.html", v.EventsPage(), who),
        "events_reference": ("events_reference.html", v.EventsDocsPage(), None),
    }
