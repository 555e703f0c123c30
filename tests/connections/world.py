"""Alice, her scripted bank, and the few steps that most stories begin with."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select

from hub.connections import link
from hub.connections.plan import THEIR_TURN
from hub.ids import new_id
from hub.jobs.crew import Crew
from hub.models.connection import Connection
from hub.models.ledger import Account, Balance, Transaction
from hub.models.psu import Psu as PsuRow
from hub.models.signal import Signal
from hub.sync.job import PER_INSTITUTION, THREADS, kind
from hub.sync.run import Outcome, sync_connection
from providers.model import Page
from providers.port import Psu
from tests.conftest import TestClock
from tests.connections.scripted import HubWithBanks, ScriptedBank, movement

one_store = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For stories in which the store has no say: told once, they leave time for those in which it has."""

PRESENT = Psu("192.0.2.7", "Firefox")
BANK = "lorelei"
OTHER_BANK = "albion"


def person(hub: HubWithBanks, name: str) -> str:
    """A person who never logs in here (no argon2, which costs tens of milliseconds); returns the psu_id."""
    psu_id = new_id()
    with hub.db.write() as session:
        session.add(
            PsuRow(
                id=psu_id,
                email=f"{name}-{psu_id}@people.example",
                name=name,
                password_hash="unused",
                password_changed_at=hub.clock(),
                created_at=hub.clock(),
            )
        )
    return psu_id


@dataclass(frozen=True)
class World:
    hub: HubWithBanks
    bank: ScriptedBank
    clock: TestClock
    alice: str

    def begin(self, psu_id: str | None = None, **changes: Any) -> str:
        """From "continue to the bank" to the bank's page; returns the state that comes back."""
        given: dict[str, Any] = {
            "psu_id": psu_id or self.alice,
            "session_hash": "alice-browser",
            "institution_id": BANK,
            "return_to": "/consents/request",
            "psu": PRESENT,
            "now": self.clock(),
        }
        url = link.start(self.hub, **(given | changes))
        assert isinstance(url, str), url
        return parse_qs(urlsplit(url).query)["state"][0]

    def come_back(self, state: str, psu_id: str | None = None, **changes: Any) -> link.Linked | link.LinkFailed:
        given: dict[str, Any] = {
            "params": {"state": state, "code": "abc"},
            "session_hash": "alice-browser",
            "psu_id": psu_id or self.alice,
            "psu": PRESENT,
            "now": self.clock(),
        }
        done = link.callback(self.hub, **(given | changes))
        assert not isinstance(done, str), done
        return done

    def linked(self, psu_id: str | None = None, **changes: Any) -> str:
        """A connection that is linked and not yet synced."""
        done = self.come_back(self.begin(psu_id, **changes), psu_id)
        assert isinstance(done, link.Linked), done
        return done.connection_id

    def sync(self, connection_id: str, *, psu: Psu | None = PRESENT) -> Outcome:
        return sync_connection(self.hub, connection_id, owner=new_id(), psu=psu)

    def synced(self, psu_id: str | None = None) -> str:
        connection_id = self.linked(psu_id)
        self.sync(connection_id)
        return connection_id

    def crew(self, *, threads: int = THREADS, per_institution: int = PER_INSTITUTION) -> Crew:
        """Workers that come after the web process has had its turn with what was just linked."""
        self.clock.at += THEIR_TURN
        return Crew(self.hub, [kind(threads=threads, per_institution=per_institution)])

    def until_due(self, connection_id: str) -> None:
        due = self.row(connection_id).next_sync_at
        assert due is not None
        self.clock.at = max(self.clock.at, due + timedelta(seconds=1))

    def fill(self, *, days_ago: int = 3) -> None:
        """Two accounts, two pages each, two movements a page."""
        day = self.clock().date() - timedelta(days=days_ago)
        for number, resource_id in enumerate(("resource-1", "resource-2")):
            rows = [movement(10 * number + n, day) for n in range(4)]
            self.bank.pages[resource_id] = [Page(tuple(rows[:2]), "2"), Page(tuple(rows[2:]), None)]

    def row(self, connection_id: str) -> Connection:
        with self.hub.db.read() as session:
            found = session.get(Connection, connection_id)
        assert found is not None
        return found

    def events(self, subject_id: str) -> list[str]:
        with self.hub.db.read() as session:
            query = select(Signal.kind).where(Signal.subject_id == subject_id).order_by(Signal.seq)
            return list(session.scalars(query))

    def accounts(self, psu_id: str | None = None) -> list[Account]:
        with self.hub.db.read() as session:
            query = select(Account).where(Account.psu_id == (psu_id or self.alice)).order_by(Account.name)
            return list(session.scalars(query))

    def transactions(self, psu_id: str | None = None) -> int:
        """How many the person's ledger shows."""
        query = (
            select(func.count())
            .select_from(Transaction)
            .join(Account, Account.id == Transaction.account_id)
            .where(Account.psu_id == (psu_id or self.alice), Transaction.removed_at.is_(None))
        )
        with self.hub.db.read() as session:
            return session.scalar(query) or 0

    def balances(self, psu_id: str | None = None) -> int:
        query = (
            select(func.count())
            .select_from(Balance)
            .join(Account, Account.id == Balance.account_id)
            .where(Account.psu_id == (psu_id or self.alice))
        )
        with self.hub.db.read() as session:
            return session.scalar(query) or 0
