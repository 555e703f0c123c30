"""Consents as "who sees what" shows them: who, what of which accounts, until when, how often they looked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from consent import receipt
from consent.decide import for_owner
from consent.lifecycle import Event, status_at
from consent.model import Actor, Consent, Permission, Status
from consent.receipt import Intact, Receipt
from consent.wording import MAX_PURPOSE_LENGTH, explain, explain_details, tame
from hub.consents import rows as consent_rows
from hub.context import Hub
from hub.ledger import history
from hub.models.client import Client
from hub.models.consent import ConsentAccess, ConsentRow
from hub.oauth import initiate_login
from hub.web.present import ledger
from hub.web.present.apps import app_of
from hub.web.present.asking import permission_text
from hub.web.present.banks import bank_of
from hub.web.viewmodels import App, ConsentCard, ConsentPage, ConsentsPage, ReceiptRow

_STATUS_TEXT = {
    Status.RECEIVED: "Not answered",
    Status.VALID: "Active",
    Status.SUSPENDED: "Paused by Rialto",
    Status.REJECTED: "Refused",
    Status.REVOKED: "Ended",
    Status.EXPIRED: "Ran out",
    Status.REPLACED: "Replaced by a newer one",
    Status.CONSUMED: "Paid",
}
_ACTIVE = frozenset({Status.VALID, Status.SUSPENDED})
_RECEIPT_TEXT = {
    receipt.PROPOSE: "It asked",
    Event.AUTHORISE: "You allowed it",
    Event.REJECT: "It was refused",
    Event.REVOKE: "It was ended",
    Event.EXPIRE: "It ran out",
    Event.SUSPEND: "It was paused",
    Event.RESUME: "It goes on",
    Event.REPLACE: "A newer consent took its place",
    Event.CONSUME: "It made the payment",
    receipt.READ: "It looked",
}
Kind = Literal["asked", "allowed", "accessed", "changed", "ended"]
_RECEIPT_KIND: Mapping[str, Kind] = {
    receipt.PROPOSE: "asked",
    Event.AUTHORISE: "allowed",
    Event.RESUME: "allowed",
    receipt.READ: "accessed",
    Event.REJECT: "ended",
    Event.REVOKE: "ended",
    Event.EXPIRE: "ended",
    Event.REPLACE: "ended",
    Event.CONSUME: "ended",
}


@dataclass(frozen=True, slots=True)
class _Looks:
    times: int = 0
    last_at: datetime | None = None


def overview(hub: Hub, session: Session, psu_id: str, now: datetime) -> ConsentsPage:
    """The newest first. A request that was never answered gave nothing and is not shown."""
    rows = session.scalars(
        select(ConsentRow)
        .where(ConsentRow.psu_id == psu_id, ConsentRow.status != Status.RECEIVED.value)
        .order_by(ConsentRow.created_at.desc(), ConsentRow.id.desc())
    ).all()
    cards = _cards(hub, session, psu_id, rows, now)
    return ConsentsPage(
        active=tuple(card for card in cards if card.is_active),
        past=tuple(card for card in cards if not card.is_active),
    )


def detail(hub: Hub, session: Session, psu_id: str, consent_id: str, now: datetime) -> ConsentPage | None:
    """None where there is no such consent of this person."""
    row = session.scalar(select(ConsentRow).where(ConsentRow.id == consent_id, ConsentRow.psu_id == psu_id))
    if row is None:
        return None
    card = _cards(hub, session, psu_id, [row], now)[0]
    chain = consent_rows.receipts(session, consent_id)
    return ConsentPage(
        consent=card,
        purpose=tame(row.purpose or "", MAX_PURPOSE_LENGTH),
        history_since=row.history_from,
        receipts=tuple(_receipt_row(one, card.app) for one in chain),
        is_chain_intact=isinstance(receipt.verify(chain, head=row.receipt_head), Intact),
    )


def _cards(hub: Hub, session: Session, psu_id: str, rows: Sequence[ConsentRow], now: datetime) -> list[ConsentCard]:
    wanted = {row.client_id for row in rows}
    clients = session.scalars(select(Client).where(Client.client_id.in_(wanted))).all()
    apps = {client.client_id: app_of(client) for client in clients}
    starts = {client.client_id: initiate_login.link(hub.settings, client) or "" for client in clients}
    looks = _looks(session, [row.id for row in rows])
    labels = _labels(hub, session, psu_id)
    return [
        _card(
            consent_rows.to_model(row),
            app=apps.get(row.client_id) or App(row.client_id, "An app that is gone"),
            looks=looks.get(row.id, _Looks()),
            labels=labels,
            start_url=starts.get(row.client_id, ""),
            now=now,
        )
        for row in rows
    ]


def _card(
    consent: Consent, *, app: App, looks: _Looks, labels: Mapping[str, str], start_url: str, now: datetime
) -> ConsentCard:
    status = status_at(consent, now)
    is_active = status in _ACTIVE
    ran_out_unseen = status is Status.EXPIRED and consent.status is not Status.EXPIRED
    ended_at = consent.valid_until if ran_out_unseen else consent.status_changed_at
    given: Iterable[Permission] = consent.holds or consent.requested
    return ConsentCard(
        consent_id=consent.id,
        app=app,
        is_active=is_active,
        status_text=_STATUS_TEXT[status],
        permissions=tuple(permission_text(item) for item in explain(frozenset(given))),
        details=tuple(detail.title for detail in explain_details(consent.details)),
        accounts=tuple(labels.get(account_id, "An account that is gone") for account_id in consent.accounts),
        since=consent.created_at,
        until=consent.valid_until,
        ended_at=None if is_active else ended_at,
        last_access_at=looks.last_at,
        access_count=looks.times,
        start_url=start_url if is_active else "",
    )


def _looks(session: Session, consent_ids: Sequence[str]) -> dict[str, _Looks]:
    found = session.execute(
        select(ConsentAccess.consent_id, func.sum(ConsentAccess.times), func.max(ConsentAccess.last_at))
        .where(ConsentAccess.consent_id.in_(consent_ids))
        .group_by(ConsentAccess.consent_id)
    )
    return {consent_id: _Looks(int(times), last_at) for consent_id, times, last_at in found}


def _labels(hub: Hub, session: Session, psu_id: str) -> dict[str, str]:
    """Account id -> ``Albion Bank, Everyday (•••• 5678)``."""
    allowed = for_owner(psu_id, [one.account_id for one in ledger.owned(session, psu_id)])
    labels = {}
    for account in history.accounts(session, allowed):
        row = ledger.account_row(account)
        labels[row.account_id] = f"{bank_of(hub, account['institution_id']).name} · {row.name} ({row.identifier})"
    return labels


def _receipt_row(entry: Receipt, app: App) -> ReceiptRow:
    """A chain that was tampered with is shown as it stands, so nothing here may fail on what it holds."""
    actors = {Actor.PSU: "You", Actor.CLIENT: app.name, Actor.HUB: "Rialto", Actor.TIME: "Its end had come"}
    actor = actors.get(Actor(entry.actor), entry.actor) if entry.actor in set(Actor) else "Nobody we know"
    return ReceiptRow(
        at=entry.at,
        text=_RECEIPT_TEXT.get(entry.event, "Something that we do not know"),
        actor=actor,
        digest=entry.hash,
        kind=_RECEIPT_KIND.get(entry.event, "changed"),
    )
