"""Back-Channel Logout 1.0 by the conformance suite's modules (oidcc-backchannel-*), to a client that really listens."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from joserfc.jwk import RSAKey
from sqlalchemy import select, union_all

from hub.ids import new_id
from hub.models.event import Event
from hub.models.logout import LogoutNotice
from hub.models.signal import Signal
from hub.oauth import backchannel, id_token_hint, turns
from hub.oauth.backchannel import EVENT, PAUSES_S, TOO_LATE, NotReached
from hub.oauth.response_jwt import NotOurs
from hub.outbound.fetch import Forbidden, Outbound
from hub.settings import Settings
from tests.oauth.oidc.provider import GOODBYE, App, Browser, Provider
from tests.oauth.oidc.receiver import Receiver, post, receiving
from tests.oauth.oidc.rp import decrypted, header_of, public, verified_by
from tests.oauth.world import claims_of
from tests.race import at_once


@pytest.fixture
def rp() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def listening(op: Provider, url: str, **more: Any) -> App:
    return op.register("Shop", backchannel_logout_uri=url, post_logout_redirect_uris=[GOODBYE], **more)


def log_out(browser: Browser) -> None:
    browser.press(browser.get("/logout"), "logout-confirm")


def notices(op: Provider) -> list[LogoutNotice]:
    with op.hub.db.read() as session:
        return list(session.scalars(select(LogoutNotice)))


def events(op: Provider) -> list[str]:
    """What was said, be it still a signal or an event already."""
    said = union_all(select(Signal.kind), select(Event.kind)).subquery()
    with op.hub.db.read() as session:
        return list(session.scalars(select(said.c.kind).where(said.c.kind.startswith("logout.", autoescape=True))))


def test_oidcc_backchannel_logout_discovery_endpoint_verification(op: Provider) -> None:
    told = op.stranger().get("/.well-known/openid-configuration").get_json()
    assert told["backchannel_logout_supported"] is True
    assert told["backchannel_logout_session_supported"] is True


@pytest.mark.parametrize("alg", ["ES256", "RS256", "PS256", "EdDSA"])
def test_oidcc_backchannel_rp_initiated_logout(op: Provider, rp: Receiver, alg: str) -> None:
    shop = listening(op, rp.url, id_token_signed_response_alg=alg)
    alice = op.browser()
    signed_in = op.sign_in(alice, shop)["id_token"]
    page = alice.get("/oauth/logout", id_token_hint=signed_in, post_logout_redirect_uri=GOODBYE, state="x")
    assert alice.press(page, "logout-confirm").headers["Location"] == GOODBYE + "?state=x"
    assert rp.got == []  # nobody waits for an app while they log out
    backchannel.deliver_due(op.hub, post)

    ((kind, form),) = rp.got
    assert kind == "application/x-www-form-urlencoded"
    assert list(form) == ["logout_token"]
    (token,) = rp.tokens
    claims = verified_by(op.hub, token, alg)
    assert header_of(token)["typ"] == "logout+jwt"
    before = claims_of(signed_in)
    assert claims.keys() == {"iss", "aud", "iat", "exp", "jti", "events", "sub", "sid"}
    for name in ("iss", "aud", "sub", "sid"):
        assert claims[name] == before[name], name
    assert claims["events"] == {EVENT: {}}
    assert claims["exp"] - claims["iat"] == 120
    assert claims["iat"] == int(op.clock().timestamp())
    assert op.silent(alice, shop)["error"] == "login_required"


def test_a_client_that_took_it_is_told_once(op: Provider, rp: Receiver) -> None:
    alice = op.browser()
    op.sign_in(alice, listening(op, rp.url))
    log_out(alice)
    backchannel.deliver_due(op.hub, post)
    op.clock.advance(days=1)
    assert backchannel.deliver_due(op.hub, post) == 0
    assert len(rp.got) == 1
    (notice,) = notices(op)
    assert (notice.due_at, notice.given_up_at, notice.attempts) == (None, None, 1)
    assert notice.delivered_at is not None
    assert events(op) == ["logout.delivered"]


def test_a_logout_token_is_no_id_token(op: Provider, rp: Receiver) -> None:
    alice = op.browser()
    op.sign_in(alice, listening(op, rp.url))
    log_out(alice)
    backchannel.deliver_due(op.hub, post)
    assert "nonce" not in claims_of(rp.tokens[0])
    with pytest.raises(NotOurs):
        id_token_hint.read(op.hub, rp.tokens[0])


def test_two_clients_cannot_join_what_they_are_told(op: Provider, rp: Receiver) -> None:
    alice = op.browser()
    for _ in range(2):
        op.sign_in(alice, listening(op, rp.url))
    log_out(alice)
    backchannel.deliver_due(op.hub, post)
    one, other = map(claims_of, rp.tokens)
    assert one["aud"] != other["aud"]
    assert one["sid"] != other["sid"]
    assert one["jti"] != other["jti"]


def test_it_is_encrypted_like_the_clients_id_tokens(op: Provider, rp: Receiver) -> None:
    key = RSAKey.generate_key(2048)
    shop = listening(op, rp.url, id_token_encrypted_response_alg="RSA-OAEP-256")
    with op.hub.db.write() as session:
        session.merge(shop.client).jwks = {"keys": [public(key, use="enc")]}
    alice = op.browser()
    op.sign_in(alice, shop)
    log_out(alice)
    backchannel.deliver_due(op.hub, post)
    _header, inner = decrypted(rp.tokens[0], key, "RSA-OAEP-256", "A128CBC-HS256")
    assert verified_by(op.hub, inner.decode(), "ES256")["events"] == {EVENT: {}}


@pytest.mark.parametrize("status", [400, 401, 404, 500, 503, 302, 307])
def test_a_client_that_fails_is_told_again_later_with_a_fresh_token(op: Provider, status: int) -> None:
    with receiving(answers=[status, 200]) as rp:
        alice = op.browser()
        op.sign_in(alice, listening(op, rp.url))
        log_out(alice)
        backchannel.deliver_due(op.hub, post)
        assert backchannel.deliver_due(op.hub, post) == 0  # not at once
        op.clock.advance(seconds=PAUSES_S[0])
        backchannel.deliver_due(op.hub, post)
        first, second = map(claims_of, rp.tokens)  # a redirect was not followed: that would be a third
    assert first["jti"] != second["jti"]
    assert second["iat"] - first["iat"] == PAUSES_S[0]
    assert events(op) == ["logout.delivered"]


def test_in_the_end_it_is_given_up(op: Provider) -> None:
    with receiving(answers=[503]) as rp:
        alice = op.browser()
        op.sign_in(alice, listening(op, rp.url))
        log_out(alice)
        for pause in (*PAUSES_S, 0):
            backchannel.deliver_due(op.hub, post)
            assert backchannel.deliver_due(op.hub, post) == 0
            op.clock.advance(seconds=pause)
        op.clock.advance(days=1)
        assert backchannel.deliver_due(op.hub, post) == 0
        assert len(rp.got) == len(PAUSES_S) + 1
    (notice,) = notices(op)
    assert (notice.due_at, notice.delivered_at) == (None, None)
    assert notice.given_up_at is not None
    assert events(op) == ["logout.given_up"]


INNER = [
    "https://10.0.0.1/backchannel",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.100.100.200/",
    "https://[fd00:ec2::254]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[64:ff9b::a00:1]/",
    "http://shop.example/backchannel",
    "https://somebody@shop.example/",
    "file:///etc/passwd",
    "https://inside.example/backchannel",
]


@pytest.mark.parametrize("url", INNER)
def test_an_inner_address_is_not_called(op: Provider, url: str) -> None:
    outbound = Outbound(
        op.hub.settings, resolver=lambda host, _port: [host] if ":" in host or "1" in host else ["10.0.0.1"]
    )
    alice = op.browser()
    op.sign_in(alice, listening(op, url))
    log_out(alice)
    with pytest.raises(Forbidden):
        outbound.post_form(url, {})
    backchannel.deliver_due(op.hub, backchannel.by(outbound))
    (notice,) = notices(op)
    assert (notice.attempts, notice.delivered_at) == (1, None)


def test_a_public_hub_does_not_call_its_own_machine(op: Provider, rp: Receiver) -> None:
    alice = op.browser()
    op.sign_in(alice, listening(op, rp.url))
    op.sign_in(alice, listening(op, rp.url.replace("http://", "https://")))
    log_out(alice)
    backchannel.deliver_due(op.hub, backchannel.by(Outbound(Settings(base_url="https://hub.example"))))
    assert rp.got == []
    assert [notice.delivered_at for notice in notices(op)] == [None, None]


def test_after_two_hours_it_is_not_told_any_more(op: Provider, rp: Receiver) -> None:
    alice = op.browser()
    op.sign_in(alice, listening(op, rp.url))
    log_out(alice)
    op.clock.advance(seconds=TOO_LATE.total_seconds())
    assert backchannel.deliver_due(op.hub, post) == 1
    assert rp.got == []
    (notice,) = notices(op)
    assert (notice.due_at, notice.given_up_at, notice.delivered_at) == (None, op.clock(), None)
    assert events(op) == ["logout.given_up"]


def test_just_before_it_still_is(op: Provider, rp: Receiver) -> None:
    alice = op.browser()
    op.sign_in(alice, listening(op, rp.url))
    log_out(alice)
    op.clock.advance(seconds=TOO_LATE.total_seconds() - 1)
    backchannel.deliver_due(op.hub, post)
    assert len(rp.got) == 1


def test_every_attempt_is_made_before_it_is_too_late() -> None:
    assert timedelta(seconds=sum(PAUSES_S)) < TOO_LATE


def test_nobody_listening_is_no_error_of_ours(op: Provider) -> None:
    with receiving() as rp:
        url = rp.url
    alice = op.browser()
    op.sign_in(alice, listening(op, url))
    log_out(alice)
    assert backchannel.deliver_due(op.hub, post) == 1
    assert notices(op)[0].due_at == op.clock() + timedelta(seconds=PAUSES_S[0])


def test_of_fifty_workers_one_tells(op: Provider, rp: Receiver) -> None:
    alice = op.browser()
    op.sign_in(alice, listening(op, rp.url))
    log_out(alice)
    op.hub.keys.jwks("as")
    at_once(50, lambda: backchannel.deliver_due(op.hub, post))
    assert len(rp.got) == 1
    assert events(op) == ["logout.delivered"]


def test_a_worker_that_dies_while_it_tells_has_only_postponed_it(op: Provider, rp: Receiver) -> None:
    alice = op.browser()
    op.sign_in(alice, listening(op, rp.url))
    log_out(alice)

    def killed(*_: Any) -> int:
        raise SystemExit

    with pytest.raises(SystemExit):
        backchannel.deliver_due(op.hub, killed)
    op.clock.advance(seconds=PAUSES_S[0])
    backchannel.deliver_due(op.hub, post)
    assert len(rp.got) == 1


def test_what_cannot_be_signed_as_registered_is_not_sent(op: Provider, rp: Receiver) -> None:
    shop = listening(op, rp.url)
    alice = op.browser()
    op.sign_in(alice, shop)
    with op.hub.db.write() as session:
        session.merge(shop.client).id_token_signed_response_alg = "none"
    log_out(alice)
    backchannel.deliver_due(op.hub, post)
    assert rp.got == []


def test_a_client_that_is_gone_or_listens_no_more_is_not_called(op: Provider, rp: Receiver) -> None:
    gone, quiet = listening(op, rp.url), listening(op, rp.url)
    alice = op.browser()
    op.sign_in(alice, gone)
    op.sign_in(alice, quiet)
    log_out(alice)
    with op.hub.db.write() as session:
        session.merge(gone.client).deleted_at = op.clock()
        session.merge(quiet.client).registration = {}
    backchannel.deliver_due(op.hub, post)
    assert rp.got == []
    assert [notice.due_at for notice in notices(op)] == [None, None]


class Addresses:
    """Stands where the network is: some addresses answer, others do not, or (``hanging``) not until it is ``over``."""

    def __init__(self, answers: dict[str, int], hanging: Collection[str] = ()) -> None:
        self.answers, self.hanging = answers, hanging
        self.called: list[str] = []
        self.over = threading.Event()

    def __call__(self, url: str, _fields: Mapping[str, str]) -> int:
        self.called.append(url)
        if url in self.hanging:
            self.over.wait(20)
        if url not in self.answers:
            raise NotReached("no answer")
        return self.answers[url]


LIVE, DEAD = "https://live.example/out", "https://dead.example/out"


def waiting(op: Provider, app: App, psu_id: str, count: int = 1) -> None:
    """So many sessions of a person at an app have just ended."""
    now = op.clock()
    with op.hub.db.write() as session:
        for _ in range(count):
            facts = {"client_id": app.client.client_id, "psu_id": psu_id, "sid": new_id(), "attempts": 0}
            session.add(LogoutNotice(id=new_id(), created_at=now, due_at=now, **facts))


def test_a_thousand_notices_for_a_dead_client_cost_one_call_and_starve_nobody(op: Provider) -> None:
    network = Addresses({LIVE: 200})
    waiting(op, listening(op, DEAD), op.alice, 1000)
    waiting(op, listening(op, LIVE), op.bob)
    backchannel.deliver_due(op.hub, network)
    assert sorted(network.called) == [DEAD, LIVE]
    op.clock.advance(seconds=PAUSES_S[0] - 1)
    assert backchannel.deliver_due(op.hub, network) == 0
    for pause in PAUSES_S:
        op.clock.advance(seconds=pause)
        backchannel.deliver_due(op.hub, network)
    assert network.called.count(DEAD) == len(PAUSES_S) + 1  # however many wait, one of them knocks
    network.answers[DEAD] = 200
    waiting(op, listening(op, DEAD), op.alice, 30)
    while backchannel.deliver_due(op.hub, network):
        pass
    assert network.called.count(DEAD) == len(PAUSES_S) + 1 + 30


def test_of_several_workers_none_stumbles_over_another_and_the_dead_client_rests(op: Provider) -> None:
    network = Addresses({})
    waiting(op, listening(op, DEAD), op.alice, 200)
    at_once(8, lambda: backchannel.deliver_due(op.hub, network))
    assert 1 <= len(network.called) <= 8
    assert backchannel.deliver_due(op.hub, network) == 0


def test_when_it_answers_again_all_are_told(op: Provider) -> None:
    network = Addresses({})
    waiting(op, listening(op, DEAD), op.alice, 50)
    backchannel.deliver_due(op.hub, network)
    network.answers[DEAD] = 200
    op.clock.advance(seconds=PAUSES_S[0])
    assert backchannel.deliver_due(op.hub, network) == 50
    assert events(op) == ["logout.delivered"] * 50


def test_what_a_client_refuses_does_not_hold_up_what_else_it_should_hear(op: Provider) -> None:
    network = Addresses({LIVE: 400})
    shop = listening(op, LIVE)
    waiting(op, shop, op.alice)
    backchannel.deliver_due(op.hub, network)
    waiting(op, shop, op.bob, 2)
    assert backchannel.deliver_due(op.hub, network) == 2
    assert len(network.called) == 3


def test_clients_that_hang_hold_up_nobody(op: Provider) -> None:
    slow = [f"https://slow-{number}.example/out" for number in range(turns.SENDERS - 1)]
    network, stopping = Addresses({LIVE: 200, **dict.fromkeys(slow, 200)}, hanging=slow), threading.Event()
    for url in slow:
        waiting(op, listening(op, url), op.alice, 100)
    thread = threading.Thread(target=backchannel.run, args=(op.hub, network, stopping))
    thread.start()
    try:
        _until(lambda: set(network.called) == set(slow))
        shop = listening(op, LIVE)
        for number in range(1, 4):  # one after the other, while the others hang
            waiting(op, shop, op.bob, 30)
            _until(lambda number=number: len(events(op)) == 30 * number)  # type: ignore[misc]
        assert sorted(network.called[: len(slow)]) == slow  # each with one sender, whatever waits for it
        assert set(network.called[len(slow) :]) == {LIVE}
    finally:
        stopping.set()
        network.over.set()
        thread.join(20)
    assert not thread.is_alive()


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_whoever_was_silent_before_comes_after_those_who_were_not(op: Provider) -> None:
    dead = [listening(op, f"https://dead-{number}.example/out") for number in range(6)]
    for app in dead:
        waiting(op, app, op.alice)
    backchannel.deliver_due(op.hub, Addresses({}))
    for app in dead:  # more logouts of theirs, and older than the one of somebody who always answered
        waiting(op, app, op.bob)
    op.clock.advance(seconds=1)
    live = listening(op, LIVE)
    waiting(op, live, op.bob)
    assert backchannel._next_clients(op.hub, 1, ()) == [live.client.client_id]


def test_somebody_with_many_apps_of_their_own_takes_one_place_at_a_time(op: Provider) -> None:
    """They never failed so far, nor did they ever answer."""
    for number in range(20):
        waiting(op, listening(op, f"https://mine-{number}.example/out"), op.bob)
    op.clock.advance(seconds=1)
    live = listening(op, LIVE)
    waiting(op, live, op.alice)
    assert live.client.client_id in backchannel._next_clients(op.hub, 2, ())


def test_the_workers_thread_tells_within_a_moment_and_ends_when_asked(op: Provider, rp: Receiver) -> None:
    stopping = threading.Event()
    thread = threading.Thread(target=backchannel.run, args=(op.hub, post, stopping))
    thread.start()
    try:
        alice = op.browser()
        op.sign_in(alice, listening(op, rp.url))
        log_out(alice)
        deadline = time.monotonic() + 10
        while not events(op) and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        stopping.set()
        thread.join(5)
    assert not thread.is_alive()
    assert len(rp.got) == 1


def test_the_worker_tells(op: Provider, rp: Receiver) -> None:
    """The real process, as it is deployed."""
    op.clock.at = datetime.now(UTC)
    alice = op.browser()
    op.sign_in(alice, listening(op, rp.url))
    log_out(alice)
    where = {
        "DATABASE_URL": op.hub.db.url.render_as_string(hide_password=False),
        "RIALTO_DATA_DIR": str(op.hub.settings.data_dir),
    }
    worker = subprocess.Popen([sys.executable, "-m", "hub.cli", "worker"], env={"PATH": os.environ["PATH"], **where})
    try:
        deadline = time.monotonic() + 60  # a process starts slowly on a busy machine
        while not events(op) and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        worker.terminate()
        worker.wait(15)
    assert len(rp.got) == 1
    assert events(op) == ["logout.delivered"]


def test_a_stumble_does_not_end_the_thread() -> None:
    stopping = threading.Event()

    class Broken:
        @property
        def clock(self) -> None:
            stopping.set()
            raise OSError("the database is away")

    backchannel.run(Broken(), post, stopping)  # type: ignore[arg-type]  # anything that fails will do


def test_no_token_is_kept_in_the_outbox(op: Provider, rp: Receiver) -> None:
    alice = op.browser()
    op.sign_in(alice, listening(op, rp.url))
    log_out(alice)
    backchannel.deliver_due(op.hub, post)
    with op.hub.db.read() as session:
        rows = [dict(row) for row in session.execute(select(LogoutNotice.__table__)).mappings()]
        bodies = session.scalars(select(Signal.body)).all()
    assert "eyJ" not in str(rows) + orjson.dumps(list(bodies)).decode()
