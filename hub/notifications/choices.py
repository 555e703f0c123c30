"""Where a person wants to hear of each topic. The inbox has everything."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.events.catalogue import Topic
from hub.models.notification import NotificationChoice
from hub.upsert import insert_into


@dataclass(frozen=True, slots=True)
class Choice:
    mail: bool
    push: bool


USUAL: Mapping[Topic, Choice] = {
    Topic.ACCESS: Choice(mail=True, push=True),
    Topic.APPS: Choice(mail=True, push=True),
    Topic.MONEY: Choice(mail=False, push=True),
    Topic.SERVICE: Choice(mail=True, push=False),
    Topic.OCCASIONS: Choice(mail=False, push=False),
}


def of(session: Session, psu_ids: Collection[str]) -> Mapping[tuple[str, Topic], Choice]:
    """What these people chose; what they did not is in USUAL."""
    rows = session.scalars(select(NotificationChoice).where(NotificationChoice.psu_id.in_(psu_ids)))
    known = {topic.value for topic in Topic}
    return {(row.psu_id, Topic(row.topic)): Choice(row.mail, row.push) for row in rows if row.topic in known}


def choose(session: Session, psu_id: str, chosen: Mapping[Topic, Choice]) -> None:
    """Each of these topics, in one statement each; the others stay."""
    for topic, choice in chosen.items():
        values = {"mail": choice.mail, "push": choice.push}
        row = insert_into(session, NotificationChoice).values(psu_id=psu_id, topic=topic.value, **values)
        session.execute(row.on_conflict_do_update(index_elements=["psu_id", "topic"], set_=values))
