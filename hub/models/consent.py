"""What a person allowed a client, and the record of it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.db import Base, Instant, JsonText


class ConsentRow(Base):
    """The stored form of consent.model.Consent. ``version`` rises with every move: a lost race is seen, not won.

    ``receipt_head`` is the hash of the last receipt, so that a chain which lost its end is found out. ``details`` are
    the authorization_details that were asked for, in their JSON. ``replaces`` and ``replaced_by`` are ids of the same
    person's consents, without foreign keys: all of a person's consents go together or stay.

    ``grant_id`` is what the client calls the line of consents that this one is of (Grant Management for OAuth 2.0):
    256 random bits, no secret. Of one line at most one is not replaced.
    """

    __tablename__ = "consent"
    __table_args__ = (
        Index(None, "psu_id", "status"),
        Index(None, "client_id"),
        Index(None, "status", "valid_until"),
        Index(
            "uq_consent_grant_id",
            "grant_id",
            unique=True,
            sqlite_where=text("status <> 'replaced'"),
            postgresql_where=text("status <> 'replaced'"),
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    psu_id: Mapped[str] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"))
    client_id: Mapped[str] = mapped_column(ForeignKey("client.client_id", ondelete="CASCADE"))
    status: Mapped[str] = mapped_column(String(20))
    requested: Mapped[list[str]] = mapped_column(JsonText)
    personal: Mapped[list[str]] = mapped_column(JsonText)
    purpose: Mapped[str | None] = mapped_column(Text)
    history_from: Mapped[date | None]
    valid_until: Mapped[datetime] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    status_changed_at: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column()
    receipt_head: Mapped[str] = mapped_column(String(64))
    details: Mapped[list[dict[str, Any]]] = mapped_column(JsonText, default=list)
    replaces: Mapped[str | None] = mapped_column(String(36))
    replaced_by: Mapped[str | None] = mapped_column(String(36))
    grant_id: Mapped[str] = mapped_column(String(43))

    accounts: Mapped[list["ConsentAccount"]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", order_by="ConsentAccount.account_id"
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  # SQLAlchemy's own declaration


class ConsentAccount(Base):
    __tablename__ = "consent_account"

    consent_id: Mapped[str] = mapped_column(ForeignKey("consent.id", ondelete="CASCADE"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, index=True)
    permissions: Mapped[list[str]] = mapped_column(JsonText)


class ConsentReceipt(Base):
    """One link of the hash chain that consent.receipt makes: every decision and move, in order."""

    __tablename__ = "consent_receipt"

    consent_id: Mapped[str] = mapped_column(ForeignKey("consent.id", ondelete="CASCADE"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str] = mapped_column(String(10))
    event: Mapped[str] = mapped_column(String(20))
    body: Mapped[dict[str, Any]] = mapped_column(JsonText)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class ConsentAccess(Base):
    """How often a client read what, per UTC day: what "who sees what" shows."""

    __tablename__ = "consent_access"

    consent_id: Mapped[str] = mapped_column(ForeignKey("consent.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    permission: Mapped[str] = mapped_column(String(30), primary_key=True)
    times: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(Instant)
