"""Notifications and choices as pages."""

from collections.abc import Iterable, Mapping
from datetime import date

from hub.events.catalogue import Topic, types
from hub.models.notification import Notification, PushSubscription
from hub.notifications.choices import USUAL, Choice
from hub.notifications.inbox import Item, Page
from hub.web.present.security import device
from hub.web.viewmodels import (
    AnnouncementPage,
    BrowserRow,
    Form,
    NotificationRow,
    NotificationSettingsPage,
    NotificationsPage,
    TopicRow,
)

_TOPICS: Mapping[Topic, tuple[str, str, str]] = {
    Topic.ACCESS: ("bank", "Your banks", "A bank wants to see you, or a link was left unfinished."),
    Topic.APPS: ("eye", "Who sees what", "An app got access, or its access ends soon."),
    Topic.MONEY: ("pay", "Your money", "An unusual payment, or a regular one with a new price."),
    Topic.SERVICE: ("info", "Rialto itself", "New terms, and what changes for you."),
    Topic.OCCASIONS: ("gift", "Occasions", "Your birthday, if you tell us."),
}


def inbox_page(page: Page, *, is_first: bool) -> NotificationsPage:
    return NotificationsPage(
        rows=tuple(map(_row, page.items)),
        has_unread=any(not one.is_read for one in page.items),
        next_before=page.before or "",
        is_first=is_first,
    )


def _row(item: Item) -> NotificationRow:
    one = types().get(item.kind)
    sign = _TOPICS[one.notice.topic][0] if one is not None and one.notice is not None else "info"
    return NotificationRow(item.id, item.words.title, item.words.text, sign, item.at, item.is_read)


def announcement_page(row: Notification) -> AnnouncementPage:
    valid_from = row.data.get("valid_from")
    return AnnouncementPage(
        title=str(row.data["title"]),
        text=str(row.data["text"]),
        at=row.at,
        valid_from=date.fromisoformat(valid_from) if valid_from else None,
        url=str(row.data.get("url") or ""),
    )


def settings_page(
    chosen: Mapping[Topic, Choice],
    browsers: Iterable[PushSubscription],
    *,
    application_server_key: str,
    is_email_verified: bool,
    form: Form,
) -> NotificationSettingsPage:
    return NotificationSettingsPage(
        topics=tuple(_topic(topic, chosen.get(topic, USUAL[topic])) for topic in _TOPICS),
        browsers=_browsers(browsers),
        application_server_key=application_server_key,
        is_email_verified=is_email_verified,
        form=form,
    )


def _topic(topic: Topic, choice: Choice) -> TopicRow:
    _, name, note = _TOPICS[topic]
    return TopicRow(topic.value, name, note, choice.mail, choice.push)


def _browsers(rows: Iterable[PushSubscription]) -> tuple[BrowserRow, ...]:
    return tuple(BrowserRow(row.id, device(row.device), row.created_at, row.last_taken_at) for row in rows)
