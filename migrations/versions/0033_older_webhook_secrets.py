"""the secrets of a webhook before the previous one, which sign until their end"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("webhook_endpoint", sa.Column("older_secrets_sealed", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("webhook_endpoint", "older_secrets_sealed")
