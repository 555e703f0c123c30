"""Passkeys: what lets somebody in, and everything that must not."""

import json
from dataclasses import replace

import pytest
from fido2.utils import websafe_encode
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from hub.context import Hub
from hub.errors import BadInput, Conflict, NotFound
from hub.identity import activity, sessions
from hub.identity.admission import LoggedIn
from hub.identity.factors import passkey_login, passkeys, relying_party
from hub.identity.factors.challenges import Purpose
from hub.identity.factors.passkey_login import NotAccepted
from hub.identity.factors.relying_party import Refused
from hub.identity.sessions import Person
from hub.models.factor import Passkey, PasskeyChallenge
from hub.models.psu import Psu
from hub.models.signal import Signal
from hub.settings import Settings
from hub.sweeping import sweep_all
from tests.conftest import TestClock
from tests.identity.factors.authenticator import BE, BS, UP, UV, Authenticator
from tests.identity.factors.steps import BROWSER, as_now, at_once, by_passkey, enrol_passkey, is_in, send
from tests.identity.steps import HERE, activity_of, loaded, log_in
from tests.people import alice, charlie


def in_person(hub: Hub, answer: object) -> Person:
    assert isinstance(answer, LoggedIn)
    found = loaded(hub, answer.session_secret)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("key", "amr"),
    [(Authenticator.synced(), ("swk", "user", "mfa")), (Authenticator(), ("hwk", "user", "mfa"))],
    ids=["synced", "device-bound"],
)
def test_a_passkey_alone_is_a_phishing_resistant_login(hub: Hub, key: Authenticator, amr: tuple[str, ...]) -> None:
    psu_id = alice(hub)
    person, _ = log_in(hub)
    enrol_passkey(hub, person, key)
    again = in_person(hub, by_passkey(hub, key))
    assert (again.psu_id, again.acr, again.amr) == (psu_id, "phr", amr)
    assert again.sid != person.sid
    assert activity_of(hub, psu_id) == ["login", "login", "passkey_added"]


def test_the_options_ask_for_a_discoverable_key_that_verifies_its_user(hub: Hub) -> None:
    psu_id = alice(hub)
    person, _ = log_in(hub)
    first = Authenticator()
    enrol_passkey(hub, person, first)
    asked = passkeys.ask(hub, person, now=hub.clock())
    assert asked["rp"] == {"id": "localhost", "name": "Rialto"}
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert asked["attestation"] == "none"
    assert [one["alg"] for one in asked["pubKeyCredParams"]] == [-7, -8, -257]
    assert [one["id"] for one in asked["excludeCredentials"]] == [websafe_encode(first.credential_id)]
    assert asked["user"]["id"] == first.user_handle  # stays the same
    with hub.db.read() as session:
        handle = session.scalar(select(Psu.user_handle).where(Psu.id == psu_id))
    assert asked["user"]["id"] == handle
    assert psu_id not in json.dumps(asked)
    wanted = passkey_login.ask(hub, Purpose.LOGIN, BROWSER, psu_id=None, now=hub.clock())
    assert (wanted["rpId"], wanted["userVerification"]) == ("localhost", "required")
    assert not wanted.get("allowCredentials")


def test_a_challenge_is_kept_as_a_hash_and_swept_when_it_is_over(hub: Hub, clock: TestClock) -> None:
    asked = passkey_login.ask(hub, Purpose.LOGIN, BROWSER, psu_id=None, now=clock())
    with hub.db.read() as session:
        row = session.scalars(select(PasskeyChallenge)).one()
    assert asked["challenge"] not in {row.challenge_hash, row.bound_to}
    for seconds, left in ((299, 1), (1, 0)):
        clock.advance(seconds=seconds)
        list(sweep_all(hub, clock()))
        with hub.db.read() as session:
            assert len(session.scalars(select(PasskeyChallenge)).all()) == left


# --- adding one -----------------------------------------------------------------------------------

DISHONEST = {
    "another site": {"origin": "https://evil.example"},
    "another port of ours": {"origin": "http://localhost:9000"},
    "a host below ours": {"origin": "http://evil.localhost:8000"},
    "a key for another site": {"rp_id": "evil.example"},
    "nobody touched it": {"flags": UV},
    "nobody was verified": {"flags": UP},
    "backed up though it cannot be": {"flags": UP | UV | BS},
    "inside a frame of another site": {"cross_origin": True},
}


