"""Logs in partitions: each row lands in its span, spans go as a whole, and nobody notices how they came about."""

import re
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event, func, insert, make_url, select, text
from sqlalchemy.exc import IntegrityError

from hub import backup, checks, housekeeping, ids, migrate, partitions
from hub.cli import main
from hub.context import Hub, build
from hub.db import Base
from hub.events.dispatcher import dispatch
from hub.events.outbox import emit
from hub.events.positions import head_from
from hub.identity import activity
from hub.identity.activity import Kind
from hub.identity.origin import UNKNOWN
from hub.models.event import Event
from hub.models.observability import Hop
from hub.models.psu import Psu, SecurityEvent
from hub.observability import figures, parts, trace
from hub.retention import times_to_live
from hub.settings import Settings
from tests import postgres
from tests.conftest import TestClock
from tests.people import alice
from tests.stored import everything
from tests.test_migrations import LEDGER_REFERENCES

pytestmark = pytest.mark.postgres
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
FIRST_SPAN = datetime(2026, 11, 28, tzinfo=UTC)
"""The first midnight that is ``partitions.AHEAD`` away from the start."""


@pytest.fixture
def hub(
    postgres_cluster: str,
    tmp_path: Path,
    clock: TestClock,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Iterator[Hub]:
    """With a database of its own (the parameter says how to make it), and ids of the clock's time."""
    monkeypatch.setattr(ids, "time", SimpleNamespace(time_ns=lambda: round(clock().timestamp() * 1000) * 1_000_000))
    monkeypatch.setattr(partitions, "PAUSE_S", 0.05)
    with postgres.database(postgres_cluster, "in_partitions", getattr(request, "param", "")) as url:
        made = build(Settings(database_url=url, data_dir=tmp_path / "var"), clock=clock)
        migrate.upgrade(made.db)
        yield made
        made.close()


def begin(hub: Hub) -> dict[str, str]:
    return dict(partitions.begin(hub.db, times_to_live(hub.settings), hub.clock()))


def upkeep(hub: Hub) -> dict[str, int]:
    return dict(partitions.upkeep(hub.db, times_to_live(hub.settings), hub.clock()))


def names(hub: Hub, log: str = "hop") -> list[str]:
    return [one.name for one in partitions.standing(hub.db).get(log, ())]


def write_hop(hub: Hub, id_: str = "", at: datetime | None = None) -> str:
    row = {"id": id_ or ids.new_id(), "trace_id": "trace", "at": at or hub.clock(), "request_id": "", "took_ms": 1}
    texts = {"place": "hub", "what": "it", "party": "", "outcome": "ok", "detail": ""}
    hub.db.write_one(insert(Hop), row | texts)
    return str(row["id"])


def happen(hub: Hub, psu_id: str | None = None) -> None:
    with hub.db.write() as session:
        emit(session, "psu.registered", psu_id or "somebody", now=hub.clock(), psu_id=psu_id)
    dispatch(hub, ())


def places(hub: Hub, table: str = "hop") -> dict[str, str]:
    """In which partition each id lies."""
    with hub.db.look() as connection:
        found = connection.execute(text(f"SELECT id, CAST(tableoid AS regclass) FROM {table}"))
        return {row[0]: str(row[1]) for row in found}


def live(hub: Hub, clock: TestClock, *, days: int) -> Counter[str]:
    """Each day both logs get a row and housekeeping goes round once; what it did."""
    done: Counter[str] = Counter()
    for _ in range(days):
        write_hop(hub)
        happen(hub)
        done.update(housekeeping.tidy(hub))
        clock.advance(days=1)
    return done


@contextmanager
def held(hub: Hub, statement: str) -> Iterator[None]:
    """Another connection has done this and not ended its transaction."""
    with hub.db.writer.connect() as other:
        other.execute(text(statement))
        yield
        other.rollback()


def test_rows_land_in_their_span_and_what_is_late_or_early_in_the_default_one(hub: Hub, clock: TestClock) -> None:
    write_hop(hub)
    assert set(begin(hub).values()) == {"in partitions; the first span begins on 2026-11-28"}
    assert set(places(hub).values()) == {"hop_before"}, "the row of before stays where it is"
    live(hub, clock, days=20)
    first = write_hop(hub, ids.first_id(clock())[:15] + "7")
    late = write_hop(hub, ids.first_id(START - timedelta(days=1)))
    early = write_hop(hub, ids.first_id(clock() + timedelta(days=30)))
    assert names(hub)[-4:] == ["hop_20261212", "hop_20261214", "hop_20261216", "hop_default"]
    found = places(hub)
    assert (found[first], found[late], found[early]) == ("hop_20261212", "hop_default", "hop_default")
    assert {at for id_, at in found.items() if ids.moment_of(id_) == START + timedelta(days=7)} == {"hop_20261130"}
    assert all("default" not in at for id_, at in found.items() if id_ not in {late, early})


@pytest.mark.parametrize(
    "hub", ["", "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"], indirect=True, ids=["C", "en-US"]
)
def test_who_knows_an_id_looks_into_one_partition_in_whatever_collation(hub: Hub, clock: TestClock) -> None:
    begin(hub)
    live(hub, clock, days=8)
    with hub.db.look() as connection:
        plan = "\n".join(connection.execute(text(f"EXPLAIN DELETE FROM hop WHERE id = '{ids.new_id()}'")).scalars())
    assert set(re.findall(r" on (hop_\w+)", plan)) == {"hop_20261130"}
    assert {at for id_, at in places(hub).items() if ids.moment_of(id_) < FIRST_SPAN} == {"hop_before"}


def test_a_span_goes_as_a_whole_when_its_last_row_may_and_nothing_younger_does(hub: Hub, clock: TestClock) -> None:
    begin(hub)
    done = live(hub, clock, days=60)
    assert done["hop partitions dropped"] == 1 + 20, "two days each"
    assert done["hop rows deleted"] == 2, "the oldest of the table as it was, before it went"
    for table, life, width in ((Hop, 14, 2), (Event, 30, 3)):
        with hub.db.read() as session:
            at = list(session.scalars(select(table.at).order_by(table.at)))
        assert set(at) >= {clock() - timedelta(days=day) for day in range(1, life)}
        assert at[0] > clock() - timedelta(days=life + width + 1)
        assert f"{table.__tablename__}_before" not in names(hub, table.__tablename__)


def test_what_is_in_no_span_is_swept_row_by_row(hub: Hub, clock: TestClock) -> None:
    begin(hub)
    clock.advance(days=40)
    write_hop(hub)
    assert set(places(hub).values()) == {"hop_default"}, "no worker made anything for weeks"
    clock.advance(days=17, seconds=-1)
    done = housekeeping.tidy(hub)
    assert "hop rows deleted" not in done
    assert done["hop partitions dropped"] == 1
    clock.advance(seconds=1)
    assert housekeeping.tidy(hub)["hop rows deleted"] == 1


def test_a_row_younger_than_its_id_keeps_its_span(hub: Hub, clock: TestClock) -> None:
    begin(hub)
    live(hub, clock, days=8)
    old = write_hop(hub, ids.first_id(FIRST_SPAN), at=clock() + timedelta(days=3))
    clock.advance(days=14)
    upkeep(hub)
    assert places(hub)[old] == "hop_20261128"
    clock.advance(days=3)
    upkeep(hub)
    assert old not in places(hub)


def test_a_clock_that_was_ahead_costs_one_span(hub: Hub, clock: TestClock) -> None:
    begin(hub)
    early = write_hop(hub, ids.first_id(FIRST_SPAN + timedelta(hours=1)))
    clock.advance(days=1)
    assert upkeep(hub)["event partitions made"] == 1
    clock.advance(days=2)
    upkeep(hub)
    assert names(hub) == ["hop_before", "hop_20261130", "hop_default"]
    assert places(hub)[early] == "hop_default"
    beside = write_hop(hub, ids.first_id(FIRST_SPAN + timedelta(hours=2)))
    assert places(hub)[beside] == "hop_default"


def test_beginning_twice_is_the_same_as_once_and_at_once_too(hub: Hub) -> None:
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda _: begin(hub), range(2))
    assert one.keys() == other.keys() == set(partitions.LOGS)
    before = partitions.standing(hub.db)
    assert set(begin(hub).values()) == {"in partitions already"}
    assert partitions.standing(hub.db) == before


