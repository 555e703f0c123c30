"""Birthdays: the day of the year that a person gave, and a signal on it, once a year."""

from calendar import isleap
from datetime import date, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.errors import BadInput
from hub.events.outbox import emit
from hub.jobs import holding
from hub.jobs.holding import Held
from hub.jobs.kind import Kind
from hub.models.notification import Birthday
from hub.upsert import insert_into

QUEUE = "birthdays"
EVERY = timedelta(hours=1)
BATCH = 500
_LEAP_DAY = "02-29"


def work(hub: Hub, held: Held) -> None:
    """The next BATCH of those whose day it is (UTC) and who were not wished well this year."""
    now = hub.clock()
    with hub.db.write() as session:
        due = select(Birthday.psu_id).where(Birthday.month_day.in_(_days(now.date())), Birthday.told_in < now.year)
        people = session.scalars(due.order_by(Birthday.psu_id).limit(BATCH)).all()
        for psu_id in people:
            emit(session, "psu.birthday", psu_id, now=now, psu_id=psu_id)
        told = update(Birthday).where(Birthday.psu_id.in_(people)).values(told_in=now.year)
        session.execute(told, execution_options={"synchronize_session": False})
        if len(people) < BATCH:
            holding.finish(session, held)
        else:
            holding.postpone(session, held, now)


def _days(today: date) -> list[str]:
    """Who was born on 29 February has it on the 28th of a common year."""
    days = [f"{today:%m-%d}"]
    if days == ["02-28"] and not isleap(today.year):
        days.append(_LEAP_DAY)
    return days


def of(session: Session, psu_id: str) -> tuple[int, int] | None:
    """(day, month), as given."""
    found = session.get(Birthday, psu_id)
    return None if found is None or not found.month_day else (int(found.month_day[3:]), int(found.month_day[:2]))


def set_to(session: Session, psu_id: str, *, day: str, month: str) -> None:
    """Both empty: forget it. Raises BadInput for what is no day of any year. ``told_in`` stays in any case, so that a
    person who changes the day about, or takes it back and gives it again, is not wished well twice."""
    month_day = _month_day(day, month) if day or month else ""
    row = insert_into(session, Birthday).values(psu_id=psu_id, month_day=month_day, told_in=0)
    session.execute(row.on_conflict_do_update(index_elements=["psu_id"], set_={"month_day": month_day}))


def _month_day(day: str, month: str) -> str:
    try:
        if not (day.isascii() and month.isascii()):
            raise ValueError
        return f"{date(2000, int(month), int(day)):%m-%d}"
    except (ValueError, OverflowError) as error:
        raise BadInput("There is no such day of the year.", parameter="birthday") from error


KIND = Kind(QUEUE, work, threads=1)
