"""device authorization and CIBA requests"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "decoupled_request",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("client_id", sa.String(length=36), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("user_code_hash", sa.String(length=64), nullable=True),
        sa.Column("hint_hash", sa.String(length=64), nullable=True),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("dpop_jkt", sa.String(length=43), nullable=True),
        sa.Column("ip_address", sa.String(length=45), nullable=False),
        sa.Column("user_agent", sa.String(length=200), nullable=False),
        sa.Column("ping_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("psu_id", sa.String(length=36), nullable=True),
        sa.Column("grant_id", sa.String(length=36), nullable=True),
        sa.Column("interval_s", sa.Integer(), nullable=False),
        sa.Column("polled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("redeemed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.client_id"], name=op.f("fk_decoupled_request_client_id_client"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["psu_id"], ["psu.id"], name=op.f("fk_decoupled_request_psu_id_psu"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["grant_id"],
            ["oauth_grant.id"],
            name=op.f("fk_decoupled_request_grant_id_oauth_grant"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decoupled_request")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_decoupled_request_secret_hash")),
        sa.UniqueConstraint("user_code_hash", name=op.f("uq_decoupled_request_user_code_hash")),
    )
    for columns in _INDEXES:
        op.create_index(op.f(f"ix_decoupled_request_{'_'.join(columns)}"), "decoupled_request", list(columns))
    op.create_table(
        "ping",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["decoupled_request.id"],
            name=op.f("fk_ping_request_id_decoupled_request"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ping")),
    )
    for column in ("request_id", "created_at", "due_at"):
        op.create_index(op.f(f"ix_ping_{column}"), "ping", [column])
    with op.batch_alter_table("authorization_request") as table:
        table.add_column(sa.Column("decoupled_id", sa.String(length=36), nullable=True))
        table.create_foreign_key(
            op.f("fk_authorization_request_decoupled_id_decoupled_request"),
            "decoupled_request",
            ["decoupled_id"],
            ["id"],
            ondelete="CASCADE",
        )
        table.create_index(op.f("ix_authorization_request_decoupled_id"), ["decoupled_id"])


def downgrade() -> None:
    """The older code would answer such a request to an address that it does not have, so they go."""
    op.execute("DELETE FROM authorization_request WHERE decoupled_id IS NOT NULL")
    with op.batch_alter_table("authorization_request") as table:
        table.drop_index(op.f("ix_authorization_request_decoupled_id"))
        table.drop_constraint(op.f("fk_authorization_request_decoupled_id_decoupled_request"), type_="foreignkey")
        table.drop_column("decoupled_id")
    for column in ("due_at", "created_at", "request_id"):
        op.drop_index(op.f(f"ix_ping_{column}"), table_name="ping")
    op.drop_table("ping")
    for columns in reversed(_INDEXES):
        op.drop_index(op.f(f"ix_decoupled_request_{'_'.join(columns)}"), table_name="decoupled_request")
    op.drop_table("decoupled_request")


_INDEXES = (("psu_id", "kind"), ("client_id", "hint_hash"), ("grant_id",), ("expires_at",))
