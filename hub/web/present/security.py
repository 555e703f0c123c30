"""Sessions and security history in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.identity import assurance
from hub.identity.activity import ALARMING, Kind
from hub.identity.factors.enrolled import Enrolled
from hub.identity.sessions import OpenSession, Person
from hub.models.psu import SecurityEvent
from hub.upstream.logins import Linked
from hub.web.viewmodels import ActivityRow, SecurityPage, SessionRow

_TEXT = {
    Kind.REGISTERED: "You created this account",
    Kind.LOGIN: "Logged in",
    Kind.LOGIN_FAILED: "Wrong password at login",
    Kind.LOCKED: "Wrong password; further tries were stopped for a while",
    Kind.REAUTHENTICATED: "Confirmed that it is you",
    Kind.REAUTHENTICATION_FAILED: "Wrong password in an open session",
    Kind.SECOND_STEP_MISSING: "Right password, but the second step was not passed",
    Kind.SECOND_STEP_FAILED: "Wrong code in the second step of a login",
    Kind.PASSKEY_REFUSED: "A passkey of yours was not accepted",
    Kind.PASSKEY_COPIED: "A passkey of yours was refused, because a copy of it seems to be in use",
    Kind.NEW_DEVICE: "First login on a device that we had not seen",
    Kind.LOGOUT: "Logged out",
    Kind.SESSION_ENDED: "Logged out another device",
    Kind.PASSWORD_CHANGED: "Password changed",
    Kind.PASSWORD_RESET: "New password chosen through a mailed link",
    Kind.RECOVERY_ASKED: "A link for a new password was asked for",
    Kind.PASSWORD_SET: "Password set",
    Kind.LOGIN_LINKED: "Login with another provider linked",
    Kind.LOGIN_UNLINKED: "Login with another provider unlinked",
    Kind.FACTOR_RECOVERY_ASKED: "Removing the second step was asked for; the wait began",
    Kind.FACTOR_RECOVERY_STOPPED: "Removing the second step was stopped",
    Kind.FACTORS_REMOVED: "Second step removed after the wait",
    Kind.EMAIL_VERIFIED: "E-mail address verified",
    Kind.EMAIL_CHANGE_ASKED: "A change of e-mail address was asked for",
    Kind.EMAIL_CHANGED: "E-mail address changed",
    Kind.EMAIL_CHANGE_UNDONE: "A change of e-mail address was taken back",
    Kind.SESSIONS_REVOKED: "Logged out everywhere else",
    Kind.PASSKEY_ADDED: "Passkey added",
    Kind.PASSKEY_REMOVED: "Passkey removed",
    Kind.TOTP_ADDED: "Authenticator app added",
    Kind.TOTP_REMOVED: "Authenticator app removed",
    Kind.RECOVERY_CODES_MADE: "Recovery codes made",
    Kind.RECOVERY_CODE_USED: "Recovery code used",
    Kind.APPROVAL_ASKED: "An app asked for your answer",
    Kind.CONSENT_AUTHORISED: "You allowed an app",
    Kind.CONSENT_REJECTED: "You refused an app",
    Kind.CONSENT_REVOKED: "You ended an app’s access",
}
_MEANS = {
    assurance.PASSWORD: "a password",
    assurance.FEDERATED: "another provider",
    assurance.ONE_TIME: "a code",
    assurance.DEVICE_KEY: "a security key",
    assurance.SYNCED_KEY: "a passkey",
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


@dataclass(frozen=True, slots=True)
class Ways:
    """How the person gets in, besides second factors. ``has_providers``: whether there is another one to link."""

    is_email_verified: bool
    has_password: bool
    linked: Sequence[Linked]
    has_providers: bool


def page(
    who: Person,
    opened: Sequence[OpenSession],
    events: Sequence[SecurityEvent],
    has: Enrolled,
    ways: Ways,
) -> SecurityPage:
    return SecurityPage(
        sessions=tuple(
            SessionRow(
                sid=one.sid,
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
        is_email_verified=ways.is_email_verified,
        has_password=ways.has_password,
        linked_logins=tuple(one.provider_name or one.provider_id for one in ways.linked),
        has_providers=ways.has_providers,
        passkeys=has.passkeys,
        authenticator_since=has.totp_since,
        recovery_codes=has.recovery_codes,
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
    if event.kind in {Kind.LOGIN, Kind.REAUTHENTICATED}:
        text += _by(event.detail.get("amr", ()))
    named = event.detail.get("app") or event.detail.get("name")
    return f"{text}: {named}" if named else text


def _by(amr: Sequence[str]) -> str:
    """`` with a password and a code``, in the order of the steps."""
    means = [word for method, word in _MEANS.items() if method in amr]
    return f" with {' and '.join(means)}" if means else ""
