"""Requests that were made in another place than the browser that answers them."""

from dataclasses import dataclass, field
from datetime import datetime

from hub.web.viewmodels.shared import App, Form


@dataclass(frozen=True, slots=True)
class AskedElsewhere:
    """On the consent screen. ``is_device``: a code was typed for it; else the app asked by itself. ``software`` and
    ``address`` are what the asker says of itself; ``binding_message`` are the app's words, to be compared with its own
    screen.
    """

    is_device: bool
    at: datetime
    software: str = ""
    address: str = ""
    binding_message: str = ""


@dataclass(frozen=True, slots=True)
class DevicePage:
    """device.html, at /device. Posts ``user_code``. ``came_with_link``: the code was in the address, not typed."""

    form: Form = field(default_factory=Form)
    came_with_link: bool = False
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """Opens by a post to /approvals/<request_id>."""

    request_id: str
    app: App
    asked_at: datetime
    until: datetime
    binding_message: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalsPage:
    """approvals.html: what apps wait to hear from this person."""

    waiting: tuple[ApprovalRow, ...] = ()


@dataclass(frozen=True, slots=True)
class AnsweredPage:
    """answered.html: what came of an answer, and where to go on."""

    title: str
    text: str
    is_yes: bool
