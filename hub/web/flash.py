"""One message for the next page, without any state on the server: a code of this vocabulary in a short-lived cookie.

The cookie can say nothing but one of these, whoever wrote it; no text of a page ever comes from outside.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from flask import Request, Response

from hub.settings import Settings
from hub.web.viewmodels import Flash

TTL_S = 60


class Said(StrEnum):
    REGISTERED = "registered"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # a word, not a secret
    PASSWORD_RESET = "password_reset"  # noqa: S105  # a word, not a secret
    PASSWORD_SET = "password_set"  # noqa: S105  # a word, not a secret
    LOGIN_LINKED = "login_linked"
    LOGIN_UNLINKED = "login_unlinked"
    FACTORS_REMOVED = "factors_removed"
    FACTORS_KEPT = "factors_kept"
    LINK_SENT = "link_sent"
    EMAIL_VERIFIED = "email_verified"
    EMAIL_CHANGED = "email_changed"
    BEGIN_AGAIN = "begin_again"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    AUTHENTICATOR_ADDED = "authenticator_added"
    AUTHENTICATOR_REMOVED = "authenticator_removed"
    SESSION_ENDED = "session_ended"
    SESSIONS_ENDED = "sessions_ended"
    SAVED = "saved"
    CATEGORY_SAVED = "category_saved"
    BANK_LINKED = "bank_linked"
    BANK_DISCONNECTED = "bank_disconnected"
    CONSENT_ENDED = "consent_ended"
    CONSENT_WAS_OVER = "consent_was_over"
    APP_SAVED = "app_saved"
    APP_DELETED = "app_deleted"
    BROWSER_ADDED = "browser_added"
    BROWSER_REMOVED = "browser_removed"
    SENT_ROUND_AGAIN = "sent_round_again"
    TEST_SENT = "test_sent"


MESSAGES: Mapping[Said, Flash] = MappingProxyType(
    {
        Said.REGISTERED: Flash("success", "Your account is ready."),
        Said.PASSWORD_CHANGED: Flash("success", "Your password is changed. Your other devices are logged out."),
        Said.PASSWORD_RESET: Flash("success", "Your new password is set. Log in with it now."),
        Said.PASSWORD_SET: Flash("success", "Your password is set. Your other devices are logged out."),
        Said.LOGIN_LINKED: Flash("success", "Linked. From now on you can log in that way too."),
        Said.LOGIN_UNLINKED: Flash("success", "Unlinked. Your other devices are logged out."),
        Said.FACTORS_REMOVED: Flash("success", "The second step is removed. Log in, and set up a new one."),
        Said.FACTORS_KEPT: Flash("success", "Stopped: the second step stays. Choose a new password now."),
        Said.LINK_SENT: Flash("info", "Look at your mail: if the address can be used, a link is on its way."),
        Said.EMAIL_VERIFIED: Flash("success", "Your e-mail address is verified."),
        Said.EMAIL_CHANGED: Flash("success", "Your e-mail address is changed."),
        Said.BEGIN_AGAIN: Flash("info", "That login was not finished in time. Please begin again."),
        Said.PASSKEY_ADDED: Flash("success", "Your passkey is added. Your other devices are logged out."),
        Said.PASSKEY_REMOVED: Flash("success", "The passkey is removed. Your other devices are logged out."),
        Said.AUTHENTICATOR_ADDED: Flash("success", "Your app is added. Your other devices are logged out."),
        Said.AUTHENTICATOR_REMOVED: Flash("success", "The app is removed. Your other devices are logged out."),
        Said.SESSION_ENDED: Flash("success", "That device is logged out."),
        Said.SESSIONS_ENDED: Flash("success", "All your other devices are logged out."),
        Said.SAVED: Flash("success", "Saved."),
        Said.CATEGORY_SAVED: Flash("success", "Saved, for everything from or to this name."),
        Said.BANK_LINKED: Flash("success", "Your bank is linked."),
        Said.BANK_DISCONNECTED: Flash("success", "The bank is disconnected. Nothing is read from it any more."),
        Said.CONSENT_ENDED: Flash("success", "Access ended. The app sees nothing of yours any more."),
        Said.CONSENT_WAS_OVER: Flash("info", "That access had ended already."),
        Said.APP_SAVED: Flash("success", "Saved."),
        Said.APP_DELETED: Flash("success", "The app is deleted. Its tokens and consents have ended."),
        Said.BROWSER_ADDED: Flash("success", "This browser will show you what is new."),
        Said.BROWSER_REMOVED: Flash("success", "That browser is told nothing more."),
        Said.SENT_ROUND_AGAIN: Flash("success", "Sent round again."),
        Said.TEST_SENT: Flash("success", "A test is on its way. Load this page again to see what came of it."),
    }
)


def cookie_name(settings: Settings) -> str:
    return "__Host-rialto_flash" if settings.secure else "rialto_flash"


def leave(response: Response, settings: Settings, said: Said) -> None:
    """The next page says it."""
    name, secure = cookie_name(settings), settings.secure
    response.set_cookie(name, said.value, max_age=TTL_S, path="/", httponly=True, samesite="Lax", secure=secure)


def clear(response: Response, settings: Settings) -> None:
    response.delete_cookie(cookie_name(settings), path="/", httponly=True, samesite="Lax", secure=settings.secure)


def read(request: Request, settings: Settings) -> Flash | None:
    """What the last answer left, None for nothing or for what is not in the vocabulary."""
    given = request.cookies.get(cookie_name(settings), "")
    return MESSAGES[Said(given)] if given in set(Said) else None
