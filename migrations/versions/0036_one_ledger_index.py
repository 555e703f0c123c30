"""one index of an account's transactions by day, for its history and for what a bank shows of it again

It holds ``removed_at``, so that a page of a history still reads no row that it does not show. Syncs wait while it is
made, about a second for a million transactions; whoever has made it beforehand (docs/operating/deploying.md) waits for
nothing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_transaction_account",
        "transaction",
        ["account_id", sa.text("sort_date DESC"), sa.text("id DESC"), "removed_at"],
        if_not_exists=True,
    )
    op.drop_index("ix_transaction_history", table_name="transaction")
    op.drop_index("ix_transaction_match", table_name="transaction")


def downgrade() -> None:
    there = sa.text("removed_at IS NULL")
    op.create_index("ix_transaction_match", "transaction", ["account_id", "sort_date"])
    op.create_index(
        "ix_transaction_history",
        "transaction",
        ["account_id", sa.text("sort_date DESC"), sa.text("id DESC")],
        sqlite_where=there,
        postgresql_where=there,
    )
    op.drop_index("ix_transaction_account", table_name="transaction")
