"""A login that is under way while every session is being ended: it is over before, or it comes to nothing."""

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from hub.context import Hub
from hub.identity import addresses, devices, lasting_access, mailed_links, people, recovery, second_step
from hub.identity.admission import LoggedIn
from hub.identity.factors import passkey_login, recovery_codes
from hub.identity.factors.challenges import Purpose as Asked
from hub.identity.mailed_links import Purpose
from hub.identity.sessions import Person
from hub.models.psu import Psu, PsuSession
from tests.identity.factors.authenticator import Authenticator
from tests.identity.factors.steps import BROWSER, as_now, code_now, enrol_app, enrol_passkey, send
from tests.identity.steps import HERE, NEW_PASSWORD, half_open, log_in
from tests.people import PASSWORD, alice
from tests.race import Halfway, meanwhile

Login = Callable[[], object]
"""The last step of a login, made ready."""


def by_passkey_alone(hub: Hub) -> Login:
    key = Authenticator()
    enrol_passkey(hub, _somebody(hub), key)
    asked = passkey_login.ask(hub, Asked.LOGIN, BROWSER, psu_id=None, now=hub.clock())
    credential = key.use(asked)
    return lambda: send(hub, credential)


def by_passkey_after_the_password(hub: Hub) -> Login:
    key = Authenticator()
    enrol_passkey(hub, _somebody(hub), key)
    secret = half_open(hub)
    pending = second_step.find(hub, secret, now=hub.clock())
    assert pending is not None
    asked = passkey_login.ask(hub, Asked.SECOND_STEP, pending.id_hash, psu_id=pending.psu_id, now=hub.clock())
    credential = key.use(asked)
    return lambda: second_step.by_passkey(hub, secret, credential, origin=HERE, now=hub.clock())


def by_code(hub: Hub) -> Login:
    seed, _person = enrol_app(hub, _somebody(hub))
    hub.clock.advance(seconds=60)  # type: ignore[attr-defined]  # a TestClock
    secret = half_open(hub)
    return lambda: second_step.by_code(hub, secret, code_now(hub, seed), origin=HERE, now=hub.clock())


def by_recovery_code(hub: Hub) -> Login:
    _seed, person = enrol_app(hub, _somebody(hub))
    code = recovery_codes.make(hub, as_now(hub, person), origin=HERE, now=hub.clock())[0]
    secret = half_open(hub)
    return lambda: second_step.by_recovery_code(hub, secret, code, origin=HERE, now=hub.clock())


def _somebody(hub: Hub) -> Person:
    """Alice, some time after she registered; her address is verified."""
    psu_id = alice(hub)
    hub.clock.advance(seconds=60)  # type: ignore[attr-defined]  # a TestClock
    with hub.db.write() as session:
        session.execute(update(Psu).where(Psu.id == psu_id).values(email_verified_at=hub.clock()))
    return log_in(hub)[0]


def _link(hub: Hub, purpose: Purpose, address: str) -> str:
    with hub.db.write() as session:
        psu_id = session.scalars(select(Psu.id)).one()
        made = mailed_links.make(hub, session, purpose, psu_id=psu_id, address=address, ttl_s=3600, now=hub.clock())
    return made.url.rpartition("/")[2]


def undo(hub: Hub) -> Callable[[], object]:
    token = _link(hub, Purpose.UNDO, "old@people.example")
    return lambda: addresses.undo_change(hub, token, origin=HERE, now=hub.clock())


def reset(hub: Hub) -> Callable[[], object]:
    token = _link(hub, Purpose.RESET, "alice@people.example")
    return lambda: recovery.reset(hub, token, new=NEW_PASSWORD, origin=HERE, now=hub.clock())


def change(hub: Hub) -> Callable[[], object]:
    """The owner's own session stays; it is the only one."""
    with hub.db.read() as session:
        sid = session.scalars(select(PsuSession.sid).where(PsuSession.revoked_at.is_(None))).one()
        psu = session.scalars(select(Psu)).one()
        row = session.scalars(select(PsuSession).where(PsuSession.sid == sid)).one()
    person = Person(
        psu_id=psu.id,
        name=psu.name,
        email=psu.email,
        session_hash=row.id_hash,
        auth_time=row.auth_time,
        created_at=psu.created_at,
        password_changed_at=psu.password_changed_at,
        sid=sid,
        acr=row.acr,
        amr=tuple(row.amr),
    )
    return lambda: people.change_password(hub, person, current=PASSWORD, new=NEW_PASSWORD, origin=HERE, now=hub.clock())


SECOND_STEPS = (by_passkey_after_the_password, by_code, by_recovery_code)
ENDS = [
    *[(login, undo) for login in (by_passkey_alone, *SECOND_STEPS)],
    *[(login, end) for login in SECOND_STEPS for end in (reset, change)],
]


def open_sessions(hub: Hub) -> int:
    with hub.db.read() as session:
        return len(session.scalars(select(PsuSession.id_hash).where(PsuSession.revoked_at.is_(None))).all())


@pytest.mark.parametrize(("login", "end"), ENDS)
def test_a_login_that_comes_while_every_session_ends_is_none(
    hub: Hub,
    login: Callable[[Hub], Login],
    end: Callable[[Hub], Callable[[], object]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    step, ending, halfway = login(hub), end(hub), Halfway()
    monkeypatch.setattr(lasting_access, "revoke", halfway.before(lasting_access.revoke))
    _, answer = meanwhile(halfway, ending, step)
    assert not isinstance(answer, LoggedIn)
    assert open_sessions(hub) == (1 if end is change else 0)


@pytest.mark.parametrize(("login", "end"), ENDS)
def test_a_login_that_is_just_being_let_in_ends_with_every_session(
    hub: Hub,
    login: Callable[[Hub], Login],
    end: Callable[[Hub], Callable[[], object]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    step, ending, halfway = login(hub), end(hub), Halfway()
    monkeypatch.setattr(devices, "remember", halfway.before(devices.remember))
    answer, _ = meanwhile(halfway, step, ending)
    assert isinstance(answer, LoggedIn)
    assert open_sessions(hub) == (1 if end is change else 0)
