"""The bank's side of one sync: an adapter with an access that is kept fresh, never asked inside a transaction, and no
oftener than the bank's quota lets us where nobody waits.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import update
from sqlalchemy.orm import Session

from hub.connections import sealed
from hub.connections.circuit import Family
from hub.context import Hub
from hub.db import in_transaction
from hub.ledger.evidence import IdTrust
from hub.ledger.normaliser import normaliser_of
from hub.models.connection import Connection
from hub.sync import quota
from hub.sync.lease import Claimed, Lease
from hub.sync.quota import Budget, Endpoint, Held, Key
from providers.errors import QuotaSpent, ReconsentRequired, Transient
from providers.listing import History
from providers.model import Account, Balance, Page
from providers.paging import Known, knowing
from providers.port import Access, Adapter, Capabilities, Psu, Resource

T = TypeVar("T")
REFRESH_AHEAD = timedelta(seconds=30)
"""A token that ends within this is refreshed before it is used: it might end on the way."""


@dataclass(slots=True)
class Bank:
    """Every method raises the errors of providers.errors, LeaseLost, and Held where nobody waits."""

    hub: Hub
    lease: Lease
    institution_id: str
    adapter: Adapter
    psu: Psu | None
    budget: Budget
    normaliser: str
    trust: IdTrust
    history: History
    _access: Access = field(repr=False)
    _is_renewed: bool = field(default=False, init=False)
    _ahead: dict[tuple[str, Endpoint], Key | Held] = field(default_factory=dict, repr=False)

    @classmethod
    def open(cls, hub: Hub, lease: Lease, claimed: Claimed, psu: Psu | None) -> "Bank":
        if claimed.access_sealed is None:
            raise ReconsentRequired("no access is held", institution_id=claimed.institution_id)
        institution = hub.institution(claimed.institution_id)
        adapter = hub.adapter(claimed.institution_id)
        return cls(
            hub=hub,
            lease=lease,
            institution_id=claimed.institution_id,
            adapter=adapter,
            psu=psu,
            budget=budget_of(hub, claimed.institution_id),
            normaliser=normaliser_of(institution, adapter.capabilities),
            trust=IdTrust(surviving=institution.rules.ids.surviving or None),
            history=institution.listing.history,
            _access=sealed.open_access(hub.sealer, lease.connection_id, claimed.access_sealed),
            _ahead={(lease.connection_id, Endpoint.ACCOUNTS): claimed.first_call} if claimed.first_call else {},
        )

    @property
    def capabilities(self) -> Capabilities:
        return self.adapter.capabilities

    def accounts(self) -> tuple[Account, ...]:
        with self._counted(self.lease.connection_id, Endpoint.ACCOUNTS):
            return self._ask(lambda access: self.adapter.accounts(access, psu=self.psu))

    def balances(self, account_id: str, account: Account) -> tuple[Balance, ...]:
        """``account_id`` is the hub's own, in all methods."""
        with self._counted(account_id, Endpoint.BALANCES):
            return self._ask(lambda access: self.adapter.balances(access, account, psu=self.psu))

    @property
    def resources(self) -> frozenset[Resource]:
        """What the bank offers beside them, as far as this bank consent is known to cover it."""
        offered, covered = self.capabilities.resources, self._access.resources
        return offered if covered is None else offered & covered

    def resource(self, kind: Resource, account_id: str, account: Account) -> tuple[Any, ...]:
        """Rows of the class of providers.resources that belongs to ``kind``, which is one of ``resources``.

        That the right to read this has ended is not believed of a fresh token, and not tried again: the transactions
        were read with the same one a moment ago.
        """
        by_transactions = kind in self.capabilities.by_transactions
        with self._counted(account_id, Endpoint.TRANSACTIONS if by_transactions else Endpoint(kind.value)):
            _assert_no_transaction()
            self._refresh_if_old()
            read = getattr(self.adapter, kind.value)
            with self.hub.circuits.asking(self.institution_id, Family.RESOURCES):
                rows: tuple[Any, ...] = read(self._access, account, psu=self.psu)
            self.lease.keep()
            return rows

    def pages(
        self, account_id: str, account: Account, *, date_from: date, date_to: date, known: Known
    ) -> Iterator[Page]:
        """One request per page; between two of them the caller may write, and the lease is kept. The ``known`` ones
        come unread."""

        def begin() -> tuple[Iterator[Page], Page | None]:
            days = {"date_from": date_from, "date_to": date_to}
            pages = self.adapter.transactions(self._access, account, **days, psu=self.psu)
            return pages, self._next(pages, known)

        with self._counted(account_id, Endpoint.TRANSACTIONS):
            self._refresh_if_old()
            pages, page = self._believing_late(begin)
        while page is not None:
            yield page
            self.lease.keep()
            page = self._next(pages, known)

    def _next(self, pages: Iterator[Page], known: Known) -> Page | None:
        _assert_no_transaction()
        with knowing(known), self._circuit():
            return next(pages, None)

    def count_ahead(self, session: Session, account_id: str, endpoint: Endpoint) -> None:
        """Of the call that comes next, at the end of a transaction that is open anyway: it costs none of its own.
        Should the call not be made, the day's count is one too high."""
        if self.psu is None:
            self._ahead[account_id, endpoint] = quota.take_ahead(
                session,
                self.budget,
                account_id,
                endpoint,
                connection_id=self.lease.connection_id,
                now=self.hub.clock(),
            )

    def count_first_call(self, session: Session, accounts: Sequence[tuple[str, Account]]) -> None:
        """The same of the call that the reading of ``accounts``, one or none, begins with."""
        for account_id, account in accounts:
            if self.capabilities.balances and account.balances is None:
                self.count_ahead(session, account_id, Endpoint.BALANCES)

    def _key(self, subject_id: str, endpoint: Endpoint) -> Key:
        """Raises Held."""
        known = self._ahead.pop((subject_id, endpoint), None)
        if known is None:
            connection_id = self.lease.connection_id
            with self.lease.write() as session:
                now = self.hub.clock()
                return quota.take(session, self.budget, subject_id, endpoint, connection_id=connection_id, now=now)
        if isinstance(known, Held):
            raise known
        return known

    @contextmanager
    def _counted(self, subject_id: str, endpoint: Endpoint) -> Iterator[None]:
        """Around one call: counted before it is made, taken back if it was not answered."""
        if self.psu is not None:
            yield
            return
        key = self._key(subject_id, endpoint)
        try:
            yield
        except QuotaSpent as error:
            until = self.hub.clock() + timedelta(seconds=error.retry_after_s)
            with self.lease.write() as session:
                quota.close(session, key, until)
            raise Held(until) from None
        except Transient as error:
            if not error.answered:
                with self.lease.write() as session:
                    quota.give_back(session, key)
            raise

    def _ask(self, call: Callable[[Access], T]) -> T:
        def asked() -> T:
            with self._circuit():
                return call(self._access)

        _assert_no_transaction()
        self._refresh_if_old()
        result = self._believing_late(asked)
        self.lease.keep()
        return result

    def _believing_late(self, call: Callable[[], T]) -> T:
        """That the right to read has ended is believed only of a fresh token: banks' clocks are wrong, and some tokens
        live half as long as their bank says. Tried once in a sync; if the consent is over, the refresh says so."""
        try:
            return call()
        except ReconsentRequired:
            if self._access.expires_at is None or self._is_renewed:
                raise
        self._is_renewed = True
        self._refresh()
        return call()

    def _refresh_if_old(self) -> None:
        if self._access.expires_at is not None and self._access.expires_at <= self.hub.clock() + REFRESH_AHEAD:
            self._refresh()

    def _refresh(self) -> None:
        with self._circuit():
            fresh = self.adapter.refresh(self._access, now=self.hub.clock())
        # Stored before it is used: a bank that rotates refresh tokens takes the old one no more.
        with self.lease.write() as session:
            session.execute(
                update(Connection)
                .where(Connection.id == self.lease.connection_id)
                .values(
                    access_sealed=sealed.seal_access(self.hub.sealer, self.lease.connection_id, fresh),
                    bank_consent_until=fresh.valid_until,
                )
                .execution_options(synchronize_session=False)
            )
        self._access = fresh

    def _circuit(self) -> AbstractContextManager[None]:
        return self.hub.circuits.asking(self.institution_id, Family.READ)


def budget_of(hub: Hub, institution_id: str) -> Budget:
    zone = hub.adapter(institution_id).capabilities.time_zone
    return Budget(hub.institution(institution_id).unattended_calls_per_day, ZoneInfo(zone))


def _assert_no_transaction() -> None:
    if in_transaction():
        raise RuntimeError("a bank is never asked inside a transaction")
