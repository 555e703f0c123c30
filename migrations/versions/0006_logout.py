"""back-channel logout: who is to be told"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "logout_notice",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("client_id", sa.String(length=36), nullable=False),
        sa.Column("psu_id", sa.String(length=36), nullable=False),
        sa.Column("sid", sa.String(length=36), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.client_id"], name=op.f("fk_logout_notice_client_id_client"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["psu_id"], ["psu.id"], name=op.f("fk_logout_notice_psu_id_psu"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logout_notice")),
    )
    for column in ("client_id", "psu_id", "created_at", "due_at"):
        op.create_index(op.f(f"ix_logout_notice_{column}"), "logout_notice", [column])


def downgrade() -> None:
    for column in ("due_at", "created_at", "psu_id", "client_id"):
        op.drop_index(op.f(f"ix_logout_notice_{column}"), table_name="logout_notice")
    op.drop_table("logout_notice")
