"""pages of transactions that need not be read again"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "seen_page",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("normaliser", sa.String(length=40), nullable=False),
        sa.Column("next_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("ids", sa.Text(), nullable=False),
        sa.Column("oldest", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_seen_page_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "digest", name=op.f("pk_seen_page")),
    )


def downgrade() -> None:
    op.drop_table("seen_page")
