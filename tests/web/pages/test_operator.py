"""Pages of those who run the hub: nobody else learns of them, and what was given up is sent round by one click."""

from dataclasses import replace
from urllib.parse import unquote

import pytest
from sqlalchemy import update

from hub.app import create_app
from hub.events import dead as dead_signals
from hub.events.catalogue import types
from hub.events.dispatcher import dispatch
from hub.events.outbox import emit
from hub.identity import assurance, sessions
from hub.identity.origin import Origin
from hub.jobs.crew import Crew
from hub.jobs.holding import Held
from hub.jobs.kind import GiveUp
from hub.models.psu import Psu
from hub.observability.heartbeat import Heart
from providers.interaction import Call
from tests.jobs.workshop import Carver, ask, dead, jobs
from tests.statements import statements
from tests.web.pages.world import World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PAGES = ("/operator/", "/operator/jobs", "/operator/events", "/operator/trace", "/operator/trace?id=1")


def run_by_alice(world: World, base_url: str = "http://localhost:8000") -> World:
    """The same world, whose settings name Alice's address."""
    with world.hub.db.read() as session:
        email = session.get_one(Psu, world.alice).email
    settings = replace(world.hub.settings, operators=frozenset({email}), base_url=base_url)
    hub = replace(world.hub, settings=settings)
    world.hub, world.app = hub, create_app(hub)
    return world


def verify(world: World, psu_id: str) -> None:
    with world.hub.db.write() as session:
        session.execute(update(Psu).where(Psu.id == psu_id).values(email_verified_at=world.clock()))


def start_session(world: World, amr: tuple[str, ...]) -> str:
    hub = world.hub
    with hub.db.write() as session:
        origin = Origin("192.0.2.7", "Firefox")
        return sessions.start(session, world.alice, amr=amr, origin=origin, now=hub.clock(), settings=hub.settings)


def give_up(_hub: object, _held: Held) -> None:
    raise GiveUp("<b>the stone is broken</b>")


def test_who_runs_nothing_learns_nothing(world: World) -> None:
    run_by_alice(world)
    verify(world, world.charlie)
    charlie = world.browser(world.charlie)
    charlie.get("/account")
    assert {charlie.get(page).status_code for page in PAGES} == {404}
    for kind in ("jobs", "events"):
        charlie.get("/account")
        assert charlie.post(f"/operator/{kind}/retry").status_code == 404


def test_an_address_that_nobody_proved_makes_no_operator(world: World) -> None:
    run_by_alice(world)
    alice = world.browser()
    assert alice.get("/operator/jobs").status_code == 404
    verify(world, world.alice)
    assert alice.get("/operator/jobs").status_code == 200


def test_the_page_of_events_costs_the_same_however_much_there_is(world: World) -> None:
    run_by_alice(world)
    verify(world, world.alice)
    alice = world.browser()
    alice.get("/operator/events")
    costs = []
    for count in (0, 30):
        with world.hub.db.write() as session:
            for number in range(count):
                body = {"institution_id": "lorelei"}
                emit(session, "connection.begun", f"c-{number}", now=world.clock(), psu_id=None, body=body)
                emit(session, f"part.said_{number}", "it", now=world.clock(), psu_id=None)
        dispatch(world.hub, ())
        with statements(world.hub) as seen:
            text = alice.get("/operator/events").text
        costs.append(len(seen))
    assert "Nothing was said" not in text
    timers = sum(bool(one.after or one.before) for one in types().values())
    assert costs == [11 + timers] * 2


def test_on_a_public_hub_an_operator_comes_by_two_factors(world: World) -> None:
    run_by_alice(world, "https://hub.example")
    verify(world, world.alice)
    for amr, status in ((("pwd",), 303), (("pwd", "otp", "mfa"), 200)):
        secret = start_session(world, amr)
        client = world.app.test_client()
        client.set_cookie("__Host-rialto", secret, domain="hub.example", secure=True)
        answer = client.get("/operator/jobs", base_url="https://hub.example")
        assert answer.status_code == status
        assert status == 200 or f"acr={assurance.TWO_FACTOR}" in unquote(answer.location)


