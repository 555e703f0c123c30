"""The worker's part: take what is due, send it, try again later, give up in the end.

A mail is claimed by one conditional UPDATE that moves ``next_at`` on, so any number of workers may run; one that dies
between claim and answer leaves a mail that is sent again after the pause: at least once, never lost.
"""

import logging
import time
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update

from hub import correlation
from hub.context import Hub
from hub.mail import message, outbox
from hub.mail.outbox import DEAD, DUE, SENT
from hub.mail.transport import NotTaken, Transport
from hub.models.mail import Mail
from hub.sealing import SealBroken
from providers.interaction import Outcome

log = logging.getLogger(__name__)
PAUSES_S = (60, 300, 1800, 7200, 21600)
"""After each failed attempt; with the last one the mail is dead. Most links in mails do not live longer."""
LEASE_S = 300
"""A mail that a worker took and left, because it died, is taken again after this."""


@dataclass(frozen=True, slots=True)
class _Claimed:
    id: str
    recipient: str
    template: str
    message_sealed: bytes | None
    attempts: int
    trace_id: str | None


def send_due(hub: Hub, transport: Transport) -> int:
    """Everything that is due now; how many mails were taken by the transport."""
    sent = 0
    while (mail := _claim(hub)) is not None:
        with correlation.under(mail.trace_id):
            sent += _send(hub, transport, mail)
    return sent


def _claim(hub: Hub) -> _Claimed | None:
    now = hub.clock()
    is_due = (Mail.state == DUE, Mail.next_at <= now)
    oldest = select(Mail.id).where(*is_due).order_by(Mail.next_at).limit(1).with_for_update(skip_locked=True)
    with hub.db.read() as session:  # mostly there is nothing, and that takes no lock to find out
        if session.scalar(select(Mail.id).where(*is_due).limit(1)) is None:
            return None
    with hub.db.write() as session:
        row = session.execute(
            update(Mail)
            .where(Mail.id == oldest.scalar_subquery(), *is_due)
            .values(attempts=Mail.attempts + 1, next_at=now + timedelta(seconds=LEASE_S))
            .returning(Mail.id, Mail.recipient, Mail.template, Mail.message_sealed, Mail.attempts, Mail.trace_id)
            .execution_options(synchronize_session=False)
        ).one_or_none()
    return None if row is None else _Claimed(*row)


def _send(hub: Hub, transport: Transport, mail: _Claimed) -> bool:
    told = {"mail_id": mail.id, "template": mail.template, "attempt": mail.attempts}
    began = time.monotonic()
    try:
        written = outbox.opened(hub.sealer, mail.id, mail.message_sealed or b"")
        transport.deliver(
            message.compose(hub.settings, mail_id=mail.id, to=mail.recipient, written=written, now=hub.clock())
        )
    except NotTaken as error:
        is_over = error.is_final or mail.attempts >= len(PAUSES_S)
        _note(hub, mail, began, "refused" if error.is_final else "failed")
        log.warning("a mail was not taken", extra=told | {"why": str(error), "is_dead": is_over})
        _settle(hub, mail, DEAD if is_over else DUE)
        return False
    except SealBroken:
        hub.recorder.note("hub", f"mail {mail.template}", took_ms=0, outcome="failed", detail="does not open")
        log.error("a mail does not open", extra=told)
        _settle(hub, mail, DEAD)
        return False
    _note(hub, mail, began, "ok")
    log.info("a mail was sent", extra=told)
    _settle(hub, mail, SENT)
    return True


def _note(hub: Hub, mail: _Claimed, began: float, outcome: Outcome) -> None:
    """Never to whom."""
    took_ms = int((time.monotonic() - began) * 1000)
    hub.figures.mail(outcome)
    hub.recorder.note("mail", f"mail {mail.template}", took_ms=took_ms, outcome=outcome, request_id=mail.id)


def _settle(hub: Hub, mail: _Claimed, state: str) -> None:
    """``DUE``: again after the pause. Otherwise the text goes: a link that was sent has no business here any more."""
    if state == DUE:
        pause = timedelta(seconds=PAUSES_S[mail.attempts - 1])
        values: dict[str, object] = {"next_at": hub.clock() + pause}
    else:
        values = {"state": state, "message_sealed": None}
    with hub.db.write() as session:
        session.execute(
            update(Mail)
            .where(Mail.id == mail.id, Mail.state == DUE, Mail.attempts == mail.attempts)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
