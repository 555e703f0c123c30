"""Workers and the web server are killed with SIGKILL at random moments while banks are read, consents move and webhooks
flow; afterwards everything that was promised must hold (tests.storm.promises).

``python -m tests.storm --kills 300 --people 50`` is the long one, on SQLite with one worker and PostgreSQL with three.
"""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, func, select, update

from consent.model import Permission
from hub import migrate
from hub.clock import now
from hub.connections import sealed
from hub.connections.plan import put_job
from hub.connections.state import Status
from hub.consents import service as consents
from hub.context import Hub, build
from hub.ids import new_id
from hub.jobs.crew import Crew
from hub.models.connection import Connection
from hub.models.consent import ConsentRow
from hub.models.job import Job
from hub.models.ledger import Account
from hub.models.psu import Psu
from hub.models.signal import Signal
from hub.models.webhook import WebhookMessage
from hub.settings import from_environ
from hub.sync import job as connections
from hub.webhooks import endpoints
from providers.port import Access
from tests.registered import registered
from tests.storm.bank import GrowingBank, growing_bank
from tests.storm.web import Browser, Web
from tests.webhooks.receiver import Receiver, receiving

ROOT = Path(__file__).resolve().parent.parent.parent
READS = frozenset({Permission.TRANSACTIONS_READ, Permission.BALANCES_READ, Permission.ACCOUNTS_READ})
LEASE_S = 3
QUIET_S = 180.0


