"""What is for everybody lies in every inbox as one row; by mail it goes to all who want that, some at a time."""

from contextlib import suppress

from sqlalchemy import ColumnElement, Select, and_, or_, select

from hub.context import Hub
from hub.errors import BadInput
from hub.events.catalogue import Topic, types
from hub.jobs import holding
from hub.jobs.holding import Held
from hub.jobs.kind import Kind
from hub.jobs.queue import ROUTINE, put
from hub.models.notification import Notification, NotificationChoice
from hub.models.psu import Psu
from hub.notifications import choices, mail
from hub.notifications.words import names, words

QUEUE = "notification.everyone"
BATCH = 200


def work(hub: Hub, held: Held) -> None:
    """The next BATCH people, in the order of their ids; where it stands is written with their mails."""
    with hub.db.write() as session:
        row = session.get(Notification, held.key)
        people = [] if row is None else session.scalars(_next(row, str(held.args["after"]))).all()
        if row is not None and people:
            said = words(row, names(hub, session, [row]))
            for person in people:
                with suppress(BadInput):  # an address of an older form: the others must not wait for it
                    mail.write(hub, session, person, [said])
            now = hub.clock()
            put(session, QUEUE, key=held.key, at=now, now=now, priority=ROUTINE, args={"after": people[-1].id})
        holding.finish(session, held)


def _next(row: Notification, after: str) -> Select[Psu]:
    one = types().get(row.kind)
    topic = one.notice.topic if one is not None and one.notice is not None else Topic.SERVICE
    theirs = and_(NotificationChoice.psu_id == Psu.id, NotificationChoice.topic == topic.value)
    wanted: ColumnElement[bool] = NotificationChoice.mail.is_(True)
    if choices.USUAL[topic].mail:
        wanted = or_(wanted, NotificationChoice.psu_id.is_(None))
    return (
        select(Psu)
        .outerjoin(NotificationChoice, theirs)
        .where(Psu.id > after, Psu.created_at < row.at, Psu.email_verified_at.is_not(None), wanted)
        .order_by(Psu.id)
        .limit(BATCH)
    )


KIND = Kind(QUEUE, work, threads=1, is_endless=True)
