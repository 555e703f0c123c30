"""Sessions and security history in words."""

from collections.abc import Sequence

from hub.identity.activity import ALARMING, Kind
from hub.identity.sessions import OpenSession, Person
from hub.models.psu import SecurityEvent
from hub.web.viewmodels import ActivityRow, SecurityPage, SessionRow

_TEXT = {
    Kind.REGISTERED: "You created this account",
    Kind.LOGIN: "Logged in",
    Kind.LOGIN_FAILED: "Wrong password at login",
    Kind.LOCKED: "Wrong password; further tries were stopped for a while",
    Kind.REAUTHENTICATED: "Password entered again",
    Kind.REAUTHENTICATION_FAILED: "Wrong password in an open session",
    Kind.LOGOUT: "Logged out",
    Kind.PASSWORD_CHANGED: "Password changed",
    Kind.PASSWORD_RESET: "New password chosen through a mailed link",
    Kind.RECOVERY_ASKED: "A link for a new password was asked for",
    Kind.EMAIL_VERIFIED: "E-mail address verified",
    Kind.EMAIL_CHANGE_ASKED: "A change of e-mail address was asked for",
    Kind.EMAIL_CHANGED: "E-mail address changed",
    Kind.EMAIL_CHANGE_UNDONE: "A change of e-mail address was taken back",
    Kind.SESSIONS_REVOKED: "Logged out everywhere else",
    Kind.CONSENT_AUTHORISED: "You allowed an app",
    Kind.CONSENT_REJECTED: "You refused an app",
    Kind.CONSENT_REVOKED: "You ended an app’s access",
}
# The order matters: an Edge calls itself Chrome and Safari as well, an Android a Linux.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def page(
    who: Person, opened: Sequence[OpenSession], events: Sequence[SecurityEvent], *, is_email_verified: bool
) -> SecurityPage:
    return SecurityPage(
        sessions=tuple(
            SessionRow(
                device=device(one.user_agent),
                place=one.ip_address,
                started_at=one.started_at,
                last_seen_at=one.last_seen_at,
                is_current=one.session_hash == who.session_hash,
            )
            for one in opened
        ),
        activity=tuple(
            ActivityRow(
                at=event.at,
                text=_said(event),
                place=" · ".join(filter(None, (device(event.user_agent), event.ip_address))),
                is_alarming=event.kind in set(ALARMING),
            )
            for event in events
        ),
        password_changed_at=who.password_changed_at,
        is_email_verified=is_email_verified,
    )


def device(user_agent: str) -> str:
    """``Firefox on Linux``: what the browser claims to be, which may be a lie."""
    browser = next((name for sign, name in _BROWSERS if sign in user_agent), "")
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "Another program"


def _said(event: SecurityEvent) -> str:
    text = _TEXT[Kind(event.kind)] if event.kind in set(Kind) else "Something else"
    app = event.detail.get("app")
    return f"{text}: {app}" if app else text
