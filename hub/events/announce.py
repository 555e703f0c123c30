"""What the operator tells everybody, people in their inbox and by mail and apps by webhook; or apps alone."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.errors import BadInput
from hub.events.outbox import emit
from hub.ids import new_id
from hub.models.psu import Psu
from hub.models.webhook import WebhookEndpoint


class To(StrEnum):
    """Whom an announcement is for."""

    EVERYBODY = "everybody"
    APPS = "apps"


_SIGNALS = {To.EVERYBODY: "announcement.made", To.APPS: "announcement.made_for_apps"}
TYPES = {To.EVERYBODY: "announcement.published", To.APPS: "announcement.for_apps"}
ABOUT = ("terms", "version", "service")
MOST_TITLE, MOST_TEXT, MOST_URL = 120, 1000, 500


@dataclass(frozen=True, slots=True)
class Announcement:
    """``about``: one of ABOUT. ``url`` "" and ``valid_from`` None where there is none."""

    about: str
    title: str
    text: str
    url: str = ""
    valid_from: date | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """How many it is for: people who are registered, those of them with an address that mail may go to, and endpoints
    of apps that hear of it."""

    people: int
    mailable: int
    endpoints: int


def checked(one: Announcement) -> Announcement:
    """Raises BadInput for what could not be shown, mailed or followed."""
    if one.about not in ABOUT:
        raise BadInput(f"It is about one of {', '.join(ABOUT)}.", parameter="about")
    for name, text, most in (("title", one.title, MOST_TITLE), ("text", one.text, MOST_TEXT)):
        if not text.strip() or not text.isprintable() or len(text) > most:
            raise BadInput(f"The {name} is one printable line of {most} characters at most.", parameter=name)
    if one.url and not _is_https(one.url):
        raise BadInput("The URL is an absolute one, with https.", parameter="url")
    return one


def _is_https(url: str) -> bool:
    if len(url) > MOST_URL or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname)


def reach(session: Session, to: To = To.EVERYBODY) -> Reach:
    mailable = func.count(Psu.email_verified_at)
    people, with_address = 0, 0
    if to is To.EVERYBODY:
        people, with_address = session.execute(select(func.count(), mailable).select_from(Psu)).one()
    called = session.scalars(select(WebhookEndpoint.types).where(WebhookEndpoint.disabled_why.is_(None)))
    return Reach(people, with_address, sum(not types or TYPES[to] in types for types in called))


def make(session: Session, one: Announcement, *, now: datetime, to: To = To.EVERYBODY) -> str:
    """The announcement's id. Raises BadInput."""
    checked(one)
    announcement_id = new_id()
    body = {
        "about": one.about,
        "title": one.title.strip(),
        "text": one.text.strip(),
        "url": one.url or None,
        "valid_from": one.valid_from.isoformat() if one.valid_from else None,
    }
    emit(session, _SIGNALS[to], announcement_id, now=now, psu_id=None, body=body)
    return announcement_id
