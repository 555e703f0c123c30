"""Why a client's requests were refused, kept for a week for its developer to read.

What is written is the error as the client got it, never anything that it sent. Whoever floods an endpoint in a client's
name fills nothing: a client gets so many rows a minute and no more.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, literal, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from hub.db import Database, Instant
from hub.ids import new_id
from hub.limits import RateLimiter
from hub.models.client import Client
from hub.models.oauth import RefusedRequest
from hub.oauth.errors import OAuth2Error

log = logging.getLogger(__name__)
PER_MINUTE = 20


class Refusals:
    """One per process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._limiter = RateLimiter(per_minute=PER_MINUTE)

    def note(
        self,
        client_id: str | None,
        endpoint: str,
        error: OAuth2Error,
        *,
        proven: bool,
        now: datetime,
        interaction_id: str,
    ) -> None:
        """Write one refusal down if there is such a client. Never raises: the answer matters more than its record."""
        if client_id is None or len(client_id) > 36:
            return
        # Apart: whoever floods in a client's name must not hide what that client did itself.
        if self._limiter.take(f"{client_id} {proven}").retry_after_s:
            return
        columns = {
            "id": literal(new_id()),
            "client_id": Client.client_id,
            "at": literal(now, Instant()),
            "endpoint": literal(endpoint),
            "error": literal(str(error.error)),
            "description": literal(str(error.get_error_description() or "")),
            "proven": literal(proven),
            "interaction_id": literal(interaction_id),
        }
        found = select(*columns.values()).where(Client.client_id == client_id, Client.deleted_at.is_(None))
        try:
            self._db.write_one(insert(RefusedRequest).from_select(list(columns), found), {})
        except SQLAlchemyError as broken:
            log.error("a refusal could not be written down", extra={"error": type(broken).__name__})


def recent(session: Session, client_id: str, *, limit: int = 20) -> Sequence[RefusedRequest]:
    """The newest first. The caller has looked up that the client is the reader's own."""
    return session.scalars(
        select(RefusedRequest)
        .where(RefusedRequest.client_id == client_id)
        .order_by(RefusedRequest.at.desc(), RefusedRequest.id.desc())
        .limit(limit)
    ).all()
