"""Trust anchors: whose software statements the operator believes (RFC 7591 2.3)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.errors import BadInput, Conflict, NotFound
from hub.events.outbox import emit
from hub.models.client import Client
from hub.models.registration import TrustAnchor
from hub.oauth.jose.public_key import BadKey, read_jwks
from hub.oauth.registration import names, readers

MAX_NAME_LENGTH = 36


def add(
    session: Session,
    *,
    name: str,
    issuer: str,
    jwks: Mapping[str, Any] | None,
    jwks_uri: str | None,
    loopback: bool,
    now: datetime,
) -> None:
    """``name`` is what people read: "vouched for by NAME". Raises BadInput, or Conflict for a name or issuer taken."""
    if len(name) > MAX_NAME_LENGTH or names.fault(name) is not None:
        raise BadInput(f"A name is one line of 1 to {MAX_NAME_LENGTH} ordinary characters.", parameter="name")
    readers.line(500)("issuer", issuer, loopback)
    if (jwks is None) is (jwks_uri is None):
        raise BadInput("Give the keys by value or by address, one of the two.", parameter="jwks")
    if jwks_uri is not None:
        readers.endpoint("jwks_uri", jwks_uri, loopback)
    if jwks is not None:
        _check_keys(jwks)
    known = select(TrustAnchor.name).where((TrustAnchor.name == name) | (TrustAnchor.issuer == issuer))
    if session.scalar(known) is not None:
        raise Conflict("There is an anchor of this name or with this issuer.")
    kept = None if jwks is None else dict(jwks)
    session.add(TrustAnchor(name=name, issuer=issuer, jwks=kept, jwks_uri=jwks_uri, created_at=now))
    session.flush()
    emit(session, "trust_anchor.added", name, now=now, psu_id=None, body={"issuer": issuer})


def remove(session: Session, name: str, now: datetime) -> int:
    """Believe it no longer: the clients that it vouched for go on as unverified ones. Their number. Raises NotFound."""
    anchor = session.get(TrustAnchor, name, with_for_update=True)  # registrations that lean on it are seen below
    if anchor is None:
        raise NotFound("There is no such trust anchor.")
    vouched = session.scalars(select(Client).where(Client.trust_anchor == name)).all()
    for client in vouched:
        client.trust_anchor = client.verified_at = None
        emit(session, "client.unverified", client.client_id, now=now, psu_id=client.owner_psu_id)
    session.delete(anchor)
    emit(session, "trust_anchor.removed", name, now=now, psu_id=None)
    return len(vouched)


def still_believed(session: Session, name: str, since: datetime) -> bool:
    """Whether the anchor is the one that was added at ``since``; its removal then waits for this transaction.

    One that is being removed counts as gone. Nobody waits for it here: the remover may want a client that we hold.
    """
    query = select(TrustAnchor.created_at).where(TrustAnchor.name == name)
    return session.scalar(query.with_for_update(read=True, skip_locked=True)) == since


def by_issuer(session: Session, issuer: str) -> TrustAnchor | None:
    return session.scalar(select(TrustAnchor).where(TrustAnchor.issuer == issuer))


def all_of(session: Session) -> Sequence[TrustAnchor]:
    return session.scalars(select(TrustAnchor).order_by(TrustAnchor.name)).all()


def _check_keys(jwks: Mapping[str, Any]) -> None:
    try:
        if not read_jwks(jwks):
            raise BadInput("There is no usable key in the set.", parameter="jwks")
    except BadKey as error:
        raise BadInput(error.why, parameter="jwks") from error
