"""how often a bank was asked while nobody waited, and what an operator had written down of it"""

import sqlalchemy as sa
from alembic import op

from hub.db import Instant

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quota_use",
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("endpoint", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.Column("closed_until", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("subject_id", "endpoint", "day"),
    )
    op.create_index(op.f("ix_quota_use_connection_id"), "quota_use", ["connection_id"])
    op.create_index(op.f("ix_quota_use_last_at"), "quota_use", ["last_at"])

    op.create_table(
        "capture",
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("bytes_left", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("connection_id"),
    )
    op.create_index(op.f("ix_capture_ends_at"), "capture", ["ends_at"])
    op.create_table(
        "captured_exchange",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_captured_exchange_connection_id"), "captured_exchange", ["connection_id"])
    op.create_index(op.f("ix_captured_exchange_at"), "captured_exchange", ["at"])


def downgrade() -> None:
    op.drop_table("captured_exchange")
    op.drop_table("capture")
    op.drop_table("quota_use")
