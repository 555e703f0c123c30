"""signals, from which the dispatcher makes events in one order"""

import sqlalchemy as sa
from alembic import op

from hub.db import Instant, JsonText

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "signal",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("psu_id", sa.String(length=36), nullable=True),
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("body", JsonText(), nullable=False),
        sa.Column("trace_id", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("event") as table:
        table.add_column(sa.Column("position", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("trace_id", sa.String(length=36), nullable=True))
        table.create_unique_constraint(op.f("uq_event_position"), ["position"])
    op.create_table(
        "stream",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("moved_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )


def downgrade() -> None:
    op.drop_table("stream")
    with op.batch_alter_table("event") as table:
        table.drop_constraint(op.f("uq_event_position"), type_="unique")
        table.drop_column("trace_id")
        table.drop_column("position")
    op.drop_table("signal")
