"""How long a row of each table is kept: one table of what ends, and one of what stays and why.

A table that grows with every visit needs a line in ENDS; any other one says in STAYS why it does not. A test holds both
against the models. hub.sweeping does the work, and needs an index that begins with the column named here.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, or_
from sqlalchemy.orm import InstrumentedAttribute, Session

from hub.mail.outbox import DUE
from hub.models.capture import Capture, CapturedExchange
from hub.models.connection import LinkAttempt
from hub.models.decoupled import DecoupledRequest, Ping
from hub.models.event import Event
from hub.models.factor import HalfOpenLogin, KnownDevice, PasskeyChallenge, TotpEnrolment
from hub.models.file_import import FileImport
from hub.models.job import DeadJob
from hub.models.logout import LogoutNotice
from hub.models.mail import Mail
from hub.models.notification import Notification
from hub.models.oauth import (
    AuthorizationCode,
    AuthorizationRequest,
    DeniedToken,
    PushedRequest,
    RefreshToken,
    RefusedRequest,
)
from hub.models.observability import Heartbeat, Hop, ServiceCount
from hub.models.psu import LoginThrottle, PsuSession, SecurityEvent
from hub.models.quota import QuotaUse
from hub.models.recovery import FactorRecovery, MailedLink, RecoveryRequest
from hub.models.registration import InitialAccessToken
from hub.models.signal import DeadSignal, ReceivedSignal, RefusedSignal
from hub.models.upstream import UpstreamAttempt
from hub.models.webhook import WebhookAttempt, WebhookMessage
from hub.oauth.ended import forget_grants, forget_grants_of_sessions
from hub.settings import Settings

Kept = Callable[[Settings], timedelta | None]
"""How long after its end a row is kept; None is for ever."""


@dataclass(frozen=True, slots=True)
class Ends:
    """Rows go once the moment in ``end`` is further back than ``kept``, if ``only`` holds for them as well.

    ``owner`` and ``then``: what the rows that go belonged to is handed, in the same transaction, to ``then``.
    """

    end: InstrumentedAttribute[datetime]
    kept: Kept
    only: Callable[[datetime], ColumnElement[bool]] | None = None
    owner: InstrumentedAttribute[str] | InstrumentedAttribute[str | None] | None = None
    then: Callable[[Session, Collection[str], datetime], None] | None = None

    @property
    def column(self) -> Column[Any]:
        found = self.end.property.columns[0]
        assert isinstance(found, Column)  # noqa: S101  # a mapped column has one
        return found

    @property
    def table(self) -> Table:
        return self.column.table


def at_once(_settings: Settings) -> timedelta:
    return timedelta()


def after(**length: float) -> Kept:
    return lambda _settings: timedelta(**length)


def _days(name: str) -> Kept:
    """As many days as the setting says, 0 being for ever."""

    def kept(settings: Settings) -> timedelta | None:
        days: int = getattr(settings, name)
        return timedelta(days=days) if days else None

    return kept


def _request_and_hour(settings: Settings) -> timedelta:
    """Pages that came from one go with it, so it waits for the last of them."""
    return timedelta(hours=1, seconds=settings.authorization_request_ttl_s)


def _locks_nothing(now: datetime) -> ColumnElement[bool]:
    return or_(LoginThrottle.locked_until.is_(None), LoginThrottle.locked_until <= now)


def _is_settled(_now: datetime) -> ColumnElement[bool]:
    return LogoutNotice.due_at.is_(None)


def _is_answered(_now: datetime) -> ColumnElement[bool]:
    return Ping.due_at.is_(None)


def _is_over(_now: datetime) -> ColumnElement[bool]:
    return Mail.state != DUE


ENDS: tuple[Ends, ...] = (
    Ends(AuthorizationRequest.expires_at, after(hours=1)),
    Ends(PushedRequest.expires_at, _request_and_hour),
    Ends(DecoupledRequest.expires_at, _request_and_hour, owner=DecoupledRequest.grant_id, then=forget_grants),
    Ends(Ping.created_at, after(days=1), only=_is_answered),
    # A used code stays recognisable for a day, so that its reuse is seen (RFC 6749 4.1.2).
    Ends(AuthorizationCode.expires_at, after(days=1), owner=AuthorizationCode.grant_id, then=forget_grants),
    # One that was exchanged stays to its own end: whoever comes with it later has shown that it was copied.
    Ends(RefreshToken.expires_at, after(days=1), owner=RefreshToken.grant_id, then=forget_grants),
    Ends(DeniedToken.expires_at, after(minutes=1)),
    Ends(RefusedRequest.at, after(days=7)),
    Ends(InitialAccessToken.expires_at, after(days=90)),  # so long the operator's list still tells of it
    Ends(PsuSession.expires_at, at_once, owner=PsuSession.sid, then=forget_grants_of_sessions),
    Ends(LoginThrottle.updated_at, after(days=1), only=_locks_nothing),
    Ends(PasskeyChallenge.expires_at, at_once),
    Ends(HalfOpenLogin.expires_at, at_once),
    Ends(TotpEnrolment.expires_at, at_once),
    Ends(MailedLink.expires_at, after(days=1)),
    Ends(RecoveryRequest.created_at, after(hours=1)),  # one that no worker took in time is not answered any more
    Ends(FactorRecovery.expires_at, at_once),
    Ends(UpstreamAttempt.expires_at, at_once),
    Ends(LogoutNotice.created_at, after(days=7), only=_is_settled),
    Ends(Mail.created_at, after(days=7), only=_is_over),
    Ends(KnownDevice.last_seen_at, after(days=400)),  # what browsers keep a cookie for at most (RFC 6265bis 5.5)
    Ends(FileImport.expires_at, at_once),  # a file that nobody confirmed goes after an hour, a result after a day
    Ends(LinkAttempt.expires_at, after(hours=1)),  # until then a repeated callback is told what happened
    Ends(WebhookAttempt.at, after(days=30)),
    Ends(WebhookMessage.created_at, after(days=30)),
    Ends(DeadJob.died_at, after(days=30)),
    Ends(DeadSignal.died_at, after(days=30)),
    Ends(Capture.ends_at, after(days=7)),
    Ends(CapturedExchange.at, after(days=7)),
    Ends(QuotaUse.last_at, after(days=8)),  # a bank's "come back later" is kept for a week (providers.transport)
    Ends(Hop.at, after(days=14)),
    Ends(ServiceCount.expires_at, at_once),
    Ends(Heartbeat.beat_at, after(days=1)),  # of a process that was killed
    Ends(SecurityEvent.at, _days("activity_days")),
    Ends(Event.at, _days("event_days")),
    Ends(Notification.at, after(days=400)),
    Ends(ReceivedSignal.at, after(days=30)),  # longer than a topic usually keeps what could come again
    Ends(RefusedSignal.at, after(days=30)),
)


def times_to_live(settings: Settings) -> Mapping[str, timedelta | None]:
    """By table: how long after its end a row is kept, None for ever."""
    return {one.table.name: one.kept(settings) for one in ENDS}


STAYS: Mapping[str, str] = {
    "account": "the ledger",
    "account_resource": "the ledger: what hangs on its accounts; what the bank shows no more is marked",
    "balance": "the ledger: the latest of each kind",
    "birthday": "the person's, until they take it back",
    "burnt_jti": "hub.oauth.jose.replay forgets it itself: on SQLite it lies in another file",
    "category_correction": "the person's, until they take it back",
    "change": "the ledger's log, which clients read from wherever they stopped",
    "client": "deleted ones too: consents and receipts name them",
    "connection": "unfinished ones go by hub.connections.tidy",
    "consent": "the record of what a person decided",
    "consent_access": "the record of who read what, a row a day and permission",
    "consent_account": "belongs to a consent",
    "consent_receipt": "the proof of what a person decided",
    "encryption_key": "one a rotation; what opens no more stays as a record, without its private half",
    "file_reading": "how rows of the ledger were written; a handful an account, and goes with it",
    "job": "what is still to be done; a job that is done is deleted",
    "notification_choice": "the person's: a handful of topics",
    "notification_reading": "one of each person",
    "oauth_grant": "goes with the last of its code, tokens and session: hub.oauth.ended",
    "passkey": "the person's, until they remove it",
    "provenance": "a dozen for each standard and version of its rules; rows of the ledger name them",
    "psu": "the person",
    "push_subscription": "the person's browser, until it or they end it",
    "recovery_code": "the person's; a used one is deleted",
    "resource_reading": "one of each account and kind",
    "signal": "deleted by the dispatcher that makes an event of it, or gives it up",
    "request_rate": "hub.rates forgets it itself: on SQLite it lies in another file",
    "schedule": "a handful, one for each round",
    "secret": "a handful, made once",
    "seen_page": "an account's are replaced at every reading",
    "signing_key": "a few a year; what is gone stays as a record, without its private half",
    "stream": "one for each reader of the events",
    "totp": "the person's, until they remove it",
    "trust_anchor": "a few, named by the operator",
    "transaction": "the ledger",
    "transaction_raw": "the bank's own bytes of a row of the ledger",
    "watched": "one of each connection",
    "webhook_endpoint": "the app's, until its developer deletes it",
    "upstream_login": "the person's, until they remove it",
}
