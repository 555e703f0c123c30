"""What is burnt once is burnt for everybody, cheaply, and is forgotten when it has ended."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from subprocess import PIPE

import pytest
from sqlalchemy import text

from hub import housekeeping
from hub.context import Hub
from hub.db import Database
from hub.oauth.jose.replay import HOSTS_APART_S, Replay
from hub.settings import Settings
from tests.conftest import TestClock


def _burn(hub: Hub, jti: str = "j", *, kind: str = "dpop", issuer: str = "c", life_s: float = 60) -> bool:
    now = hub.clock()
    return hub.replay.burn(kind, issuer, jti, now + timedelta(seconds=life_s), now)


def test_once(hub: Hub) -> None:
    assert _burn(hub)
    assert not _burn(hub)
    assert not _burn(hub, life_s=3600)


def test_kinds_and_issuers_are_kept_apart(hub: Hub) -> None:
    given = [("dpop", "c", "j"), ("assertion", "c", "j"), ("dpop", "d", "j"), ("dpop", "cj", ""), ("dpop", "", "cj")]
    given += [("dpop", 'c","j', ""), ("dpop", "c|j", "k"), ("dpop", "c", "j|k")]
    assert all(_burn(hub, jti, kind=kind, issuer=issuer) for kind, issuer, jti in given)
    assert not any(_burn(hub, jti, kind=kind, issuer=issuer) for kind, issuer, jti in given)


def test_it_stays_burnt_until_no_host_would_accept_it_any_more(hub: Hub, clock: TestClock) -> None:
    _burn(hub, life_s=60)
    clock.advance(seconds=60 + HOSTS_APART_S)
    assert not _burn(hub)
    clock.advance(seconds=1)
    assert _burn(hub)
    assert not _burn(hub)


def test_of_fifty_at_once_one_wins(hub: Hub) -> None:
    with ThreadPoolExecutor(50) as pool:
        for jti in ("first", "second", "third"):
            assert sum(pool.map(lambda _, jti=jti: _burn(hub, jti), range(50))) == 1


def test_of_fifty_at_once_one_wins_what_has_ended_before(hub: Hub, clock: TestClock) -> None:
    _burn(hub)
    clock.advance(days=1)
    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(lambda _: _burn(hub), range(50))) == 1


_RACER = """
import sys
from datetime import UTC, datetime, timedelta
from hub.db import Database
from hub.oauth.jose.replay import Replay
replay, now = Replay(Database(sys.argv[1])), datetime(2026, 11, 23, tzinfo=UTC)
print("ready", flush=True)
sys.stdin.readline()
won = [replay.burn("dpop", "c", str(n), now + timedelta(60), now) for n in range(200)]
print("".join("x" if one else "." for one in won))
"""


def test_processes_share_it(settings: Settings) -> None:
    """All open it at the same moment, as after a restart: each of 200 is won by one of three."""
    command = [sys.executable, "-c", _RACER, settings.database_url]
    root = Path(__file__).parents[3]
    racers = [subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True, cwd=root) for _ in range(3)]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    results = [racer.communicate(timeout=60)[0].strip() for racer in racers]
    assert all(len(result) == 200 for result in results)
    assert all(sum(result[n] == "x" for result in results) == 1 for n in range(200))


def test_a_second_process_later_sees_what_the_first_burnt(hub: Hub) -> None:
    _burn(hub)
    hub.replay.close()
    again = Replay(hub.db)
    assert not again.burn("dpop", "c", "j", hub.clock() + timedelta(seconds=60), hub.clock())
    again.close()


def test_not_inside_a_transaction(hub: Hub) -> None:
    with hub.db.write(), pytest.raises(RuntimeError, match="outside transactions"):
        _burn(hub)


def test_what_has_ended_is_swept_in_batches_and_the_rest_stays(hub: Hub, clock: TestClock) -> None:
    for number in range(25):
        _burn(hub, f"old {number}")
    clock.advance(seconds=65)
    assert hub.replay.sweep(clock(), batch=10) == 0  # another host's clock may be behind
    _burn(hub, "new")
    clock.advance(seconds=10)
    assert [hub.replay.sweep(clock(), batch=10) for _ in range(4)] == [10, 10, 5, 0]
    assert not _burn(hub, "new")


def test_housekeeping_sweeps_it(hub: Hub, clock: TestClock) -> None:
    _burn(hub)
    clock.advance(days=1)
    housekeeping.tidy(hub)
    assert hub.replay.sweep(clock()) == 0


def test_on_postgresql_it_is_not_logged(hub: Hub) -> None:
    found = "SELECT relpersistence::text FROM pg_class WHERE relname = 'burnt_jti'"
    with hub.db.read() as session:
        assert hub.db.is_sqlite or session.scalar(text(found)) == "u"


def test_on_sqlite_it_is_a_file_of_its_own_which_stays_small(tmp_path: Path, clock: TestClock) -> None:
    database = Database(f"sqlite:///{tmp_path / 'rialto.db'}")
    replay, sizes = Replay(database), []
    for _ in range(6):
        for number in range(500):
            assert replay.burn("dpop", "c", str(number), clock() + timedelta(seconds=60), clock())
        clock.advance(seconds=100)
        assert replay.sweep(clock()) == 500
        replay.close()  # the last to close writes the log back
        assert [file.name for file in tmp_path.iterdir()] == ["rialto-replay.db"]  # the database itself lies untouched
        sizes.append((tmp_path / "rialto-replay.db").stat().st_size)
    assert sizes[-1] <= sizes[0] * 1.3
