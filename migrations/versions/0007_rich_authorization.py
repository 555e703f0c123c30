"""rich authorization requests and grant management"""

import secrets

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
    op.add_column("consent", sa.Column("grant_id", sa.String(length=43), nullable=False, server_default=""))
    consent = sa.table("consent", sa.column("id", sa.String), sa.column("grant_id", sa.String))
    bind = op.get_bind()
    for id_ in bind.execute(sa.select(consent.c.id)).scalars().all():
        bind.execute(consent.update().where(consent.c.id == id_).values(grant_id=secrets.token_urlsafe(32)))
    standing = sa.text("status <> 'replaced'")
    op.create_index(
        "uq_consent_grant_id", "consent", ["grant_id"], unique=True, sqlite_where=standing, postgresql_where=standing
    )


def downgrade() -> None:
    # Without its details a yes to one payment would read as a standing permission to pay.
    op.execute(
        "UPDATE consent SET status = 'revoked' WHERE status = 'consumed'"
        " OR (status IN ('received', 'valid', 'suspended') AND details LIKE '%payment_initiation%')"
    )
    op.drop_index("uq_consent_grant_id", "consent")
    op.drop_column("consent", "grant_id")
    op.drop_column("consent", "replaced_by")
    op.drop_column("consent", "replaces")
    op.drop_column("consent", "details")
