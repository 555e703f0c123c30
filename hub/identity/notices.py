"""Tell a person by mail what was done with their account, at the address that is known to reach them."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub import mail
from hub.context import Hub
from hub.mail import Template
from hub.models.psu import Psu


def tell(hub: Hub, session: Session, psu_id: str, template: Template, *, now: datetime, **values: str) -> bool:
    """Whether a mail was written. An address that nobody proved may be a stranger's, and is told nothing."""
    address = session.scalar(select(Psu.email).where(Psu.id == psu_id, Psu.email_verified_at.is_not(None)))
    if address is None:
        return False
    mail.send(hub, session, to=address, template=template, psu_id=psu_id, now=now, **values)
    return True
