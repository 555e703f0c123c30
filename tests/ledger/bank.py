"""What a bank might say, and a household to say it to."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256

from consent.decide import Allowed, Ask, decide
from consent.model import Consent, Permission
from consent.model import Status as ConsentStatus
from hub.db import Database
from hub.ids import new_id
from hub.ledger.accounts import store_accounts
from hub.ledger.ingest import Applied, Fetch
from hub.models.connection import Connection
from hub.models.psu import Psu
from hub.sealing import Sealer
from providers.model import Account, Identifier, Money, Page, Party, Scheme, Status, Transaction
from providers.paging import Known

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
FIRST = TODAY - timedelta(days=60)
SEALER = Sealer({"test": bytes(32)})
_numbers = itertools.count()


def row(
    amount: str = "-3.50",
    day: date | str | None = TODAY,
    *,
    name: str | None = "Coffee House",
    text: str | Sequence[str] = "card 4711",
    status: Status = Status.BOOKED,
    currency: str = "EUR",
    after: str | None = None,
    at: datetime | None = None,
    **ids: str,
) -> Transaction:
    """One transaction; keyword arguments that are not fields are the bank's ids."""
    when = date.fromisoformat(day) if isinstance(day, str) else day
    return Transaction(
        status=status,
        money=Money(Decimal(amount), currency),
        booking_date=when if status is Status.BOOKED else None,
        value_date=when,
        transaction_datetime=at,
        counterparty=Party(name),
        remittance=(text,) if isinstance(text, str) else tuple(text),
        bank_ids=ids,
        balance_after=Money(Decimal(after), currency) if after else None,
        provenance={"money": "transactionAmount"},
        raw=f'{{"amount":"{amount}","text":"{text}","day":"{when}"}}'.encode("utf-8", "replace"),
    )


def pending(amount: str = "-3.50", day: date | str | None = TODAY, **more: str | None) -> Transaction:
    return row(amount, day, status=Status.PENDING, **more)  # type: ignore[arg-type]


def days_ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@dataclass
class Reading:
    """``skipped`` counts the pages that the ledger knew, ``read`` those of them that had to be read after all."""

    applied: Applied
    skipped: int = 0
    read: int = 0


def page_of(rows: Sequence[Transaction], known: Known, reading: Reading) -> Page:
    """A page whose bytes are the same if its rows are; known ones come as providers.paging hands them out."""
    digest = sha256(repr([(one.raw, one.status, sorted(one.bank_ids.items()), one.details) for one in rows]).encode())
    page = Page(tuple(rows), None, digest=digest.digest())
    if page.digest not in known:
        return page
    reading.skipped += 1

    def unread() -> Page:
        reading.read += 1
        return page

    return Page((), None, digest=page.digest, unread=unread)


@dataclass
class Home:
    """One person with one connection to one bank and some accounts there. ``now`` moves with every sync."""

    db: Database
    name: str = "alice"
    accounts: Sequence[str] = ("EUR",)
    now: datetime = NOW
    psu_id: str = field(init=False)
    connection_id: str = field(init=False)
    ids: list[str] = field(init=False)
    shown: list[Account] = field(init=False)

    def __post_init__(self) -> None:
        self.psu_id = new_id()
        with self.db.write() as session:
            session.add(
                Psu(
                    id=self.psu_id,
                    email=f"{self.name}{next(_numbers)}@people.example",
                    name=self.name.title(),
                    password_hash="x",
                    password_changed_at=self.now,
                    created_at=self.now,
                )
            )
        self.connection_id = self.connect()
        self.shown = [account(currency, iban=f"DE{number:020}") for number, currency in enumerate(self.accounts)]
        self.ids = self.link(self.shown)

    def connect(self, institution_id: str = "first-bank") -> str:
        connection_id = new_id()
        with self.db.write() as session:
            session.add(
                Connection(
                    id=connection_id,
                    psu_id=self.psu_id,
                    institution_id=institution_id,
                    status="ready",
                    created_at=self.now,
                )
            )
        return connection_id

    def link(self, shown: Sequence[Account], connection_id: str | None = None, bank: str = "first-bank") -> list[str]:
        """Store accounts; returns their ids in the order given."""
        with self.db.write() as session:
            made = store_accounts(
                session,
                psu_id=self.psu_id,
                connection_id=connection_id or self.connection_id,
                institution_id=bank,
                accounts=shown,
                now=self.now,
            )
        return [made[one.resource_id] for one in shown]

    @property
    def account_id(self) -> str:
        return self.ids[0]

    def fetch(self, account_id: str | None = None, first: date = FIRST, last: date = TODAY) -> Fetch:
        return Fetch(account_id or self.account_id, self.connection_id, first, last, "test/1")

    def sync(
        self, *pages: Iterable[Transaction], account_id: str | None = None, finish: bool = True, first: date = FIRST
    ) -> Applied:
        """A fetch, each page in its own transaction, the last together with finish."""
        self.now += timedelta(hours=6)
        fetch = self.fetch(account_id, first)
        done = Applied()
        for number, page in enumerate(pages):
            with self.db.write() as session:
                done += fetch.apply(session, SEALER, tuple(page), self.now)
                if finish and number == len(pages) - 1:
                    done += fetch.finish(session, self.now)
        return done

    def read(self, *pages: Sequence[Transaction], finish: bool = True, at_once: bool = False) -> "Reading":
        """A fetch as a sync does it: the pages that the ledger remembers come unread."""
        self.now += timedelta(hours=6)
        fetch = self.fetch()
        with self.db.read() as session:
            known = fetch.known_pages(session, SEALER)
        reading = Reading(Applied())
        coming = [page_of(rows, known, reading) for rows in pages]
        for batch in [coming] if at_once else [[page] for page in coming]:
            with self.db.write() as session:
                reading.applied += fetch.apply_pages(session, SEALER, batch, self.now)
        if finish:
            with self.db.write() as session:
                reading.applied += fetch.finish(session, self.now)
        return reading

    def allowed(
        self,
        permission: Permission = Permission.TRANSACTIONS_READ,
        *,
        accounts: Sequence[str] | None = None,
        since: date | None = None,
        with_parties: bool = False,
        consent_id: str = "consent-1",
    ) -> Allowed:
        held = frozenset({permission} | ({Permission.PARTIES_READ} if with_parties else set()))
        consent = Consent(
            id=consent_id,
            psu_id=self.psu_id,
            client_id="app",
            status=ConsentStatus.VALID,
            requested=held,
            personal=frozenset(),
            accounts=dict.fromkeys(self.ids if accounts is None else accounts, held),
            purpose=None,
            history_from=since,
            valid_until=self.now + timedelta(days=90),
            created_at=NOW,
            status_changed_at=NOW,
        )
        answer = decide(consent, Ask("app", self.psu_id, permission, frozenset(map(str, held))), self.now)
        assert isinstance(answer, Allowed)
        return answer


def account(
    currency: str = "EUR",
    *,
    iban: str | None = "DE89370400440532013000",
    resource_id: str | None = None,
    name: str | None = "Giro",
    more: Mapping[Scheme, str] | None = None,
) -> Account:
    identifiers = [Identifier(Scheme.IBAN, iban)] if iban else []
    identifiers += [Identifier(scheme, value) for scheme, value in (more or {}).items()]
    return Account(
        resource_id=resource_id or f"resource-{next(_numbers)}",
        currency=currency,
        name=name,
        identifiers=tuple(identifiers),
        owner_name="Alice Example",
        bic="COBADEFFXXX",
    )
