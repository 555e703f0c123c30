"""balances without an ISO type are told apart by the bank's own word"""

import sqlalchemy as sa
from alembic import op

from hub.db import Instant

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_BALANCE = sa.table(
    "balance", sa.column("account_id", sa.String), sa.column("type", sa.String), sa.column("source_label", sa.String)
)


def upgrade() -> None:
    _set_key(["account_id", "type", "source_label"])


def downgrade() -> None:
    # One of each type is left; the next reading brings what the bank has.
    other = _BALANCE.alias()
    is_another = sa.and_(
        other.c.account_id == _BALANCE.c.account_id,
        other.c.type == _BALANCE.c.type,
        other.c.source_label < _BALANCE.c.source_label,
    )
    op.execute(sa.delete(_BALANCE).where(sa.exists().where(is_another)))
    _set_key(["account_id", "type"])


def _set_key(columns: list[str]) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("pk_balance"), "balance", type_="primary")
        op.create_primary_key(op.f("pk_balance"), "balance", columns)
        return
    # SQLite makes the table anew. No row of another table hangs on one of a balance.
    with op.batch_alter_table("balance", copy_from=_without_key()) as batch:
        batch.create_primary_key(op.f("pk_balance"), columns)


def _without_key() -> sa.Table:
    return sa.Table(
        "balance",
        sa.MetaData(),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("type", sa.String(length=4), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("scale", sa.SmallInteger(), nullable=False),
        sa.Column("currency", sa.String(length=100), nullable=False),
        sa.Column("credit_line_included", sa.Boolean(), nullable=True),
        sa.Column("credit_limit", sa.String(length=40), nullable=True),
        sa.Column("source_label", sa.String(length=60), nullable=False),
        sa.Column("as_of", Instant(), nullable=True),
        sa.Column("fetched_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_balance_account_id_account"), ondelete="CASCADE"
        ),
    )
