"""how people prove who they are: passkeys, one-time codes, recovery codes"""

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = (
    "known_device",
    "half_open_login",
    "recovery_code",
    "totp_enrolment",
    "totp",
    "passkey_challenge",
    "passkey",
)
_SESSION = sa.table("psu_session", sa.column("id_hash", sa.String), sa.column("sid", sa.String))


def upgrade() -> None:
    # Whoever is signed in while the schema moves came in by password, and stays signed in.
    with op.batch_alter_table("psu_session") as batch:
        batch.add_column(sa.Column("sid", sa.String(length=36), nullable=True))
        batch.add_column(
            sa.Column("acr", sa.String(length=40), nullable=False, server_default="urn:rialto:acr:one-factor")
        )
        batch.add_column(sa.Column("amr", sa.Text(), nullable=False, server_default='["pwd"]'))
    connection = op.get_bind()
    for id_hash in connection.execute(sa.select(_SESSION.c.id_hash)).scalars().all():
        named = sa.update(_SESSION).where(_SESSION.c.id_hash == id_hash).values(sid=str(uuid.uuid4()))
        connection.execute(named)
    with op.batch_alter_table("psu_session") as batch:
        batch.alter_column("sid", existing_type=sa.String(length=36), nullable=False)
        batch.alter_column("acr", existing_type=sa.String(length=40), existing_nullable=False, server_default=None)
        batch.alter_column("amr", existing_type=sa.Text(), existing_nullable=False, server_default=None)
        batch.create_unique_constraint(op.f("uq_psu_session_sid"), ["sid"])
    # Not in a batch: that would drop and copy the table, and SQLite deletes whatever references a dropped row.
    op.add_column("psu", sa.Column("user_handle", sa.String(length=43), nullable=True))
    op.create_index(op.f("ix_psu_user_handle"), "psu", ["user_handle"], unique=True)
    _create_tables()


def _create_tables() -> None:
    op.create_table(
        "passkey_challenge",
        sa.Column("challenge_hash", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("bound_to", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("challenge_hash", name=op.f("pk_passkey_challenge")),
    )
    op.create_index(op.f("ix_passkey_challenge_expires_at"), "passkey_challenge", ["expires_at"])
    op.create_table(
        "half_open_login",
        sa.Column("id_hash", sa.String(length=64), nullable=False),
        sa.Column("psu_id", sa.String(length=36), nullable=False),
        sa.Column("amr", sa.Text(), nullable=False),
        sa.Column("needs", sa.String(length=40), nullable=False),
        sa.Column("renews", sa.String(length=64), nullable=True),
        sa.Column("tell", sa.Boolean(), nullable=False),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entry_id", sa.String(length=36), nullable=False),
        sa.Column("attempts_left", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["psu_id"], ["psu.id"], name=op.f("fk_half_open_login_psu_id_psu"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_half_open_login")),
    )
    op.create_index(op.f("ix_half_open_login_expires_at"), "half_open_login", ["expires_at"])
    op.create_index(op.f("ix_half_open_login_psu_id"), "half_open_login", ["psu_id"])
    op.create_table(
        "known_device",
        sa.Column("id_hash", sa.String(length=64), nullable=False),
        sa.Column("psu_id", sa.String(length=36), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["psu_id"], ["psu.id"], name=op.f("fk_known_device_psu_id_psu"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id_hash", "psu_id", name=op.f("pk_known_device")),
    )
    op.create_index(op.f("ix_known_device_last_seen_at"), "known_device", ["last_seen_at"])
    op.create_index(op.f("ix_known_device_psu_id"), "known_device", ["psu_id"])
    op.create_table(
        "passkey",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("psu_id", sa.String(length=36), nullable=False),
        sa.Column("credential_id", sa.String(length=1364), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("is_synced", sa.Boolean(), nullable=False),
        sa.Column("is_backed_up", sa.Boolean(), nullable=False),
        sa.Column("aaguid", sa.String(length=36), nullable=False),
        sa.Column("transports", sa.Text(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["psu_id"], ["psu.id"], name=op.f("fk_passkey_psu_id_psu"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    op.create_index(op.f("ix_passkey_psu_id"), "passkey", ["psu_id"])
    op.create_table(
        "recovery_code",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("psu_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["psu_id"], ["psu.id"], name=op.f("fk_recovery_code_psu_id_psu"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_psu_id"), "recovery_code", ["psu_id"])
    op.create_table(
        "totp",
        sa.Column("psu_id", sa.String(length=36), nullable=False),
        sa.Column("seed_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["psu_id"], ["psu.id"], name=op.f("fk_totp_psu_id_psu"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("psu_id", name=op.f("pk_totp")),
    )
    op.create_table(
        "totp_enrolment",
        sa.Column("psu_id", sa.String(length=36), nullable=False),
        sa.Column("sid", sa.String(length=36), nullable=False),
        sa.Column("seed_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["psu_id"], ["psu.id"], name=op.f("fk_totp_enrolment_psu_id_psu"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("psu_id", name=op.f("pk_totp_enrolment")),
    )
    op.create_index(op.f("ix_totp_enrolment_expires_at"), "totp_enrolment", ["expires_at"])


def downgrade() -> None:
    for name in _TABLES:
        op.drop_table(name)
    op.drop_index(op.f("ix_psu_user_handle"), "psu")
    op.drop_column("psu", "user_handle")
    with op.batch_alter_table("psu_session") as batch:
        batch.drop_constraint(op.f("uq_psu_session_sid"), type_="unique")
        for name in ("amr", "acr", "sid"):
            batch.drop_column(name)
