"""Adding an authenticator app, and removing it. The seed counts only after a code has shown that it arrived."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.errors import BadInput, Conflict, NotFound
from hub.identity import assurance, sessions
from hub.identity.activity import Kind
from hub.identity.factors import change, totp
from hub.identity.origin import Origin
from hub.identity.sessions import Person
from hub.models.factor import Totp, TotpEnrolment
from hub.upsert import insert_into

LIFETIME = timedelta(minutes=15)
_HAS_ONE = "You have an authenticator app already. Remove it first."


def begin(hub: Hub, person: Person, *, now: datetime) -> None:
    """A new seed for this session to confirm. Raises Conflict if the person has an app already."""
    seed = totp.new_seed()
    sealed = hub.sealer.seal(seed, _place(person.psu_id))
    values = {"sid": person.sid, "seed_sealed": sealed, "expires_at": now + LIFETIME}
    with hub.db.write() as session:
        if session.scalar(select(Totp.psu_id).where(Totp.psu_id == person.psu_id)) is not None:
            raise Conflict(_HAS_ONE)
        session.execute(
            insert_into(session, TotpEnrolment)
            .values(psu_id=person.psu_id, **values)
            .on_conflict_do_update(index_elements=[TotpEnrolment.psu_id], set_=values)
        )


def pending(hub: Hub, person: Person, *, now: datetime) -> bytes | None:
    """The seed that this session has begun to add, None for none."""
    with hub.db.read() as session:
        sealed = session.scalar(
            select(TotpEnrolment.seed_sealed).where(
                TotpEnrolment.psu_id == person.psu_id,
                TotpEnrolment.sid == person.sid,
                TotpEnrolment.expires_at > now,
            )
        )
    return None if sealed is None else hub.sealer.open(sealed, _place(person.psu_id))


def confirm(hub: Hub, person: Person, code: str, *, origin: Origin, now: datetime) -> str:
    """The app counts from now on. Returns the new secret of this session, which has shown it; the others end.

    Raises BadInput for a wrong code, NotFound if nothing was begun, Conflict if the person has an app already,
    Unauthenticated if this session ended.
    """
    seed = pending(hub, person, now=now)
    if seed is None:
        raise NotFound("Begin once more: this code was shown too long ago.")
    step = totp.matching_step(seed, code, now)
    if step is None:
        raise BadInput("This is not the code that the app should show now.", parameter="code")
    with hub.db.write() as session:
        sessions.hold(session, person)
        session.execute(delete(TotpEnrolment).where(TotpEnrolment.psu_id == person.psu_id))
        _keep(hub, session, person.psu_id, seed, step, now)
        change.note(hub, session, person, Kind.TOTP_ADDED, person.psu_id, origin=origin, now=now)
        return change.shown(hub, session, person, (assurance.ONE_TIME,), now=now)


def remove(hub: Hub, person: Person, *, origin: Origin, now: datetime) -> None:
    """The person's other sessions end with it. Raises NotFound if they have no authenticator app, Unauthenticated."""
    with hub.db.write() as session:
        sessions.hold(session, person)
        removed = session.scalar(
            delete(Totp)
            .where(Totp.psu_id == person.psu_id)
            .returning(Totp.psu_id)
            .execution_options(synchronize_session=False)
        )
        if removed is not None:
            change.note(hub, session, person, Kind.TOTP_REMOVED, person.psu_id, origin=origin, now=now)
    if removed is None:
        raise NotFound("You have no authenticator app.")


def _keep(hub: Hub, session: Session, psu_id: str, seed: bytes, step: int, now: datetime) -> None:
    values = {
        "psu_id": psu_id,
        "seed_sealed": hub.sealer.seal(seed, totp.place(psu_id)),
        "last_step": step,
        "created_at": now,
    }
    kept = session.scalar(
        insert_into(session, Totp)
        .values(**values)
        .on_conflict_do_nothing(index_elements=[Totp.psu_id])
        .returning(Totp.psu_id)
    )
    if kept is None:
        raise Conflict(_HAS_ONE)


def _place(psu_id: str) -> str:
    return f"totp_enrolment.seed:{psu_id}"
