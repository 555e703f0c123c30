"""The first tokens of a grant, whichever way the client learned that the person said yes.

Three steps in this order: what the ID token needs is at hand (``ready``), the secret is claimed (``prepare``), the
tokens are made (``hand_out``). So nothing is used up for tokens that cannot be made.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from hub.models.oauth import Grant
from hub.oauth import id_token, issue, protection, scopes
from hub.oauth.encryption import NoEncryptionKey
from hub.oauth.grants.base import (
    Answer,
    Exchange,
    Exchanged,
    answer,
    audience_of,
    granted,
    named,
    tokens_for,
    usable_consent,
)
from hub.oauth.protection import Protection


def ready(ask: Exchange, granted_scope: Select[str]) -> Protection | None:
    """How the ID token will be protected; None where there will be none. Before the transaction: the client's key may
    have to be fetched. ``granted_scope`` finds the scope of the grant by what the client sent; it is looked up only
    where the key cannot be had. Raises NotSignable, NoEncryptionKey.
    """
    if scopes.OPENID not in ask.client.scopes:
        return None
    try:
        return protection.of_id_tokens(ask.hub, ask.client)
    except NoEncryptionKey:
        with ask.hub.db.read() as session:
            scope = session.scalar(granted_scope)
        if scope is None or scopes.OPENID in scopes.parse(scope):
            raise
        return None


def held(grant_id: InstrumentedAttribute[str] | InstrumentedAttribute[str | None]) -> ColumnElement[bool]:
    """A condition for the UPDATE that claims a secret: the grant of its row is there, and its row locked from now on.

    Whoever ends what lasts of a person (hub.identity.lasting_access) locks their grants first as well. So either they
    wait and find the refresh token made here, or this waits and finds its secret taken back. The lock is taken while
    the UPDATE looks for its row, before it locks that one: the same order as theirs.
    """
    return select(Grant.id).where(Grant.id == grant_id).with_for_update(key_share=True).scalar_subquery().is_not(None)


def prepare(session: Session, ask: Exchange, grant_id: str, *, nonce: str | None = None) -> Exchanged | None:
    """In the transaction that claimed the secret. None if grant or consent has ended meanwhile.

    Raises InvalidTarget.
    """
    grant = session.get_one(Grant, grant_id)
    consent = usable_consent(session, grant, ask.call.now)
    if consent is None:
        return None
    refresh_token = None
    if scopes.OFFLINE_ACCESS in scopes.parse(grant.scope) and "refresh_token" in ask.client.grant_types:
        refresh_token = issue.refresh_token(
            session,
            ask.hub.settings,
            grant,
            scope=grant.scope,
            jkt=issue.refresh_binding(ask.client, ask.bound),
            valid_until=consent.valid_until,
            now=ask.call.now,
        )
    return Exchanged(
        grant, named(session, ask, consent), consent, grant.scope, audience_of(ask, grant), refresh_token, nonce
    )


def hand_out(
    ask: Exchange, found: Exchanged, protected: Protection | None, *, extra: Mapping[str, Any] | None = None
) -> Answer:
    """After the transaction. ``extra``: further claims of the ID token."""
    minted, sub = tokens_for(ask, found)
    signed_in = None
    if protected is not None and scopes.OPENID in scopes.parse(found.scope):
        signed_in = id_token.mint(
            ask.hub,
            ask.client,
            found.grant,
            protected,
            sub=sub,
            nonce=found.nonce,
            access_token=minted.value,
            now=ask.call.now,
            extra=extra,
        )
    more = {"refresh_token": found.refresh_token, "id_token": signed_in} | granted(ask, found)
    return answer(ask, minted, scope=found.scope, **more)
