"""Where an app hears of events, as its developer sees it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from hub.web.viewmodels.shared import App, Choice, Form


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """``state``: called; failing (nothing taken since ``since``); off, with ``why`` (developer, gone, failing)."""

    endpoint_id: str
    url: str
    state: Literal["called", "failing", "off"]
    why: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class WebhooksPage:
    """developer_webhooks.html. Posts ``url``, ``type``*, ``scheme``, ``unordered``. ``is_local``: the hub serves nobody
    but its own machine, and calls that machine without TLS."""

    app: App
    endpoints: tuple[EndpointRow, ...] = ()
    types: tuple[Choice, ...] = ()
    schemes: tuple[Choice, ...] = ()
    form: Form = Form()
    is_local: bool = False


@dataclass(frozen=True, slots=True)
class AttemptRow:
    at: datetime
    status: int | None
    took_ms: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class MessageRow:
    """``body``: what is sent, as it is."""

    message_id: str
    type: str
    state: Literal["due", "taken", "dead"]
    created_at: datetime
    next_at: datetime
    body: str
    attempts: tuple[AttemptRow, ...] = ()


@dataclass(frozen=True, slots=True)
class EndpointPage:
    """developer_webhook.html. Posts to .../secret, /test, /off, /on, /delete, /again (``message_id``, or none: all that
    was given up), and ``url``, ``type``* to itself. ``secret`` stands there once, right after it was made.
    """

    app: App
    row: EndpointRow
    scheme: str
    is_ordered: bool
    types: tuple[Choice, ...] = ()
    messages: tuple[MessageRow, ...] = ()
    waiting: int = 0
    dead: int = 0
    previous_until: datetime | None = None
    secret: str | None = field(default=None, repr=False)
    form: Form = Form()
