"""Forms are answered only for pages that we made ourselves, for this very browser.

Two independent lines. The token: a form carries HMAC-SHA256(key, what the cookie stands for), which another site can
neither read nor work out. The headers: a browser says by itself where a POST comes from.

Before login there is no session, so the forms of login and registration hang on a random pre-session cookie (signed
double submit). Without it an attacker could log a victim into the attacker's account and watch what they link there.
"""

import base64
import hashlib
import hmac
from urllib.parse import urlsplit

from flask import Request
from werkzeug.datastructures import Headers

from hub.context import Hub
from hub.errors import BadInput
from hub.identity import cookies
from hub.identity.sessions import Person

SECRET_NAME = "csrf"  # noqa: S105  # under which hub.keys keeps the key
FIELD = "csrf_token"
_DEFAULT_PORTS = {"http": 80, "https": 443}


def form_token(hub: Hub, *, person: Person | None, pre_session: str | None) -> str:
    """What goes into every form of the page: bound to the session of ``person``, else to the pre-session cookie.

    "" where there is neither: such a page has no form that could be sent.
    """
    key = hub.keys.secret(SECRET_NAME)
    if person is not None:
        return for_session(key, person.session_hash)
    return "" if pre_session is None else for_pre_session(key, pre_session)


def check(hub: Hub, request: Request, person: Person | None) -> None:
    """Raises BadInput unless this form was made by us for this browser. A signed-in browser's session decides alone."""
    expected = form_token(hub, person=person, pre_session=cookies.read_pre_session(request, hub.settings))
    if not same_origin(request.headers, hub.settings.base_url):
        raise BadInput("This form was sent from another site.", parameter=FIELD)
    if not matches(expected, request.form.get(FIELD)):
        raise BadInput("This form has expired. Load the page again and repeat your entry.", parameter=FIELD)


def for_session(key: bytes, session_hash: str) -> str:
    """The token of every form that a signed-in person gets; dies with the session's rotation."""
    return _mac(key, "session", session_hash)


def for_pre_session(key: bytes, pre_session: str) -> str:
    """The token of a form before login. ``pre_session`` is the secret in the pre-session cookie."""
    return _mac(key, "pre", pre_session)


def matches(expected: str, given: str | None) -> bool:
    """In constant time; nothing matches an empty token."""
    return bool(expected) and hmac.compare_digest(expected.encode(), (given or "").encode("utf-8", "replace"))


def same_origin(headers: Headers, base_url: str) -> bool:
    """False if the browser says that this POST comes from elsewhere; True if it says not, or says nothing.

    Sec-Fetch-Site decides where it is sent: ``same-site`` is refused as well, a sibling host is not us. Origin must be
    ours. ``Origin: null`` tells nothing: browsers send it for our own forms too, where a referrer policy
    hides where they come from (Fetch standard, "append a request Origin header"); then the token decides.
    """
    site = headers.get("Sec-Fetch-Site")
    if site is not None and site not in {"same-origin", "none"}:
        return False
    origin = headers.get("Origin")
    if origin is None or origin == "null":
        return True
    ours = _origin(base_url)
    return ours is not None and _origin(origin) == ours


def _origin(url: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    if not parts.hostname or port is None or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname, port


def _mac(key: bytes, kind: str, value: str) -> str:
    # The kind keeps the two sorts of token apart: a pre-session cookie can be chosen by whoever writes it.
    digest = hmac.new(key, f"{kind}\0{value}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
