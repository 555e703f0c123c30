"""device authorization and CIBA requests"""

import sqlalchemy as sa  # noqa: F401
from alembic import op  # noqa: F401

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by the next commits."""


def downgrade() -> None:
    """Filled by the next commits."""