def test_a_log_that_is_kept_for_ever_is_left_as_it_is(hub: Hub) -> None:
    forever = replace(hub, settings=replace(hub.settings, event_days=0))
    assert begin(forever)["event"].startswith("kept for ever")
    assert set(partitions.standing(hub.db)) == {"hop", "security_event"}


def test_who_writes_meanwhile_loses_nothing(hub: Hub, clock: TestClock) -> None:
    psu_id, over = alice(hub), threading.Event()

    def write() -> int:
        for number in count(1):
            write_hop(hub)
            with hub.db.write() as session:
                emit(session, "psu.registered", psu_id, now=clock(), psu_id=psu_id)
                activity.write(session, psu_id, Kind.LOGIN, origin=UNKNOWN, now=clock())
            dispatch(hub, ())
            with hub.db.read() as session:
                activity.recent(session, psu_id)
            if over.is_set():
                return number
        raise AssertionError

    with ThreadPoolExecutor(3) as pool:
        writers = [pool.submit(write) for _ in range(3)]
        begin(hub)
        clock.advance(days=2)
        upkeep(hub)
        over.set()
        written = sum(one.result() for one in writers)
    while dispatch(hub, ()):
        pass
    assert names(hub, "event") == ["event_before", "event_20261128", "event_default"]
    with hub.db.read() as session:
        for table in (Hop, Event, SecurityEvent):
            rows = select(func.count()).select_from(table)
            assert session.scalar(rows.where(Hop.what == "it") if table is Hop else rows) == written
        assert list(session.scalars(select(Event.position).order_by(Event.position))) == list(range(1, written + 1))


