"""What is due by mail: one mail for what has gathered, in the transaction that ends the job, so it is written once.

A mail names what happened and where to look, never a payee or an amount. It goes to an address that the person proved
to be theirs, and to no other.
"""

from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.errors import BadInput
from hub.jobs import holding
from hub.jobs.holding import Held
from hub.jobs.kind import Kind
from hub.mail import outbox
from hub.mail.templates import Template
from hub.models.notification import Notification
from hub.models.psu import Psu
from hub.notifications.words import Words, names, words

QUEUE = "notification.mail"
SETTINGS = "/account/notifications"
_LONGEST = 300


def work(hub: Hub, held: Held) -> None:
    due = (Notification.psu_id == held.key, Notification.mail_due)
    with hub.db.write() as session:
        # The rows first and the job then, as the dispatcher locks them.
        rows = session.scalars(select(Notification).where(*due).order_by(Notification.id).with_for_update()).all()
        holding.finish(session, held)
        person = session.get(Psu, held.key)
        if rows and person is not None and person.email_verified_at is not None:
            known = names(hub, session, rows)
            with suppress(BadInput):  # an address of an older form
                write(hub, session, person, [words(row, known) for row in rows])
        done = update(Notification).where(Notification.id.in_([row.id for row in rows])).values(mail_due=False)
        session.execute(done, execution_options={"synchronize_session": False})


def write(hub: Hub, session: Session, person: Psu, said: Sequence[Words]) -> None:
    """One mail of these, the first by its title."""
    base = hub.settings.base_url
    first, more = said[0], len(said) - 1
    outbox.send(
        hub,
        session,
        to=person.email,
        template=Template.NOTICE if not more else Template.NOTICES,
        psu_id=person.id,
        now=hub.clock(),
        title=printable(first.title),
        more=f"{more} more",
        link=f"{base}{first.path if not more else '/notifications'}",
        settings=f"{base}{SETTINGS}",
    )


def printable(text: str) -> str:
    """One line of what may have come from an app or an operator."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())[:_LONGEST]


KIND = Kind(QUEUE, work, threads=2)
