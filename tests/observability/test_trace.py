"""The way of one id through the house, and where a failure on it sits."""

import json
import logging
import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from hub import correlation
from hub.cli import main
from hub.context import Hub
from hub.jobs.crew import Crew
from hub.jobs.holding import Held
from hub.jobs.queue import ROUTINE
from hub.models.observability import Hop, ServiceCount
from hub.observability import levels, recorder, trace
from hub.observability.recorder import Place, Recorder
from providers import interaction
from providers.errors import Transient
from providers.transport import Limits, Transport
from tests.conftest import TestClock
from tests.jobs.workshop import Carver, ask, jobs

CHOSEN, OTHER = "00000000-0000-4000-8000-000000000002", "00000000-0000-4000-8000-000000000000"
"""At 50 per cent the first one is kept whole; the second one only if something fails."""


class Bank(BaseHTTPRequestHandler):
    status = 200
    seen: list[str] = []  # noqa: RUF012  # the test's own

    def do_GET(self) -> None:
        self.seen.append(self.headers["x-fapi-interaction-id"] or "")
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def bank() -> Iterator[str]:
    Bank.status, Bank.seen = 200, []
    server = HTTPServer(("127.0.0.1", 0), Bank)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def made(hub: Hub, percent: int = 50) -> Recorder:
    hub.__dict__["recorder"] = Recorder(hub.db, hub.clock, percent=percent)
    return hub.recorder


def hops(hub: Hub, trace_id: str) -> list[tuple[str, str, str]]:
    hub.recorder.flush()
    with hub.db.read() as session:
        found = session.scalars(select(Hop).where(Hop.trace_id == trace_id).order_by(Hop.at, Hop.id))
        return [(one.place, one.what, one.outcome) for one in found]


def door(hub: Hub, url: str) -> Transport:
    limits = Limits(connect_s=0.5, read_s=0.5, total_s=1, tries=1)
    return Transport("albion", [url], limits=limits, heard=hub.recorder.heard)


def call(one: Transport, url: str) -> None:
    one.call("GET", f"{url}/accounts/4711-0815", headers={"x-fapi-interaction-id": interaction.interaction_id()})


