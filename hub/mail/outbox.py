"""Write a mail beside the change that it tells of."""

from datetime import datetime

import msgspec
from sqlalchemy.orm import Session

from hub import correlation
from hub.context import Hub
from hub.identity import particulars
from hub.ids import new_id
from hub.mail import templates
from hub.mail.templates import Template, Written
from hub.models.mail import Mail
from hub.sealing import Sealer

DUE, SENT, DEAD = "due", "sent", "dead"


def send(
    hub: Hub, session: Session, *, to: str, template: Template, psu_id: str | None, now: datetime, **values: str
) -> str:
    """The id of the mail. ``session`` must be the transaction of the change; ``values`` fill the template.

    ``to`` is an address in the one form that hub.identity.particulars keeps: nothing else becomes a header. Raises
    BadInput for any other.
    """
    recipient, mail_id = particulars.email_address(to), new_id()
    written = templates.write(template, values)
    session.add(
        Mail(
            id=mail_id,
            psu_id=psu_id,
            recipient=recipient,
            template=template.value,
            message_sealed=hub.sealer.seal(msgspec.json.encode(written), _place(mail_id)),
            state=DUE,
            attempts=0,
            next_at=now,
            trace_id=correlation.current(),
            created_at=now,
        )
    )
    return mail_id


def opened(sealer: Sealer, mail_id: str, message_sealed: bytes) -> Written:
    """The words of a mail that was not sent yet. Raises SealBroken."""
    return msgspec.json.decode(sealer.open(message_sealed, _place(mail_id)), type=Written)


def _place(mail_id: str) -> str:
    return f"mail.message:{mail_id}"
