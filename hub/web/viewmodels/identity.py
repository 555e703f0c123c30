"""Login, registration, password and security pages."""

from dataclasses import dataclass
from datetime import datetime

from hub.web.viewmodels.accounts import ProviderChoice
from hub.web.viewmodels.shared import App, Form


@dataclass(frozen=True, slots=True)
class LoginPage:
    """login.html. Posts ``email``, ``password``, ``next`` to /login. ``app``: who waits for this login, if
    anyone.
    """

    form: Form = Form()
    next: str = ""  # a path of ours, already checked by the route
    app: App | None = None
    locked_until: datetime | None = None
    acr: str = ""  # how strong the login must be for what comes next, handed on
    has_passkeys: bool = (
        False  # whether this hub can take them; the form for one posts ``credential`` to /login/passkey
    )
    needs_passkey: bool = False  # nothing else will do for what comes next
    providers: tuple[ProviderChoice, ...] = ()


@dataclass(frozen=True, slots=True)
class RegisterPage:
    """register.html. Posts ``name``, ``email``, ``password``, ``next`` to /register."""

    form: Form = Form()
    next: str = ""
    min_password_length: int = 12
    providers: tuple[ProviderChoice, ...] = ()


@dataclass(frozen=True, slots=True)
class PasswordPage:
    """password.html. Posts ``current_password``, ``new_password`` to /account/password."""

    form: Form = Form()
    min_password_length: int = 12


@dataclass(frozen=True, slots=True)
class SessionRow:
    sid: str
    device: str  # "Firefox on Linux"
    place: str  # network address or city, as the route chooses to show it
    started_at: datetime
    last_seen_at: datetime
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """One line of security history. ``is_alarming`` marks what a person should look at twice."""

    at: datetime
    text: str
    place: str = ""
    is_alarming: bool = False


@dataclass(frozen=True, slots=True)
class SecurityPage:
    """security.html, at /account. One session ends by a post to /account/sessions/<sid>/end, the others by
    /account/sessions/end-others, all by /account/sessions/revoke-all.
    """

    sessions: tuple[SessionRow, ...] = ()
    activity: tuple[ActivityRow, ...] = ()
    password_changed_at: datetime | None = None
    is_email_verified: bool = False
    passkeys: int = 0
    authenticator_since: datetime | None = None
    recovery_codes: int = 0
    has_password: bool = True
    linked_logins: tuple[str, ...] = ()  # the names of the providers
    has_providers: bool = False  # whether there is any to link
