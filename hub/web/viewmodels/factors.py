"""The second step of a login, and the pages of a person's own factors."""

from dataclasses import dataclass
from datetime import datetime

from hub.web.viewmodels.shared import App, Form


@dataclass(frozen=True, slots=True)
class LoginSecondPage:
    """login_second.html. Each ``takes_`` is a form of its own; all post to /login/second: ``code``,
    ``recovery_code`` or ``credential``, with ``next`` and ``acr``.
    """

    form: Form = Form()
    next: str = ""
    acr: str = ""
    app: App | None = None
    takes_app: bool = False
    takes_recovery_codes: bool = False
    takes_passkey: bool = False
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class StepUpPage:
    """step_up.html, at /step-up. ``can_reach``: the person has a factor that is strong enough; ``takes_codes``: an
    authenticator app would be; ``has_passkeys``: this hub can take passkeys.
    """

    next: str = ""
    acr: str = ""
    app: App | None = None
    can_reach: bool = False
    takes_codes: bool = False
    has_passkeys: bool = False


@dataclass(frozen=True, slots=True)
class PasskeyRow:
    """Renamed by /account/passkeys/<id>/rename (``name``), removed by /account/passkeys/<id>/remove."""

    passkey_id: str
    name: str
    is_synced: bool
    created_at: datetime
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PasskeysPage:
    """passkeys.html. A new one posts ``credential``, ``name``, ``next`` to /account/passkeys. Without a name of its
    own the hub can take none; ``host`` is what it has instead.
    """

    passkeys: tuple[PasskeyRow, ...] = ()
    form: Form = Form()
    next: str = ""
    has_name: bool = True
    host: str = ""


@dataclass(frozen=True, slots=True)
class AuthenticatorPage:
    """authenticator.html: nothing yet, or a seed to be confirmed (``picture`` is a data: address of its QR code,
    ``seed`` the same to type, ``address`` the same as a link), or an app in use ``since`` then.
    """

    since: datetime | None = None
    picture: str = ""
    seed: str = ""
    address: str = ""
    form: Form = Form()
    next: str = ""


@dataclass(frozen=True, slots=True)
class RecoveryCodesPage:
    """recovery_codes.html. ``codes`` only right after they were made; ``left`` is how many are open."""

    codes: tuple[str, ...] = ()
    left: int = 0
    can_make: bool = False
    next: str = ""