class Killed(BaseException):
    """As by SIGKILL: nothing is tidied up."""


@contextmanager
def killed_after(hub: Hub, statements: int) -> Iterator[None]:
    left = [statements]

    def die(*_: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Killed

    for engine in (hub.db.writer, hub.db.reader):
        event.listen(engine, "before_cursor_execute", die)
    try:
        yield
    finally:
        for engine in (hub.db.writer, hub.db.reader):
            event.remove(engine, "before_cursor_execute", die)


def test_it_may_die_between_any_two_statements_and_the_hub_goes_on(hub: Hub) -> None:
    written, died = set(), 0
    for statements in count():
        try:
            with killed_after(hub, statements):
                begin(hub)
            break
        except Killed:
            died += 1
        written.add(write_hop(hub))
        happen(hub)
        if statements % 2:  # every other time somebody begins again before the next round
            upkeep(hub)
            assert proofs(hub) == 0
        assert set(places(hub)) >= written
    assert died > 20
    assert set(partitions.standing(hub.db)) == set(partitions.LOGS)
    assert proofs(hub) == 0
    with hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Event)) == died


def proofs(hub: Hub) -> int:
    with hub.db.look() as connection:
        query = "SELECT count(*) FROM pg_constraint WHERE conname = 'ck_partition_proof'"
        return int(connection.execute(text(query)).scalar_one())


def test_housekeeping_leaves_a_beginning_alone(hub: Hub) -> None:
    steps = partitions.begin(hub.db, times_to_live(hub.settings), hub.clock())
    next(steps)
    hub.clock.advance(days=2)  # type: ignore[attr-defined]
    assert upkeep(hub) == {}
    list(steps)
    assert len(upkeep(hub)) == 3


