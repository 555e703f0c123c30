"""What both banks' pages need: a browser session with a CSRF word, failed-login counts, strict headers."""

import hmac
import secrets
import threading
from dataclasses import dataclass, field

from flask import Flask, Response, abort, g, request

MAX_WRONG_PASSWORDS = 5
MAX_SESSIONS = 10_000
# No form-action: browsers apply it to the redirect after a form as well, and the TPP's next hops are not ours to list.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(slots=True)
class BrowserSession:
    """One browser. ``logged_in`` maps an authorisation attempt to the person who logged in for it."""

    session_id: str = field(repr=False)
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    logged_in: dict[str, str] = field(default_factory=dict)


class BrowserSessions:
    """Server-side sessions behind a random cookie; the oldest are dropped when there are too many."""

    def __init__(self, cookie: str) -> None:
        self.cookie = cookie
        self._sessions: dict[str, BrowserSession] = {}
        self._lock = threading.Lock()

    def install(self, app: Flask) -> None:
        app.after_request(self._set_cookie)

    def current(self) -> BrowserSession:
        """This browser's session; a new one is made (and its cookie set with the answer) where there is none."""
        if "browser" not in g:
            with self._lock:
                known = self._sessions.get(request.cookies.get(self.cookie, ""))
            g.browser = known or self._new()
        found: BrowserSession = g.browser
        return found

    def log_in(self, attempt_id: str, username: str) -> None:
        """Note the login under a fresh session id, so that an id planted before it is worth nothing."""
        old = self.current()
        new = self._new()
        with self._lock:
            new.logged_in = {**old.logged_in, attempt_id: username}
            self._sessions.pop(old.session_id, None)
        g.browser = new

    def check_form(self) -> None:
        """400 unless the form carries this session's CSRF word."""
        if not hmac.compare_digest(request.form.get("csrf", "").encode(), self.current().csrf.encode()):
            abort(400, "This form is out of date. Please go back and reload the page.")

    def _new(self) -> BrowserSession:
        session = BrowserSession(secrets.token_urlsafe(32))
        g.browser_is_new = True
        with self._lock:
            if len(self._sessions) >= MAX_SESSIONS:
                self._sessions.pop(next(iter(self._sessions)))
            self._sessions[session.session_id] = session
        return session

    def _set_cookie(self, answer: Response) -> Response:
        if g.get("browser_is_new"):
            # Plain http on loopback: the only place where a bank page may do without Secure.
            answer.set_cookie(self.cookie, g.browser.session_id, httponly=True, samesite="Lax")
        if answer.mimetype == "text/html":
            answer.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
            answer.headers.setdefault("Referrer-Policy", "no-referrer")
        if answer.mimetype != "text/css":
            answer.headers["Cache-Control"] = "no-store"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer


def password_is_right(username: str, given: str, expected: str | None) -> bool:
    """Constant-time; an unknown user (``expected`` None) takes as long as a wrong password."""
    same = hmac.compare_digest(given.encode(), (expected or secrets.token_hex(8)).encode())
    return bool(username) and expected is not None and same
