"""signing keys: a line for each algorithm, and the states of a key"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_WIPED = "(private_sealed IS NOT NULL) = (state IN ('next', 'active'))"
_MOMENTS = ("activated_at", "retired_at", "published_until")


def upgrade() -> None:
    op.drop_index("uq_signing_key_active", "signing_key")
    with op.batch_alter_table("signing_key") as table:
        table.alter_column("private_sealed", existing_type=sa.LargeBinary(), nullable=True)
        for name in _MOMENTS:
            table.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
        table.create_check_constraint("wiped", _WIPED)
    op.execute("UPDATE signing_key SET activated_at = created_at")
    _unique("active", "purpose", "alg")
    _unique("next", "purpose", "alg")


def downgrade() -> None:
    """The older code knows one ES256 key for tokens and one PS256 key for banks; the others go."""
    for state in ("active", "next"):
        op.drop_index(f"uq_signing_key_{state}", "signing_key")
    op.execute("DELETE FROM signing_key WHERE state <> 'active' OR (purpose = 'as' AND alg <> 'ES256')")
    with op.batch_alter_table("signing_key") as table:
        table.drop_constraint(op.f("ck_signing_key_wiped"), type_="check")
        for name in _MOMENTS:
            table.drop_column(name)
        table.alter_column("private_sealed", existing_type=sa.LargeBinary(), nullable=False)
    _unique("active", "purpose")


def _unique(state: str, *columns: str) -> None:
    where = sa.text(f"state = '{state}'")
    op.create_index(
        f"uq_signing_key_{state}", "signing_key", columns, unique=True, sqlite_where=where, postgresql_where=where
    )
