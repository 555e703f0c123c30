"""Codes of an authenticator app: RFC 6238's own values, the window, one use each, and adding and removing an app."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from hub.context import Hub
from hub.errors import BadInput, Conflict, NotFound, Unauthenticated
from hub.identity import sessions
from hub.identity.factors import enrolled, totp, totp_enrolment
from hub.models.factor import Totp, TotpEnrolment
from hub.models.signal import Signal
from hub.reseal import reseal_all
from hub.sweeping import sweep_all
from tests.conftest import TestClock
from tests.identity.factors.steps import at_once, code_now, enrol_app
from tests.identity.steps import HERE, activity_of, loaded, log_in
from tests.people import alice, charlie

RFC_SEED = b"12345678901234567890"


@pytest.mark.parametrize(
    ("unix_s", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_the_values_of_rfc_6238_appendix_b(unix_s: int, code: str) -> None:
    at = datetime.fromtimestamp(unix_s, UTC)
    assert totp.code_at(RFC_SEED, totp.step_of(at)) == code
    assert totp.matching_step(RFC_SEED, code, at) == unix_s // 30


@pytest.mark.parametrize(("steps", "is_right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_one_step_either_way_is_allowed_and_no_more(steps: int, is_right: bool) -> None:
    at = datetime(2026, 11, 23, 9, tzinfo=UTC)
    code = totp.code_at(RFC_SEED, totp.step_of(at) + steps)
    assert (totp.matching_step(RFC_SEED, code, at) is not None) == is_right


@pytest.mark.parametrize(
    "code", ["", "0", "12345", "1234567", "abcdef", "２８７０８２", "\x00" * 6, "9" * 10_000, "\ud800"]
)
def test_what_is_no_code_matches_nothing(code: str) -> None:
    assert totp.matching_step(RFC_SEED, code, datetime.fromtimestamp(59, UTC)) is None


def test_a_code_may_be_typed_with_a_space() -> None:
    assert totp.matching_step(RFC_SEED, " 287 082 ", datetime.fromtimestamp(59, UTC)) == 1


def test_the_address_for_the_app_says_everything_it_needs() -> None:
    parts = urlsplit(totp.uri(RFC_SEED, "alice@people.example"))
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert (parts.scheme, parts.netloc, parts.path) == ("otpauth", "totp", "/Rialto:alice%40people.example")
    assert asked["secret"] == totp.seed_text(RFC_SEED).replace(" ", "") == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert (asked["issuer"], asked["digits"], asked["period"]) == ("Rialto", "6", "30")
    assert asked["algorithm"] == "SHA1"


# --- adding and removing --------------------------------------------------------------------------


def test_an_app_counts_only_after_a_code_and_makes_this_session_two_factor(hub: Hub, clock: TestClock) -> None:
    psu_id = alice(hub)
    _, elsewhere = log_in(hub)
    person, old = log_in(hub)
    began = clock()
    clock.advance(seconds=60)
    totp_enrolment.begin(hub, person, now=clock())
    seed = totp_enrolment.pending(hub, person, now=clock())
    assert seed is not None
    with pytest.raises(BadInput) as caught:
        totp_enrolment.confirm(hub, person, "000000", origin=HERE, now=clock())
    assert caught.value.parameter == "code"
    with hub.db.read() as session:
        assert not enrolled.of(session, psu_id).has_second
    assert loaded(hub, elsewhere) is not None
    secret = totp_enrolment.confirm(hub, person, code_now(hub, seed), origin=HERE, now=clock())
    again = loaded(hub, secret)
    assert again is not None
    assert (again.sid, again.amr, again.acr) == (person.sid, ("pwd", "otp", "mfa"), "urn:rialto:acr:two-factor")
    assert again.auth_time == began  # the password was not typed again
    assert loaded(hub, old) is None
    assert loaded(hub, elsewhere) is None
    with hub.db.read() as session:
        assert enrolled.of(session, psu_id).totp_since == clock()
        assert session.scalars(select(TotpEnrolment)).all() == []
        kinds = sorted(session.scalars(select(Signal.kind).where(Signal.psu_id == psu_id)))
    assert kinds == ["psu.totp_added", "session.ended"]
    assert activity_of(hub, psu_id) == ["login", "login", "totp_added"]


def test_the_code_that_confirmed_the_app_logs_nobody_in(hub: Hub) -> None:
    alice(hub)
    person, _ = log_in(hub)
    seed, person = enrol_app(hub, person)
    with hub.db.write() as session:
        assert not totp.spend(session, hub.sealer, person.psu_id, code_now(hub, seed), now=hub.clock())


def test_a_seed_belongs_to_the_session_that_began_and_for_a_quarter_of_an_hour(hub: Hub, clock: TestClock) -> None:
    alice(hub)
    charlie(hub)
    person, _ = log_in(hub)
    elsewhere, _ = log_in(hub)
    stranger, _ = log_in(hub, "charlie")
    totp_enrolment.begin(hub, person, now=clock())
    seed = totp_enrolment.pending(hub, person, now=clock())
    assert seed is not None
    for other in (elsewhere, stranger):
        assert totp_enrolment.pending(hub, other, now=clock()) is None
        with pytest.raises(NotFound):
            totp_enrolment.confirm(hub, other, code_now(hub, seed), origin=HERE, now=clock())
    clock.advance(seconds=15 * 60)
    assert totp_enrolment.pending(hub, person, now=clock()) is None
    list(sweep_all(hub, clock()))
    with hub.db.read() as session:
        assert session.scalars(select(TotpEnrolment)).all() == []


def test_beginning_again_shows_another_seed(hub: Hub) -> None:
    alice(hub)
    person, _ = log_in(hub)
    seeds = set()
    for _ in range(3):
        totp_enrolment.begin(hub, person, now=hub.clock())
        seeds.add(totp_enrolment.pending(hub, person, now=hub.clock()))
    assert len(seeds) == 3


def test_a_second_app_does_not_push_the_first_one_out(hub: Hub) -> None:
    alice(hub)
    person, _ = log_in(hub)
    totp_enrolment.begin(hub, person, now=hub.clock())
    seed = totp_enrolment.pending(hub, person, now=hub.clock())
    assert seed is not None
    _, again = enrol_app(hub, person)
    with pytest.raises(Conflict):
        totp_enrolment.begin(hub, again, now=hub.clock())
    with pytest.raises(NotFound):
        totp_enrolment.confirm(hub, again, code_now(hub, seed), origin=HERE, now=hub.clock())


def test_of_ten_confirmations_at_once_one_counts(hub: Hub) -> None:
    psu_id = alice(hub)
    person, _ = log_in(hub)
    totp_enrolment.begin(hub, person, now=hub.clock())
    seed = totp_enrolment.pending(hub, person, now=hub.clock())
    assert seed is not None
    code = code_now(hub, seed)

    def confirm(_: int) -> bool:
        try:
            return bool(totp_enrolment.confirm(hub, person, code, origin=HERE, now=hub.clock()))
        except (Conflict, NotFound, Unauthenticated):
            return False

    assert sum(at_once(10, confirm)) == 1
    assert activity_of(hub, psu_id).count("totp_added") == 1


def test_a_session_that_ended_adds_nothing(hub: Hub) -> None:
    psu_id = alice(hub)
    person, _ = log_in(hub)
    totp_enrolment.begin(hub, person, now=hub.clock())
    seed = totp_enrolment.pending(hub, person, now=hub.clock())
    assert seed is not None
    sessions.revoke_all(hub, person, origin=HERE, now=hub.clock())
    with pytest.raises(Unauthenticated):
        totp_enrolment.confirm(hub, person, code_now(hub, seed), origin=HERE, now=hub.clock())
    with hub.db.read() as session:
        assert not enrolled.of(session, psu_id).has_second


def test_removing_the_app_ends_the_other_sessions_and_is_written_down(hub: Hub) -> None:
    psu_id = alice(hub)
    person, _ = log_in(hub)
    _, person = enrol_app(hub, person)
    with hub.db.write() as session:
        other = sessions.start(session, psu_id, amr=("pwd",), origin=HERE, now=hub.clock(), settings=hub.settings)
    totp_enrolment.remove(hub, person, origin=HERE, now=hub.clock())
    assert loaded(hub, other) is None
    assert activity_of(hub, psu_id) == ["login", "totp_added", "totp_removed"]
    with pytest.raises(NotFound):
        totp_enrolment.remove(hub, person, origin=HERE, now=hub.clock())


# --- using a code ---------------------------------------------------------------------------------


def spend(hub: Hub, psu_id: str, code: str) -> bool:
    with hub.db.write() as session:
        return totp.spend(session, hub.sealer, psu_id, code, now=hub.clock()) is not None


def test_a_step_counts_once_and_takes_the_earlier_ones_with_it(hub: Hub, clock: TestClock) -> None:
    psu_id = alice(hub)
    person, _ = log_in(hub)
    seed, _ = enrol_app(hub, person)
    clock.advance(seconds=300)
    ahead, here, behind = (code_now(hub, seed, steps=steps) for steps in (1, 0, -1))
    assert spend(hub, psu_id, here)
    assert not spend(hub, psu_id, here)
    assert not spend(hub, psu_id, behind)
    assert spend(hub, psu_id, ahead)
    clock.advance(seconds=30)
    assert not spend(hub, psu_id, ahead)  # still inside the window, and used
    with hub.db.read() as session:
        assert session.scalars(select(Totp.last_used_at)).one() == clock() - timedelta(seconds=30)


def test_of_fifty_uses_of_one_code_one_counts(hub: Hub, clock: TestClock) -> None:
    psu_id = alice(hub)
    person, _ = log_in(hub)
    seed, _ = enrol_app(hub, person)
    clock.advance(seconds=60)
    code = code_now(hub, seed)
    assert sum(at_once(50, lambda _: spend(hub, psu_id, code))) == 1


def test_a_code_counts_for_its_owner_only(hub: Hub, clock: TestClock) -> None:
    alice(hub)
    stranger = charlie(hub)
    person, _ = log_in(hub)
    seed, _ = enrol_app(hub, person)
    clock.advance(seconds=60)
    assert not spend(hub, stranger, code_now(hub, seed))
    other, _ = log_in(hub, "charlie")
    enrol_app(hub, other)
    clock.advance(seconds=60)
    assert not spend(hub, stranger, code_now(hub, seed))


def test_the_seed_is_sealed_to_its_place_and_moves_to_a_new_key(hub: Hub, clock: TestClock) -> None:
    psu_id = alice(hub)
    person, _ = log_in(hub)
    seed, _ = enrol_app(hub, person)
    with hub.db.read() as session:
        sealed = session.scalars(select(Totp.seed_sealed)).one()
    assert seed not in sealed
    assert hub.sealer.open(sealed, f"totp.seed:{psu_id}") == seed
    assert ("totp.seed_sealed", 0) in list(reseal_all(hub))
    clock.advance(seconds=60)
    assert spend(hub, psu_id, code_now(hub, seed))
