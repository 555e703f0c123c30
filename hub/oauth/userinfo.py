"""Claims about the person behind a token (OIDC Core 5.3): sub, and what consent and scope disclose, nothing else."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from consent.decide import Allowed, Ask, Denied, decide
from consent.disclose import only
from consent.model import Permission
from hub.consents import service as consents
from hub.context import Hub
from hub.errors import NotPermitted
from hub.models.psu import Psu
from hub.oauth.bearer import Token, invalid


def claims(hub: Hub, token: Token, now: datetime) -> dict[str, Any]:
    """Raises NotPermitted without the openid scope, and once the consent is not valid any more."""
    signed_in = _ask(token, Permission.SIGN_IN, now)
    if isinstance(signed_in, Denied):
        raise NotPermitted(signed_in.message, reason=signed_in.public_reason.value)
    further = (_ask(token, permission, now) for permission in (Permission.PROFILE, Permission.EMAIL))
    allowed = [signed_in, *(answer for answer in further if isinstance(answer, Allowed))]
    disclosed = frozenset[str]().union(*(answer.claims for answer in allowed))
    with hub.db.read() as session:
        person = session.execute(select(Psu.name, Psu.email).where(Psu.id == token.psu_id)).one_or_none()
    if person is None:
        raise invalid()
    for answer in allowed:
        consents.record_access(hub, answer, now=now)
    return {"sub": token.sub} | only({"name": person.name, "email": person.email, "email_verified": False}, disclosed)


def _ask(token: Token, permission: Permission, now: datetime) -> Allowed | Denied:
    ask = Ask(client_id=token.client_id, psu_id=token.psu_id or "", permission=permission, scopes=token.scopes)
    return decide(token.consent, ask, now)
