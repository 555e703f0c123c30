"""The person says what a payee means to them. It counts at once, for all that was paid before and will be."""

from datetime import datetime

from sqlalchemy import delete

from hub.context import Hub
from hub.errors import BadInput
from hub.events.outbox import emit
from hub.insights.taxonomy import CATEGORIES
from hub.models.insight import CategoryCorrection
from hub.upsert import insert_into

MAX_KEY_LENGTH = 300


def correct(hub: Hub, psu_id: str, *, payee_key: str, is_in: bool, category: str | None, now: datetime) -> None:
    """``category`` None: back to what the rules find. Raises BadInput for what is no category or names nobody."""
    if not payee_key or len(payee_key) > MAX_KEY_LENGTH:
        raise BadInput("This entry names nobody, so there is nothing to remember it by.", parameter="category")
    if category is not None and category not in CATEGORIES:
        raise BadInput("There is no such category.", parameter="category")
    with hub.db.write() as session:
        if category is None:
            session.execute(
                delete(CategoryCorrection).where(
                    CategoryCorrection.psu_id == psu_id,
                    CategoryCorrection.payee_key == payee_key,
                    CategoryCorrection.is_in == is_in,
                )
            )
        else:
            said = {"category": category, "at": now}
            row = {"psu_id": psu_id, "payee_key": payee_key, "is_in": is_in, **said}
            session.execute(
                insert_into(session, CategoryCorrection)
                .values(row)
                .on_conflict_do_update(index_elements=["psu_id", "payee_key", "is_in"], set_=said)
            )
        emit(session, "category.corrected", psu_id, now=now, psu_id=psu_id, body={"category": category})
