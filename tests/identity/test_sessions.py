"""A session's life: begun, seen, idle, over, revoked."""

from dataclasses import replace

import pytest
from sqlalchemy import Connection, event, select

from hub.context import Hub
from hub.hashing import secret_hash
from hub.identity import sessions
from hub.identity.sessions import Person
from hub.ids import new_secret
from hub.models.psu import PsuSession
from hub.sweeping import sweep_all
from tests.conftest import TestClock
from tests.identity.steps import HERE, activity_of, elsewhere, loaded
from tests.people import alice, charlie

pytestmark = pytest.mark.usefixtures("_cheap_hashes")

IDLE_S, TTL_S = 2 * 3600, 12 * 3600


def begin(hub: Hub, psu_id: str) -> str:
    with hub.db.write() as session:
        return sessions.start(session, psu_id, amr=("pwd",), origin=HERE, now=hub.clock(), settings=hub.settings)


def row_of(hub: Hub, secret: str) -> PsuSession:
    with hub.db.read() as session:
        return session.scalars(select(PsuSession).where(PsuSession.id_hash == secret_hash(secret))).one()


def signed_in(hub: Hub, secret: str) -> Person:
    person = loaded(hub, secret)
    assert person is not None
    return person


def test_a_session_tells_who_is_there_and_keeps_only_the_hash(hub: Hub, clock: TestClock) -> None:
    psu_id = alice(hub)
    began = clock()
    secret = begin(hub, psu_id)
    clock.advance(seconds=30)
    assert loaded(hub, secret) == Person(
        psu_id=psu_id,
        name="Alice",
        email="alice@people.example",
        session_hash=secret_hash(secret),
        auth_time=began,
        created_at=began,
        password_changed_at=began,
        sid=row_of(hub, secret).sid,
        acr="urn:rialto:acr:one-factor",
        amr=("pwd",),
    )
    row = row_of(hub, secret)
    assert len(secret) == 43  # 256 bits
    assert secret not in [getattr(row, column.key) for column in PsuSession.__table__.columns]


def test_what_was_never_given_out_is_nobodys_session(hub: Hub) -> None:
    stored = secret_hash(begin(hub, alice(hub)))
    for secret in ("", new_secret(), "x" * 10_000, "\x00", "'; DROP TABLE psu_session; --", stored):
        assert loaded(hub, secret) is None


def test_a_session_nobody_uses_ends_after_the_idle_time(hub: Hub, clock: TestClock) -> None:
    secret = begin(hub, alice(hub))
    clock.advance(seconds=IDLE_S - 1)
    assert loaded(hub, secret) is not None  # and this counts as use
    clock.advance(seconds=IDLE_S - 1)
    assert loaded(hub, secret) is not None
    clock.advance(seconds=IDLE_S)
    assert loaded(hub, secret) is None


