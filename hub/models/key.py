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


class Secret(Base):
    """A random value made once that must outlive key rotation, such as the salt of pairwise subjects."""

    __tablename__ = "secret"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Instant)
