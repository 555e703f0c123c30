"""The hub's own keys: private halves sealed, public halves as JWK; and its lasting secrets, sealed."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Instant, JsonText


class SigningKey(Base):
    """``purpose``: ``as`` signs our tokens (ES256), ``tpp`` speaks for us at banks (PS256). One active per purpose."""

    __tablename__ = "signing_key"
    __table_args__ = (
        Index(
            "uq_signing_key_active",
            "purpose",
            unique=True,
            sqlite_where=text("state = 'active'"),
            postgresql_where=text("state = 'active'"),
        ),
    )

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(10))
    alg: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10))
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JsonText)
    private_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Instant)


class Secret(Base):
    """A random value made once that must outlive key rotation, such as the salt of pairwise subjects."""

    __tablename__ = "secret"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Instant)
