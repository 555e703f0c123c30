"""how long a proof and a yes last"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody knows when the half-open logins of this minute began, so they begin again."""
    op.execute("DELETE FROM half_open_login")
    with op.batch_alter_table("half_open_login") as table:
        table.add_column(sa.Column("auth_time", sa.DateTime(timezone=True), nullable=False))
    op.add_column("decoupled_request", sa.Column("sid", sa.String(length=36), nullable=True))
    op.create_index(op.f("ix_decoupled_request_sid"), "decoupled_request", ["sid"])


def downgrade() -> None:
    op.drop_index(op.f("ix_decoupled_request_sid"), table_name="decoupled_request")
    op.drop_column("decoupled_request", "sid")
    with op.batch_alter_table("half_open_login") as table:
        table.drop_column("auth_time")
