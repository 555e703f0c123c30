"""the way of one id, how banks keep their service, which processes are alive"""

import sqlalchemy as sa
from alembic import op

from hub.db import Instant

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hop",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("trace_id", sa.String(length=36), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("place", sa.String(length=10), nullable=False),
        sa.Column("what", sa.String(length=120), nullable=False),
        sa.Column("party", sa.String(length=120), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("detail", sa.String(length=120), nullable=False),
        sa.Column("request_id", sa.String(length=100), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_hop_trace_id_at"), "hop", ["trace_id", "at"])
    op.create_index(op.f("ix_hop_at"), "hop", ["at"])
    op.create_table(
        "service_count",
        sa.Column("institution_id", sa.String(length=100), nullable=False),
        sa.Column("span", sa.String(length=10), nullable=False),
        sa.Column("begins_at", Instant(), nullable=False),
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("institution_id", "span", "begins_at", "bucket"),
    )
    op.create_index(op.f("ix_service_count_expires_at"), "service_count", ["expires_at"])
    op.create_index(op.f("ix_service_count_span_begins_at"), "service_count", ["span", "begins_at"])
    op.create_table(
        "heartbeat",
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("beat_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("role", "name"),
    )
    op.create_index(op.f("ix_heartbeat_beat_at"), "heartbeat", ["beat_at"])
    op.add_column("mail", sa.Column("trace_id", sa.String(length=36), nullable=True))


def downgrade() -> None:
    op.drop_column("mail", "trace_id")
    op.drop_table("heartbeat")
    op.drop_table("service_count")
    op.drop_table("hop")
