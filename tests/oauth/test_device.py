"""RFC 8628: a device without a browser, and the person who types its code."""

import re

import pytest
from sqlalchemy import select

from hub.errors import Conflict, NotFound, TooMany
from hub.identity import lasting_access, throttle
from hub.models.decoupled import DecoupledRequest
from hub.models.oauth import Grant
from hub.models.signal import Signal
from hub.oauth import grant_types
from hub.oauth.clients import Registered
from hub.oauth.interaction import Ask, LoginReason, NeedsLogin, open_request
from tests.conftest import TestClock
from tests.oauth.elsewhere import TELEVISION, poll, say_no, say_yes, start, television, type_code, with_grant
from tests.oauth.signing import ClientKey
from tests.oauth.test_races import at_once
from tests.oauth.world import SIGN_IN_SCOPE, World, claims_of


@pytest.fixture
def tv(world: World) -> Registered:
    return television(world)


def test_from_the_code_on_the_device_to_its_tokens(world: World, tv: Registered) -> None:
    begun = start(world, tv)
    assert begun.status_code == 200, begun.text
    assert begun.headers["Cache-Control"] == "no-store"
    told = begun.get_json()
    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", told["user_code"])
    assert told["verification_uri"] == world.hub.settings.base_url + "/device"
    assert told["verification_uri_complete"] == f"{told['verification_uri']}?user_code={told['user_code']}"
    assert (told["expires_in"], told["interval"]) == (600, 5)

    assert poll(world, tv, told["device_code"]).get_json()["error"] == "authorization_pending"
    handle = type_code(world, told["user_code"].lower().replace("-", " "))
    asked = open_request(world.hub, handle, world.person())
    assert isinstance(asked, Ask)
    assert asked.redirect_uri is None
    assert asked.elsewhere is not None
    assert asked.elsewhere.user_agent == TELEVISION
    assert say_yes(world, handle, tv) == "/device/allowed"

    answered = poll(world, tv, told["device_code"])
    assert answered.status_code == 200, answered.text
    tokens = answered.get_json()
    assert world.works(tokens["access_token"])
    assert claims_of(tokens["id_token"])["aud"] == tv.client.client_id
    assert "sid" not in claims_of(tokens["id_token"])  # the browser that answered is not the device's session
    assert world.refresh(tokens["refresh_token"], tv).status_code == 200


def test_neither_code_is_kept_as_it_is(world: World, tv: Registered) -> None:
    told = start(world, tv).get_json()
    with world.hub.db.read() as session:
        row = session.scalars(select(DecoupledRequest)).one()
        kept = " ".join(str(getattr(row, column.key)) for column in DecoupledRequest.__table__.columns)
    assert told["device_code"] not in kept
    assert told["user_code"].replace("-", "") not in kept


def test_every_step_leaves_its_event(world: World, tv: Registered) -> None:
    told = start(world, tv).get_json()
    say_yes(world, type_code(world, told["user_code"]), tv)
    poll(world, tv, told["device_code"])
    with world.hub.db.read() as session:
        kinds = session.scalars(select(Signal.kind).where(Signal.kind.like("device.%")).order_by(Signal.seq)).all()
    assert list(kinds) == ["device.requested", "device.answered", "device.redeemed"]


def test_a_no_is_access_denied(world: World, tv: Registered) -> None:
    told = start(world, tv).get_json()
    assert say_no(world, type_code(world, told["user_code"])) == "/device/denied"
    assert poll(world, tv, told["device_code"]).get_json()["error"] == "access_denied"


def test_too_late_is_expired_for_the_device_and_unknown_for_whoever_types_the_code(
    world: World, tv: Registered
) -> None:
    told = start(world, tv).get_json()
    late = type_code(world, told["user_code"])
    world.hub.clock.advance(seconds=600)  # type: ignore[attr-defined]
    assert poll(world, tv, told["device_code"]).get_json()["error"] == "expired_token"
    with pytest.raises(NotFound):
        type_code(world, told["user_code"])
    with pytest.raises(NotFound):
        say_yes(world, late, tv)


def test_a_yes_that_nobody_fetches_in_time_is_lost(world: World, tv: Registered) -> None:
    told = start(world, tv).get_json()
    say_yes(world, type_code(world, told["user_code"]), tv)
    world.hub.clock.advance(seconds=600)  # type: ignore[attr-defined]
    assert poll(world, tv, told["device_code"]).get_json()["error"] == "expired_token"


