"""Where apps want to hear of events, what is to be told them, and how each attempt went."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Instant, JsonText


class WebhookEndpoint(Base):
    """``types``: of which events; empty is all that the app may hear of. ``is_ordered``: what is about one person comes
    in its order, each after the one before was taken or given up.

    ``secret_sealed`` signs; ``previous_secret_sealed`` signs beside it until ``previous_until``, and so do those before
    in ``older_secrets_sealed``, a list in JSON that holds the end of each. ``scheme`` is v1 (HMAC-SHA256) or v1a
    (Ed25519) of Standard Webhooks. ``failing_since``: nothing was taken since then. ``rests_until``: it did not answer,
    or asked for a pause. ``disabled_why`` None: it is called.
    """

    __tablename__ = "webhook_endpoint"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("client.client_id", ondelete="CASCADE"), index=True)
    url: Mapped[str] = mapped_column(String(2000))
    types: Mapped[list[str]] = mapped_column(JsonText)
    is_ordered: Mapped[bool]
    scheme: Mapped[str] = mapped_column(String(3))
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    previous_secret_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    previous_until: Mapped[datetime | None] = mapped_column(Instant)
    older_secrets_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    failing_since: Mapped[datetime | None] = mapped_column(Instant)
    rests_until: Mapped[datetime | None] = mapped_column(Instant)
    disabled_at: Mapped[datetime | None] = mapped_column(Instant)
    disabled_why: Mapped[str | None] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(Instant)


class WebhookMessage(Base):
    """One event for one endpoint. ``id`` is the webhook-id: the same at every attempt, so that a receiver knows a
    repetition. ``line``: messages of one line go in the order of ``position``. ``state``: due, taken or dead.

    ``body`` is what is sent, ids and states only; it does not change, whoever asks for it again.
    """

    __tablename__ = "webhook_message"
    __table_args__ = (
        Index(None, "endpoint_id", "state", "line", "position"),
        Index(None, "endpoint_id", "created_at"),
        Index(None, "created_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(ForeignKey("webhook_endpoint.id", ondelete="CASCADE"))
    type: Mapped[str] = mapped_column(String(60))
    line: Mapped[str] = mapped_column(String(36))
    position: Mapped[int] = mapped_column(BigInteger)
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(Instant)
    settled_at: Mapped[datetime | None] = mapped_column(Instant)
    trace_id: Mapped[str | None] = mapped_column(String(36))
    created_at: Mapped[datetime] = mapped_column(Instant)


class WebhookAttempt(Base):
    """One call. ``status`` is the HTTP status, None where there was no answer; ``why`` says what went wrong."""

    __tablename__ = "webhook_attempt"
    __table_args__ = (Index(None, "message_id"), Index(None, "at"))

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    message_id: Mapped[str] = mapped_column(ForeignKey("webhook_message.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(Instant)
    status: Mapped[int | None]
    took_ms: Mapped[int]
    why: Mapped[str] = mapped_column(String(200))
