"""What was recognised in a file, and where the rows of each account would go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.connections.state import Status as ConnectionStatus
from hub.context import Hub
from hub.imports import FILE, staging
from hub.imports.staging import Declared, Staged, Target
from hub.ledger.accounts import ENABLED, identity_hashes
from hub.models.connection import Connection
from hub.models.ledger import Account as AccountRow
from providers.files import guess
from providers.files.decode import decoded_as
from providers.files.extract import Extract, Format
from providers.files.guess import Guess
from providers.files.profile import Profile
from providers.files.read import by_account, read
from providers.model import Account, RejectedRow, Status, Transaction

FIRST_ROWS = 5


@dataclass(frozen=True, slots=True)
class Found:
    """One account of the file. ``known_id`` is the account that an earlier file of this account made; ``also_at`` the
    institution whose linked bank shows the same account, "" for none."""

    extracts: tuple[Extract, ...]
    target: Target
    known_id: str | None = None
    also_at: str = ""

    @property
    def account(self) -> Account:
        return self.extracts[0].account

    @property
    def transactions(self) -> tuple[Transaction, ...]:
        return tuple(row for one in self.extracts for row in one.transactions)

    @property
    def rejected(self) -> tuple[RejectedRow, ...]:
        return tuple(row for one in self.extracts for row in one.rejected)

    @property
    def days(self) -> tuple[date, date] | None:
        known = [one.days for one in self.extracts if one.days]
        return (min(first for first, _ in known), max(last for _, last in known)) if known else None

    @property
    def pending(self) -> int:
        return sum(row.status is Status.PENDING for row in self.transactions)

    @property
    def falls_short(self) -> bool:
        """A statement's balances say that a row is missing."""
        return any(one.adds_up is False for one in self.extracts)


@dataclass(frozen=True, slots=True)
class Preview:
    """``guess`` is there for a CSV only: its ``profile`` is the declared one where the person declared one."""

    format: Format
    version: str
    found: tuple[Found, ...]
    warnings: tuple[str, ...]
    guess: Guess | None = None


@dataclass(frozen=True, slots=True)
class Choosable:
    """An account of an earlier file, which rows without an account number may go to."""

    account_id: str
    name: str
    currency: str


def look(hub: Hub, psu_id: str, staged: Staged) -> Preview:
    """Raises ContractBroken where the file cannot be read, TooMany while others are being read."""
    with staging.reading.taken():
        raw = staging.raw_of(hub, staged)
        guessed = _guess(raw, staged.declared.profile) if staging.is_csv(raw) else None
        declared = staged.declared
        if guessed is not None:
            declared = Declared(guessed.profile, declared.currency, declared.order, declared.targets)
        whole = read(raw, declared.said)
    groups = by_account(whole)
    with hub.db.read() as session:
        known = _known(session, psu_id, [group[0].account for group in groups])
        linked = _linked(session, psu_id)
    found = []
    for place, group in enumerate(groups):
        also_at = next((linked[one.value] for one in group[0].account.identifiers if one.value in linked), "")
        given = declared.targets[place] if place < len(declared.targets) else Target(is_wanted=not also_at)
        found.append(Found(group, given, known[place], also_at))
    return Preview(whole.format, whole.version, tuple(found), whole.warnings, guessed)


def choosable(session: Session, psu_id: str) -> tuple[Choosable, ...]:
    rows = session.execute(
        select(AccountRow.id, AccountRow.name, AccountRow.currency, AccountRow.identifiers)
        .where(AccountRow.psu_id == psu_id, AccountRow.institution_id == FILE, AccountRow.status == ENABLED)
        .order_by(AccountRow.created_at, AccountRow.id)
    )
    return tuple(
        Choosable(row.id, row.name or (row.identifiers[0]["value"] if row.identifiers else "Account"), row.currency)
        for row in rows
    )


def _guess(raw: bytes, declared: Profile | None) -> Guess:
    guessed = guess.look_at(raw)
    if declared is None:
        return guessed
    rows = guess.split(decoded_as(raw, declared.encoding), declared.delimiter)
    first = declared.skip_lines + declared.has_header
    sample = tuple(tuple(row) for row in rows[first : first + 8])
    return Guess(declared, guessed.confidence, guess.header_of(declared, rows), sample)


def _known(session: Session, psu_id: str, accounts: Sequence[Account]) -> list[str | None]:
    """The account that each was in an earlier file; None for one without a number, which only a name tells apart."""
    hashes = identity_hashes(accounts)
    query = select(AccountRow.identity_hash, AccountRow.id).where(
        AccountRow.psu_id == psu_id, AccountRow.institution_id == FILE, AccountRow.identity_hash.in_(hashes)
    )
    ids = {row.identity_hash: row.id for row in session.execute(query)}
    return [ids.get(one) if account.identifiers else None for one, account in zip(hashes, accounts, strict=True)]


def _linked(session: Session, psu_id: str) -> dict[str, str]:
    """Account number -> institution of the linked bank that shows it."""
    query = (
        select(AccountRow.identifiers, AccountRow.institution_id)
        .join(Connection, Connection.id == AccountRow.connection_id)
        .where(
            AccountRow.psu_id == psu_id,
            AccountRow.institution_id != FILE,
            AccountRow.status == ENABLED,
            Connection.status != ConnectionStatus.REVOKED.value,
        )
    )
    return {one["value"]: row.institution_id for row in session.execute(query) for one in row.identifiers}
