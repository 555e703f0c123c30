"""The inbox, and where else a person hears of things."""

from dataclasses import dataclass
from datetime import date, datetime

from hub.web.viewmodels.shared import Form


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """Leads to /notifications/<id>, which counts it as read and goes on. ``sign``: an icon."""

    notification_id: str
    title: str
    text: str
    sign: str
    at: datetime
    is_read: bool


@dataclass(frozen=True, slots=True)
class NotificationsPage:
    """notifications.html, at /notifications; posts to /notifications/read. ``next_before``: what ``before`` is on the
    next page, "" at the end."""

    rows: tuple[NotificationRow, ...] = ()
    has_unread: bool = False
    next_before: str = ""
    is_first: bool = True


@dataclass(frozen=True, slots=True)
class TopicRow:
    """Two checkboxes, named mail-<topic> and push-<topic>."""

    topic: str
    name: str
    note: str
    mail: bool
    push: bool


@dataclass(frozen=True, slots=True)
class BrowserRow:
    """Removed by a post to /account/notifications/browsers/<id>/remove."""

    subscription_id: str
    device: str
    added_at: datetime
    last_taken_at: datetime | None


@dataclass(frozen=True, slots=True)
class NotificationSettingsPage:
    """notification_settings.html, at /account/notifications. Posts the topics with ``day`` and ``month`` to itself;
    ``endpoint``, ``p256dh`` and ``auth`` of this browser to /account/notifications/browsers, by script alone.
    """

    topics: tuple[TopicRow, ...]
    browsers: tuple[BrowserRow, ...]
    application_server_key: str
    is_email_verified: bool
    form: Form = Form()


@dataclass(frozen=True, slots=True)
class AnnouncementPage:
    """announcement.html, at /announcements/<id>."""

    title: str
    text: str
    at: datetime
    valid_from: date | None = None
    url: str = ""
