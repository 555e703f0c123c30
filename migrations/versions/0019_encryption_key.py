"""keys that banks encrypt to"""

import sqlalchemy as sa
from alembic import op

from hub.db import Instant, JsonText

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "encryption_key",
        sa.Column("kid", sa.String(length=64), nullable=False),
        sa.Column("alg", sa.String(length=20), nullable=False),
        sa.Column("public_jwk", JsonText(), nullable=False),
        sa.Column("private_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("retired_at", Instant(), nullable=True),
        sa.Column("opens_until", Instant(), nullable=True),
        sa.CheckConstraint("(retired_at IS NULL) = (opens_until IS NULL)", name=op.f("ck_encryption_key_retires")),
        sa.CheckConstraint(
            "retired_at IS NOT NULL OR private_sealed IS NOT NULL", name=op.f("ck_encryption_key_opens")
        ),
        sa.PrimaryKeyConstraint("kid"),
    )
    op.create_index(
        "uq_encryption_key_present",
        "encryption_key",
        ["alg"],
        unique=True,
        sqlite_where=sa.text("retired_at IS NULL"),
        postgresql_where=sa.text("retired_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("encryption_key")
