"""Accounts, balances, transactions and the log of their changes.

What ``Transaction``, ``TransactionRaw`` and ``Change`` refer to is a foreign key on SQLite only. On PostgreSQL a key
costs as much as the row: whoever writes holds what the rows belong to (hub.ledger.changelog.hold), and triggers take
them along when that goes (migration 0030).
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, Index, LargeBinary, SmallInteger, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Instant, JsonText


class Account(Base):
    """``id`` survives renewal and re-linking: it is found again by (psu, institution, ``identity_hash``).

    ``identity_hash`` is the SHA-256 of best identifier and currency. ``resource_id`` is the bank's address of the
    account under the present bank consent. ``connection_id`` is the connection that feeds it now.
    ``identifiers`` is a list of {scheme, value}, the best first. ``parent_id`` is the account that this one hangs on (a
    card, a pot), where the bank shows both.
    """

    __tablename__ = "account"
    __table_args__ = (
        Index("uq_account_identity", "psu_id", "institution_id", "identity_hash", unique=True),
        Index(None, "connection_id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    psu_id: Mapped[str] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"))
    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id", ondelete="CASCADE"))
    institution_id: Mapped[str] = mapped_column(String(64))
    identity_hash: Mapped[str] = mapped_column(String(64))
    resource_id: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(String(4))
    currency: Mapped[str] = mapped_column(String(100))
    name: Mapped[str | None] = mapped_column(Text)
    product: Mapped[str | None] = mapped_column(Text)
    owner_name: Mapped[str | None] = mapped_column(Text)
    identifiers: Mapped[list[dict[str, str]]] = mapped_column(JsonText)
    bic: Mapped[str | None] = mapped_column(String(11))
    usage: Mapped[str | None] = mapped_column(String(4))
    parent_id: Mapped[str | None] = mapped_column(String(36))
    status: Mapped[str] = mapped_column(String(10))  # enabled; gone: the bank no longer shows it to us
    created_at: Mapped[datetime] = mapped_column(Instant)
    synced_at: Mapped[datetime | None] = mapped_column(Instant)
    history_from: Mapped[date | None]  # the earliest day we have asked this bank for


class Balance(Base):
    """``amount`` × 10^-``scale`` in ``currency``, signed from the holder's side. ``credit_limit`` is decimal
    text in the same currency. ``source_label`` is the bank's word: several may have no ISO type (OTHR)."""

    __tablename__ = "balance"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    type: Mapped[str] = mapped_column(String(4), primary_key=True)
    source_label: Mapped[str] = mapped_column(String(60), primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    scale: Mapped[int] = mapped_column(SmallInteger)
    currency: Mapped[str] = mapped_column(String(100))
    credit_line_included: Mapped[bool | None]
    credit_limit: Mapped[str | None] = mapped_column(String(40))
    as_of: Mapped[datetime | None] = mapped_column(Instant)
    fetched_at: Mapped[datetime] = mapped_column(Instant)


class Transaction(Base):
    """One movement. ``amount`` × 10^-``scale`` in ``currency``, signed from the holder's side.

    ``sort_date`` (booking, else value date, else the day first seen) and ``id`` order the history. ``fingerprint`` says
    what the row is, ``occurrence`` which of several equal ones. A row that the bank replaced or withdrew keeps
    ``removed_at``; a booked row that the bank stopped showing keeps ``missing_since``: flagged, never deleted.
    """

    __tablename__ = "transaction"
    __table_args__ = (
        # removed_at makes it enough by itself to tell which rows a page shows
        Index("ix_transaction_account", "account_id", text("sort_date DESC"), text("id DESC"), "removed_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    status: Mapped[str] = mapped_column(String(4))
    sort_date: Mapped[date] = mapped_column(Date)
    booking_date: Mapped[date | None]
    value_date: Mapped[date | None]
    transaction_datetime: Mapped[datetime | None] = mapped_column(Instant)
    amount: Mapped[int] = mapped_column(BigInteger)
    scale: Mapped[int] = mapped_column(SmallInteger)
    currency: Mapped[str] = mapped_column(String(100))
    counterparty_name: Mapped[str | None] = mapped_column(Text)
    counterparty_account: Mapped[str | None] = mapped_column(Text)
    remittance: Mapped[list[str]] = mapped_column(JsonText)
    bank_transaction_code: Mapped[str | None] = mapped_column(String(40))
    proprietary_code: Mapped[str | None] = mapped_column(Text)
    merchant_category_code: Mapped[str | None] = mapped_column(String(4))
    balance_after: Mapped[str | None] = mapped_column(String(40))
    details: Mapped[str | None] = mapped_column(Text)  # JSON, see hub.ledger.details
    bank_ids: Mapped[dict[str, str]] = mapped_column(JsonText)
    fingerprint: Mapped[str] = mapped_column(String(64))
    occurrence: Mapped[int] = mapped_column(SmallInteger)
    supersedes: Mapped[str | None] = mapped_column(String(36))
    superseded_by: Mapped[str | None] = mapped_column(String(36))
    link_reason: Mapped[str | None] = mapped_column(String(40))
    link_confidence: Mapped[int | None] = mapped_column(SmallInteger)  # per cent
    first_seen_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    missing_since: Mapped[datetime | None] = mapped_column(Instant)
    removed_at: Mapped[datetime | None] = mapped_column(Instant)


class TransactionRaw(Base):
    """The bank's own row, sealed, beside what was made of it: better rules can be run again over old data."""

    __tablename__ = "transaction_raw"

    transaction_id: Mapped[str] = mapped_column(ForeignKey("transaction.id", ondelete="CASCADE"), primary_key=True)
    raw_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    # Empty since 0036: beside what is sealed it would tell a thief of the database whether a guess is right. The column
    # stays for the release before, which still writes it.
    raw_hash: Mapped[str] = mapped_column(String(64))
    normaliser: Mapped[str] = mapped_column(String(40))  # standard and version of the rules
    provenance: Mapped[dict[str, Any]] = mapped_column(JsonText)
    fetched_at: Mapped[datetime] = mapped_column(Instant)


class Provenance(Base):
    """Where each field of a row was read from (hub.ledger.provenance), once for all rows of which it is true. It is
    about standards and rules, and about nobody."""

    __tablename__ = "provenance"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    places: Mapped[dict[str, str]] = mapped_column(JsonText)


class SeenPage(Base):
    """A page of transactions that the last whole reading of this account met, so that it need not be read again.

    It says so only while the ledger stands where that reading left it: at ``position`` of the change log of
    ``connection_id`` (-1 while the reading goes on), and for rows read by the same ``normaliser``. ``ids`` are its
    transactions, joined by commas; ``oldest`` the first day of the booked ones; ``next_sealed`` the bank's link in it.
    """

    __tablename__ = "seen_page"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    connection_id: Mapped[str] = mapped_column(String(36))
    position: Mapped[int] = mapped_column(BigInteger)
    normaliser: Mapped[str] = mapped_column(String(40))
    next_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    ids: Mapped[str] = mapped_column(Text)
    oldest: Mapped[date | None]


class Change(Base):
    """The change log of a connection. ``kind``: added, modified, removed. Feeds transactions/sync."""

    __tablename__ = "change"
    __table_args__ = (Index(None, "account_id", "seq"),)

    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    account_id: Mapped[str] = mapped_column(String(36))
    transaction_id: Mapped[str] = mapped_column(String(36))
    kind: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime] = mapped_column(Instant)
