"""The endpoints that are behind, for whoever runs the hub: what waits, what was given up, since when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import ScalarSelect, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from hub.models.client import Client
from hub.models.job import Job
from hub.models.webhook import WebhookEndpoint, WebhookMessage
from hub.webhooks.endpoints import QUEUE
from hub.webhooks.tell import DEAD, DUE

MOST = 20
MOST_COUNTED = 1000
"""More messages of one endpoint are not told apart."""


@dataclass(frozen=True, slots=True)
class Behind:
    """``host``: of its address, whose path is the app's own business. ``waiting`` and ``given_up``: messages,
    MOST_COUNTED at most. ``failing_since``: nothing was taken since. ``disabled_why`` None: it is called."""

    endpoint_id: str
    app: str
    host: str
    waiting: int
    given_up: int
    failing_since: datetime | None
    disabled_why: str | None


def behind(session: Session) -> Sequence[Behind]:
    """MOST of those that have work, fail, or were switched off by the hub; who fails for the longest first. One
    statement: what it costs grows with the endpoints, not with the messages."""
    has_work = exists().where(Job.queue == QUEUE, Job.key == WebhookEndpoint.id)
    was_stopped = WebhookEndpoint.disabled_why.in_(("gone", "failing"))
    query = (
        select(WebhookEndpoint, Client.name, _count(DUE), _count(DEAD))
        .join(Client, Client.client_id == WebhookEndpoint.client_id)
        .where(Client.deleted_at.is_(None), or_(has_work, WebhookEndpoint.failing_since.is_not(None), was_stopped))
        .order_by(WebhookEndpoint.failing_since.is_(None), WebhookEndpoint.failing_since, WebhookEndpoint.id)
        .limit(MOST)
    )
    return [
        Behind(one.id, app, urlsplit(one.url).hostname or "", waiting, given_up, one.failing_since, one.disabled_why)
        for one, app, waiting, given_up in session.execute(query)
    ]


def _count(state: str) -> ScalarSelect[int]:
    mine = (WebhookMessage.endpoint_id == WebhookEndpoint.id, WebhookMessage.state == state)
    one_each = select(literal(1)).select_from(WebhookMessage).where(*mine).correlate(WebhookEndpoint)
    some = one_each.limit(MOST_COUNTED).subquery()
    return select(func.count()).select_from(some).scalar_subquery()