@dataclass
class Storm:
    """A hub with people, their connections to two banks, and two apps that listen; and its workers."""

    hub: Hub
    environ: dict[str, str]
    folder: Path
    banks: list[GrowingBank]
    receiver: Receiver
    workers: int
    people: list[str] = field(default_factory=list)
    moved: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    web: Web = field(init=False)
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _browsers: dict[str, Browser] = field(default_factory=dict)
    _is_over: threading.Event = field(default_factory=threading.Event)
    _failed: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.web = Web(self.environ, self.folder, ROOT)

    def settle_people(self, count: int) -> None:
        """Each has a connection to each bank, read once, and lets the app read everything."""
        for _ in range(count):
            self.people.append(self._person())
        Crew(self.hub, [connections.KIND]).run_once()
        for name in ("app", "mover"):
            self.listens(name, self.receiver.url)
        for psu_id in self.people:
            self.allow(psu_id, "app")

    def listens(self, client_id: str, url: str) -> str:
        """An app, and its endpoint's id."""
        moment = now()
        with self.hub.db.write() as session:
            made = registered(session, redirect_uris=["https://app.example/"], scopes=["openid"], now=moment)
            made.client.client_id = client_id
            session.flush()
            return endpoints.make(self.hub, session, client_id, url=url, now=moment).endpoint.id

    def _person(self) -> str:
        psu_id, moment = new_id(), now()
        with self.hub.db.write() as session:
            person = {"id": psu_id, "email": f"{psu_id}@people.example", "name": "Alice", "password_hash": "unused"}
            session.add(Psu(**person, password_changed_at=moment, created_at=moment))
            session.flush()
            for number in range(len(self.banks)):
                connection_id = new_id()
                access = Access(connection_id, expires_at=None, valid_until=None)
                session.add(
                    Connection(
                        id=connection_id,
                        psu_id=psu_id,
                        institution_id=f"bank-{number}",
                        status=Status.READY.value,
                        access_sealed=sealed.seal_access(self.hub.sealer, connection_id, access),
                        sca_at=moment,
                        next_sync_at=moment,
                        failures=0,
                        change_seq=0,
                        created_at=moment,
                    )
                )
                session.flush()
                put_job(session, connection_id, f"bank-{number}", moment, now=moment)
        return psu_id

    def allow(self, psu_id: str, client_id: str) -> str:
        """Signals: consent.valid."""
        moment = now()
        with self.hub.db.write() as session:
            held = session.scalars(select(Account.id).where(Account.psu_id == psu_id)).all()
            assert held, "the first sync found the accounts"
            row = consents.propose(
                session,
                psu_id=psu_id,
                client_id=client_id,
                requested=READS,
                purpose=None,
                history_from=None,
                valid_until=moment + timedelta(days=90),
                now=moment,
            )
            consents.authorise(
                session,
                row,
                accounts=dict.fromkeys(held, READS),
                personal=frozenset(),
                valid_until=moment + timedelta(days=90),
                history_from=None,
                now=moment,
            )
            self.moved["consent.valid"] += 1
            return row.id

    def move(self) -> None:
        """Somebody allows the mover something, and takes it back on a page. If the web server dies on the way, they
        look again and, where it still stands, press the button once more."""
        psu_id = random.choice(self.people)
        consent_id = self.allow(psu_id, "mover")
        browser = self._browsers.get(psu_id) or Browser.of(self.hub, self.web, psu_id)
        self._browsers[psu_id] = browser
        while not browser.takes_back(consent_id) and self._stands(consent_id):
            time.sleep(0.1)
        self.moved["consent.revoked"] += 1

    def _stands(self, consent_id: str) -> bool:
        with self.hub.db.read() as session:
            return session.scalar(select(ConsentRow.status).where(ConsentRow.id == consent_id)) == "valid"

    def _go_on_moving(self) -> None:
        try:
            while not self._is_over.is_set():
                self.move()
                time.sleep(0.1)
        except BaseException as error:  # told by the thread that waits
            self._failed.append(error)

    @contextmanager
    def moving(self) -> Iterator[None]:
        """Consents move all the while, also in the moments of the kills."""
        mover = threading.Thread(target=self._go_on_moving)
        mover.start()
        try:
            yield
        finally:
            self._is_over.set()
            mover.join()
        if self._failed:
            raise self._failed[0]

    def start(self) -> None:
        self.web.start()
        for _ in range(self.workers):
            self._running.append(self._spawn())

    def _spawn(self) -> subprocess.Popen[bytes]:
        log = (self.folder / "workers.log").open("ab")
        command = [sys.executable, "-m", "hub.cli", "worker"]
        return subprocess.Popen(command, cwd=ROOT, env=self.environ, stdout=log, stderr=log)

    def kill_one(self) -> None:
        """A worker, or the web server in its turn."""
        victim = random.randrange(len(self._running) + 1)
        if victim == len(self._running):
            self.kills["web"] += 1
            self.web.kill()
            self.web.start()
            return
        self.kills["worker"] += 1
        self._running[victim].send_signal(signal.SIGKILL)
        self._running[victim].wait()
        self._running[victim] = self._spawn()

    def freeze_one(self) -> bool:
        """A worker that reads banks stands still, as in a machine that was suspended, until another has taken over what
        it held; then it goes on with that. False if that never came about.

        One that stands still in the middle of a write keeps everybody out: it is let go, and frozen again.
        """
        ends_at = time.monotonic() + QUIET_S
        while time.monotonic() < ends_at:
            victim = random.choice(self._running)
            victim.send_signal(signal.SIGSTOP)
            try:
                if (held := self._held_by(victim.pid)) and self._is_taken_over(held, time.monotonic() + 3 * LEASE_S):
                    return True
            finally:
                victim.send_signal(signal.SIGCONT)
            time.sleep(random.uniform(0.02, 0.2))
        return False

    def _held_by(self, pid: int) -> Mapping[str, str]:
        """Connections that this process reads, and its claims to them."""
        with self.hub.db.read() as session:
            query = select(Job.key, Job.owner).where(Job.queue == "connection", Job.worker.endswith(f":{pid}"))
            return {key: owner for key, owner in session.execute(query) if owner is not None}

    def _is_taken_over(self, held: Mapping[str, str], ends_at: float) -> bool:
        while time.monotonic() < ends_at:
            with self.hub.db.read() as session:
                query = select(Job.key, Job.owner).where(Job.queue == "connection", Job.key.in_(held))
                if any(owner != held[key] for key, owner in session.execute(query)):
                    return True
            time.sleep(0.1)
        return False

    @contextmanager
    def full_disk(self) -> Iterator[None]:
        """No file of a worker's grows any more, as far as the kernel can be asked for that: writes fail as on a full
        disk (with EFBIG), and reads do not."""
        for one in self._running:
            resource.prlimit(one.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        try:
            yield
        finally:
            for one in self._running:
                resource.prlimit(one.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    @property
    def alive(self) -> int:
        return sum(one.poll() is None for one in self._running)

    def stop(self) -> None:
        self.web.stop()
        for one in self._running:
            one.send_signal(signal.SIGTERM)
        for one in self._running:
            try:
                one.wait(30)
            except subprocess.TimeoutExpired:
                one.kill()
                one.wait()
        self._running.clear()

    def blow(
        self, kills: int, *, pause_s: tuple[float, float] = (0.8, 2.5), tell: Callable[[], None] = lambda: None
    ) -> None:
        """``tell`` is called after each kill."""
        with self.moving():
            for _ in range(kills):
                time.sleep(random.uniform(*pause_s))
                self.kill_one()
                tell()

    def quieten(self) -> list[str]:
        """The banks stand still, no connection is read any more and what came of that is told everybody; what is still
        open when the time is over.

        Every connection is waited for twice: the first sync that ends now may have asked its bank before. Then they
        are put off, since each round tells the app something, and promises that are looked at meanwhile seem broken.
        """
        for bank in self.banks:
            bank.stop_growing()
        ends_at = time.monotonic() + QUIET_S
        return self._wait(self.unread, ends_at) or self._wait(self.unread, ends_at) or self._wait(self.untold, ends_at)

    def _wait(self, open_ends: Callable[[datetime], list[str]], ends_at: float) -> list[str]:
        since = now()
        while left := open_ends(since):
            if time.monotonic() > ends_at:
                return left
            time.sleep(0.3)
        return []

    def unread(self, since: datetime) -> list[str]:
        """Counted: connections that were not read since, and jobs whose worker is dead."""
        is_old = (Connection.last_success_at.is_(None)) | (Connection.last_success_at < since)
        is_stale = (Job.owner.is_not(None), Job.run_at < now() - timedelta(seconds=LEASE_S))
        return self._counted({"connections": (is_old,), "stale jobs": is_stale})

    def untold(self, _since: datetime) -> list[str]:
        """Counted in the order in which one becomes the other, so that nothing slips past: connections that are being
        read or soon will be, signals, messages. Puts off what is read by nobody."""
        later = now() + timedelta(days=1)
        with self.hub.db.write() as session:
            session.execute(update(Connection).where(Connection.sync_owner.is_(None)).values(next_sync_at=later))
            free = (Job.queue == "connection", Job.owner.is_(None))
            session.execute(update(Job).where(*free).values(run_at=later))
        soon = (Job.queue == "connection", Job.run_at < now() + timedelta(hours=1))
        return self._counted(
            {
                "connections": soon,
                "signals": (Signal.seq.is_not(None),),
                "messages": (WebhookMessage.state == "due",),
            }
        )

    def _counted(self, conditions: Mapping[str, tuple[ColumnElement[bool], ...]]) -> list[str]:
        """Each in a transaction of its own: what is counted later is seen later."""
        found = list[str]()
        for name, condition in conditions.items():
            with self.hub.db.read() as session:
                if count := session.scalar(select(func.count()).where(*condition)):
                    found.append(f"{count} {name}")
        return found


@contextmanager
def storm(
    folder: Path, database_url: str, *, workers: int, banks: int = 2, per_s: float = 2.0, sync_interval_s: int = 2
) -> Iterator[Storm]:
    """``per_s``: new rows of each account."""
    with ExitStack() as stack:
        growing = [stack.enter_context(growing_bank(per_s)) for _ in range(banks)]
        receiver = stack.enter_context(receiving())
        listed = folder / "institutions"
        listed.mkdir(parents=True)
        for number, bank in enumerate(growing):
            told: dict[str, Any] = {
                "id": f"bank-{number}",
                "name": f"Bank {number}",
                "standard": "berlin_group",
                "version": "1.3",
            }
            told |= {"country": "DE", "unattended_calls_per_day": 10_000_000, "api": {"base_url": bank.url}}
            (listed / f"bank-{number}.json").write_text(json.dumps(told))
        environ = {name: value for name, value in os.environ.items() if not name.startswith("RIALTO_")} | {
            "DATABASE_URL": database_url,
            "RIALTO_DATA_DIR": str(folder / "var"),
            "RIALTO_INSTITUTIONS": str(listed),
            "RIALTO_SYNC_INTERVAL_S": str(sync_interval_s),
            "RIALTO_JOB_LEASE_S": str(LEASE_S),
        }
        environ["PYTHONDONTWRITEBYTECODE"] = "1"  # a process that dies, or a full disk, leaves half a module there
        hub = build(from_environ(environ))
        migrate.upgrade(hub.db)
        here = Storm(hub, environ, folder, growing, receiver, workers)
        try:
            yield here
        finally:
            here.stop()
            hub.close()