@pytest.mark.parametrize("lie", DISHONEST.values(), ids=DISHONEST.keys())
def test_a_dishonest_passkey_is_not_kept(hub: Hub, lie: dict[str, object]) -> None:
    alice(hub)
    person, _ = log_in(hub)
    with pytest.raises(BadInput):
        enrol_passkey(hub, person, Authenticator(**lie))  # type: ignore[arg-type]
    with hub.db.read() as session:
        assert passkeys.list_of(session, person.psu_id) == []


def test_a_challenge_for_adding_is_good_once_for_one_session_and_five_minutes(hub: Hub, clock: TestClock) -> None:
    alice(hub)
    charlie(hub)
    person, _ = log_in(hub)
    same_person_elsewhere, _ = log_in(hub)
    stranger, _ = log_in(hub, "charlie")

    def add(who: Person, credential: str) -> passkeys.Added:
        return passkeys.add(hub, as_now(hub, who), credential=credential, name="", origin=HERE, now=clock())

    for other in (same_person_elsewhere, stranger):
        made = Authenticator().make(passkeys.ask(hub, person, now=clock()))
        with pytest.raises(BadInput):
            add(other, made)
    late = Authenticator().make(passkeys.ask(hub, person, now=clock()))
    clock.advance(seconds=300)
    with pytest.raises(BadInput):
        add(person, late)
    made = Authenticator().make(passkeys.ask(hub, person, now=clock()))
    assert add(person, made)
    with pytest.raises(BadInput):
        add(person, made)
    login = passkey_login.ask(hub, Purpose.LOGIN, person.sid, psu_id=None, now=clock())
    wrong_purpose = Authenticator().make({**login, "user": {"id": "x"}})
    with pytest.raises(BadInput):
        add(person, wrong_purpose)


def test_one_credential_id_belongs_to_one_person(hub: Hub) -> None:
    """WebAuthn 7.1, step 26: otherwise whoever learns an id could lock its owner out or be taken for them."""
    alice(hub)
    charlie(hub)
    person, _ = log_in(hub)
    stranger, _ = log_in(hub, "charlie")
    key = Authenticator()
    enrol_passkey(hub, person, key)
    for who in (person, stranger):
        with pytest.raises(Conflict):
            enrol_passkey(hub, who, Authenticator(credential_id=key.credential_id))
    assert in_person(hub, by_passkey(hub, key)).psu_id == person.psu_id


