"""E-mail addresses, mailed links, and the way back into an account."""

from dataclasses import dataclass
from datetime import datetime

from hub.web.viewmodels.shared import Form


@dataclass(frozen=True, slots=True)
class EmailPage:
    """email.html. Posts ``email`` to /account/email; another link for the present one to /account/email/resend."""

    address: str
    is_verified: bool = False
    form: Form = Form()


@dataclass(frozen=True, slots=True)
class MailedLinkPage:
    """mailed_link.html: what a link from a mail will do, and the button that does it. Posts nothing but the token of
    the form to ``action``.
    """

    title: str
    what: str
    button: str
    action: str
    address: str = ""
    is_grave: bool = False
    cancel_label: str = "Not now"
    cancel_path: str = "/"


@dataclass(frozen=True, slots=True)
class RecoverPage:
    """recover.html. Posts ``email`` to /recover."""

    form: Form = Form()


@dataclass(frozen=True, slots=True)
class RecoverSentPage:
    """recover_sent.html: the same for every address. ``minutes``: how long the link lives."""

    minutes: int


@dataclass(frozen=True, slots=True)
class ResetPage:
    """reset.html. Posts ``new_password`` to ``action``. ``address`` is for the browser's password store."""

    action: str
    address: str
    form: Form = Form()
    min_password_length: int = 12


@dataclass(frozen=True, slots=True)
class ProviderChoice:
    """A provider to log in at. ``colour`` and the name's initials draw its mark."""

    provider_id: str
    name: str
    colour: str = ""


@dataclass(frozen=True, slots=True)
class OnwardPage:
    """onward.html: leads on by itself, with a link for whoever does not want to wait. ``url`` is a path of ours, or an
    address of the provider that was checked.
    """

    url: str
    to: str


@dataclass(frozen=True, slots=True)
class NewcomerPage:
    """upstream_newcomer.html: somebody proven at a provider whom nobody here knows. Posts ``name`` and ``email`` to
    /login/upstream; the other way is to log in and link.
    """

    provider: ProviderChoice
    form: Form = Form()


@dataclass(frozen=True, slots=True)
class LinkPage:
    """upstream_link.html. Posts ``decision`` (yes or no) to /account/logins/confirm; where the proof at the provider is
    too old, ``provider`` to /account/logins/link first. ``shown_as`` is what the provider calls the person.
    """

    provider: ProviderChoice
    shown_as: str = ""
    is_fresh: bool = True


@dataclass(frozen=True, slots=True)
class LinkedRow:
    """``provider_name`` is "" for a provider that is not offered any more."""

    id: str
    provider_name: str
    linked_at: datetime
    last_used_at: datetime


@dataclass(frozen=True, slots=True)
class LoginsPage:
    """logins.html. Posts ``provider`` to /account/logins/link, ``login`` to /account/logins/unlink."""

    linked: tuple[LinkedRow, ...] = ()
    offered: tuple[ProviderChoice, ...] = ()
    has_password: bool = True
    error: str = ""


@dataclass(frozen=True, slots=True)
class SetPasswordPage:
    """password_set.html, for somebody who has none. Posts ``new_password`` to /account/password/set."""

    form: Form = Form()
    min_password_length: int = 12


@dataclass(frozen=True, slots=True)
class FactorsLostPage:
    """factors_lost.html. Posts nothing but the form's token to /recover/factors, which begins the wait or, once it
    ``is_over``, removes the second step. ``effective_at``: the end of a wait that is on. ``can_ask``: whether the
    person can be warned by mail.
    """

    wait_hours: int
    effective_at: datetime | None = None
    is_over: bool = False
    can_ask: bool = True
