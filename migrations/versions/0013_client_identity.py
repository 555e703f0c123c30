"""since when a client is who it is: what was allowed before does not answer unseen"""

import sqlalchemy as sa
from alembic import op

from hub.db import Instant

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("client", sa.Column("identity_changed_at", Instant(), nullable=True))


def downgrade() -> None:
    op.drop_column("client", "identity_changed_at")
