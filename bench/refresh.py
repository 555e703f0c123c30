"""How long twenty banks take to be read, beside the slowest of them: they answer slowly, and on sockets.

    python -m bench.refresh [--banks 20] [--ms 500] [--postgres] [--save]

Each bank is a Berlin Group bank of its own on a real socket; its answers together take ``--ms``, and it shows one
account with a page of 100 transactions. "one" is the time of a single bank read alone by the same worker.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from hub import migrate
from hub.clock import Clock
from hub.connections import sealed
from hub.connections.plan import put_job
from hub.connections.state import Status
from hub.context import Hub, build
from hub.db import Database
from hub.garbage import look_rarely
from hub.ids import new_id
from hub.jobs.crew import Crew
from hub.models.connection import Connection
from hub.models.psu import Psu
from hub.settings import Settings
from hub.sync import job
from providers.port import Access
from tests import postgres

RESULTS = Path(__file__).parent / "results" / "refresh.txt"
CALLS = 3  # accounts, balances, transactions
IBAN = "DE89370400440532013000"


def _transactions() -> dict[str, Any]:
    day = datetime.now(UTC).date().isoformat()
    money = {"amount": "-12.30", "currency": "EUR"}
    rows = [{"transactionId": f"tx-{n}", "bookingDate": day, "transactionAmount": money} for n in range(100)]
    return {"account": {"iban": IBAN}, "transactions": {"booked": rows}}


ANSWERS = {
    "accounts": {"accounts": [{"resourceId": "r", "iban": IBAN, "currency": "EUR"}]},
    "balances": {
        "balances": [{"balanceType": "closingBooked", "balanceAmount": {"amount": "1.00", "currency": "EUR"}}]
    },
    "transactions": _transactions(),
}


@contextmanager
def slow_banks(count: int, pause_s: float) -> Iterator[list[str]]:
    """Their origins; every answer comes after ``pause_s``. A process of their own: what banks compute is no hub's."""
    command = [sys.executable, "-m", "bench.refresh", "--serve", str(count), "--pause", str(pause_s)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()
        finally:
            process.kill()


def _serve(count: int, pause_s: float) -> None:
    """Banks on sockets until killed; prints their origins."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65_536  # one write an answer: in two, Nagle and a delayed ACK add 40 ms

        def do_GET(self) -> None:
            time.sleep(pause_s)
            body = json.dumps(ANSWERS[self.path.partition("?")[0].rpartition("/")[2]]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Handler) for _ in range(count)]
    print(*(f"http://127.0.0.1:{server.server_address[1]}" for server in servers), flush=True)
    threads = [threading.Thread(target=server.serve_forever) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _hub(folder: Path, url: str, origins: list[str], clock: Clock) -> Hub:
    """A hub that knows these banks, its database made."""
    for number, origin in enumerate(origins):
        bank = {"id": f"bank-{number}", "name": f"Bank {number}", "standard": "berlin_group", "version": "1.3"}
        bank |= {"country": "DE"}
        (folder / f"bank-{number}.json").write_text(json.dumps({**bank, "api": {"base_url": origin}}))
    settings = Settings(database_url=url, data_dir=folder / "var", institution_dirs=(folder,))
    migrate.upgrade(Database(url))
    return build(settings, clock=clock)


def _link(hub: Hub, institution_id: str) -> None:
    """One more person with a connection to one bank, which is due."""
    now, psu_id, connection_id = hub.clock(), new_id(), new_id()
    access = Access("consent", expires_at=None, valid_until=None)
    with hub.db.write() as session:
        session.add(
            Psu(
                id=psu_id,
                email=f"{psu_id}@people.example",
                name="Alice",
                password_hash="unused",
                password_changed_at=now,
                created_at=now,
            )
        )
        session.flush()
        session.add(
            Connection(
                id=connection_id,
                psu_id=psu_id,
                institution_id=institution_id,
                status=Status.READY.value,
                access_sealed=sealed.seal_access(hub.sealer, connection_id, access),
                sca_at=now,
                next_sync_at=now,
                failures=0,
                change_seq=0,
                created_at=now,
            )
        )
        put_job(session, connection_id, institution_id, now, now=now)


def measure(banks: int, pause_s: float, *, on_postgres: bool) -> tuple[float, float]:
    """Seconds that a worker takes for one bank, and for all of them: as every day, most of what comes is known."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        day = [datetime.now(UTC)]
        url = f"sqlite:///{folder / 'hub.db'}"
        if on_postgres:
            url = stack.enter_context(postgres.database(stack.enter_context(postgres.cluster()), "bench"))
        hub = _hub(folder, url, stack.enter_context(slow_banks(banks, pause_s)), lambda: day[0])

        def read() -> float:
            crew, started = Crew(hub, [job.KIND]), time.monotonic()
            crew.run_once()
            return time.monotonic() - started

        look_rarely()  # as the worker does

        took = []
        for first, last in ((0, 1), (1, banks)):
            for number in range(first, last):
                _link(hub, f"bank-{number}")
            read()
            day[0] += timedelta(days=1)
            took.append(read())
            day[0] += timedelta(days=1)
        return took[0], took[1]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--banks", type=int, default=20)
    parser.add_argument("--ms", type=int, default=500)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--pause", type=float, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        return _serve(given.serve, given.pause)
    lines = []
    for store in ("SQLite", "PostgreSQL") if given.postgres else ("SQLite",):
        one, everyone = measure(given.banks, given.ms / 1000 / CALLS, on_postgres=store == "PostgreSQL")
        ratio = f"{everyone / one:.2f} times as long"
        lines.append(f"{store}: {given.banks} banks of {given.ms} ms: one {one:.3f} s, all {everyone:.3f} s, {ratio}")
        print(lines[-1], flush=True)
    if given.save:
        RESULTS.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
