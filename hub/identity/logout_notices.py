"""What the end of a session means to the apps it was used at (OpenID Connect Back-Channel Logout 1.0, 2.5 and 2.7).

Everything here happens in the transaction that ends the session: whoever is to be told stands in a row of the outbox,
so neither a crash nor an app that is down lets the logout be forgotten. hub.oauth.backchannel tells them.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from consent.model import Permission
from hub.events.outbox import emit
from hub.identity import unfetched
from hub.ids import new_id
from hub.models.client import Client
from hub.models.decoupled import DecoupledRequest
from hub.models.logout import LogoutNotice
from hub.models.oauth import Grant, RefreshToken

BACKCHANNEL_URI = "backchannel_logout_uri"
"""The client's metadata of Back-Channel Logout 1.0, 2.2."""

_OFFLINE = "offline_access"


def session_ended(session: Session, psu_id: str, sids: Collection[str], *, now: datetime) -> None:
    """Write down who is to hear that these sessions are over, and end what hangs on them."""
    if not sids:
        return
    for sid in sids:
        listening = listeners(session, sid)
        for client in listening:
            session.add(
                LogoutNotice(
                    id=new_id(),
                    client_id=client.client_id,
                    psu_id=psu_id,
                    sid=sid,
                    attempts=0,
                    created_at=now,
                    due_at=now,
                )
            )
        emit(session, "session.ended", sid, now=now, psu_id=psu_id, body={"told": [one.client_id for one in listening]})
    _end_what_was_bound_to_it(session, sids, now)


def listeners(session: Session, sid: str) -> Sequence[Client]:
    """The clients that signed the person in during this session and want to hear of its end, by name.

    One whose grant was revoked meanwhile is among them: it may still keep the person signed in.
    """
    clients = session.scalars(
        select(Client)
        .where(
            Client.client_id.in_(
                select(Grant.client_id).where(Grant.sid == sid, _holds(Grant.scope, Permission.SIGN_IN.value))
            ),
            Client.deleted_at.is_(None),
        )
        .order_by(Client.name, Client.client_id)
    )
    return [client for client in clients if client.registration.get(BACKCHANNEL_URI)]


def _end_what_was_bound_to_it(session: Session, sids: Collection[str], now: datetime) -> None:
    """Refresh tokens without offline_access, and every yes of these sessions that no client has fetched.

    Their grants are locked first, in order, and only then what hangs on them, as every exchange does
    (hub.oauth.grants.first_tokens.held): one that is under way is either over and seen here, or comes afterwards. Those
    of decoupled requests are among them, which hang on no session themselves (hub.oauth.granting.issued).
    """
    of_answers = DecoupledRequest.sid.in_(sids), DecoupledRequest.grant_id.is_not(None)
    answered = session.scalars(select(DecoupledRequest.grant_id).where(*of_answers)).all()
    held = session.execute(
        select(Grant.id, Grant.sid)
        .where(or_(Grant.sid.in_(sids), Grant.id.in_(answered)))
        .order_by(Grant.id)
        .with_for_update(key_share=True)
    ).all()
    unfetched.take_back_answers(session, DecoupledRequest.sid.in_(sids), now=now)
    grants = [one.id for one in held if one.sid in sids]
    if not grants:
        return
    session.execute(
        update(RefreshToken)
        .where(
            RefreshToken.grant_id.in_(grants),
            RefreshToken.revoked_at.is_(None),
            ~_holds(RefreshToken.scope, _OFFLINE),
        )
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )
    unfetched.take_back_codes(session, grants, now=now)


def _holds(scope: InstrumentedAttribute[str], word: str) -> ColumnElement[bool]:
    """Whether a stored scope, words joined by single spaces, has this one."""
    return (" " + scope + " ").contains(f" {word} ", autoescape=True)
