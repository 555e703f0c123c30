"""a bank names a consent of its own: found without reading every connection"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        op.f("ix_connection_institution_id_bank_consent_id"), "connection", ["institution_id", "bank_consent_id"]
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_connection_institution_id_bank_consent_id"), table_name="connection")