def test_no_row_is_read_while_others_wait(hub: Hub, clock: TestClock) -> None:
    """PostgreSQL says what it proves a partition by, to who asks for it."""
    heard: list[str] = []

    def listen(connection: Any, *_: Any) -> None:
        connection.add_notice_handler(lambda told: heard.append(told.message_primary))
        connection.execute("SET client_min_messages = debug1")
        connection.commit()

    hub.db.writer.dispose()
    event.listen(hub.db.writer, "connect", listen)
    begin(hub)
    clock.advance(days=2)
    upkeep(hub)
    for log in partitions.LOGS:
        assert f'partition constraint for table "{log}_before" is implied by existing constraints' in heard
        rest = f'updated partition constraint for default partition "{log}_default" is implied by existing constraints'
        assert rest in heard


def test_neither_making_nor_dropping_keeps_writers_waiting(hub: Hub, clock: TestClock) -> None:
    begin(hub)
    clock.advance(days=30)
    with held(hub, "SELECT count(*) FROM hop"):  # a backup, say
        assert [what for what in upkeep(hub) if what.startswith("hop")] == []
        write_hop(hub)
        assert names(hub) == ["hop_before", "hop_default"]
    done = upkeep(hub)
    assert (done["hop partitions made"], done["hop partitions dropped"]) == (2, 1)


def test_who_holds_a_log_all_the_time_makes_the_beginning_fail_and_nothing_else(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "TRIES", 2)
    with held(hub, "SELECT count(*) FROM hop"), pytest.raises(partitions.Refused, match="hop"):
        begin(hub)
    assert partitions.standing(hub.db) == {}
    assert proofs(hub) == 0
    assert len(begin(hub)) == 3


def test_ids_of_a_clock_that_was_ahead_are_waited_for(hub: Hub) -> None:
    early = write_hop(hub, ids.first_id(FIRST_SPAN))
    with pytest.raises(partitions.Refused, match="2026-11-28 or later"):
        begin(hub)
    assert proofs(hub) == 0
    assert places(hub)[early] == "hop"


def test_positions_stay_unique_within_a_span(hub: Hub, clock: TestClock) -> None:
    begin(hub)
    live(hub, clock, days=6)
    happen(hub)
    with hub.db.read() as session:
        last = session.scalars(select(Event).order_by(Event.position.desc())).first()
        assert last is not None
        assert head_from(session, 1) == last.position == 7
    again = {"position": last.position, "at": last.at, "kind": "x", "subject_id": "x", "body": {}}
    with pytest.raises(IntegrityError):
        hub.db.write_one(insert(Event), {"id": ids.new_id(), **again})


def test_people_see_their_activity_of_all_spans_and_it_goes_with_them(hub: Hub, clock: TestClock) -> None:
    psu_id = alice(hub)
    begin(hub)
    for _ in range(6):
        with hub.db.write() as session:
            entry = activity.write(session, psu_id, Kind.LOGIN_FAILED, origin=UNKNOWN, now=clock())
            activity.amend(session, entry, Kind.LOGIN)
        clock.advance(days=1)
        upkeep(hub)
    with hub.db.read() as session:
        found = activity.recent(session, psu_id)
    assert [one.at for one in found] == [START + timedelta(days=day) for day in range(5, -1, -1)]
    assert {one.kind for one in found} == {str(Kind.LOGIN)}
    assert set(places(hub, "security_event").values()) == {"security_event_before", "security_event_20261128"}
    with hub.db.write() as session:
        session.delete(session.get_one(Psu, psu_id))
    assert places(hub, "security_event") == {}


def test_the_way_of_an_id_goes_through_all_spans(hub: Hub, clock: TestClock) -> None:
    begin(hub)
    live(hub, clock, days=8)
    with hub.db.read() as session:
        hops = trace.find(session, "trace").hops
    assert [hop.at for hop in hops] == [START + timedelta(days=day) for day in range(8)]