def test_a_hub_without_a_worker_says_so_to_those_who_run_it(world: World) -> None:
    run_by_alice(world)
    verify(world, world.alice)
    alice = world.browser()
    alarm = "Nothing is read from banks, no mail and no webhook is sent"
    assert alarm in alice.get("/operator/").text
    Heart(world.hub.db, world.clock, "worker", name="one").beat()
    assert alarm not in alice.get("/operator/").text
    assert "Nothing under this id" in alice.get("/operator/trace?id=%00x").text
    for part in ("jobs", "events", "trace"):
        assert 'href="/operator/"' in alice.get(f"/operator/{part}").text


def test_the_status_page_shows_what_was_measured(world: World) -> None:
    bank = next(iter(world.hub.enabled_institutions)).id
    for outcome in ("ok", "ok", "ok", "unreachable"):
        world.hub.recorder.heard(Call(bank, "GET", "/accounts", outcome, "", "", 300))
    page = world.app.test_client().get("/status").text
    assert "Not called in the last thirty days" in page
    assert "75.00 %" not in page
    world.hub.recorder.flush()
    page = world.app.test_client().get("/status").text
    assert "75.00 %" in page
    assert "375 ms" in page
    assert "uptime__bad" in page


def test_what_was_given_up_is_shown_as_text_and_sent_round_again_by_a_form_of_ours(world: World) -> None:
    run_by_alice(world)
    verify(world, world.alice)
    for key in ("one", "two"):
        ask(world.hub, key)
    Crew(world.hub, [Carver([], give_up).kind()]).run_once()
    alice = world.browser()
    page = alice.get("/operator/jobs").text
    assert "&lt;b&gt;the stone is broken" in page
    assert alice.post("/operator/jobs/retry", token="forged").status_code == 400
    first = dead(world.hub)[0]
    alice.get("/operator/jobs")
    assert alice.post("/operator/jobs/retry", {"dead_id": first.id}).status_code == 303
    assert [job.key for job in jobs(world.hub) if job.queue == "carving"] == [first.key]
    assert "Sent round again" in alice.get("/operator/jobs").text
    assert alice.post("/operator/jobs/retry", {"dead_id": first.id}).status_code == 404
    alice.get("/operator/jobs")
    alice.post("/operator/jobs/retry")
    assert dead(world.hub) == []


def test_signals_that_were_given_up_are_shown_and_sent_round_again_by_a_form_of_ours(world: World) -> None:
    def fails(*_: object) -> None:
        raise KeyError("a person's data")

    run_by_alice(world)
    verify(world, world.alice)
    alice = world.browser()
    assert "given up" not in alice.get("/operator/events").text
    with world.hub.db.write() as session:
        for number in range(3):
            body = {"secret": "what it says"}
            emit(session, f"<b>odd_{number}", "it", now=world.clock(), psu_id=world.alice, body=body)
    dispatch(world.hub, (fails,))
    page = alice.get("/operator/events").text
    assert "&lt;b&gt;odd_0" in page
    assert "KeyError" in page
    assert "Send all 3 round again" in page
    assert "what it says" not in page
    assert "This hub failed at them" in alice.get("/operator/").text
    alice.get("/operator/events")
    assert alice.post("/operator/events/retry", token="forged").status_code == 400
    with world.hub.db.read() as session:
        first, *_ = dead_signals.waiting(session, 9)
    alice.get("/operator/events")
    assert alice.post("/operator/events/retry", {"dead_id": first.id}).status_code == 303
    assert "Sent round again" in alice.get("/operator/events").text
    assert alice.post("/operator/events/retry", {"dead_id": first.id}).status_code == 404
    alice.get("/operator/events")
    alice.post("/operator/events/retry")
    assert dispatch(world.hub, ()) == 3
    assert "given up" not in alice.get("/operator/events").text
