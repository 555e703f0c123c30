"""An ID token of ours that comes back as ``id_token_hint`` (OIDC Core 3.1.2.1, RP-Initiated Logout 1.0, 2).

It says whom the client means, and proves nothing about who sits at the browser. Its time may be over: clients keep it
as long as their own session lives. What must hold is our signature and that it is an ID token; a userinfo answer, an
access token or a logout token is none.
"""

from dataclasses import dataclass

from hub.context import Hub
from hub.oauth import response_jwt
from hub.oauth.id_token import TYPE
from hub.oauth.response_jwt import NotOurs


@dataclass(frozen=True, slots=True)
class Hint:
    """``sub`` is the person as ``client_id`` knows them; ``sid`` the session as that client knows it, if it does.
    ``auth_time_s`` is when they had logged in.
    """

    client_id: str
    sub: str
    sid: str | None
    auth_time_s: int


def read(hub: Hub, token: str) -> Hint:
    """Raises NotOurs."""
    claims = response_jwt.read_own(hub, token, typ=TYPE)
    client_id, sub, sid, auth_time_s = (claims.get(name) for name in ("aud", "sub", "sid", "auth_time"))
    is_id_token = {"iat", "exp"} <= claims.keys() and isinstance(client_id, str) and isinstance(sub, str)
    if not is_id_token or not isinstance(auth_time_s, int):
        raise NotOurs("not an ID token")
    return Hint(str(client_id), str(sub), sid if isinstance(sid, str) else None, auth_time_s)
