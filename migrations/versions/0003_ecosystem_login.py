"""verified e-mail, account recovery, logins at other OpenID providers"""

import sqlalchemy as sa  # noqa: F401
from alembic import op  # noqa: F401

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by the next commits."""


def downgrade() -> None:
    """Filled by the next commits."""
