"""how much of their allowance callers have used, over all processes"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return  # there they live in a file of their own, which the hub makes
    op.create_table(
        "request_rate",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("full_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_request_rate")),
        prefixes=["UNLOGGED"],
    )
    op.create_index(op.f("ix_request_rate_full_at"), "request_rate", ["full_at"])


def downgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.drop_table("request_rate")
