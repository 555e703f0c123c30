"""What the operator tells everybody, people in their inbox and by mail and apps by webhook; or apps alone."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from urllib.parse import urlsplit

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.errors import BadInput, Conflict
from hub.events.outbox import emit
from hub.ids import new_id
from hub.models.psu import Psu
from hub.models.signal import ReceivedSignal
from hub.models.webhook import WebhookEndpoint
from hub.upsert import insert_into


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


def make(session: Session, one: Announcement, *, now: datetime, to: To = To.EVERYBODY, is_again: bool = False) -> str:
    """The announcement's id. Raises BadInput, and Conflict if the same words were announced to the same in the last 30
    days (hub.retention): a command that was repeated, by a hand or a script, tells nobody twice. ``is_again``: it is
    meant."""
    checked(one)
    announcement_id = new_id()
    body = {
        "about": one.about,
        "title": one.title.strip(),
        "text": one.text.strip(),
        "url": one.url or None,
        "valid_from": one.valid_from.isoformat() if one.valid_from else None,
    }
    if not is_again and not _is_new(session, to, body, now):
        raise Conflict("The same was announced already: change its words, or say that it is meant (--again).")
    emit(session, _SIGNALS[to], announcement_id, now=now, psu_id=None, body=body)
    return announcement_id


def _is_new(session: Session, to: To, body: Mapping[str, object], now: datetime) -> bool:
    """By the words themselves, kept where what came from outside is told apart from its repetition."""
    words = hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
    row = insert_into(session, ReceivedSignal).values(source=f"rialto:{_SIGNALS[to]}", id=words, at=now)
    return session.execute(row.on_conflict_do_nothing().returning(ReceivedSignal.id)).one_or_none() is not None
