"""From a bank's bytes to the ledger: normalised, reconciled, stored, sealed and change-logged, beside the floors.

    python -m bench.ingest [--rows 20000] [--postgres] [--save]

The pages are Berlin Group's, 500 rows each, and go the way of a sync: the adapter's normaliser, ``Fetch``, one
transaction a page. The floors, in the same run on the same rows: decoding into typed structs; sqlite3's executemany
upsert, or on PostgreSQL COPY into a stage table and an upsert from there, of the plain columns into one table with its
two indexes: no raw row, no seal, no change log, nothing compared with anything.

Figures are CPU of one core: this process and, on PostgreSQL, the server process behind its connection. "again" reads
unchanged pages once more. Peak memory is that of a process of its own that reads so many rows.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import orjson
from sqlalchemy import text

from bench.process import cpu_s
from hub import migrate
from hub.db import Database
from hub.garbage import look_rarely
from hub.ids import new_id
from hub.ledger.accounts import store_accounts
from hub.ledger.ingest import Fetch
from hub.models.connection import Connection
from hub.models.psu import Psu
from hub.sealing import Sealer
from providers.berlin_group import normalize
from providers.model import Account, Identifier, Page, Scheme
from providers.paging import Known, knowing, walk
from providers.transport import Answer
from tests import postgres

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
FIRST = NOW.date() - timedelta(days=3650)
PAGE = 500
TRIES = 4  # of which the best counts: other programs on the machine only ever add
RESULTS = Path(__file__).parent / "results" / "ingest.txt"
SEALER = Sealer({"bench": bytes(32)})
IBAN = "DE89370400440532013000"
ACCOUNT = Account("r", "EUR", identifiers=(Identifier(Scheme.IBAN, IBAN),))


def pages(rows: int) -> Iterator[bytes]:
    """A history, the newest first, twenty rows a day."""
    for start in range(0, rows, PAGE):
        booked = [_row(number) for number in range(start, min(start + PAGE, rows))]
        links = {"next": {"href": f"/next/{start}"}} if start + PAGE < rows else {}
        yield orjson.dumps({"account": {"iban": IBAN}, "transactions": {"booked": booked, "_links": links}})


def _row(number: int) -> dict[str, Any]:
    day = (NOW.date() - timedelta(days=number // 20)).isoformat()
    return {
        "transactionId": f"2026-{number:012}",
        "entryReference": f"E{number:010}",
        "endToEndId": f"E2E-{number:09}",
        "bookingDate": day,
        "valueDate": day,
        "transactionAmount": {"amount": f"-{number % 9999 + 1}.{number % 100:02}", "currency": "EUR"},
        "creditorName": f"Shop number {number % 400}",
        "creditorAccount": {"iban": "DE02120300000000202051"},
        "debtorAccount": {"iban": IBAN},
        "remittanceInformationUnstructured": f"Invoice {number} for goods and services, with our thanks for your order",
        "bankTransactionCode": "PMNT-ICDT-ESCT",
        "proprietaryBankTransactionCode": "NTRF+177",
        "balanceAfterTransaction": {"balanceAmount": {"amount": f"{1000 + number}.00", "currency": "EUR"}},
    }


class _Amount(msgspec.Struct):
    amount: str
    currency: str


class _Account(msgspec.Struct):
    iban: str


class _Row(msgspec.Struct, rename="camel"):
    transaction_id: str
    entry_reference: str
    booking_date: date
    value_date: date
    transaction_amount: _Amount
    creditor_name: str
    creditor_account: _Account
    remittance_information_unstructured: str
    bank_transaction_code: str


class _Report(msgspec.Struct):
    booked: list[_Row]


class _Page(msgspec.Struct):
    transactions: _Report


_DECODE = msgspec.json.Decoder(_Page).decode


def canonical(body: bytes) -> list[tuple[Any, ...]]:
    return [
        (
            row.transaction_id,
            row.entry_reference,
            row.booking_date,
            row.value_date,
            int(row.transaction_amount.amount.replace(".", "")),
            row.transaction_amount.currency,
            row.creditor_name,
            row.creditor_account.iban,
            row.remittance_information_unstructured,
            row.bank_transaction_code,
        )
        for row in _DECODE(body).transactions.booked
    ]


_COLUMNS = "provider_id, reference, booked, valued, amount, currency, name, number, remittance, code"
_FLOOR_TABLES = (
    "DROP TABLE IF EXISTS floor",
    "CREATE TABLE floor (provider_id varchar(40), reference varchar(40), booked date, valued date, amount bigint,"
    " currency varchar(3), name text, number text, remittance text, code varchar(40))",
    "CREATE UNIQUE INDEX floor_id ON floor (provider_id)",
    "CREATE INDEX floor_history ON floor (booked, provider_id)",
)
_STAGE_TABLES = ("DROP TABLE IF EXISTS stage", "CREATE TEMP TABLE stage (LIKE floor) ON COMMIT DELETE ROWS")
_UPSERT = (
    " ON CONFLICT (provider_id) DO UPDATE SET amount = excluded.amount, name = excluded.name,"
    " remittance = excluded.remittance WHERE floor.amount <> excluded.amount OR floor.name <> excluded.name"
    " OR floor.remittance <> excluded.remittance"
)


@dataclass(frozen=True, slots=True)
class Timing:
    name: str
    rows: int
    cpu_s: float

    @property
    def rate(self) -> float:
        return self.rows / self.cpu_s


class Bench:
    """One database, an account in it, and a clock of the CPU spent on both sides of its connection."""

    def __init__(self, db: Database, rows: int) -> None:
        self.db, self.rows = db, rows
        migrate.upgrade(db)
        self.account_ids, self.connection_id = _household(db)
        self.timings: list[Timing] = []

    def time(self, name: str, work: Callable[[], object], best_of: int = 1) -> None:
        spent = []
        for _ in range(best_of):
            began = self._used()
            work()
            spent.append(self._used() - began)
        self.timings.append(Timing(name, self.rows, min(spent)))

    def _used(self) -> float:
        own = resource.getrusage(resource.RUSAGE_SELF)
        return own.ru_utime + own.ru_stime + sum(cpu_s(pid) for pid in self._servers())

    def _servers(self) -> list[int]:
        if self.db.is_sqlite:
            return []
        with self.db.writer.connect() as connection:  # the pool gives the same connection every time
            return [int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())]

    def normalise(self) -> None:
        for body in pages(self.rows):
            assert not normalize.transactions(body, account=ACCOUNT).rejected

    def first_sync(self) -> None:
        """Of an account that has nothing yet: another one each time."""
        self.account_ids.append(self.account_ids.pop(0))
        self.sync()

    def sync(self) -> None:
        fetch = Fetch(self.account_ids[-1], self.connection_id, FIRST, NOW.date(), "bench/1")
        with self.db.read() as session:
            known = fetch.known_pages(session, SEALER)
        for page in _walked(self.rows, known):
            with self.db.write() as session:
                fetch.apply_pages(session, SEALER, [page], NOW)
        with self.db.write() as session:
            fetch.finish(session, NOW)

    def analyse(self) -> None:
        """What autovacuum does by itself once there are some rows."""
        with self.db.writer.begin() as connection:
            connection.execute(text("ANALYZE"))

    def write_pages(self) -> None:
        for _ in pages(self.rows):
            pass

    def floor_decode(self) -> None:
        for body in pages(self.rows):
            canonical(body)

    def floor_first(self) -> None:
        """Into a new table."""
        with self.db.writer.connect() as connection:
            driver: Any = connection.connection.driver_connection
            cursor = driver.cursor()
            for statement in _FLOOR_TABLES if self.db.is_sqlite else (*_FLOOR_TABLES, *_STAGE_TABLES):
                cursor.execute(statement)
            driver.commit()
        self.floor_store()

    def floor_store(self) -> None:
        with self.db.writer.connect() as connection:
            driver: Any = connection.connection.driver_connection
            for body in pages(self.rows):
                self._upsert(driver, canonical(body))

    def _upsert(self, driver: Any, rows: list[tuple[Any, ...]]) -> None:
        cursor = driver.cursor()
        if self.db.is_sqlite:
            told = [(*row[:2], row[2].isoformat(), row[3].isoformat(), *row[4:]) for row in rows]
            cursor.execute("BEGIN IMMEDIATE")
            marks = ", ".join("?" * len(rows[0]))
            cursor.executemany(f"INSERT INTO floor ({_COLUMNS}) VALUES ({marks}){_UPSERT}", told)
        else:
            with cursor.copy(f"COPY stage ({_COLUMNS}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            cursor.execute(f"INSERT INTO floor ({_COLUMNS}) SELECT {_COLUMNS} FROM stage WHERE true{_UPSERT}")
        driver.commit()


def _walked(rows: int, known: Known) -> Iterator[Page]:
    """The pages as an adapter hands them out."""
    bodies = pages(rows)
    links = iter(range(1, rows))
    walked = walk(
        "0",
        fetch=lambda _: Answer(200, {}, next(bodies)),
        parse=partial(normalize.transactions, account=ACCOUNT),
        resolve=lambda _, link: f"{link}{next(links)}",
        max_pages=-(-rows // PAGE),
    )
    with knowing(known):
        yield from walked


def _household(db: Database) -> tuple[list[str], str]:
    psu_id, connection_id = new_id(), new_id()
    with db.write() as session:
        session.add(
            Psu(
                id=psu_id,
                email="alice@bench.example",
                name="Alice",
                password_hash="x",
                password_changed_at=NOW,
                created_at=NOW,
            )
        )
        session.flush()
        session.add(Connection(id=connection_id, psu_id=psu_id, institution_id="bench", status="ready", created_at=NOW))
        session.flush()
        ids = store_accounts(
            session,
            psu_id=psu_id,
            connection_id=connection_id,
            institution_id="bench",
            accounts=[replace(ACCOUNT, resource_id=str(number), identifiers=()) for number in range(TRIES + 1)],
            now=NOW,
        )
    return list(ids.values()), connection_id


def measure(db: Database, rows: int) -> list[Timing]:
    bench = Bench(db, rows)
    look_rarely()  # as the worker does
    bench.time("writing the pages (in every figure below)", bench.write_pages, TRIES)
    bench.time("floor: decode", bench.floor_decode, TRIES)
    bench.time("floor: decode, upsert", bench.floor_first, TRIES)
    bench.time("floor: the same again", bench.floor_store, TRIES)
    bench.time("normalise", bench.normalise, TRIES)
    bench.first_sync()
    bench.analyse()
    bench.time("ingest", bench.first_sync, TRIES)
    bench.time("ingest again, unchanged", bench.sync, TRIES)
    return bench.timings


def report(db: Database, rows: int) -> list[str]:
    timings = measure(db, rows)
    base = timings[0].cpu_s
    net = {one.name: Timing(one.name, one.rows, one.cpu_s - base) for one in timings[1:]}
    floors = {"ingest": "floor: decode, upsert", "ingest again, unchanged": "floor: the same again"}
    lines = [f"{db.url.get_backend_name()}, {rows:,} rows, {PAGE} a page and transaction; CPU of both sides"]
    lines.append(f"{'':32}{'us a row':>10}{'rows/s':>12}{'of floor':>10}")
    for name, one in net.items():
        of_floor = f"{one.rate / net[floors[name]].rate:10.0%}" if name in floors else ""
        lines.append(f"{name:32}{one.cpu_s * 1e6 / rows:10.1f}{one.rate:12,.0f}{of_floor}")
    ratio = net["ingest again, unchanged"].rate / net["ingest"].rate
    return [*lines, f"unchanged pages are read {ratio:.1f} times as fast as new ones"]


def peak_mib(rows: int) -> float:
    """The most memory that a process takes which reads so long a history for the first time."""
    command = [sys.executable, "-m", "bench.ingest", "--peak", str(rows)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _peak(rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        db = Database(f"sqlite:///{folder}/bench.db")
        Bench(db, rows).sync()
        db.dispose()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--postgres", action="store_true", help="also on a PostgreSQL started for this run")
    parser.add_argument("--peak", type=int, help="only read so many rows, and print this process's peak memory in MiB")
    parser.add_argument("--save", action="store_true")
    given = parser.parse_args()
    if given.peak:
        return _peak(given.peak)
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        db = Database(f"sqlite:///{folder}/bench.db")
        lines += report(db, given.rows)
        db.dispose()
    if given.postgres:
        with postgres.cluster() as cluster, postgres.database(cluster, "bench") as url:
            db = Database(url)
            lines += ["", *report(db, given.rows)]
            db.dispose()
    lengths = (given.rows, given.rows * 5)
    peaks = ", ".join(f"{peak_mib(length):.0f} MiB for {length:,} rows" for length in lengths)
    lines += ["", f"peak memory of a first sync (SQLite): {peaks}"]
    print("\n".join(lines))
    if given.save:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text("\n".join(lines) + "\n")
    return None


if __name__ == "__main__":
    main()
