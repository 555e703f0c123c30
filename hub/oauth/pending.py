"""A stored authorization request: find it for a person, bind it to them, claim it for one answer."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, CursorResult, or_, select, update
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.errors import Conflict, NotFound
from hub.hashing import secret_hash
from hub.identity import sessions
from hub.identity.sessions import Person
from hub.models.client import Client
from hub.models.oauth import AuthorizationRequest
from hub.oauth import decoupled, pushed
from hub.oauth.claims_parameter import wrong_subject
from hub.oauth.grants.base import subject
from hub.oauth.wanted_acr import wanted_acr

_ACR_ASKED = "acr_asked"


class LoginReason(StrEnum):
    """Why a login that exists is not enough."""

    PROMPT = "prompt"  # the client asked for prompt=login
    MAX_AGE = "max_age"  # the last login is older than the client accepts
    ACR = "acr"  # the client wants a stronger one
    PERSON = "person"  # the client means somebody else


@dataclass(frozen=True, slots=True)
class NeedsLogin:
    """The person must prove who they are once more, then come back to the same page.

    ``acr`` is how strong the client wants that login, whatever it is needed for; None where it does not care.
    """

    reason: LoginReason
    login_hint: str | None
    acr: str | None = None


def find(session: Session, handle: str, person: Person, now: datetime) -> tuple[AuthorizationRequest, Client]:
    """Raises NotFound if it does not exist, is another person's, or has expired; Conflict if it was answered."""
    found = session.execute(
        select(AuthorizationRequest, Client)
        .join(Client, Client.client_id == AuthorizationRequest.client_id)
        .where(AuthorizationRequest.handle_hash == secret_hash(handle), Client.deleted_at.is_(None))
    ).one_or_none()
    if found is None or found[0].psu_id not in {None, person.psu_id}:
        raise NotFound("There is no such request. Go back to the app and start again.")
    row, client = found
    if row.consumed_at is not None:
        raise Conflict("You have answered this request already. Go back to the app.")
    if row.expires_at <= now:
        raise NotFound("This request has expired. Go back to the app and start again.")
    return row, client


def stale(row: AuthorizationRequest, person: Person) -> NeedsLogin | None:
    """Whether the login is too old, or not strong enough, for this request.

    Ages are counted back from when the request was made: counted from now, no login on its behalf could ever be young
    enough for max_age=1.
    """
    hint, wanted = row.parameters.get("login_hint"), wanted_acr(row.parameters)
    if "login" in row.parameters["prompt"] and person.auth_time < row.created_at:
        return NeedsLogin(LoginReason.PROMPT, hint, wanted.login)
    max_age_s = row.parameters.get("max_age")
    if max_age_s is not None and row.created_at - person.auth_time > timedelta(seconds=max_age_s):
        return NeedsLogin(LoginReason.MAX_AGE, hint, wanted.login)
    # Asked once for this request: who logged in for it as strongly as they can is not sent round in circles. Who came
    # without a session logged in before anybody could say how strongly, and is asked as well.
    is_to_ask = person.auth_time < row.created_at or _ACR_ASKED not in row.parameters
    enough = wanted.met_by(person.acr) and wanted.wish_met_by(person.acr)
    if not enough and is_to_ask:
        return NeedsLogin(LoginReason.ACR, hint, wanted.login)
    return None


def acr_was_asked(hub: Hub, row: AuthorizationRequest) -> None:
    """Somebody was sent to log in as strongly as this request wants."""
    if _ACR_ASKED not in row.parameters:
        with hub.db.write() as session:
            session.execute(
                update(AuthorizationRequest)
                .where(AuthorizationRequest.handle_hash == row.handle_hash, AuthorizationRequest.consumed_at.is_(None))
                .values(parameters={**row.parameters, _ACR_ASKED: True})
                .execution_options(synchronize_session=False)
            )


def unmet(row: AuthorizationRequest, person: Person) -> bool:
    """Whether the request demands a login (an essential acr claim, OIDC Core 5.5.1.1) that this one is not."""
    return not wanted_acr(row.parameters).met_by(person.acr)


def someone_else(hub: Hub, row: AuthorizationRequest, client: Client, person: Person) -> bool:
    """Whether the client means another person: by id_token_hint, or by a sub among the claims it asks for."""
    hint, claims = row.parameters.get("hint_sub"), row.parameters.get("claims")
    if hint is None and not claims:
        return False
    sub = subject(hub, client, person.psu_id)
    return hint not in {None, sub} or wrong_subject(claims, sub)


def bind(hub: Hub, row: AuthorizationRequest, person: Person, now: datetime) -> None:
    """From now on the request is this person's. Raises NotFound if another was faster."""
    if row.psu_id == person.psu_id:
        return
    with hub.db.write() as session:
        bound = session.execute(
            update(AuthorizationRequest)
            .where(*_answerable(row.handle_hash, person, now))
            .values(psu_id=person.psu_id)
            .execution_options(synchronize_session=False)
        )
    if not _hit(bound):
        raise NotFound("There is no such request. Go back to the app and start again.")


def claim(session: Session, row: AuthorizationRequest, person: Person, now: datetime) -> None:
    """Of several answers at once, one gets past here; the others raise Conflict. Also of answers to several pages of
    one pushed or decoupled request. So does an answer whose session ends at the same moment.
    """
    claimed = session.execute(
        update(AuthorizationRequest)
        .where(*_answerable(row.handle_hash, person, now), sessions.is_still(person))
        .values(psu_id=person.psu_id, consumed_at=now)
        .execution_options(synchronize_session=False)
    )
    if not _hit(claimed):
        raise Conflict("This request was answered meanwhile, or you were logged out. Go back to the app.")
    if row.pushed_hash is not None:
        pushed.claim(session, row.pushed_hash, now)
    if row.decoupled_id is not None:
        decoupled.claim(session, row.decoupled_id, person, now)


def _answerable(handle_hash: str, person: Person, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        AuthorizationRequest.handle_hash == handle_hash,
        or_(AuthorizationRequest.psu_id.is_(None), AuthorizationRequest.psu_id == person.psu_id),
        AuthorizationRequest.consumed_at.is_(None),
        AuthorizationRequest.expires_at > now,
    )


def _hit(result: object) -> bool:
    return isinstance(result, CursorResult) and result.rowcount == 1
