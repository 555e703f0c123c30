"""dynamic registration: initial access tokens, trust anchors of software statements"""

import sqlalchemy as sa  # noqa: F401
from alembic import op  # noqa: F401

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by the next commits."""


def downgrade() -> None:
    """Filled by the next commits."""
