"""What a person holds besides the password, and logins that stand between the two steps."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Instant, JsonText


class Passkey(Base):
    """A WebAuthn credential. ``credential_id`` is base64url, ``public_key`` a COSE key (RFC 9052) as bytes.

    ``is_synced`` is the backup eligibility flag: such a key is copied between devices, the others never leave theirs.
    ``sign_count`` grows with every use, or stays 0 where the authenticator does not count (WebAuthn 6.1.1).
    """

    __tablename__ = "passkey"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    psu_id: Mapped[str] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[str] = mapped_column(String(1364), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    is_synced: Mapped[bool]
    is_backed_up: Mapped[bool]
    aaguid: Mapped[str] = mapped_column(String(36))
    transports: Mapped[list[str]] = mapped_column(JsonText)
    name: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)


class PasskeyChallenge(Base):
    """A challenge that was given out and not yet answered.

    ``bound_to`` says to which browser: the name of its session, or the hash of its pre-session or half-open login.
    """

    __tablename__ = "passkey_challenge"

    challenge_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(20))
    bound_to: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)


class Totp(Base):
    """The person's authenticator app (RFC 6238). ``last_step`` is the newest time step whose code was used."""

    __tablename__ = "totp"

    psu_id: Mapped[str] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"), primary_key=True)
    seed_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)


class TotpEnrolment(Base):
    """A seed that was shown and not yet confirmed by a code. It belongs to one session, by ``sid``."""

    __tablename__ = "totp_enrolment"

    psu_id: Mapped[str] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"), primary_key=True)
    sid: Mapped[str] = mapped_column(String(36))
    seed_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)


class RecoveryCode(Base):
    """A code that replaces the second factor once. A used one is deleted."""

    __tablename__ = "recovery_code"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    psu_id: Mapped[str] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)


class HalfOpenLogin(Base):
    """Somebody passed the first step; the second is still asked for. No session, and it opens nothing.

    ``amr`` is what was shown so far, ``auth_time`` when, ``needs`` the acr to be reached, ``renews`` the hash of the
    session that will go on instead of a new one. ``password_changed_at`` is the person's at the first step: a change
    voids the login.
    ``entry_id`` is the activity entry to amend, ``tell`` whether the person is told of this login.
    """

    __tablename__ = "half_open_login"

    id_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    psu_id: Mapped[str] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"), index=True)
    amr: Mapped[list[str]] = mapped_column(JsonText)
    auth_time: Mapped[datetime] = mapped_column(Instant)
    needs: Mapped[str] = mapped_column(String(40))
    renews: Mapped[str | None] = mapped_column(String(64))
    tell: Mapped[bool]
    password_changed_at: Mapped[datetime] = mapped_column(Instant)
    entry_id: Mapped[str] = mapped_column(String(36))
    attempts_left: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)


class KnownDevice(Base):
    """A browser in which the person has logged in before, recognised by a cookie of its own."""

    __tablename__ = "known_device"

    id_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    psu_id: Mapped[str] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"), primary_key=True, index=True)
    first_seen_at: Mapped[datetime] = mapped_column(Instant)
    last_seen_at: Mapped[datetime] = mapped_column(Instant, index=True)
