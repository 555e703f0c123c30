"""verified e-mail, account recovery, logins at other OpenID providers"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _moment(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _person(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["psu_id"], ["psu.id"], name=op.f(f"fk_{table}_psu_id_psu"), ondelete="CASCADE")


def upgrade() -> None:
    op.add_column("psu", _moment("email_verified_at", nullable=True))
    _mail()
    _proofs_by_mail()
    _upstream()


def _mail() -> None:
    op.create_table(
        "mail",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("psu_id", sa.String(length=36), nullable=True),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("message_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _moment("next_at"),
        _moment("created_at"),
        _person("mail"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
    )
    op.create_index(op.f("ix_mail_psu_id"), "mail", ["psu_id"])
    op.create_index(op.f("ix_mail_state_next_at"), "mail", ["state", "next_at"])


def _proofs_by_mail() -> None:
    op.create_table(
        "mailed_link",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("psu_id", sa.String(length=36), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        _moment("created_at"),
        _moment("expires_at"),
        _moment("used_at", nullable=True),
        _person("mailed_link"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_mailed_link")),
    )
    op.create_index(op.f("ix_mailed_link_expires_at"), "mailed_link", ["expires_at"])
    op.create_index(op.f("ix_mailed_link_psu_id_purpose"), "mailed_link", ["psu_id", "purpose"])
    op.create_table(
        "recovery_request",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("user_agent", sa.String(length=200), nullable=False),
        sa.Column("ip_address", sa.String(length=45), nullable=False),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_request")),
    )
    op.create_index(op.f("ix_recovery_request_created_at"), "recovery_request", ["created_at"])
    op.create_table(
        "factor_recovery",
        sa.Column("psu_id", sa.String(length=36), nullable=False),
        _moment("asked_at"),
        _moment("effective_at"),
        _moment("expires_at"),
        _moment("reminded_at", nullable=True),
        _person("factor_recovery"),
        sa.PrimaryKeyConstraint("psu_id", name=op.f("pk_factor_recovery")),
    )
    op.create_index(op.f("ix_factor_recovery_effective_at"), "factor_recovery", ["effective_at"])
    op.create_index(op.f("ix_factor_recovery_expires_at"), "factor_recovery", ["expires_at"])


def _upstream() -> None:
    op.create_table(
        "upstream_login",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("psu_id", sa.String(length=36), nullable=False),
        sa.Column("issuer", sa.String(length=300), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("provider_id", sa.String(length=64), nullable=False),
        _moment("linked_at"),
        _moment("last_used_at"),
        _person("upstream_login"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upstream_login")),
    )
    op.create_index(op.f("ix_upstream_login_psu_id"), "upstream_login", ["psu_id"])
    op.create_index(op.f("ix_upstream_login_issuer_subject"), "upstream_login", ["issuer", "subject"], unique=True)
    op.create_table(
        "upstream_attempt",
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("provider_id", sa.String(length=64), nullable=False),
        sa.Column("psu_id", sa.String(length=36), nullable=True),
        sa.Column("secrets_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("return_to", sa.String(length=300), nullable=False),
        sa.Column("is_fresh", sa.Boolean(), nullable=False),
        _moment("created_at"),
        _moment("expires_at"),
        _moment("claimed_at", nullable=True),
        sa.Column("issuer", sa.String(length=300), nullable=True),
        sa.Column("subject", sa.String(length=255), nullable=True),
        _moment("auth_time", nullable=True),
        sa.Column("claims_sealed", sa.LargeBinary(), nullable=True),
        _moment("decided_at", nullable=True),
        _person("upstream_attempt"),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_upstream_attempt")),
    )
    op.create_index(op.f("ix_upstream_attempt_browser_hash"), "upstream_attempt", ["browser_hash"])
    op.create_index(op.f("ix_upstream_attempt_expires_at"), "upstream_attempt", ["expires_at"])


def downgrade() -> None:
    for table in ("upstream_attempt", "upstream_login", "factor_recovery", "recovery_request", "mailed_link", "mail"):
        op.drop_table(table)
    op.drop_column("psu", "email_verified_at")
