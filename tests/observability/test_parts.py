"""A hub whose worker is dead says so, and each part of it says what would help."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, update

from hub.context import Hub, build
from hub.events.outbox import emit
from hub.jobs.scheduler import Round, tick
from hub.keys import AS
from hub.models.job import Schedule
from hub.models.observability import Heartbeat
from hub.observability import heartbeat, levels, parts
from hub.observability.heartbeat import Heart
from hub.settings import from_environ
from hub.web.charts import describe_days, uptime_chart
from hub.web.present import service
from tests.conftest import TestClock
from tests.jobs.workshop import ask


def found(hub: Hub) -> dict[str, parts.Part]:
    return {one.name: one for one in parts.of(hub)}


def roles(hub: Hub) -> dict[str, int]:
    with hub.db.read() as session:
        return dict(heartbeat.alive(session, hub.clock()))


def test_a_process_is_alive_while_it_beats_and_not_missed_once_it_said_goodbye(hub: Hub, clock: TestClock) -> None:
    one, other = Heart(hub.db, clock, "worker", name="one"), Heart(hub.db, clock, "worker", name="other")
    one.beat()
    other.beat()
    assert roles(hub) == {"worker": 2}
    clock.advance(seconds=30)
    one.beat()
    clock.advance(seconds=30)
    assert roles(hub) == {"worker": 1}, "the other one is silent for a minute"
    one.stop()
    one.beat()
    assert roles(hub) == {}
    with hub.db.read() as session:
        assert session.scalars(select(Heartbeat.name)).all() == ["other"]
    assert found(hub)["Workers"].state == "bad"
    assert "2026-11-23 09:00:00" in found(hub)["Workers"].says
    assert "rialto worker" in found(hub)["Workers"].do


def test_each_part_says_when_it_stands_still(hub: Hub, clock: TestClock) -> None:
    Heart(hub.db, clock, "worker", name="one").beat()
    hub.keys.signing(AS)
    tick(hub, [Round("housekeeping", timedelta(minutes=1))])
    ask(hub, "carved")
    with hub.db.write() as session:
        emit(session, "consent.revoked", "subject", now=clock(), psu_id=None)
    assert {one.state for one in found(hub).values()} == {"good"}
    clock.advance(seconds=600)
    late = found(hub)
    for name in ("Workers", "Round housekeeping", "Queue carving", "Events"):
        assert late[name].state == "bad", name
        assert late[name].do
    assert late["Signing keys"].state == "good"
    clock.advance(days=hub.settings.key_rotation_days + 3)
    assert found(hub)["Signing keys"].state == "warn"
    with hub.db.write() as session:
        session.execute(update(Schedule).values(next_at=clock()))
    assert found(hub)["Round housekeeping"].state == "good"


def test_a_worker_beats_is_missed_when_it_is_killed_and_says_goodbye_at_sigterm(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RIALTO_", "DATABASE_URL"))}
    environ = {**kept, "RIALTO_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "hub.cli"]
    subprocess.run([*command, "db", "upgrade"], env=environ, check=True, capture_output=True, timeout=60)
    hub = build(from_environ(environ))
    for number, left in ((signal.SIGKILL, 1), (signal.SIGTERM, 1)):
        worker = subprocess.Popen([*command, "worker"], env=environ, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while _names(hub, str(worker.pid)) == 0 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert _names(hub, str(worker.pid)) == 1
        worker.send_signal(number)
        worker.wait(30)
        assert len(_all(hub)) == left, "the killed one's row stays, the other one's goes"


def _all(hub: Hub) -> list[str]:
    with hub.db.read() as session:
        return list(session.scalars(select(Heartbeat.name)))


def _names(hub: Hub, pid: str) -> int:
    return sum(name.endswith(f":{pid}") for name in _all(hub))


def test_the_picture_of_thirty_days_says_in_words_what_it_shows(clock: TestClock) -> None:
    today, before = clock().date(), clock().date() - timedelta(days=29)
    measured = levels.Levels(
        levels.Level(),
        levels.Level(),
        levels.Level(),
        [(before, levels.Level(10, 5)), (today, levels.Level(4, 0)), (before - timedelta(days=1), levels.Level(1, 1))],
    )
    days = service.days(measured, clock())
    assert (len(days), days[0], days[-1]) == (30, 0.5, 1.0)
    assert describe_days(days) == (
        "Called on 2 of the last 30 days; all calls were answered on 1 of them, and 50.0% on the worst."
    )
    picture = uptime_chart(days, chart_id="c", name="<b>")
    assert picture.count("<rect") == 30
    assert picture.count("uptime__none") == 28
    assert "<b>" not in picture
    assert "style=" not in picture
    assert uptime_chart((), chart_id="c", name="x") == ""
