"""FAPI 2.0, OpenID Connect and the grants: what the authorisation server remembers"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pushed_request",
        sa.Column("uri_hash", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=36), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("consumed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.client_id"], name=op.f("fk_pushed_request_client_id_client"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("uri_hash", name=op.f("pk_pushed_request")),
    )
    op.create_index(op.f("ix_pushed_request_expires_at"), "pushed_request", ["expires_at"])
    op.create_table(
        "refused_request",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("client_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("endpoint", sa.String(length=40), nullable=False),
        sa.Column("error", sa.String(length=60), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("proven", sa.Boolean(), nullable=False),
        sa.Column("interaction_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.client_id"], name=op.f("fk_refused_request_client_id_client"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refused_request")),
    )
    op.create_index(op.f("ix_refused_request_at"), "refused_request", ["at"])
    op.create_index(op.f("ix_refused_request_client_id_at"), "refused_request", ["client_id", "at"])
    # client and oauth_grant not in a batch: SQLite would copy and drop them, which deletes whatever references them.
    op.add_column("client", sa.Column("jwks_uri", sa.String(length=500), nullable=True))
    op.add_column("client", sa.Column("registration", sa.Text(), nullable=False, server_default="{}"))
    with op.batch_alter_table("authorization_request") as table:
        table.add_column(sa.Column("pushed_hash", sa.String(length=64), nullable=True))
        table.create_foreign_key(
            op.f("fk_authorization_request_pushed_hash_pushed_request"),
            "pushed_request",
            ["pushed_hash"],
            ["uri_hash"],
            ondelete="CASCADE",
        )
        table.create_index(op.f("ix_authorization_request_pushed_hash"), ["pushed_hash"])
    op.add_column("oauth_grant", sa.Column("acr", sa.String(length=60), nullable=True))
    op.add_column("oauth_grant", sa.Column("amr", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("oauth_grant", sa.Column("sid", sa.String(length=36), nullable=True))
    op.add_column("oauth_grant", sa.Column("claims", sa.Text(), nullable=True))
    op.add_column("oauth_grant", sa.Column("resources", sa.Text(), nullable=False, server_default="[]"))
    op.create_index(op.f("ix_oauth_grant_sid"), "oauth_grant", ["sid"])
    with op.batch_alter_table("authorization_code") as table:
        table.alter_column("code_challenge", existing_type=sa.String(length=128), nullable=True)
        table.add_column(sa.Column("dpop_jkt", sa.String(length=43), nullable=True))
    with op.batch_alter_table("refresh_token") as table:
        table.add_column(sa.Column("jkt", sa.String(length=43), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("refresh_token") as table:
        table.drop_column("jkt")
    op.execute("DELETE FROM authorization_code WHERE code_challenge IS NULL")
    with op.batch_alter_table("authorization_code") as table:
        table.drop_column("dpop_jkt")
        table.alter_column("code_challenge", existing_type=sa.String(length=128), nullable=False)
    op.drop_index(op.f("ix_oauth_grant_sid"), table_name="oauth_grant")
    for name in ("resources", "claims", "sid", "amr", "acr"):
        op.drop_column("oauth_grant", name)
    with op.batch_alter_table("authorization_request") as table:
        table.drop_index(op.f("ix_authorization_request_pushed_hash"))
        table.drop_constraint(op.f("fk_authorization_request_pushed_hash_pushed_request"), type_="foreignkey")
        table.drop_column("pushed_hash")
    op.drop_column("client", "registration")
    op.drop_column("client", "jwks_uri")
    op.drop_index(op.f("ix_refused_request_client_id_at"), table_name="refused_request")
    op.drop_index(op.f("ix_refused_request_at"), table_name="refused_request")
    op.drop_table("refused_request")
    op.drop_index(op.f("ix_pushed_request_expires_at"), table_name="pushed_request")
    op.drop_table("pushed_request")