def test_a_session_in_use_ends_after_its_whole_time(hub: Hub, clock: TestClock) -> None:
    secret = begin(hub, alice(hub))
    for _ in range(TTL_S // 3600 - 1):
        clock.advance(seconds=3600)
        assert loaded(hub, secret) is not None
    clock.advance(seconds=3599)
    assert loaded(hub, secret) is not None
    clock.advance(seconds=1)
    assert loaded(hub, secret) is None


def test_loading_is_one_statement_and_marks_the_session_once_a_minute(hub: Hub, clock: TestClock) -> None:
    secret = begin(hub, alice(hub))
    statements: list[str] = []

    def note(_c: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement.split()[0])

    for engine in (hub.db.reader, hub.db.writer):
        event.listen(engine, "before_cursor_execute", note)
    for pause_s, expected in [(0, ["SELECT"]), (59, ["SELECT"]), (1, ["SELECT", "UPDATE"]), (0, ["SELECT"])]:
        statements.clear()
        clock.advance(seconds=pause_s)
        assert loaded(hub, secret) is not None
        assert [word for word in statements if word != "BEGIN"] == expected
    assert row_of(hub, secret).last_seen_at == clock()


def test_a_very_short_idle_time_does_not_throw_out_a_person_at_work(hub: Hub, clock: TestClock) -> None:
    short = replace(hub, settings=replace(hub.settings, session_idle_ttl_s=30))
    secret = begin(short, alice(short))
    for _ in range(10):
        clock.advance(seconds=20)
        assert loaded(short, secret) is not None


def test_rotation_makes_the_old_secret_worthless_and_starts_the_time_again(hub: Hub, clock: TestClock) -> None:
    old = begin(hub, alice(hub))
    person = signed_in(hub, old)
    clock.advance(seconds=3600)
    with hub.db.write() as session:
        new = sessions.rotate(session, person.session_hash, amr=("pwd",), now=clock(), settings=hub.settings)
    assert new is not None
    assert new != old
    assert loaded(hub, old) is None
    assert signed_in(hub, new).auth_time == clock()
    assert row_of(hub, new).created_at == person.auth_time
    with hub.db.write() as session:  # a second rotation of the same old secret finds nothing
        assert sessions.rotate(session, person.session_hash, amr=("pwd",), now=clock(), settings=hub.settings) is None


def test_an_ended_session_is_not_revived_by_rotation(hub: Hub, clock: TestClock) -> None:
    psu_id = alice(hub)
    revoked, idle = (signed_in(hub, begin(hub, psu_id)) for _ in range(2))
    sessions.revoke(hub, revoked.session_hash, psu_id=psu_id, origin=HERE, now=clock())
    for person, after_s in [(revoked, 0), (idle, IDLE_S), (idle, TTL_S)]:
        with hub.db.write() as session:
            now = clock.advance(seconds=after_s)
            assert sessions.rotate(session, person.session_hash, amr=("pwd",), now=now, settings=hub.settings) is None


def test_a_revoked_session_never_comes_back(hub: Hub, clock: TestClock) -> None:
    secret = begin(hub, alice(hub))
    person = signed_in(hub, secret)
    assert sessions.revoke(hub, person.session_hash, psu_id=person.psu_id, origin=HERE, now=clock())
    assert loaded(hub, secret) is None
    assert not sessions.revoke(hub, person.session_hash, psu_id=person.psu_id, origin=HERE, now=clock())
    assert activity_of(hub, person.psu_id) == ["logout"]


def test_a_stranger_cannot_end_somebody_elses_session(hub: Hub, clock: TestClock) -> None:
    secret, stranger = begin(hub, alice(hub)), charlie(hub)
    assert not sessions.revoke(hub, secret_hash(secret), psu_id=stranger, origin=HERE, now=clock())
    assert loaded(hub, secret) is not None
    assert activity_of(hub, stranger) == []


def test_logging_out_the_others_leaves_this_one_and_other_people_alone(hub: Hub, clock: TestClock) -> None:
    psu_id, stranger = alice(hub), charlie(hub)
    here, phone, laptop, foreign = (begin(hub, who) for who in (psu_id, psu_id, psu_id, stranger))
    person = signed_in(hub, here)
    assert sessions.revoke_others(hub, person, origin=HERE, now=clock()) == 2
    assert [loaded(hub, secret) is not None for secret in (here, phone, laptop, foreign)] == [True, False, False, True]
    assert sessions.revoke_others(hub, person, origin=HERE, now=clock()) == 0
    assert activity_of(hub, psu_id) == ["sessions_revoked"]
    assert sessions.revoke_all(hub, person, origin=HERE, now=clock()) == 1
    assert loaded(hub, here) is None
    assert loaded(hub, foreign) is not None


def test_the_list_shows_open_sessions_of_this_person_only(hub: Hub, clock: TestClock) -> None:
    psu_id, stranger = alice(hub), charlie(hub)
    with hub.db.write() as session:
        phone = sessions.start(session, psu_id, amr=("pwd",), origin=elsewhere(1), now=clock(), settings=hub.settings)
    gone = begin(hub, psu_id)
    begin(hub, stranger)
    sessions.revoke(hub, secret_hash(gone), psu_id=psu_id, origin=HERE, now=clock())
    clock.advance(seconds=3600)
    here = begin(hub, psu_id)
    with hub.db.read() as session:
        listed = sessions.list_sessions(session, psu_id, now=clock(), settings=hub.settings)
    assert [one.session_hash for one in listed] == [secret_hash(here), secret_hash(phone)]
    assert (listed[1].ip_address, listed[1].user_agent) == ("198.51.0.2", "curl")
    clock.advance(seconds=IDLE_S - 3600)
    with hub.db.read() as session:
        listed = sessions.list_sessions(session, psu_id, now=clock(), settings=hub.settings)
    assert [one.session_hash for one in listed] == [secret_hash(here)]


def test_the_sweep_takes_only_sessions_whose_time_is_over(hub: Hub, clock: TestClock) -> None:
    psu_id = alice(hub)
    old = begin(hub, psu_id)
    clock.advance(seconds=TTL_S - 1)
    young = begin(hub, psu_id)
    for after_s, left in [(0, {old, young}), (1, {young})]:
        dict(sweep_all(hub, clock.advance(seconds=after_s)))
        with hub.db.read() as session:
            assert set(session.scalars(select(PsuSession.id_hash))) == {secret_hash(secret) for secret in left}


def test_a_session_keeps_its_name_through_every_new_secret_and_tells_of_the_last_proof_only(
    hub: Hub, clock: TestClock
) -> None:
    secret = begin(hub, alice(hub))
    first = signed_in(hub, secret)
    steps = [
        (("hwk", "user", "mfa"), "phr"),
        (("pwd", "otp", "mfa"), "urn:rialto:acr:two-factor"),
        (("pwd",), "urn:rialto:acr:one-factor"),
    ]
    for amr, acr in steps:
        now = clock.advance(seconds=60)
        with hub.db.write() as session:
            new = sessions.rotate(session, secret_hash(secret), amr=amr, now=now, settings=hub.settings)
        assert new is not None
        secret = new
        known = signed_in(hub, secret)
        assert (known.sid, known.acr, known.amr, known.auth_time) == (first.sid, acr, amr, now)
    assert signed_in(hub, begin(hub, first.psu_id)).sid != first.sid
