"""How much CPU one page of the history costs, beside the floor: the bare driver fetching the same rows, and orjson.

    python -m bench.history [--rows 100000] [--accounts 3] [--url postgresql://...] [--save]

Builds a fresh database (SQLite in a temporary folder unless --url names an empty one), fills it through the ledger's
own ingest, and reads pages of 100 through ``hub.ledger.history``. Times are CPU of this process, the median of
repeated runs; on PostgreSQL the server's own CPU is not in them.
"""

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import event
from sqlalchemy.orm import Session

from consent.decide import Allowed, for_owner
from hub import migrate
from hub.db import Database, amount_text
from hub.ids import new_id
from hub.ledger import history
from hub.ledger.accounts import store_accounts
from hub.ledger.cursors import Place
from hub.ledger.ingest import Fetch
from hub.models.connection import Connection
from hub.models.psu import Psu
from hub.sealing import Sealer
from providers.model import Account, Identifier, Money, Party, Scheme, Status, Transaction

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LIMIT = 100
REPEATS = 200
RESULTS = Path(__file__).parent / "results" / "history.txt"
SEALER = Sealer({"bench": bytes(32)})


@dataclass(frozen=True, slots=True)
class Timing:
    name: str
    cpu_ms: float
    statements: int


def _transaction(number: int, day: date) -> Transaction:
    return Transaction(
        status=Status.BOOKED,
        money=Money(Decimal(-(number % 9_999) - 1).scaleb(-2), "EUR"),
        booking_date=day,
        value_date=day,
        counterparty=Party(f"Shop {number % 400}", Identifier(Scheme.IBAN, "DE02120300000000202051")),
        remittance=(f"Order {number}", "card payment, thank you"),
        bank_ids={"transactionId": f"t{number}", "entryReference": f"e{number}"},
        bank_transaction_code="PMNT-CCRD-POSD",
        provenance={"money": "transactionAmount", "booking_date": "bookingDate"},
        raw=b'{"transactionId":"t%d","transactionAmount":{"amount":"-1.00","currency":"EUR"}}' % number,
    )


