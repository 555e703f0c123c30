"""jti values that have been used, on PostgreSQL: unlogged"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return  # there they live in a file of their own, which the hub makes
    op.create_table(
        "burnt_jti",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("until_s", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_burnt_jti")),
        prefixes=["UNLOGGED"],
    )
    op.create_index(op.f("ix_burnt_jti_until_s"), "burnt_jti", ["until_s"], unique=False)


def downgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.drop_table("burnt_jti")
