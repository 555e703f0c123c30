"""Samples of the inbox and of where a person hears of things."""

from datetime import datetime, timedelta
from typing import Any

from hub.web import viewmodels as v

Sample = tuple[str, Any, v.Viewer | None]
KEY = "B" + "A" * 86
TOPICS = tuple(
    v.TopicRow(topic, name, note, mail, push)
    for topic, name, note, mail, push in (
        ("access", "Your banks", "A bank wants to see you, or a link was left unfinished.", True, True),
        ("apps", "Who sees what", "An app got access, or its access ends soon.", True, False),
        ("money", "Your money", "An unusual payment, or a regular one with a new price.", False, True),
        ("service", "Rialto itself", "New terms, and what changes for you.", True, False),
        ("occasions", "Occasions", "Your birthday, if you tell us.", False, False),
    )
)


def rich(now: datetime, who: v.Viewer, evil: str) -> dict[str, Sample]:
    many = v.Viewer(who.name, who.email, unread=100)
    row = v.NotificationRow
    rows = (
        row("n1", "Albion Bank wants to see you", "Nothing new is read from it.", "bank", now, False),
        row("n2", evil, f"{evil}: more than anything that went out.", "pay", now - timedelta(hours=3), False),
        row("n3", "Lagoon Budget got access", "You allowed it.", "eye", now - timedelta(days=2), True),
        row("n4", "Happy birthday!", "", "gift", now - timedelta(days=40), True),
    )
    browsers = (
        v.BrowserRow("b1", "Firefox on Linux", now - timedelta(days=9), now - timedelta(hours=1)),
        v.BrowserRow("b2", evil, now, None),
    )
    wrong = v.Form({"day": "31", "month": "2"}, {"birthday": "There is no such day of the year."})
    return {
        "announcement": (
            "announcement.html",
            v.AnnouncementPage(evil, "What changes for you.", now, now.date(), "https://hub.example/terms"),
            None,
        ),
        "notifications": ("notifications.html", v.NotificationsPage(rows, True, "n4"), many),
        "notification_settings": (
            "notification_settings.html",
            v.NotificationSettingsPage(TOPICS, browsers, KEY, False, wrong),
            v.Viewer(who.name, who.email, unread=2),
        ),
    }


def bare(now: datetime, who: v.Viewer) -> dict[str, Sample]:
    return {
        "announcement": ("announcement.html", v.AnnouncementPage("New terms", "From January on.", now), who),
        "notifications": ("notifications.html", v.NotificationsPage(), who),
        "notifications_earlier": ("notifications.html", v.NotificationsPage(is_first=False), who),
        "notification_settings": (
            "notification_settings.html",
            v.NotificationSettingsPage(TOPICS, (), KEY, True),
            who,
        ),
    }
