"""Whether the database stays as large as a few days of visits make it, or grows with all of them.

    python -m bench.soak [--days 30] [--logins 30] [--visits 1000] [--postgres] [--save]

Each simulated day brings so many logins by way of the authorization endpoint (request, code, tokens, then a refresh or
a revocation; an app without a secret refreshes as often) and so many other visits (session, activity, event, counter, a
revoked token, a burnt jti). Housekeeping runs as the worker would, on one hub; the other never has it: that is the
floor's opposite, what all of it amounts to. On PostgreSQL a VACUUM each day stands in for autovacuum, which keeps
wall time. Tokens, events and activity end after three days, so that thirty days are many of their lives.
"""

import argparse
import contextlib
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from hub import housekeeping, migrate
from hub.context import Hub, build
from hub.settings import Settings
from tests import postgres, visits

RESULTS = Path(__file__).parent / "results" / "soak.txt"
SHORT = Settings(refresh_token_ttl_s=3 * 86_400, event_days=3, activity_days=3)


@dataclass(slots=True)
class Clock:
    at: datetime = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@dataclass(frozen=True, slots=True)
class Load:
    days: int
    logins: int
    visits: int


@dataclass(frozen=True, slots=True)
class Evening:
    """What a day left: rows of all tables, bytes on disk, and the CPU seconds that housekeeping took."""

    rows: int
    size_bytes: int
    tidy_s: float


def live(url: str, folder: Path, load: Load, *, tidy: bool) -> Iterator[Evening]:
    clock = Clock()
    hub = build(replace(SHORT, database_url=url, data_dir=folder), clock=clock)
    migrate.upgrade(hub.db)
    world, latest = visits.begin(hub)
    for _ in range(load.days):
        spent_s = 0.0
        for _ in range(2):
            latest = visits.log_in(world, latest, load.logins // 2)
            visits.visit(hub, world.alice, load.visits // 2)
            clock.at += timedelta(hours=12)
            began_s = time.process_time()
            if tidy:
                _tidy(hub)
            spent_s += time.process_time() - began_s
        if not hub.db.is_sqlite:
            with hub.db.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM"))
        yield Evening(sum(visits.rows_of(hub).values()), visits.bytes_on_disk(hub), spent_s)
    hub.close()


def _tidy(hub: Hub) -> None:
    while housekeeping.tidy(hub):  # the worker has half a day of minutes for what is a moment here
        pass


def report(name: str, load: Load, kept: list[Evening], grown: list[Evening]) -> str:
    lines = [
        f"{name}: {load.logins} logins and {load.visits} other visits a day",
        f"{'':8}{'with housekeeping':>33}{'without':>25}",
        f"{'day':8}{'rows':>12}{'MiB':>9}{'CPU s':>12}{'rows':>16}{'MiB':>9}",
    ]
    shown = sorted({0, 1, 2, 3, 4, *range(0, load.days, max(1, load.days // 8)), load.days - 1})
    for day in (day for day in shown if day < load.days):
        one, other = kept[day], grown[day]
        lines.append(
            f"{day + 1:<8}{one.rows:12,}{one.size_bytes / 2**20:9.1f}{one.tidy_s:12.2f}"
            f"{other.rows:16,}{other.size_bytes / 2**20:9.1f}"
        )
    return "\n".join(lines)


@contextlib.contextmanager
def databases(*, on_postgres: bool, folder: Path) -> Iterator[tuple[str, str]]:
    """Two empty ones."""
    if not on_postgres:
        yield f"sqlite:///{folder / 'kept' / 'hub.db'}", f"sqlite:///{folder / 'grown' / 'hub.db'}"
        return
    with postgres.cluster() as url, postgres.database(url, "kept") as one, postgres.database(url, "grown") as other:
        yield one, other


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--logins", type=int, default=30)
    parser.add_argument("--visits", type=int, default=1000)
    parser.add_argument("--postgres", action="store_true", help="also on a PostgreSQL of its own")
    parser.add_argument("--save", action="store_true", help=f"keep the output in {RESULTS.name}")
    options = parser.parse_args()
    load = Load(options.days, options.logins, options.visits)
    texts = []
    for on_postgres in (False, True) if options.postgres else (False,):
        with tempfile.TemporaryDirectory() as name, databases(on_postgres=on_postgres, folder=Path(name)) as urls:
            kept, grown = (list(live(urls[one], Path(name), load, tidy=one == 0)) for one in (0, 1))
        texts.append(report("PostgreSQL" if on_postgres else "SQLite", load, kept, grown))
        print(texts[-1], flush=True)
    if options.save:
        RESULTS.write_text("\n\n".join(texts) + "\n")


if __name__ == "__main__":
    main()
