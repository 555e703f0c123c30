"""Whom a backchannel request is for (CIBA Core 1.0 7.1): exactly one hint.

``login_hint`` is an e-mail address, and counts only where the person has proved that it is theirs: else whoever
registered with somebody's address would be asked, and would answer, in that person's place.

Whether anybody has the address is not told. CIBA 13 has unknown_user_id for that, but the address is the client's free
choice, and on a hub that lets programs register themselves everybody could ask who banks here. So a request for nobody
is taken like any other, costs the same statements, and expires. An ID token is another matter: the client that got it
knows the person already, and learns nothing from unknown_user_id.

A client that nobody vouches for asks only people who allow it something at present. A question on a page of the hub's
own is an advertisement that reaches everybody, and a mail with it; whoever can register a client could send them to any
address. Who has not yet met the app meets it in a browser, where they went themselves.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, exists, select, true
from sqlalchemy.orm import InstrumentedAttribute

from consent.model import Status
from hub.context import Hub
from hub.identity import particulars
from hub.models.client import Client
from hub.models.consent import ConsentRow
from hub.models.oauth import Grant
from hub.models.psu import Psu
from hub.oauth import id_token_hint
from hub.oauth.errors import InvalidRequestError, UnknownUserId
from hub.oauth.grants.base import subject
from hub.oauth.response_jwt import NotOurs

HINTS = ("login_hint", "id_token_hint", "login_hint_token")
_SECRET = "login-hint"  # noqa: S105  # under which hub.keys keeps the key of the hashes


@dataclass(frozen=True, slots=True)
class Whom:
    """``psu_id`` is None where nobody is meant; ``hash`` stands for the hint, whoever it means."""

    psu_id: str | None
    hash: str


def whom(hub: Hub, client: Client, values: Mapping[str, str], now: datetime) -> Whom:
    """Raises InvalidRequestError unless there is exactly one hint, of a kind that is understood; UnknownUserId for an
    ID token that is not this client's, or of no login that is still known.
    """
    given = [name for name in HINTS if name in values]
    if len(given) != 1:
        raise InvalidRequestError("Send exactly one of login_hint and id_token_hint.")
    (name,) = given
    if name == "login_hint_token":
        raise InvalidRequestError("login_hint_token is not supported here: send login_hint or id_token_hint.")
    if name == "id_token_hint":
        psu_id = _by_id_token(hub, client, values[name], now)
        return Whom(psu_id, _hash(hub, psu_id))
    address = particulars.sought_address(values[name])
    with hub.db.read() as session:
        found = session.scalar(
            select(Psu.id).where(
                Psu.email == address, Psu.email_verified_at.is_not(None), _may_be_asked(client, Psu.id, now)
            )
        )
    return Whom(found, _hash(hub, address))


def _may_be_asked(client: Client, psu_id: InstrumentedAttribute[str], now: datetime) -> ColumnElement[bool]:
    if client.verified_at is not None:
        return true()
    row = ConsentRow
    met = (row.psu_id == psu_id, row.client_id == client.client_id)
    return exists().where(*met, row.status == Status.VALID.value, row.valid_until > now)


def _by_id_token(hub: Hub, client: Client, token: str, now: datetime) -> str:
    """A pairwise sub cannot be turned back, but there are few people who logged in to this client at that second."""
    try:
        hint = id_token_hint.read(hub, token)
    except NotOurs as error:
        raise UnknownUserId() from error
    if hint.client_id == client.client_id:
        at = datetime.fromtimestamp(hint.auth_time_s, UTC)
        then = (Grant.auth_time >= at, Grant.auth_time < at + timedelta(seconds=1))
        with hub.db.read() as session:
            people = session.scalars(
                select(Grant.psu_id)
                .where(Grant.client_id == client.client_id, *then, _may_be_asked(client, Grant.psu_id, now))
                .distinct()
            ).all()
        for psu_id in people:
            if hmac.compare_digest(subject(hub, client, psu_id), hint.sub):
                return psu_id
    raise UnknownUserId()


def _hash(hub: Hub, value: str) -> str:
    return hmac.new(hub.keys.secret(_SECRET), value.encode(), hashlib.sha256).hexdigest()