def build(db: Database, rows: int, accounts: int) -> tuple[Allowed, float]:
    """Fill the database; returns the owner's Allowed and the rows stored per second of wall time."""
    migrate.upgrade(db)
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
        shown = [
            Account(f"r{number}", "EUR", identifiers=(Identifier(Scheme.IBAN, f"DE{number:020}"),))
            for number in range(accounts)
        ]
        ids = store_accounts(
            session, psu_id=psu_id, connection_id=connection_id, institution_id="bench", accounts=shown, now=NOW
        )
    began = time.perf_counter()
    each = rows // accounts
    first = NOW.date() - timedelta(days=730)
    for place, account_id in enumerate(ids.values()):
        fetch = Fetch(account_id, connection_id, first, NOW.date(), "bench/1")
        numbers = range(place * each, (place + 1) * each)
        told = [_transaction(number, NOW.date() - timedelta(days=(number % each) * 730 // each)) for number in numbers]
        for start in range(0, each, 500):
            with db.write() as session:
                fetch.apply(session, SEALER, told[start : start + 500], NOW)
        with db.write() as session:
            fetch.finish(session, NOW)
    taken_s = time.perf_counter() - began
    if not db.is_sqlite:
        with db.reader.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
        with db.writer.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
    return for_owner(psu_id, ids.values()), rows / taken_s


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _measure(work: Callable[[], object]) -> float:
    """CPU milliseconds of one call: the median of ten batches."""
    for _ in range(20):
        work()
    batches = []
    for _ in range(10):
        began = _cpu_s()
        for _ in range(REPEATS // 10):
            work()
        batches.append((_cpu_s() - began) * 1000 / (REPEATS // 10))
    return statistics.median(batches)


@contextmanager
def _counted(db: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    event.listen(db.reader, "before_cursor_execute", note)
    yield seen
    event.remove(db.reader, "before_cursor_execute", note)


def places(db: Database, allowed: Allowed) -> dict[str, str | None]:
    """Cursors of the first, the middle and the last page of everything that ``allowed`` covers."""
    marks = ",".join(f"'{one}'" for one in allowed.account_ids)
    with db.reader.connect() as connection:
        query = 'SELECT sort_date, id FROM "transaction" WHERE account_id IN (' + marks + ") AND removed_at IS NULL"
        query += " ORDER BY sort_date DESC, id DESC LIMIT 1 OFFSET "
        total = connection.exec_driver_sql(
            'SELECT count(*) FROM "transaction" WHERE account_id IN (' + marks + ")"
        ).scalar_one()
        result: dict[str, str | None] = {"first": None}
        for name, offset in (("middle", total // 2), ("last", max(0, total - LIMIT - 1))):
            day, id_ = connection.exec_driver_sql(query + str(offset)).one()
            result[name] = Place(date.fromisoformat(str(day)), str(id_)).text()
    return result


_FLOOR = (
    "SELECT id, account_id, status, booking_date, value_date, transaction_datetime, amount, scale, currency,"
    " counterparty_name, counterparty_account, remittance, bank_transaction_code, proprietary_code,"
    " merchant_category_code, balance_after, bank_ids, supersedes, superseded_by, link_reason, link_confidence,"
    ' first_seen_at, updated_at FROM "transaction" WHERE account_id = {mark} AND removed_at IS NULL'
    " ORDER BY sort_date DESC, id DESC LIMIT 101"
)


def _floor(db: Database, account_id: str) -> Callable[[], object]:
    """The least that any Python could do: the bare driver on an open connection, and JSON from its tuples."""
    raw = db.reader.raw_connection()
    driver: Any = raw.driver_connection
    sql = _FLOOR.format(mark="?" if db.is_sqlite else "%s")

    def work() -> bytes:
        rows = driver.execute(sql, (account_id,)).fetchall()
        return orjson.dumps(
            [
                {
                    "id": row[0],
                    "account_id": row[1],
                    "status": row[2],
                    "booking_date": row[3],
                    "value_date": row[4],
                    "transaction_datetime": row[5],
                    "amount": amount_text(row[6], row[7]),
                    "currency": row[8],
                    "counterparty_name": row[9],
                    "counterparty_account": row[10],
                    "remittance": orjson.Fragment(row[11]),
                    "bank_transaction_code": row[12],
                    "proprietary_code": row[13],
                    "merchant_category_code": row[14],
                    "balance_after": row[15],
                    "supersedes": row[17],
                    "superseded_by": row[18],
                    "link_reason": row[19],
                    "link_confidence": row[20],
                    "first_seen_at": row[21],
                    "last_updated": row[22],
                }
                for row in rows[:LIMIT]
            ]
        )

    return work


def measure(db: Database, everything: Allowed) -> list[Timing]:
    one = for_owner(everything.psu_id, everything.account_ids[:1])
    timings = [Timing("floor: bare driver + orjson, one account", _measure(_floor(db, one.account_ids[0])), 1)]
    for label, allowed in (("one account", one), (f"{len(everything.account_ids)} accounts", everything)):
        for page, after in places(db, allowed).items():
            query = history.HistoryQuery(limit=LIMIT, after=after)

            def work(allowed: Allowed = allowed, query: history.HistoryQuery = query) -> history.HistoryPage:
                with db.read() as session:
                    return history.transactions(session, allowed, query)

            with _counted(db) as seen:
                assert work().count == LIMIT
            timings.append(Timing(f"{label}, {page} page", _measure(work), len(seen)))
    return timings


def sync_all(session: Session, allowed: Allowed) -> tuple[int, float]:
    """Pages and CPU seconds of a client's first sync of everything, 500 a page."""
    began, pages, cursor = _cpu_s(), 0, None
    while True:
        page = history.changes(session, SEALER, allowed, cursor, 500)
        pages, cursor = pages + 1, page.next_cursor
        if not page.has_more:
            return pages, _cpu_s() - began


def report(db: Database, rows: int, accounts: int) -> str:
    allowed, stored_per_s = build(db, rows, accounts)
    timings = measure(db, allowed)
    floor = timings[0].cpu_ms
    lines = [
        f"{db.url.get_backend_name()}, {rows:,} rows in {accounts} accounts, {LIMIT} a page, sealed raw rows kept",
        f"stored through ingest, 500 a transaction: {stored_per_s:,.0f} rows/s",
        f"{'':44}{'CPU ms':>8}{'x floor':>9}{'SQL':>5}",
    ]
    for one in timings:
        lines.append(f"{one.name:44}{one.cpu_ms:8.2f}{one.cpu_ms / floor:9.2f}{one.statements:5d}")
    with db.read() as session:
        pages, cpu_s = sync_all(session, allowed)
    lines.append(f"first sync of everything: {pages} pages, {cpu_s * 1000 / pages:.1f} CPU ms a page of 500")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--accounts", type=int, default=3)
    parser.add_argument("--url", help="an empty database; default: SQLite in a temporary folder")
    parser.add_argument("--save", action="store_true", help=f"append to {RESULTS.name}")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        db = Database(options.url or f"sqlite:///{folder}/bench.db")
        text = report(db, options.rows, options.accounts)
        db.dispose()
    print(text)
    if options.save:
        RESULTS.parent.mkdir(exist_ok=True)
        with RESULTS.open("a") as file:
            file.write(f"{text}\n\n")


if __name__ == "__main__":
    main()
