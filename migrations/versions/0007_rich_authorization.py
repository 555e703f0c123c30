"""rich authorization requests and grant management"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("consent", sa.Column("details", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("consent", sa.Column("replaces", sa.String(length=36), nullable=True))
    op.add_column("consent", sa.Column("replaced_by", sa.String(length=36), nullable=True))


def downgrade() -> None:
    # Without its details a yes to one payment would read as a standing permission to pay.
    op.execute(
        "UPDATE consent SET status = 'revoked' WHERE status = 'consumed'"
        " OR (status IN ('received', 'valid', 'suspended') AND details LIKE '%payment_initiation%')"
    )
    op.drop_column("consent", "replaced_by")
    op.drop_column("consent", "replaces")
    op.drop_column("consent", "details")
