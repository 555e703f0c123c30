"""indexes that housekeeping finds what has ended by"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_INDEXES = (
    ("event", ["at"]),
    ("mail", ["created_at"]),
    ("security_event", ["at"]),
    ("consent", ["status", "valid_until"]),
    ("authorization_code", ["grant_id"]),
)


def upgrade() -> None:
    for table, columns in _INDEXES:
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns)


def downgrade() -> None:
    for table, columns in reversed(_INDEXES):
        op.drop_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table)
