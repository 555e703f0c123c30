"""The hub's own keys: private halves sealed, public halves as JWK; and its lasting secrets, sealed."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Instant, JsonText


class KeyState(StrEnum):
    """Where a signing key is on its way: see hub.signing."""

    NEXT = "next"
    ACTIVE = "active"
    RETIRING = "retiring"
    GONE = "gone"


class SigningKey(Base):
    """One key of a line (``purpose``, ``alg``), a line having one active and one next key at most.

    ``created_at`` is since when it is published, ``activated_at`` since when it signs, ``retired_at`` since when it
    does not, ``published_until`` when what it signed is over. Only a key that signs or will sign has a private half.
    """

    __tablename__ = "signing_key"
    __table_args__ = (
        *(
            Index(
                f"uq_signing_key_{state}",
                "purpose",
                "alg",
                unique=True,
                sqlite_where=text(f"state = '{state}'"),
                postgresql_where=text(f"state = '{state}'"),
            )
            for state in (KeyState.ACTIVE, KeyState.NEXT)
        ),
        CheckConstraint("(private_sealed IS NOT NULL) = (state IN ('next', 'active'))", name="wiped"),
    )

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(10))
    alg: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10))
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JsonText)
    private_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Instant)
    activated_at: Mapped[datetime | None] = mapped_column(Instant)
    retired_at: Mapped[datetime | None] = mapped_column(Instant)
    published_until: Mapped[datetime | None] = mapped_column(Instant)


class EncryptionKey(Base):
    """One key that banks encrypt to: see hub.encryption.

    ``retired_at`` is None for the present one, of which an ``alg`` has one. A retired key opens until ``opens_until``;
    then its private half is wiped and the row stays as a record.
    """

    __tablename__ = "encryption_key"
    __table_args__ = (
        Index(
            "uq_encryption_key_present",
            "alg",
            unique=True,
            sqlite_where=text("retired_at IS NULL"),
            postgresql_where=text("retired_at IS NULL"),
        ),
        CheckConstraint("(retired_at IS NULL) = (opens_until IS NULL)", name="retires"),
        CheckConstraint("retired_at IS NOT NULL OR private_sealed IS NOT NULL", name="opens"),
    )

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    alg: Mapped[str] = mapped_column(String(20))
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JsonText)
    private_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Instant)
    retired_at: Mapped[datetime | None] = mapped_column(Instant)
    opens_until: Mapped[datetime | None] = mapped_column(Instant)


class Secret(Base):
    """A random value made once that must outlive key rotation, such as the salt of pairwise subjects."""

    __tablename__ = "secret"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Instant)
