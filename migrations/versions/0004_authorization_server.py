"""FAPI 2.0, OpenID Connect and the grants: what the authorisation server remembers"""

import sqlalchemy as sa  # noqa: F401
from alembic import op  # noqa: F401

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by the next commits."""


def downgrade() -> None:
    """Filled by the next commits."""
