"""durable work: what waits, what was given up, what comes round"""

import sqlalchemy as sa
from alembic import op

from hub.db import Instant, JsonText

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("lane", sa.String(length=100), nullable=True),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("run_at", Instant(), nullable=False),
        sa.Column("again_at", Instant(), nullable=True),
        sa.Column("owner", sa.String(length=36), nullable=True),
        sa.Column("worker", sa.String(length=80), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("args", JsonText(), nullable=False),
        sa.Column("trace_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("queue", "key"),
    )
    op.create_index(op.f("ix_job_queue_priority_run_at"), "job", ["queue", "priority", "run_at"])
    is_leased = sa.text("owner IS NOT NULL")
    op.create_index("ix_job_leased", "job", ["queue", "lane"], postgresql_where=is_leased, sqlite_where=is_leased)
    op.create_table(
        "dead_job",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("lane", sa.String(length=100), nullable=True),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("args", JsonText(), nullable=False),
        sa.Column("trace_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("died_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_dead_job_died_at"), "dead_job", ["died_at"])
    op.create_table(
        "schedule",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("next_at", Instant(), nullable=False),
        sa.Column("last_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )


def downgrade() -> None:
    op.drop_table("schedule")
    op.drop_table("dead_job")
    op.drop_table("job")
