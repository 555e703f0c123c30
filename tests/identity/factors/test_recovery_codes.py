"""Recovery codes: strong, shown once, good once, and gone with what they stand in for."""

import pytest
from sqlalchemy import select

from hub.context import Hub
from hub.errors import NotPermitted
from hub.identity.factors import enrolled, recovery_codes, totp_enrolment
from hub.models.factor import RecoveryCode
from tests.identity.factors.authenticator import Authenticator
from tests.identity.factors.steps import as_now, at_once, enrol_app, enrol_passkey
from tests.identity.steps import HERE, activity_of, log_in
from tests.people import alice, charlie


def made(hub: Hub, name: str = "alice") -> tuple[str, list[str]]:
    """The psu_id and ten codes of somebody with an authenticator app."""
    person, _ = log_in(hub, name)
    _, person = enrol_app(hub, person)
    return person.psu_id, list(recovery_codes.make(hub, person, origin=HERE, now=hub.clock()))


def spend(hub: Hub, psu_id: str, code: str) -> bool:
    with hub.db.write() as session:
        return recovery_codes.spend(session, psu_id, code) is not None


def left(hub: Hub, psu_id: str) -> int:
    with hub.db.read() as session:
        return enrolled.of(session, psu_id).recovery_codes


def test_ten_different_codes_of_120_bits_of_which_only_hashes_stay(hub: Hub) -> None:
    alice(hub)
    psu_id, codes = made(hub)
    assert len(set(codes)) == 10
    for code in codes:
        letters = code.replace("-", "")
        assert len(letters) == 24
        assert set(letters) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    with hub.db.read() as session:
        stored = repr([(row.code_hash, row.psu_id) for row in session.scalars(select(RecoveryCode))])
    assert not [code for code in codes if code in stored or code.replace("-", "") in stored]
    assert "recovery_codes_made" in activity_of(hub, psu_id)


def test_a_code_works_once_however_it_is_typed(hub: Hub) -> None:
    alice(hub)
    psu_id, codes = made(hub)
    typed = [
        codes[0],
        codes[1].lower(),
        codes[2].replace("-", ""),
        f"  {codes[3].replace('-', ' ')}\n",
        codes[4].replace("0", "O").replace("1", "l"),
    ]
    for number, code in enumerate(typed, start=1):
        assert spend(hub, psu_id, code)
        assert left(hub, psu_id) == 10 - number
        assert not spend(hub, psu_id, code)


@pytest.mark.parametrize("code", ["", "-", "0" * 24, "x" * 10_000, "\x00", "\ud800", "ÄÖÜ"])
def test_what_is_no_code_spends_nothing(hub: Hub, code: str) -> None:
    alice(hub)
    psu_id, _ = made(hub)
    assert not spend(hub, psu_id, code)
    assert left(hub, psu_id) == 10


def test_of_fifty_uses_of_one_code_one_counts(hub: Hub) -> None:
    alice(hub)
    psu_id, codes = made(hub)
    assert sum(at_once(50, lambda _: spend(hub, psu_id, codes[0]))) == 1
    assert left(hub, psu_id) == 9


def test_a_stranger_cannot_use_anybodys_code(hub: Hub) -> None:
    alice(hub)
    charlie(hub)
    psu_id, codes = made(hub)
    stranger, _ = made(hub, "charlie")
    assert not spend(hub, stranger, codes[0])
    assert spend(hub, psu_id, codes[0])


def test_new_codes_void_the_old_ones_and_of_two_sets_at_once_one_stays(hub: Hub) -> None:
    alice(hub)
    person, _ = log_in(hub)
    _, person = enrol_app(hub, person)
    old = recovery_codes.make(hub, person, origin=HERE, now=hub.clock())
    new = recovery_codes.make(hub, person, origin=HERE, now=hub.clock())
    assert not spend(hub, person.psu_id, old[0])
    assert spend(hub, person.psu_id, new[0])
    sets = at_once(5, lambda _: recovery_codes.make(hub, person, origin=HERE, now=hub.clock()))
    assert left(hub, person.psu_id) == 10
    with hub.db.read() as session:
        assert sum(recovery_codes.are_current(session, person.psu_id, codes) for codes in sets) == 1


def test_they_stand_in_for_a_factor_and_go_with_the_last_one(hub: Hub) -> None:
    psu_id = alice(hub)
    person, _ = log_in(hub)
    with pytest.raises(NotPermitted):
        recovery_codes.make(hub, person, origin=HERE, now=hub.clock())
    _, person = enrol_app(hub, person)
    enrol_passkey(hub, person, Authenticator())
    person = as_now(hub, person)
    recovery_codes.make(hub, person, origin=HERE, now=hub.clock())
    totp_enrolment.remove(hub, person, origin=HERE, now=hub.clock())
    assert left(hub, psu_id) == 10  # the passkey is still there


def test_the_file_repeats_open_codes_of_the_person_and_nothing_else(hub: Hub) -> None:
    alice(hub)
    charlie(hub)
    psu_id, codes = made(hub)
    stranger, strange = made(hub, "charlie")
    with hub.db.read() as session:
        assert recovery_codes.are_current(session, psu_id, codes)
        assert not recovery_codes.are_current(session, psu_id, [])
        assert not recovery_codes.are_current(session, psu_id, [*codes[:9], codes[0]])
        assert not recovery_codes.are_current(session, psu_id, [*codes[:9], "any text"])
        assert not recovery_codes.are_current(session, stranger, codes)
    spend(hub, psu_id, codes[3])
    with hub.db.read() as session:
        assert not recovery_codes.are_current(session, psu_id, codes)
        assert recovery_codes.are_current(session, stranger, strange)
