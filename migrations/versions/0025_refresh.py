"""a person asks for a reading: when, what came of it, and until when the bank wants to be left alone"""

import sqlalchemy as sa
from alembic import op

from hub.db import Instant

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("connection", sa.Column("refreshed_at", Instant(), nullable=True))
    op.add_column("connection", sa.Column("last_added", sa.Integer(), nullable=True))
    op.add_column("connection", sa.Column("bank_waits_until", Instant(), nullable=True))


def downgrade() -> None:
    for name in ("bank_waits_until", "last_added", "refreshed_at"):
        op.drop_column("connection", name)
