"""dynamic registration: initial access tokens, trust anchors of software statements"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_CLIENT = (
    ("registration_token_hash", sa.String(length=64)),
    ("next_registration_token_hash", sa.String(length=64)),
    ("initial_access_token_id", sa.String(length=36)),
    ("software_statement", sa.Text()),
    ("trust_anchor", sa.String(length=36)),
)


def upgrade() -> None:
    op.create_table(
        "initial_access_token",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("profile", sa.String(length=20), nullable=True),
        sa.Column("trust_anchor", sa.String(length=36), nullable=True),
        sa.Column("uses_left", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_initial_access_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_initial_access_token_token_hash")),
    )
    op.create_index(op.f("ix_initial_access_token_expires_at"), "initial_access_token", ["expires_at"])
    op.create_table(
        "trust_anchor",
        sa.Column("name", sa.String(length=36), nullable=False),
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("jwks", sa.Text(), nullable=True),
        sa.Column("jwks_uri", sa.String(length=500), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_trust_anchor")),
        sa.UniqueConstraint("issuer", name=op.f("uq_trust_anchor_issuer")),
    )
    for name, kind in _CLIENT:  # not in a batch, see 0004
        op.add_column("client", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    for name, _kind in reversed(_CLIENT):
        op.drop_column("client", name)
    op.drop_table("trust_anchor")
    op.drop_index(op.f("ix_initial_access_token_expires_at"), table_name="initial_access_token")
    op.drop_table("initial_access_token")