def test_a_device_that_asks_too_fast_has_to_wait_longer_each_time(world: World, tv: Registered) -> None:
    code = start(world, tv).get_json()["device_code"]
    clock = world.hub.clock
    seen = []
    for wait_s in (0, 5, 1, 5, 10, 2, 10, 15, 20):
        clock.advance(seconds=wait_s)  # type: ignore[attr-defined]
        seen.append(poll(world, tv, code).get_json()["error"].replace("authorization_", ""))
    # Asked after 1 s: from then on ten; after 5 s: fifteen; after 10 s: twenty; and so on, until it waits long enough.
    assert seen == ["pending", "pending"] + ["slow_down"] * 7
    clock.advance(seconds=40)  # type: ignore[attr-defined]
    assert poll(world, tv, code).get_json()["error"] == "authorization_pending"


def test_an_answer_is_given_even_to_a_device_that_asks_too_fast(world: World, tv: Registered) -> None:
    told = start(world, tv).get_json()
    poll(world, tv, told["device_code"])
    say_yes(world, type_code(world, told["user_code"]), tv)
    assert poll(world, tv, told["device_code"]).status_code == 200


def test_of_fifty_redemptions_at_once_one_wins(world: World, tv: Registered) -> None:
    told = start(world, tv).get_json()
    say_yes(world, type_code(world, told["user_code"]), tv)
    answers = at_once([lambda: poll(world, tv, told["device_code"])] * 50)
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 49
    assert {answer.get_json()["error"] for answer in answers if answer.status_code == 400} == {"invalid_grant"}
    # A public client's device_code is all it takes, so two who hold it are one too many.
    (winner,) = (answer.get_json() for answer in answers if answer.status_code == 200)
    assert not world.works(winner["access_token"])


def test_of_fifty_redemptions_by_a_client_that_proves_itself_one_wins_and_keeps_what_it_won(world: World) -> None:
    client = with_grant(world, world.register(), grant_types.DEVICE)
    told = start(world, client).get_json()
    say_yes(world, type_code(world, told["user_code"]), client)
    answers = at_once([lambda: poll(world, client, told["device_code"])] * 50)
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 49
    (winner,) = (answer.get_json() for answer in answers if answer.status_code == 200)
    assert winner["token_type"] == "DPoP"
    assert world.works(winner["access_token"])


def test_of_many_answers_to_one_device_one_counts(world: World, tv: Registered) -> None:
    told = start(world, tv).get_json()
    handles = [type_code(world, told["user_code"]) for _ in range(12)]  # twelve tabs

    def answer(number: int) -> str:
        try:
            return say_no(world, handles[number]) if number % 2 else say_yes(world, handles[number], tv)
        except Conflict:
            return ""

    urls = at_once([lambda number=number: answer(number) for number in range(12)])  # type: ignore[misc]
    (url,) = filter(None, urls)
    fetched = poll(world, tv, told["device_code"])
    assert (fetched.status_code == 200) is (url == "/device/allowed")


def test_another_clients_device_code_is_unknown(world: World, tv: Registered) -> None:
    told = start(world, tv).get_json()
    say_yes(world, type_code(world, told["user_code"]), tv)
    other = television(world)
    assert poll(world, other, told["device_code"]).get_json()["error"] == "invalid_grant"
    assert poll(world, tv, told["device_code"]).status_code == 200  # and the attempt used nothing up


def test_a_key_shown_at_the_beginning_must_be_shown_at_the_end(world: World, tv: Registered) -> None:
    key, other = ClientKey.make(), ClientKey.make()
    form = {"scope": SIGN_IN_SCOPE, "client_id": tv.client.client_id}
    proof = world.proof_of(key, "POST", "/oauth/device_authorization")
    told = world.app.test_client().post("/oauth/device_authorization", data=form, headers=proof).get_json()
    say_yes(world, type_code(world, told["user_code"]), tv)
    assert poll(world, tv, told["device_code"]).get_json()["error"] == "invalid_grant"
    stolen = poll(world, tv, told["device_code"], headers=world.proof_of(other, "POST", "/oauth/token"))
    assert stolen.get_json()["error"] == "invalid_grant"
    owned = poll(world, tv, told["device_code"], headers=world.proof_of(key, "POST", "/oauth/token"))
    assert owned.status_code == 200
    assert claims_of(owned.get_json()["access_token"])["cnf"]["jkt"] == key.thumbprint


def test_a_fapi_client_uses_its_keys_here_too(world: World) -> None:
    client = with_grant(world, world.register(), grant_types.DEVICE)
    bare = world.app.test_client().post(
        "/oauth/device_authorization", data={"scope": "openid", "client_id": client.client.client_id}
    )
    assert (bare.status_code, bare.get_json()["error"]) == (401, "invalid_client")
    told = start(world, client).get_json()
    say_yes(world, type_code(world, told["user_code"]), client)
    form = {"grant_type": grant_types.DEVICE, "device_code": told["device_code"]} | world.assertion_of(client)
    unbound = world.app.test_client().post("/oauth/token", data=form)
    assert unbound.status_code == 400
    assert poll(world, client, told["device_code"]).status_code == 200


