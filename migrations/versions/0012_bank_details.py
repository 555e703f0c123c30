"""what only some banks tell: details of a transaction, use and parent of an account, the credit granted on it"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("transaction", sa.Column("details", sa.Text(), nullable=True)),
    ("account", sa.Column("usage", sa.String(length=4), nullable=True)),
    ("account", sa.Column("parent_id", sa.String(length=36), nullable=True)),
    ("balance", sa.Column("credit_limit", sa.String(length=40), nullable=True)),
)


def upgrade() -> None:
    for table, column in _COLUMNS:
        op.add_column(table, column)


def downgrade() -> None:
    for table, column in reversed(_COLUMNS):
        op.drop_column(table, column.name)