def test_a_key_of_an_algorithm_that_was_not_asked_for_is_refused(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    alice(hub)
    person, _ = log_in(hub)
    monkeypatch.setattr(relying_party, "_ALGORITHMS", (-8,))
    with pytest.raises(BadInput):
        enrol_passkey(hub, person, Authenticator())


def test_adding_and_removing_ends_the_other_sessions_and_is_written_down(hub: Hub) -> None:
    psu_id = alice(hub)
    _, elsewhere = log_in(hub)
    person, here = log_in(hub)
    passkey_id = enrol_passkey(hub, person, Authenticator(), name="  Blue \n key ")
    assert loaded(hub, elsewhere) is None
    assert loaded(hub, here) is None  # the same session goes on under another secret
    with hub.db.read() as session:
        (held,) = passkeys.list_of(session, psu_id)
    assert (held.name, held.is_synced, held.last_used_at) == ("Blue key", False, None)
    with hub.db.write() as session:
        other = sessions.start(session, psu_id, amr=("pwd",), origin=HERE, now=hub.clock(), settings=hub.settings)
    passkeys.remove(hub, as_now(hub, person), passkey_id, origin=HERE, now=hub.clock())
    assert loaded(hub, other) is None
    with hub.db.read() as session:
        still = sessions.list_sessions(session, psu_id, now=hub.clock(), settings=hub.settings)
    assert [(one.sid, one.acr) for one in still] == [(person.sid, "phr")]
    assert activity_of(hub, psu_id) == ["login", "login", "passkey_added", "passkey_removed"]
    with hub.db.read() as session:
        kinds = session.scalars(select(Signal.kind).where(Signal.psu_id == psu_id)).all()
        told = {entry.kind: entry.detail for entry in activity.recent(session, psu_id)}
    assert sorted(kinds) == ["psu.passkey_added", "psu.passkey_removed", "session.ended", "session.ended"]
    assert told["passkey_removed"] == {"name": "Blue key", "sessions": 1}


def test_a_stranger_neither_renames_nor_removes_anybodys_passkey(hub: Hub) -> None:
    alice(hub)
    charlie(hub)
    person, _ = log_in(hub)
    passkey_id = enrol_passkey(hub, person, Authenticator())
    stranger, _ = log_in(hub, "charlie")
    with pytest.raises(NotFound):
        passkeys.remove(hub, stranger, passkey_id, origin=HERE, now=hub.clock())
    with pytest.raises(NotFound):
        passkeys.rename(hub, stranger, passkey_id, "mine")
    with pytest.raises(BadInput):
        passkeys.rename(hub, person, passkey_id, " \t ")
    passkeys.rename(hub, person, passkey_id, "x" * 100)
    with hub.db.read() as session:
        assert [one.name for one in passkeys.list_of(session, person.psu_id)] == ["x" * 60]


def test_nobody_has_more_than_twenty(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    alice(hub)
    person, _ = log_in(hub)
    monkeypatch.setattr(passkeys, "MOST", 2)
    for _ in range(2):
        enrol_passkey(hub, person, Authenticator())
    with pytest.raises(Conflict):
        enrol_passkey(hub, person, Authenticator())


# --- logging in -----------------------------------------------------------------------------------


@pytest.mark.parametrize("lie", DISHONEST.values(), ids=DISHONEST.keys())
def test_a_dishonest_use_lets_nobody_in_and_is_written_down(hub: Hub, lie: dict[str, object]) -> None:
    psu_id = alice(hub)
    person, _ = log_in(hub)
    key = Authenticator()
    enrol_passkey(hub, person, key)
    assert not is_in(by_passkey(hub, replace(key, **lie)))  # type: ignore[arg-type]
    assert activity_of(hub, psu_id) == ["login", "passkey_added", "passkey_refused"]
    assert is_in(by_passkey(hub, key))


def test_a_signature_by_another_key_or_over_something_else_lets_nobody_in(hub: Hub) -> None:
    alice(hub)
    person, _ = log_in(hub)
    key = Authenticator()
    enrol_passkey(hub, person, key)
    forged = Authenticator(credential_id=key.credential_id, user_handle=key.user_handle)
    assert not is_in(by_passkey(hub, forged))
    asked = passkey_login.ask(hub, Purpose.LOGIN, BROWSER, psu_id=None, now=hub.clock())
    assert not is_in(send(hub, key.use(asked, kind="webauthn.create")))
    changed = json.loads(key.use(passkey_login.ask(hub, Purpose.LOGIN, BROWSER, psu_id=None, now=hub.clock())))
    changed["response"]["signature"] = websafe_encode(b"\x30\x06\x02\x01\x01\x02\x01\x01")
    assert not is_in(send(hub, json.dumps(changed)))


def test_a_key_that_changes_between_synced_and_not_is_another_key(hub: Hub) -> None:
    alice(hub)
    person, _ = log_in(hub)
    bound = Authenticator()
    enrol_passkey(hub, person, bound)
    assert not is_in(by_passkey(hub, replace(bound, flags=UP | UV | BE | BS)))
    synced = Authenticator.synced()
    enrol_passkey(hub, person, synced)
    assert not is_in(by_passkey(hub, replace(synced, flags=UP | UV)))
    assert is_in(by_passkey(hub, replace(synced, flags=UP | UV | BE)))  # no longer backed up: that may change


def test_the_user_handle_must_be_the_owners(hub: Hub) -> None:
    """WebAuthn 7.2, step 6."""
    alice(hub)
    charlie(hub)
    person, _ = log_in(hub)
    stranger, _ = log_in(hub, "charlie")
    key, strange = Authenticator(), Authenticator()
    enrol_passkey(hub, person, key)
    enrol_passkey(hub, stranger, strange)
    for handle in ("", strange.user_handle, websafe_encode(person.psu_id.encode())):
        asked = passkey_login.ask(hub, Purpose.LOGIN, BROWSER, psu_id=None, now=hub.clock())
        assert not is_in(send(hub, key.use(asked, handle=handle)))


def test_a_challenge_for_login_is_good_once_in_one_browser_and_for_five_minutes(hub: Hub, clock: TestClock) -> None:
    alice(hub)
    person, _ = log_in(hub)
    key = Authenticator()
    enrol_passkey(hub, person, key)

    def ask(purpose: Purpose = Purpose.LOGIN, bound_to: str = BROWSER) -> dict[str, object]:
        return passkey_login.ask(hub, purpose, bound_to, psu_id=None, now=clock())

    assert not is_in(send(hub, key.use(ask(bound_to="another browser"))))
    assert not is_in(send(hub, key.use(ask(Purpose.SECOND_STEP))))
    assert not is_in(send(hub, key.use(ask(Purpose.REGISTER))))
    assert not is_in(send(hub, key.use({"challenge": websafe_encode(b"c" * 32)})))  # never given out
    late = key.use(ask())
    clock.advance(seconds=300)
    assert not is_in(send(hub, late))
    credential = key.use(ask())
    assert is_in(send(hub, credential))
    assert not is_in(send(hub, credential))


def test_of_fifty_uses_of_one_challenge_one_gets_in(hub: Hub) -> None:
    alice(hub)
    person, _ = log_in(hub)
    key = Authenticator()
    enrol_passkey(hub, person, key)
    credential = key.use(passkey_login.ask(hub, Purpose.LOGIN, BROWSER, psu_id=None, now=hub.clock()))
    answers = at_once(50, lambda _: is_in(send(hub, credential)))
    assert sum(answers) == 1


@pytest.mark.parametrize(
    ("stored", "shown", "lets_in"),
    [(0, 0, True), (0, 1, True), (5, 6, True), (5, 900, True), (5, 5, False), (5, 4, False), (5, 0, False)],
)
def test_a_counter_that_does_not_grow_is_a_copied_key(hub: Hub, stored: int, shown: int, lets_in: bool) -> None:
    psu_id = alice(hub)
    person, _ = log_in(hub)
    key = Authenticator(counter=stored)
    enrol_passkey(hub, person, key)
    key.counter = shown
    assert is_in(by_passkey(hub, key)) == lets_in
    with hub.db.read() as session:
        row = session.scalars(select(Passkey)).one()
        events = session.scalars(select(Signal.kind).where(Signal.kind == "psu.passkey_copied")).all()
    assert row.sign_count == (shown if lets_in else stored)
    assert ("passkey_copied" in activity_of(hub, psu_id)) == (not lets_in) == bool(events)


def test_of_two_uses_with_one_counter_one_gets_in(hub: Hub) -> None:
    alice(hub)
    person, _ = log_in(hub)
    key = Authenticator(counter=1)
    enrol_passkey(hub, person, key)
    key.counter = 2
    asked = [passkey_login.ask(hub, Purpose.LOGIN, BROWSER, psu_id=None, now=hub.clock()) for _ in range(10)]
    answers = at_once(10, lambda number: is_in(send(hub, key.use(asked[number]))))
    assert sum(answers) == 1


def test_a_removed_passkey_lets_nobody_in(hub: Hub) -> None:
    alice(hub)
    person, _ = log_in(hub)
    key = Authenticator()
    passkey_id = enrol_passkey(hub, person, key)
    asked = passkey_login.ask(hub, Purpose.LOGIN, BROWSER, psu_id=None, now=hub.clock())
    shown = passkey_login.show(hub, key.use(asked), Purpose.LOGIN, BROWSER, psu_id=None, origin=HERE, now=hub.clock())
    assert shown is not None
    passkeys.remove(
        hub, as_now(hub, person), passkey_id, origin=HERE, now=hub.clock()
    )  # between the look and the login
    with hub.db.write() as session:
        assert not passkey_login.settle(hub, session, shown, origin=HERE, now=hub.clock())
    assert not is_in(by_passkey(hub, key))


def test_in_an_open_session_the_owners_passkey_renews_it_and_a_strangers_begins_another(
    hub: Hub, clock: TestClock
) -> None:
    alice(hub)
    charlie(hub)
    person, old = log_in(hub)
    stranger, _ = log_in(hub, "charlie")
    key, strange = Authenticator(), Authenticator()
    enrol_passkey(hub, person, key)
    enrol_passkey(hub, stranger, strange)
    clock.advance(seconds=3600)
    other = in_person(hub, by_passkey(hub, strange, person, bound_to=person.sid))
    assert other.psu_id == stranger.psu_id
    assert other.sid not in {person.sid, stranger.sid}
    renewed = in_person(hub, by_passkey(hub, key, as_now(hub, person), bound_to=person.sid))
    assert (renewed.sid, renewed.acr, renewed.auth_time) == (person.sid, "phr", clock())
    assert loaded(hub, old) is None
    assert "reauthenticated" in activity_of(hub, person.psu_id)


# --- where passkeys cannot work, and rubbish ------------------------------------------------------


@pytest.mark.parametrize(
    ("base_url", "name"),
    [
        ("https://hub.example", "hub.example"),
        ("https://hub.example:8443", "hub.example"),
        ("http://localhost:8000", "localhost"),
        ("http://127.0.0.1:8000", None),
        ("https://192.0.2.1", None),
        ("https://[2001:db8::1]", None),
    ],
)
def test_an_ip_address_is_no_name_for_passkeys(base_url: str, name: str | None) -> None:
    settings = Settings(base_url=base_url)
    assert relying_party.rp_id(settings) == name
    if name is None:
        with pytest.raises(Refused):
            relying_party.request_options(settings, challenge=websafe_encode(b"c" * 32), known=None)


def test_a_hub_without_a_name_says_so(hub: Hub) -> None:
    nameless = replace(hub, settings=replace(hub.settings, base_url="http://127.0.0.1:8000"))
    alice(hub)
    person, _ = log_in(hub)
    with pytest.raises(NotFound):
        passkeys.ask(nameless, person, now=hub.clock())
    with pytest.raises(NotFound):
        passkey_login.ask(nameless, Purpose.LOGIN, BROWSER, psu_id=None, now=hub.clock())


RUBBISH = [
    "",
    "null",
    "[]",
    "{}",
    '{"rawId":1,"response":{}}',
    '{"rawId":"AA","response":{"clientDataJSON":"e30"}}',
    "[" * 20_000,
    "x" * 100_000,
    '{"rawId":"\\u0000","response":{"clientDataJSON":"eyJjaGFsbGVuZ2UiOiJBQSJ9"}}',
]


@pytest.mark.parametrize("text_", RUBBISH, ids=range(len(RUBBISH)))
def test_rubbish_is_refused_and_nothing_more(hub: Hub, text_: str) -> None:
    alice(hub)
    person, _ = log_in(hub)
    assert isinstance(send(hub, text_), NotAccepted)
    with pytest.raises(BadInput):
        passkeys.add(hub, person, credential=text_, name="", origin=HERE, now=hub.clock())


@given(st.binary(max_size=400), st.sampled_from(["attestationObject", "authenticatorData", "signature"]))
def test_no_bytes_of_a_stranger_raise_anything_but_a_refusal(data: bytes, member: str) -> None:
    settings = Settings(base_url="http://localhost:8000")
    key = Authenticator()
    challenge = websafe_encode(b"c" * 32)
    made = json.loads(key.make({"challenge": challenge, "user": {"id": "AAAA"}}))
    used = json.loads(key.use({"challenge": challenge}))
    public = relying_party.verify_made(settings, relying_party.read(json.dumps(made)), challenge=challenge).key
    (made if member == "attestationObject" else used)["response"][member] = websafe_encode(data)
    if member == "attestationObject":
        with pytest.raises(Refused):
            relying_party.verify_made(settings, relying_party.read(json.dumps(made)), challenge=challenge)
        return
    with pytest.raises(Refused):
        relying_party.verify_used(settings, relying_party.read(json.dumps(used)), public, challenge=challenge)


def test_no_key_and_no_challenge_is_readable_in_the_database(hub: Hub) -> None:
    alice(hub)
    person, _ = log_in(hub)
    asked = passkeys.ask(hub, person, now=hub.clock())
    with hub.db.read() as session:
        rows = session.execute(text("SELECT * FROM passkey_challenge")).all()
    assert asked["challenge"] not in repr(rows)
