"""Take away what has ended long enough ago, a batch at a time: these tables grow with every visit."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, delete, select

from hub.context import Hub
from hub.models.oauth import AuthorizationCode, AuthorizationRequest, DeniedToken, RefreshToken

BATCH = 500

# A used code and an exchanged refresh token stay recognisable for a while, so that their reuse is seen.
KEPT: tuple[tuple[type[Any], Any, timedelta], ...] = (
    (AuthorizationRequest, AuthorizationRequest.handle_hash, timedelta(hours=1)),
    (AuthorizationCode, AuthorizationCode.code_hash, timedelta(days=1)),
    (RefreshToken, RefreshToken.token_hash, timedelta(days=1)),
    (DeniedToken, DeniedToken.jti, timedelta(minutes=1)),
)
"""Table, its key, and how long a row is kept after its end."""


def sweep(hub: Hub, now: datetime, *, batch: int = BATCH) -> int:
    """Delete up to ``batch`` rows of each table, each in a transaction of its own; returns how many went.

    Returned as much as ``batch``, call again.
    """
    gone = 0
    for table, key, kept in KEPT:
        due = select(key).where(table.expires_at <= now - kept).limit(batch)
        with hub.db.write() as session:
            done = session.execute(delete(table).where(key.in_(due)).execution_options(synchronize_session=False))
            gone += done.rowcount if isinstance(done, CursorResult) else 0
    return gone
