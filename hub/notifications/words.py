"""A notification in words. Names are looked up when somebody reads it: of a bank, an app, a payee."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.events.catalogue import types
from hub.ledger import tables
from hub.models.client import Client
from hub.models.notification import Notification

NOBODY = "Somebody"


@dataclass(frozen=True, slots=True)
class Words:
    """``title`` may leave the hub; ``text`` is for who is logged in. ``path``: the page of ours that it leads to."""

    title: str
    text: str
    path: str


@dataclass(frozen=True, slots=True)
class Names:
    """By id. Whoever is not among them has gone, or has no name."""

    banks: Mapping[str, str] = field(default_factory=dict)
    apps: Mapping[str, str] = field(default_factory=dict)
    payees: Mapping[str, str] = field(default_factory=dict)


def names(hub: Hub, session: Session, rows: Collection[Notification]) -> Names:
    """For rows of one person, whose transactions they are. A statement each for apps and payees, where any is named."""
    apps = {str(row.data["client_id"]) for row in rows if row.data.get("client_id")}
    payments = {row.subject_id for row in rows if "{payee}" in _notice_text(row.kind)}
    return Names(
        banks={one.id: one.name for one in hub.institutions.values()},
        apps=_apps(session, apps) if apps else {},
        payees=_payees(session, payments) if payments else {},
    )


def words(row: Notification, known: Names) -> Words:
    """Of a kind that is declared no more: its kind, so that nothing is lost."""
    one = types().get(row.kind)
    if one is None or one.notice is None:
        return Words(row.kind, "", "/notifications")
    said = {name: _said(value) for name, value in row.data.items() if value is not None}
    said |= {
        "bank": known.banks.get(str(row.data.get("institution_id")), "A bank"),
        "app": known.apps.get(str(row.data.get("client_id")), "An app"),
        "payee": known.payees.get(row.subject_id, NOBODY),
    }
    places = {name: quote(str(value), safe="") for name, value in row.data.items() if value is not None}
    return Words(
        one.notice.title.format_map(_Known(said)),
        one.notice.text.format_map(_Known(said)),
        one.notice.path.format_map(_Known(places | {"subject": quote(row.subject_id, safe="")})),
    )


class _Known(dict[str, str]):
    """What an event does not say is left out; the texts are our own, the values never formats."""

    def __missing__(self, _name: str) -> str:
        return ""


def _said(value: Any) -> str:
    """A moment as a day, anything else as it is."""
    if isinstance(value, str) and "T" in value:
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            return value
        return f"{at.day} {at:%B %Y}"
    return str(value)


def _notice_text(kind: str) -> str:
    one = types().get(kind)
    return one.notice.text if one is not None and one.notice is not None else ""


def _apps(session: Session, client_ids: Iterable[str]) -> Mapping[str, str]:
    rows = session.execute(select(Client.client_id, Client.name).where(Client.client_id.in_(client_ids)))
    return dict(rows.all())


def _payees(session: Session, transaction_ids: Iterable[str]) -> Mapping[str, str]:
    at = tables.transaction.c
    rows = session.execute(
        select(at.id, at.counterparty_name, at.remittance, at.details).where(at.id.in_(transaction_ids))
    )
    return {one: _payee(name, remittance, details) for one, name, remittance, details in rows}


def _payee(name: str | None, remittance: list[str], details: str | None) -> str:
    told: Mapping[str, Any] = orjson.loads(details) if details else {}
    texts = [text for text in remittance if text]
    return told.get("card", {}).get("merchant_name") or name or (texts[0] if texts else NOBODY)
