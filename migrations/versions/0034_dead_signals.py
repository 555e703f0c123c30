"""signals that the dispatcher fails at, given up instead of stopping all others"""

import sqlalchemy as sa
from alembic import op

from hub.db import Instant

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dead_signal",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("psu_id", sa.String(length=36), nullable=True),
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("trace_id", sa.String(length=36), nullable=True),
        sa.Column("failure", sa.String(length=100), nullable=False),
        sa.Column("died_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_dead_signal_seq"), "dead_signal", ["seq"])
    op.create_index(op.f("ix_dead_signal_died_at"), "dead_signal", ["died_at"])


def downgrade() -> None:
    op.drop_table("dead_signal")