def test_one_id_goes_from_an_apps_request_through_the_job_to_the_bank_and_names_the_partner_that_failed(
    hub: Hub, app: Flask, clock: TestClock, bank: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(hub)
    one = door(hub, bank)
    answer = app.test_client().get("/v1/accounts", headers={"x-fapi-interaction-id": OTHER})
    assert answer.headers["x-fapi-interaction-id"] == OTHER
    with correlation.under(OTHER):
        ask(hub, "asked for")
    clock.advance(seconds=1)
    Bank.status = 503
    caplog.set_level(logging.INFO)

    def work(_hub: Hub, _held: Held) -> None:
        call(one, bank)

    Crew(hub, [Carver([], work).kind()]).run_once()
    assert Bank.seen == [OTHER], "the bank was not told the id"
    assert ("bank", "GET /accounts/*", "failed") in hops(hub, OTHER)
    assert [place for place, *_ in hops(hub, OTHER)] == ["app", "bank", "hub"]
    heard = next(one for one in caplog.records if one.message == "a bank was called")
    assert vars(heard)["request_id"] == OTHER
    assert "4711" not in caplog.text + json.dumps([vars(one) for one in caplog.records], default=str)
    monkeypatch.setenv("DATABASE_URL", hub.db.url.render_as_string(hide_password=False))
    monkeypatch.setenv("RIALTO_DATA_DIR", str(hub.settings.data_dir))
    shown = CliRunner().invoke(main, ["trace", f"urn:uuid:{OTHER}".upper().replace("URN:UUID", "urn:uuid")])
    assert shown.exit_code == 0, shown.output
    assert "partner: The bank albion failed (HTTP 503)." in shown.output
    assert "job carving asked for is due at" in shown.output, "what will be tried again is part of the way"


@pytest.mark.parametrize("place", ["bank", "webhook", "mail", "push"])
def test_whoever_outside_said_no_is_named(hub: Hub, place: Place) -> None:
    made(hub)
    hub.recorder.note(place, "it", took_ms=1, outcome="refused", detail="410", trace_id=OTHER)
    hub.recorder.flush()
    with hub.db.read() as session:
        assert re.fullmatch(r"The [a-z' ]+ said no \(410\)\.", trace.find(session, OTHER).verdict.words)


def test_a_bank_that_cannot_be_reached_is_the_networks_and_counts_against_its_service(hub: Hub, bank: str) -> None:
    made(hub)
    gone = "http://127.0.0.1:1"
    one = door(hub, gone)
    with correlation.under(OTHER), pytest.raises(Transient):
        call(one, gone)
    with correlation.under(OTHER):
        for status in (200, 404, 200, 429):
            Bank.status = status
            try:
                call(door(hub, bank), bank)
            except Transient:
                pytest.fail("neither is an exception here")
    hub.recorder.flush()
    with hub.db.read() as session:
        found = trace.find(session, OTHER)
        served = levels.of_all(session, hub.clock())["albion"]
    assert found.verdict.fault in {"network", "partner"}
    assert (served.hour.calls, served.hour.failed) == (5, 2), "404 is an answer; 429 and silence are none"
    assert served.hour == served.day == served.month
    assert len(served.days) == 1


def test_what_went_well_is_kept_for_a_share_of_the_ids_and_whole_where_something_fails_later(hub: Hub) -> None:
    kept = made(hub)
    for trace_id in (CHOSEN, OTHER):
        kept.note("app", "GET one", took_ms=1, trace_id=trace_id)
        kept.note("hub", "job two", took_ms=1, trace_id=trace_id)
    assert len(hops(hub, CHOSEN)) == 2
    assert hops(hub, OTHER) == []
    kept.note("webhook", "webhook x", took_ms=1, outcome="failed", trace_id=OTHER)
    kept.note("mail", "mail y", took_ms=1, trace_id=OTHER)
    assert [what for _, what, _ in hops(hub, OTHER)] == ["GET one", "job two", "webhook x", "mail y"]
    kept.note("app", "GET slow", took_ms=60_000, trace_id=str(uuid.UUID(int=99)))
    assert hops(hub, str(uuid.UUID(int=99))) == [("app", "GET slow", "ok")]


def test_an_id_that_is_no_uuid_stops_nobody(hub: Hub) -> None:
    """Whoever notes it may be the dispatcher, and would try again for ever."""
    kept = made(hub)
    for trace_id in ("no hexadecimal", "\u20ac"):
        kept.note("hub", "event x", took_ms=1, outcome="failed", trace_id=trace_id)
    assert [what for _, what, _ in hops(hub, "no hexadecimal")] == ["event x"]
    assert [what for _, what, _ in hops(hub, "\u20ac")] == ["event x"]


def test_who_floods_us_with_refusals_drowns_no_note_on_banks(hub: Hub) -> None:
    kept = made(hub)
    for number in range(recorder.FROM_US * 2):
        kept.note("app", "POST token", took_ms=1, outcome="refused", trace_id=str(uuid.UUID(int=number)))
    kept.note("bank", "GET /accounts", took_ms=1, outcome="failed", trace_id=OTHER)
    kept.flush()
    with hub.db.read() as session:
        places = session.scalars(select(Hop.place)).all()
    assert places.count("app") == recorder.FROM_CALLERS
    assert places.count("bank") == 1


def test_a_database_that_is_away_loses_no_count(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = made(hub)
    kept.heard(interaction.Call("albion", "GET", "/accounts", "ok", "HTTP 200", "", 10))
    with monkeypatch.context() as away:
        away.setattr(hub.db, "write", lambda: (_ for _ in ()).throw(OSError("away")))
        with pytest.raises(OSError, match="away"):
            kept.flush()
    kept.heard(interaction.Call("albion", "GET", "/accounts", "ok", "HTTP 200", "", 10))
    kept.flush()
    kept.flush()
    with hub.db.read() as session:
        assert session.scalars(select(ServiceCount.times)).all() == [2, 2]


def test_a_round_that_comes_by_the_clock_has_an_id_of_its_own(hub: Hub, clock: TestClock) -> None:
    with correlation.under(OTHER):
        ask(hub, "planned", at=clock.at + timedelta(days=1), priority=ROUTINE)
        ask(hub, "asked for")
    assert {job.key: job.trace_id for job in jobs(hub)}["asked for"] == OTHER
    seen: list[str | None] = []

    def work(_hub: Hub, _held: Held) -> None:
        seen.append(correlation.current())

    Crew(hub, [Carver([], work).kind()]).run_once()
    clock.advance(days=2)
    Crew(hub, [Carver([], work).kind()]).run_once()
    assert seen[0] == OTHER
    assert seen[1] not in {OTHER, None}


@pytest.mark.parametrize(
    ("counted", "p50", "p95", "availability"),
    [
        ({}, None, None, None),
        ({levels.FAILED: 3}, None, None, 0.0),
        ({0: 100}, 25, 48, 1.0),
        ({0: 90, 4: 9, levels.FAILED: 1}, 28, 725, 0.99),
    ],
)
def test_percentiles_are_of_what_was_answered(
    counted: dict[int, int], p50: int | None, p95: int | None, availability: float | None
) -> None:
    found = levels.level(counted)
    assert (found.p50_ms, found.p95_ms, found.availability) == (p50, p95, availability)


@pytest.mark.parametrize(
    ("steps", "fault"),
    [
        ([("app", "", "ok")], "none"),
        ([("app", "", "refused")], "caller"),
        ([("app", "", "failed")], "us"),
        ([("app", "", "failed"), ("hub", "", "failed")], "us"),
        ([("app", "", "failed"), ("bank", "albion", "failed")], "partner"),
        ([("bank", "albion", "refused"), ("hub", "", "failed")], "partner"),
        ([("bank", "albion", "unreachable"), ("hub", "", "failed")], "network"),
        ([("bank", "albion", "unreachable"), ("bank", "albion", "ok")], "none"),
        ([("webhook", "app", "failed")], "partner"),
        ([], "none"),
    ],
)
def test_a_failure_sits_where_it_began(steps: list[tuple[str, str, str]], fault: str) -> None:
    way = [Hop(place=place, party=party, what=place, outcome=outcome, detail="") for place, party, outcome in steps]
    assert trace.verdict(way).fault == fault
