"""A client's own view of a grant of its, and its end (Grant Management for OAuth 2.0, 6).

The client speaks for itself, with a bound token of its own. Another client's grant, one that ended and one that never
was are the same to it. What a grant shows is what is given now; never a token, never who the person is.
"""

from collections import defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from consent.canonical import moment
from consent.details_form import PARAMETER
from consent.granted import granted
from consent.lifecycle import TERMINAL, status_at
from consent.model import Actor, Consent, Status
from hub.consents import service as consents
from hub.consents import succession
from hub.context import Hub
from hub.errors import Conflict, NotFound
from hub.models.oauth import Grant
from hub.oauth import clients, person_claims, scopes
from hub.oauth.bearer import Token

ATTEMPTS = 5
"""How often one more look is worth it: a newer consent may take the place of the one that was about to be ended."""


def query(hub: Hub, token: Token, grant_id: str) -> dict[str, Any]:
    """6.4. Raises NotFound."""
    now = hub.clock()
    with hub.db.read() as session:
        consent = _open(session, grant_id, token.client_id, now)
        client = clients.find(session, token.client_id)
        held = frozenset() if client is None else frozenset(client.scopes)
        told: dict[str, Any] = {
            "scopes": _scopes(session, consent, held),
            "claims": sorted(person_claims.disclosed(consent.personal) & set(person_claims.NAMES)),
            PARAMETER: granted(consent, held),
            "created_at": moment(succession.began_at(session, grant_id)),
        }
    is_suspended = consent.status is Status.SUSPENDED
    return told | {
        "last_updated": moment(consent.status_changed_at),
        "expires_at": moment(consent.valid_until),
        "updated_by": "authorization_server" if is_suspended else "client",
        "status": consent.status.value,
    }


def revoke(hub: Hub, token: Token, grant_id: str) -> None:
    """6.5: every token of it ends with this transaction. Raises NotFound."""
    now = hub.clock()
    for _ in range(ATTEMPTS):
        with hub.db.write() as session:
            consent = _open(session, grant_id, token.client_id, now)
            ended = consents.revoke(session, consent.id, actor=Actor.CLIENT, client_id=token.client_id, now=now)
        if ended.status is not Status.REPLACED:
            return
    raise Conflict("This grant keeps changing. Try again.")


def _open(session: Session, grant_id: str, client_id: str, now: datetime) -> Consent:
    consent = succession.current(session, grant_id, client_id=client_id)
    if consent is None or consent.status is Status.RECEIVED or status_at(consent, now) in TERMINAL:
        raise NotFound("There is no such grant of this client.")
    return consent


def _scopes(session: Session, consent: Consent, held: frozenset[str]) -> list[dict[str, Any]]:
    """What its authorisations hold, by the resources that they are for; none named: our own API."""
    found: dict[tuple[str, ...], frozenset[str]] = defaultdict(frozenset)
    for grant in session.scalars(select(Grant).where(Grant.consent_id == consent.id).order_by(Grant.created_at)):
        found[tuple(grant.resources)] |= scopes.parse(grant.scope)
    given = held & (scopes.PROTOCOL | frozenset(one.value for one in consent.holds))
    return [
        {"scope": scopes.text_of(words & given)} | ({"resource": list(resource)} if resource else {})
        for resource, words in found.items()
        if words & given
    ]
