"""Write an event beside the change that it tells of. Delivery reads the outbox later."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from hub.ids import new_id
from hub.models.event import Event


def emit(
    session: Session,
    kind: str,
    subject_id: str,
    *,
    now: datetime,
    psu_id: str | None,
    body: Mapping[str, Any] | None = None,
) -> None:
    """``session`` must be the transaction of the change. ``body`` is JSON and holds ids and states, never secrets."""
    session.add(Event(id=new_id(), at=now, kind=kind, psu_id=psu_id, subject_id=subject_id, body=dict(body or {})))
