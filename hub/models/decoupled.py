"""What an app asked for in one place and a person answers in another (RFC 8628, OpenID Connect CIBA Core 1.0)."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Instant, JsonText


class DecoupledRequest(Base):
    """One request of a device, or by the backchannel (``kind``: a hub.oauth.decoupled.Kind), and what came of it.

    ``secret_hash`` is of the device_code or auth_req_id. ``user_code_hash`` is keyed, since a code that people type is
    short. ``hint_hash``, keyed as well, says for whom a backchannel request is, whether or not there is such a person;
    ``psu_id`` is that person, or whoever answered a device's request. ``ip_address`` and ``user_agent`` tell where the
    device asked from. ``ping_sealed`` holds the auth_req_id and the client_notification_token, for a client that wants
    to be called.

    ``told_at`` is when the person was told that they are asked. ``answered_at`` is set once, with ``grant_id`` for a
    yes and ``sid``, the name of the session that gave it; ``redeemed_at`` when its tokens were handed out.
    ``interval_s`` grows whenever the client polls too fast.
    """

    __tablename__ = "decoupled_request"
    __table_args__ = (Index(None, "psu_id", "kind"), Index(None, "client_id", "hint_hash"))

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    client_id: Mapped[str] = mapped_column(ForeignKey("client.client_id", ondelete="CASCADE"))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_code_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    hint_hash: Mapped[str | None] = mapped_column(String(64))
    parameters: Mapped[dict[str, Any]] = mapped_column(JsonText)
    dpop_jkt: Mapped[str | None] = mapped_column(String(43))
    ip_address: Mapped[str] = mapped_column(String(45))
    user_agent: Mapped[str] = mapped_column(String(200))
    ping_sealed: Mapped[bytes | None] = mapped_column()
    psu_id: Mapped[str | None] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"))
    grant_id: Mapped[str | None] = mapped_column(ForeignKey("oauth_grant.id", ondelete="CASCADE"), index=True)
    sid: Mapped[str | None] = mapped_column(String(36), index=True)
    interval_s: Mapped[int]
    polled_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    told_at: Mapped[datetime | None] = mapped_column(Instant)
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    redeemed_at: Mapped[datetime | None] = mapped_column(Instant)


class Ping(Base):
    """A client to be called because its backchannel request was answered (CIBA 10.2); written with the answer.

    ``due_at`` is when the next attempt may be made, None once it is settled.
    """

    __tablename__ = "ping"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    request_id: Mapped[str] = mapped_column(ForeignKey("decoupled_request.id", ondelete="CASCADE"), index=True)
    attempts: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)
    due_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    delivered_at: Mapped[datetime | None] = mapped_column(Instant)
    given_up_at: Mapped[datetime | None] = mapped_column(Instant)
