"""how the rows of imported files were written, so that they can be read again"""

import sqlalchemy as sa
from alembic import op

from hub.db import JsonText

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "file_reading",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("digest", sa.String(length=16), nullable=False),
        sa.Column("said", JsonText(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_file_reading_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "digest", name=op.f("pk_file_reading")),
    )


def downgrade() -> None:
    op.drop_table("file_reading")
