"""Institutions and connections as cards and pages."""

from base64 import b64encode
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from hub.connections.service import Overview
from hub.connections.state import SYNCABLE, FailureKind, Status
from hub.connections.steps import Asked
from hub.connections.wording import describe
from hub.context import Hub
from hub.imports import FILE
from hub.settings import LOOPBACK
from hub.sync.progress import Progress
from hub.sync.quota import Use
from hub.sync.refresh import REST
from hub.sync.verdict import READ_ALL
from hub.web.viewmodels import (
    AccountRow,
    Bank,
    BankCard,
    Choice,
    ConnectionPage,
    ConnectionState,
    ConnectStepPage,
    Question,
    Quota,
)
from providers.port import Field

FIRST_SYNC_TAKES = timedelta(minutes=15)
"""How long after the person was at the bank a connection without any data counts as still being fetched."""

_STATE = {
    Status.LINKING: ConnectionState.NEEDS_PSU,
    Status.READY: ConnectionState.READY,
    Status.NEEDS_PSU: ConnectionState.NEEDS_PSU,
    Status.NEEDS_ASPSP: ConnectionState.FAILING,
    Status.REVOKED: ConnectionState.DISCONNECTED,
}


def bank_of(hub: Hub, institution_id: str) -> Bank:
    """A bank that has left the catalogue keeps its id as its name."""
    if institution_id == FILE:
        return Bank(FILE, "Imported files", "#5b6770")
    found = hub.institutions.get(institution_id)
    if found is None:
        return Bank(institution_id, institution_id)
    return Bank(found.id, found.name, found.colour, found.country)


def step_page(hub: Hub, state: str, asked: Asked) -> ConnectStepPage:
    ask = asked.ask
    image = "" if ask.image is None else f"data:{ask.image_type};base64,{b64encode(ask.image).decode()}"
    return ConnectStepPage(
        bank=bank_of(hub, asked.institution_id),
        state=state,
        number=asked.number,
        questions=tuple(_question(field) for field in ask.fields),
        explanation=ask.explanation,
        error=ask.error,
        help_url=ask.help_url if _may_be_shown(hub, ask.help_url) else "",
        image=image,
    )


def _may_be_shown(hub: Hub, url: str) -> bool:
    """A link of an adapter's: https; on a machine that serves only itself, also that machine (a sandbox bridge)."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and hub.settings.local and parts.hostname in LOOPBACK)


def _question(field: Field) -> Question:
    return Question(
        name=field.name,
        label=field.label,
        hint=field.hint,
        input_type="password" if field.kind == "secret" else "text",
        is_code=field.kind == "code",
        max_length=field.max_length,
        choices=tuple(Choice(value, label) for value, label in field.options) if field.kind == "choice" else (),
    )


def state_of(connection: Overview, now: datetime) -> ConnectionState:
    if connection.is_syncing(now) or _awaits_first_sync(connection, now):
        return ConnectionState.SYNCING
    read_all = connection.failure_kind is None or connection.failure_kind in READ_ALL
    return ConnectionState.BEHIND if connection.status is Status.READY and not read_all else _STATE[connection.status]


def reason_of(connection: Overview, bank: Bank, now: datetime) -> str:
    """What happened, in plain words; "" where all is well, and for files, where nothing can happen."""
    if connection.institution_id == FILE:
        return ""
    if state_of(connection, now) is ConnectionState.SYNCING:
        return ""
    if connection.status is Status.READY and connection.failure_kind is None:
        return ""
    words = describe(connection.status, connection.failure_kind, bank=bank.name)
    said = f"“{connection.notice}”" if connection.notice else ""
    return " ".join(filter(None, (words.explanation, said, words.advice)))


def card(hub: Hub, connection: Overview, accounts: tuple[AccountRow, ...], now: datetime) -> BankCard:
    bank = bank_of(hub, connection.institution_id)
    return BankCard(
        connection_id=connection.id,
        bank=bank,
        state=state_of(connection, now),
        accounts=accounts,
        reason=reason_of(connection, bank, now),
    )


def connection_page(
    hub: Hub,
    connection: Overview,
    progress: Progress,
    accounts: tuple[AccountRow, ...],
    now: datetime,
    *,
    unattended: tuple[Use, ...] = (),
) -> ConnectionPage:
    bank = bank_of(hub, connection.institution_id)
    return ConnectionPage(
        connection_id=connection.id,
        bank=bank,
        state=state_of(connection, now),
        reason=reason_of(connection, bank, now),
        accounts=accounts,
        accounts_done=progress.accounts_done,
        accounts_total=progress.accounts_total or None,
        last_success_at=connection.last_success_at,
        last_failure_at=connection.last_failure_at,
        last_failure=_FAILURES.get(connection.failure_kind, "") if connection.failure_kind else "",
        access_until=None if connection.status is Status.REVOKED else connection.access_until,
        linked_at=connection.sca_at,
        is_file=connection.institution_id == FILE,
        quota=_quota(unattended),
        **_refresh(hub, connection, now),
    )


def _refresh(hub: Hub, connection: Overview, now: datetime) -> dict[str, Any]:
    """Whether the bank can be read now, and what came of it when it last was."""
    if connection.status not in SYNCABLE or connection.institution_id not in hub.institutions:
        return {}
    asked, found = connection.refreshed_at, connection.last_success_at
    waits, rests = connection.bank_waits_until or now, now if asked is None else asked + REST
    is_known = asked is not None and found is not None and found >= asked
    return {
        "can_refresh": max(waits, rests) <= now,
        "refreshable_at": max(waits, rests) if max(waits, rests) > now else None,
        "bank_waits": waits > now,
        "refreshed_at": asked,
        "added": connection.last_added if is_known and found is not None and asked and found - asked < REST else None,
    }


def _quota(unattended: tuple[Use, ...]) -> Quota | None:
    """Of the account and endpoint that has least left; None if nobody was asked today while the person was away."""
    if not unattended:
        return None
    most = max(unattended, key=lambda use: (use.is_closed, use.used, use.resets_at))
    return Quota(most.used, most.limit, most.resets_at, is_closed=most.is_closed)


def _awaits_first_sync(connection: Overview, now: datetime) -> bool:
    """Linked just now and not read yet: the sync is about to begin."""
    return (
        connection.status is Status.READY
        and connection.last_success_at is None
        and connection.last_failure_at is None
        and connection.sca_at is not None
        and now - connection.sca_at < FIRST_SYNC_TAKES
    )


_FAILURES = {
    FailureKind.BANK_UNAVAILABLE: "the bank did not answer",
    FailureKind.CONSENT_ENDED: "the bank wants to see you again",
    FailureKind.REFUSED: "the bank refused",
    FailureKind.CONTRACT_BROKEN: "the bank sent something that we could not understand",
    FailureKind.ROWS_REJECTED: "a few entries could not be read",
    FailureKind.NOTICED: "the bank had something to say",
    FailureKind.ACCESS_DENIED: "you chose not to give access",
    FailureKind.HUB_ERROR: "something went wrong on our side",
}
