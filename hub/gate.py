"""Before any view runs: who is calling, and may they. The declarations of hub.access are enforced here and only here.

``flask.g`` afterwards holds ``person`` (or None), ``token`` and ``allowed``; views read them through the functions
below, which raise where the route's own declaration does not provide them.
"""

from datetime import timedelta
from http import HTTPStatus
from urllib.parse import quote

from flask import Flask, current_app, g, redirect, request
from werkzeug.wrappers import Response

from consent.decide import Allowed, Ask, Denied, decide
from consent.model import Permission
from hub.access import Access, Kind, Login, declared, login_needed
from hub.consents import service as consents
from hub.context import Hub, hub_of_request
from hub.errors import LoginNotEnough, NotFound, NotPermitted, TooMany
from hub.identity import assurance, cookies, csrf, operators, sessions
from hub.identity.factors import enrolled
from hub.identity.origin import network_of
from hub.identity.sessions import Person
from hub.oauth import possession
from hub.oauth.bearer import Token
from hub.rates import SharedLimiter

RECENT = timedelta(minutes=10)
OK = HTTPStatus.OK
_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_LEAVES_A_ROW = frozenset(
    {
        "oauth.authorize",
        "oauth.authorize_by_post",
        "oauth.authenticate_by_backchannel",
        "oauth.authorize_device",
        "arrangements.revoke",
        "entrance.passkey_options",
        "upstream.begin",
        "upstream.come_back",
    }
)
"""What is stored before anybody has logged in is counted by network: authorization requests, device codes, passkey
challenges, logins under way at other providers, and what calls itself a bank."""

_TAKES_TOKEN_IN_BODY = frozenset({"oauth.userinfo"})
"""RFC 6750 2.2, which OpenID Connect Core 5.3.1 lets sign-in clients use. Not for data."""


class UndeclaredRoute(Exception):
    """A route without an access declaration: a bug, refused."""


def install(app: Flask, hub: Hub) -> None:
    app.extensions["rialto.limiter"] = hub.rates.limiter("requests", per_minute=hub.settings.rate_limit_per_minute)
    app.before_request(_enforce)
    app.after_request(_record)


def person() -> Person:
    """The person who is logged in, on routes declared @signed_in."""
    found: Person = g.person
    return found


def someone() -> Person | None:
    """Who is logged in, if anybody, on public pages."""
    found: Person | None = g.get("person")
    return found


def token() -> Token:
    """The client's checked token, on routes declared @permits, @any_token or @of_the_client."""
    found: Token = g.token
    return found


def allowed() -> Allowed:
    """What may be read, on routes declared @permits."""
    found: Allowed = g.allowed
    return found


def permitted(checked: Token, permission: Permission, hub: Hub) -> Allowed:
    """Ask the consent, for every account it covers; raises NotPermitted with the reason."""
    ask = Ask(client_id=checked.client_id, psu_id=checked.psu_id or "", permission=permission, scopes=checked.scopes)
    answer = decide(checked.consent, ask, hub.clock())
    if isinstance(answer, Denied):
        raise NotPermitted(answer.message, reason=answer.public_reason.value)
    return answer


def _enforce() -> Response | None:
    if request.endpoint is None:  # no such page: the 404 tells nothing more
        return None
    if request.endpoint == "static":
        return None
    if not all(str(value).isprintable() for value in (request.view_args or {}).values()):
        raise NotFound("There is no such thing.")  # no id of ours; and PostgreSQL has no text with a NUL in it
    access = declared(current_app.view_functions[request.endpoint])
    if access is None:
        raise UndeclaredRoute(request.endpoint)
    return _ENFORCE[access.kind](access, hub_of_request())


def _public(_access: Access, hub: Hub) -> Response | None:
    if request.endpoint in _LEAVES_A_ROW:
        count_network()
    g.person = _session(hub)
    _refuse_forged_form(hub)
    return None


def _signed_in(_access: Access, hub: Hub) -> Response | None:
    g.person = _session(hub)
    if g.person is None:
        return _to_login()
    if request.method in _UNSAFE:
        _count(f"person:{g.person.psu_id}")
    _refuse_forged_form(hub)
    return None


def _recently_signed_in(access: Access, hub: Hub) -> Response | None:
    """Minutes ago, and by a second factor if the person has one by now."""
    answer = _signed_in(access, hub)
    if answer is None and (hub.clock() - g.person.auth_time > RECENT or not _showed_all(hub, g.person)):
        return _to_login(fresh=True)
    return answer


