"""how often a bank was asked while nobody waited"""

import sqlalchemy as sa
from alembic import op

from hub.db import Instant

revision = "0019"
down_revision = "0015"
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


def downgrade() -> None:
    op.drop_table("quota_use")
