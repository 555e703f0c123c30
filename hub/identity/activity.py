"""What the person reads under "recent activity". Written in the same transaction as what it tells of."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, literal, select, update
from sqlalchemy.orm import Session

from hub.db import Instant, JsonText
from hub.identity.origin import Origin
from hub.ids import new_id
from hub.models.psu import Psu, SecurityEvent


class Kind(StrEnum):
    REGISTERED = "registered"
    LOGIN = "login"
    LOGIN_FAILED = "login_failed"
    LOCKED = "locked"  # a failed login after which the next ones are refused for a while
    REAUTHENTICATED = "reauthenticated"
    REAUTHENTICATION_FAILED = "reauthentication_failed"
    SECOND_STEP_MISSING = "second_step_missing"  # the first step was right, and nothing came of it
    SECOND_STEP_FAILED = "second_step_failed"
    PASSKEY_REFUSED = "passkey_refused"
    PASSKEY_COPIED = "passkey_copied"  # its signature counter went back
    NEW_DEVICE = "new_device"
    LOGOUT = "logout"
    SESSION_ENDED = "session_ended"  # another one, from here
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # a word, not a secret
    PASSWORD_RESET = "password_reset"  # noqa: S105  # chosen anew through a mailed link
    RECOVERY_ASKED = "recovery_asked"
    PASSWORD_SET = "password_set"  # noqa: S105  # by somebody who had none
    LOGIN_LINKED = "login_linked"
    LOGIN_UNLINKED = "login_unlinked"
    FACTOR_RECOVERY_ASKED = "factor_recovery_asked"
    FACTOR_RECOVERY_STOPPED = "factor_recovery_stopped"
    FACTORS_REMOVED = "factors_removed"
    EMAIL_VERIFIED = "email_verified"
    EMAIL_CHANGE_ASKED = "email_change_asked"
    EMAIL_CHANGED = "email_changed"
    EMAIL_CHANGE_UNDONE = "email_change_undone"
    SESSIONS_REVOKED = "sessions_revoked"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    TOTP_ADDED = "totp_added"
    TOTP_REMOVED = "totp_removed"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    RECOVERY_CODE_USED = "recovery_code_used"
    APPROVAL_ASKED = "approval_asked"  # by an app, from elsewhere (CIBA)
    CONSENT_AUTHORISED = "consent_authorised"
    CONSENT_REJECTED = "consent_rejected"
    CONSENT_REVOKED = "consent_revoked"


ALARMING = frozenset(
    {
        Kind.LOGIN_FAILED,
        Kind.LOCKED,
        Kind.REAUTHENTICATION_FAILED,
        Kind.PASSWORD_CHANGED,
        Kind.PASSWORD_RESET,
        Kind.PASSWORD_SET,
        Kind.FACTOR_RECOVERY_ASKED,
        Kind.FACTORS_REMOVED,
        Kind.LOGIN_LINKED,
        Kind.LOGIN_UNLINKED,
        Kind.RECOVERY_ASKED,
        Kind.EMAIL_CHANGE_ASKED,
        Kind.EMAIL_CHANGED,
        Kind.EMAIL_CHANGE_UNDONE,
        Kind.SECOND_STEP_MISSING,
        Kind.SECOND_STEP_FAILED,
        Kind.PASSKEY_REFUSED,
        Kind.PASSKEY_COPIED,
        Kind.NEW_DEVICE,
        Kind.PASSKEY_ADDED,
        Kind.PASSKEY_REMOVED,
        Kind.TOTP_ADDED,
        Kind.TOTP_REMOVED,
        Kind.RECOVERY_CODES_MADE,
        Kind.RECOVERY_CODE_USED,
    }
)
"""What a person should look at twice."""


def write(
    session: Session,
    psu_id: str,
    kind: Kind,
    *,
    origin: Origin,
    now: datetime,
    detail: Mapping[str, Any] | None = None,
) -> str:
    """The id of the entry. ``detail`` is JSON and holds ids, names and counts, never secrets."""
    entry = SecurityEvent(
        id=new_id(),
        psu_id=psu_id,
        at=now,
        kind=str(kind),
        detail=dict(detail or {}),
        user_agent=origin.user_agent,
        ip_address=origin.ip_address,
    )
    session.add(entry)
    session.flush()
    return entry.id


def write_where(session: Session, who: ColumnElement[bool], kind: Kind, *, origin: Origin, now: datetime) -> str:
    """An entry for the person whom ``who`` finds, none if it finds nobody: the same one statement in both cases.

    Returns the id that the entry has if it was written.
    """
    entry_id = new_id()
    columns = {
        "id": literal(entry_id),
        "psu_id": Psu.id,
        "at": literal(now, Instant()),
        "kind": literal(str(kind)),
        "detail": literal({}, JsonText()),
        "user_agent": literal(origin.user_agent),
        "ip_address": literal(origin.ip_address),
    }
    session.execute(insert(SecurityEvent).from_select(list(columns), select(*columns.values()).where(who)))
    return entry_id


def amend(session: Session, entry_id: str, kind: Kind, *, detail: Mapping[str, Any] | None = None) -> None:
    """An attempt is written down as failed before it is looked at; this says that it turned out well."""
    session.execute(
        update(SecurityEvent)
        .where(SecurityEvent.id == entry_id)
        .values(kind=str(kind), detail=dict(detail or {}))
        .execution_options(synchronize_session=False)
    )


def withdraw(session: Session, entry_id: str) -> None:
    """The attempt was never looked at."""
    session.execute(
        delete(SecurityEvent).where(SecurityEvent.id == entry_id).execution_options(synchronize_session=False)
    )


def recent(session: Session, psu_id: str, *, limit: int = 20) -> Sequence[SecurityEvent]:
    """The newest entries first."""
    return session.scalars(
        select(SecurityEvent)
        .where(SecurityEvent.psu_id == psu_id)
        .order_by(SecurityEvent.at.desc(), SecurityEvent.id.desc())
        .limit(limit)
    ).all()
