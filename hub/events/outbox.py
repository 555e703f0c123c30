"""Say what happened, beside the change: a signal. The dispatcher makes events of it (hub.events.dispatcher)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from hub import correlation
from hub.ids import new_id
from hub.models.signal import Signal


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
    session.add(
        Signal(
            id=new_id(),
            at=now,
            kind=kind,
            psu_id=psu_id,
            subject_id=subject_id,
            body=dict(body or {}),
            trace_id=correlation.current(),
        )
    )