def test_the_schema_is_still_the_models_and_upgrades_and_checks_find_nothing(hub: Hub, clock: TestClock) -> None:
    begin(hub)
    clock.advance(days=2)
    upkeep(hub)
    migrate.upgrade(hub.db)
    parts_of_logs = {one.name for found in partitions.standing(hub.db).values() for one in found}
    known = parts_of_logs | LEDGER_REFERENCES | {"ix_transaction_account", "uq_event_position"}
    with hub.db.writer.connect() as connection:
        options = {"compare_type": True, "include_object": lambda _item, name, *_: name not in known}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata) == []
    assert [one for one in checks.run(hub) if one.weight == "wrong"] == []
    with hub.db.look() as connection:
        query = "SELECT relname FROM pg_class WHERE 'autovacuum_vacuum_scale_factor=0.02' = ANY(reloptions)"
        tuned = set(connection.execute(text(query)).scalars())
    assert tuned >= {f"{log}_{part}" for log in partitions.LOGS for part in ("before", "default")}


def test_a_backup_brings_the_partitions_back(hub: Hub, clock: TestClock, tmp_path: Path) -> None:
    begin(hub)
    live(hub, clock, days=8)
    write_hop(hub, ids.first_id(clock() + timedelta(days=300)))
    file = tmp_path / "hub.backup"
    backup.make(hub, file)
    maintenance = make_url(hub.settings.database_url).set(database="postgres").render_as_string(hide_password=False)
    with postgres.database(maintenance, "restored") as url:
        other = build(replace(hub.settings, database_url=url), clock=clock)
        backup.restore(other, file)
        assert partitions.standing(other.db) == partitions.standing(hub.db)
        with hub.db.read() as session, other.db.read() as restored:
            assert everything(restored) == everything(session)
        clock.advance(days=3)
        assert upkeep(other)["hop partitions made"] == 2
        other.close()


def test_operators_hear_when_partitions_run_out(hub: Hub, clock: TestClock) -> None:
    begin(hub)
    assert told(hub, clock) == (["good"] * 3, [])
    clock.advance(days=2)
    assert told(hub, clock) == (["warn"] * 3, ["weak"] * 3)
    clock.advance(days=2)
    assert told(hub, clock) == (["bad"] * 3, ["wrong"] * 3)
    upkeep(hub)
    assert told(hub, clock) == (["good"] * 3, [])


def told(hub: Hub, clock: TestClock) -> tuple[list[str], list[str]]:
    """On the operator's page, and by ``rialto check``; the figures say for how long they are made."""
    shown = [one for one in parts.of(hub) if one.name.startswith("Partitions")]
    found = [one for one in checks.run(hub) if one.what.startswith("partitions")]
    assert all(one.do for one in found)
    (ahead,) = (
        family
        for family in text_string_to_metric_families(figures.text(hub).decode())
        if family.name == "rialto_partitions_ahead_seconds"
    )
    until = partitions.made_until(hub.db)
    assert {one.labels["log"]: one.value for one in ahead.samples} == {
        log: (until[log] - clock()).total_seconds() for log in partitions.LOGS
    }
    return [one.state for one in shown], [one.weight for one in found]


def test_an_operator_types_it(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.commands.partitions.hub_of_environ", lambda: hub)
    run = CliRunner()
    assert "see rialto partitions begin" in run.invoke(main, ["partitions", "show"]).output
    done = run.invoke(main, ["partitions", "begin"])
    assert (done.exit_code, done.output.count("in partitions; the first span begins on 2026-11-28")) == (0, 3)
    shown = run.invoke(main, ["partitions", "show"]).output.splitlines()
    assert [line.split()[1] for line in shown[1:3]] == ["event_before", "event_default"]
    with hub.db.writer.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    behind = run.invoke(main, ["partitions", "begin"])
    assert (behind.exit_code, "rialto db upgrade" in behind.output) == (1, True)


def test_sqlite_has_none_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = build(Settings(database_url=f"sqlite:///{tmp_path / 'hub.db'}", data_dir=tmp_path / "var"))
    migrate.upgrade(made.db)
    monkeypatch.setattr("hub.commands.partitions.hub_of_environ", lambda: made)
    refused = CliRunner().invoke(main, ["partitions", "begin"])
    assert (refused.exit_code, "SQLite has no partitions" in refused.output) == (1, True)
    assert (upkeep(made), partitions.standing(made.db)) == ({}, {})
    made.close()
