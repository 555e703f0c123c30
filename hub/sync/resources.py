"""Reading what hangs on the accounts, once their transactions are in: standing orders, mandates, payees, statements.

Nothing that fails here is a failure of the sync. Each kind of each account stands alone: how it went is written down
beside it, and the others go on. Only a bank that stops answering, or takes too long, is left alone.
"""

import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from hub.context import Hub
from hub.events.outbox import emit
from hub.ledger.resources.content import KEPT
from hub.ledger.resources.store import store, store_failure
from hub.models.connection import Connection
from hub.sync.bank import Bank
from hub.sync.due import due
from hub.sync.feeding import FedByAnother, writing
from hub.sync.lease import Lease, LeaseLost
from hub.sync.quota import Held
from hub.sync.verdict import Fault, fault_of
from providers.model import Account
from providers.port import Resource

log = logging.getLogger(__name__)
SILENCES_BEFORE_STOP = 2
PATIENCE = timedelta(seconds=60)
"""So long the end of a sync, and a person who looks on, may wait for all of this; the rest is for the next sync."""


def read_resources(hub: Hub, lease: Lease, bank: Bank, psu_id: str, listed: Iterable[tuple[str, Account]]) -> None:
    """``psu_id`` is whose accounts they are. Raises LeaseLost, and what our own database does."""
    if not bank.resources.intersection(KEPT):
        return
    silences, ends_at = 0, hub.clock() + PATIENCE
    for account_id, account in listed:
        for kind in _due(hub, lease, bank, account_id):
            if hub.clock() >= ends_at:
                return
            fault = _read(_Reading(hub, lease, bank, psu_id, kind, account_id), account)
            silences = silences + 1 if fault is not None and fault.is_silence else 0
            if silences >= SILENCES_BEFORE_STOP:
                return


def _due(hub: Hub, lease: Lease, bank: Bank, account_id: str) -> tuple[Resource, ...]:
    with hub.db.read() as session:
        return due(
            session,
            account_id,
            bank.resources,
            is_attended=bank.psu is not None,
            consented_at=session.scalar(select(Connection.sca_at).where(Connection.id == lease.connection_id)),
            now=hub.clock(),
        )


@dataclass(frozen=True, slots=True)
class _Reading:
    hub: Hub
    lease: Lease
    bank: Bank
    psu_id: str
    kind: Resource
    account_id: str

    def keep(self, rows: Iterable[Any]) -> None:
        now = self.hub.clock()
        with writing(self.lease, self.account_id) as session:
            changes = store(session, self.hub.sealer, self.account_id, self.kind, rows, now)
            if changes:
                emit(
                    session,
                    f"connection.{self.kind.value}_changed",
                    self.lease.connection_id,
                    now=now,
                    psu_id=self.psu_id,
                    body={"account_id": self.account_id, "resource": self.kind.value, **asdict(changes)},
                )

    def keep_failure(self, fault: Fault) -> None:
        with suppress(FedByAnother), writing(self.lease, self.account_id) as session:
            store_failure(
                session, self.hub.sealer, self.account_id, self.kind, fault.kind.value, fault.raw, self.hub.clock()
            )


def _read(run: _Reading, account: Account) -> Fault | None:
    try:
        run.keep(run.bank.resource(run.kind, run.account_id, account))
    except LeaseLost:
        raise
    except (Held, FedByAnother):  # the day's calls are spent; or a newer link reads this account now
        return None
    except Exception as error:  # the bank's, or a bug of ours: this kind's alone
        fault = fault_of(error)
        extra = {
            "connection_id": run.lease.connection_id,
            "resource": run.kind.value,
            "failure_kind": fault.kind.value,
        }
        log.warning("a resource of an account could not be read", extra=extra | {"error": type(error).__name__})
        run.keep_failure(fault)
        return fault
    return None
