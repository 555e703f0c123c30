"""how people prove who they are: passkeys, one-time codes, recovery codes"""

import sqlalchemy as sa  # noqa: F401
from alembic import op  # noqa: F401

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by the next commits."""


def downgrade() -> None:
    """Filled by the next commits."""