def test_a_client_of_message_signing_signs_this_request_as_well(world: World) -> None:
    client = with_grant(world, world.register(profile="fapi2_ms"), grant_types.DEVICE)
    assert start(world, client).get_json()["error"] == "invalid_request"
    signed = world.request_object(client, {"scope": "openid"})
    answer = world.post("/oauth/device_authorization", {"request": signed}, client)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"scope": ""}, "invalid_scope"),
        ({"scope": "offline_access"}, "invalid_scope"),
        ({"scope": "openid accounts:read"}, "invalid_scope"),
        ({"resource": "https://elsewhere.example"}, "invalid_target"),
        ({"consent_days": "9999"}, "invalid_request"),
    ],
)
def test_what_a_device_may_not_ask(world: World, tv: Registered, form: dict[str, str], error: str) -> None:
    refused = start(world, tv, **form)
    assert (refused.status_code, refused.get_json()["error"]) == (400, error)


def test_only_a_client_registered_for_it(world: World) -> None:
    assert start(world, world.native).get_json()["error"] == "unauthorized_client"


def test_an_older_consent_does_not_answer_for_a_device(world: World, tv: Registered) -> None:
    first = start(world, tv).get_json()
    say_yes(world, type_code(world, first["user_code"]), tv)
    again = start(world, tv).get_json()
    assert isinstance(open_request(world.hub, type_code(world, again["user_code"]), world.person()), Ask)


def test_guesses_are_counted_by_person(world: World, tv: Registered) -> None:
    told = start(world, tv).get_json()
    for _ in range(world.hub.settings.login_failures_before_lock):
        with pytest.raises(NotFound):
            type_code(world, "BBBB-BBBB")
    with pytest.raises(TooMany):
        type_code(world, told["user_code"])
    type_code(world, told["user_code"], world.bob)  # in the same network


def test_guesses_are_counted_by_network(world: World, tv: Registered, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "_NETWORK_FACTOR", 2)  # ten guesses, of three people
    told = start(world, tv).get_json()
    for psu_id in (world.alice, world.bob, world.charlie, world.alice, world.bob):
        for _ in range(2):
            with pytest.raises(NotFound):
                type_code(world, "BBBB-BBBB", psu_id)
    with pytest.raises(TooMany):
        type_code(world, told["user_code"], world.charlie)
    type_code(world, told["user_code"], world.charlie, ip_address="198.51.100.9")


def test_right_codes_are_not_counted(world: World, tv: Registered) -> None:
    told = start(world, tv).get_json()
    for _ in range(2 * world.hub.settings.login_failures_before_lock):
        type_code(world, told["user_code"])


def test_fifty_guesses_at_once_are_no_more_than_five(world: World, tv: Registered) -> None:
    start(world, tv)

    def guess() -> str:
        try:
            return type_code(world, "BBBB-BBBB")
        except (NotFound, TooMany) as error:
            return type(error).__name__

    answers = at_once([guess] * 50)
    assert answers.count("NotFound") == world.hub.settings.login_failures_before_lock


def test_a_changed_password_takes_back_a_yes_that_no_device_has_fetched(world: World, tv: Registered) -> None:
    told = start(world, tv).get_json()
    say_yes(world, type_code(world, told["user_code"]), tv)
    with world.hub.db.write() as session:
        lasting_access.revoke(session, world.alice, now=world.hub.clock())
    assert poll(world, tv, told["device_code"]).get_json()["error"] == "expired_token"


def test_an_ended_consent_gives_no_tokens(world: World, tv: Registered) -> None:
    told = start(world, tv).get_json()
    say_yes(world, type_code(world, told["user_code"]), tv)
    with world.hub.db.write() as session:
        session.scalars(select(Grant)).one().revoked_at = world.hub.clock()
    assert poll(world, tv, told["device_code"]).get_json()["error"] == "invalid_grant"


def test_for_account_data_the_person_logs_in_afresh(world: World, clock: TestClock) -> None:
    """RFC 8628 5.4: whoever is talked into typing a code is stopped once more."""
    bank = with_grant(world, world.client, grant_types.DEVICE)
    morning = world.person()
    clock.advance(seconds=3600)
    handle = type_code(world, start(world, bank).get_json()["user_code"])
    asked = open_request(world.hub, handle, morning)
    assert isinstance(asked, NeedsLogin)
    assert asked.reason is LoginReason.MAX_AGE
    assert isinstance(open_request(world.hub, handle, world.person()), Ask)
