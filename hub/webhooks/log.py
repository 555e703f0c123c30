"""How telling an app went, for its developer."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.models.webhook import WebhookAttempt, WebhookMessage

LATEST = 30


def latest(
    session: Session, endpoint_id: str, *, limit: int = LATEST
) -> Sequence[tuple[WebhookMessage, Sequence[WebhookAttempt]]]:
    """The latest messages, each with its attempts, the first of them first."""
    query = select(WebhookMessage).where(WebhookMessage.endpoint_id == endpoint_id)
    messages = session.scalars(query.order_by(WebhookMessage.created_at.desc(), WebhookMessage.id).limit(limit)).all()
    of: dict[str, list[WebhookAttempt]] = defaultdict(list)
    mine = WebhookAttempt.message_id.in_([one.id for one in messages])
    for attempt in session.scalars(select(WebhookAttempt).where(mine).order_by(WebhookAttempt.at, WebhookAttempt.id)):
        of[attempt.message_id].append(attempt)
    return [(one, of[one.id]) for one in messages]


def counts(session: Session, endpoint_id: str) -> Mapping[str, int]:
    """How many messages are in each state."""
    query = select(WebhookMessage.state, func.count()).where(WebhookMessage.endpoint_id == endpoint_id)
    return {state: count for state, count in session.execute(query.group_by(WebhookMessage.state))}  # noqa: C416
