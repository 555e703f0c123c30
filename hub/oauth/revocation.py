"""Token revocation (RFC 7009). An access token goes on the short deny list; a refresh token ends its grant, and with it
every token of it. What the person allowed (the consent) stays: that is theirs to end.

A token that is not the client's, or none at all, is answered with the same 200 (2.2): it cannot be used any more by
this client, which is what was asked for.
"""

from datetime import UTC, datetime

from flask import Response
from sqlalchemy.exc import IntegrityError

from hub.context import Hub
from hub.models.oauth import DeniedToken
from hub.oauth import issue
from hub.oauth.authenticate import Authenticated
from hub.oauth.call import Call
from hub.oauth.presented import PresentedAccess, PresentedRefresh, recognise


def revoke(hub: Hub, call: Call, who: Authenticated) -> Response:
    """Raises MissingParameter. A hint is ignored (2.1): the two kinds of token cannot be confused."""
    token = recognise(hub, call.required("token"), call.now)
    if token is not None and token.client_id == who.client.client_id:
        _end(hub, token, call.now)
    return Response(status=200, headers={"Cache-Control": "no-store"})


def _end(hub: Hub, token: PresentedAccess | PresentedRefresh, now: datetime) -> None:
    if isinstance(token, PresentedRefresh):
        with hub.db.write() as session:
            issue.revoke_grant(session, token.grant_id, reason="client", now=now)
        return
    expires_at = datetime.fromtimestamp(token.claims.expires_at_s, UTC)
    try:
        with hub.db.write() as session:
            session.add(DeniedToken(jti=token.claims.jti, expires_at=expires_at))
    except IntegrityError:
        return  # it is denied already, which is what was asked for