def _showed_all(hub: Hub, who: Person) -> bool:
    with hub.db.read() as session:
        return assurance.satisfies(who.acr, enrolled.of(session, who.psu_id).floor)


def _operator(access: Access, hub: Hub) -> Response | None:
    """Who is none learns nothing, not even that there is such a page."""
    answer = _signed_in(access, hub)
    if answer is None and not operators.is_one(hub, g.person):
        raise NotFound("There is no such page.")
    if answer is None and not operators.is_sure(hub, g.person):
        return _to_login(fresh=True, acr=assurance.TWO_FACTOR)
    return answer


def _any_token(_access: Access, hub: Hub) -> Response | None:
    g.token = possession.authenticate(hub, request, in_body=request.endpoint in _TAKES_TOKEN_IN_BODY)
    _count(g.token.actor or g.token.client_id)
    return None


def _of_the_client(access: Access, hub: Hub) -> Response | None:
    _any_token(access, hub)
    if g.token.grant_id is not None or access.scope not in g.token.scopes:
        detail = f"This needs a token of the client itself (client_credentials) with the scope {access.scope}."
        raise NotPermitted(detail, reason="insufficient_scope")
    return None


def _permits(access: Access, hub: Hub) -> Response | None:
    _any_token(access, hub)
    assert access.permission is not None  # noqa: S101  # hub.access.permits always names one
    g.allowed = permitted(g.token, access.permission, hub)
    _stepped_up(g.token, login_needed(current_app.view_functions[request.endpoint or ""], hub.settings), hub)
    return None


def _stepped_up(checked: Token, needed: Login, hub: Hub) -> None:
    """RFC 9470. Last of all: whom the consent allows nothing here is not sent to log in for it."""
    strong = needed.acr is None or assurance.satisfies(checked.acr or "", needed.acr)
    fresh = needed.max_age_s is None or (
        checked.auth_time is not None and hub.clock() - checked.auth_time <= timedelta(seconds=needed.max_age_s)
    )
    if not strong or not fresh:
        raise LoginNotEnough(acr=needed.acr, max_age_s=needed.max_age_s)


def _record(response: Response) -> Response:
    """What was really read is counted for "who sees what"; a request that failed has shown nothing."""
    read: Allowed | None = g.get("allowed")
    if read is not None and request.method == "GET" and response.status_code == OK:
        hub = hub_of_request()
        consents.record_access(hub, read, now=hub.clock())
    return response


def _client_endpoint(_access: Access, _hub: Hub) -> Response | None:
    if request.endpoint in _LEAVES_A_ROW:
        count_network()
    return None


_ENFORCE = {
    Kind.PUBLIC: _public,
    Kind.SIGNED_IN: _signed_in,
    Kind.RECENTLY_SIGNED_IN: _recently_signed_in,
    Kind.ANY_TOKEN: _any_token,
    Kind.OPERATOR: _operator,
    Kind.PERMITS: _permits,
    Kind.OF_THE_CLIENT: _of_the_client,
    Kind.CLIENT_ENDPOINT: _client_endpoint,
}


def _session(hub: Hub) -> Person | None:
    secret = cookies.read_session(request, hub.settings)
    return None if secret is None else sessions.load(hub, secret, hub.clock())


def _to_login(*, fresh: bool = False, acr: str = "") -> Response:
    target = request.full_path.rstrip("?") if request.method == "GET" else _page_of_form()
    more = ("&fresh=1" if fresh else "") + (f"&acr={quote(acr, safe='')}" if acr else "")
    return redirect(f"/login?next={quote(target, safe='')}{more}", 303)


def _page_of_form() -> str:
    """The page that a form stood on: what it was sent to, or the nearest above."""
    pages, path = current_app.url_map.bind(""), request.path
    while path and not pages.test(path, method="GET"):
        path = path.rpartition("/")[0]
    return path or "/"


def _refuse_forged_form(hub: Hub) -> None:
    """Every unsafe request to a page carries the form token of its own session, and does not come from elsewhere."""
    if request.method in _UNSAFE:
        csrf.check(hub, request, g.person)


def count_network() -> None:
    """For what a stranger may do without limit otherwise. Raises TooMany."""
    _count(f"network:{network_of(request.remote_addr or '')}")


def _count(caller: str) -> None:
    limiter: SharedLimiter = current_app.extensions["rialto.limiter"]
    g.rate = limiter.take(caller)
    if g.rate.retry_after_s:
        raise TooMany("Too many requests for the moment.", retry_after_s=g.rate.retry_after_s)
