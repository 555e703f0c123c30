"""E-mail addresses, mailed links, and the way back into an account."""

from dataclasses import dataclass

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
