"""what a person said of their payees"""

import sqlalchemy as sa
from alembic import op

from hub.db import Instant

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "category_correction",
        sa.Column("psu_id", sa.String(length=36), nullable=False),
        sa.Column("payee_key", sa.String(length=300), nullable=False),
        sa.Column("is_in", sa.Boolean(), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["psu_id"], ["psu.id"], name=op.f("fk_category_correction_psu_id_psu"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("psu_id", "payee_key", "is_in", name=op.f("pk_category_correction")),
    )


def downgrade() -> None:
    op.drop_table("category_correction")
