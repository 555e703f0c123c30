"""a new row of the ledger is not looked up once more by PostgreSQL

A foreign key is a query and a lock for each row, which cost as much as the row. Whoever writes these rows holds what
they refer to (hub.ledger.changelog.hold); that they go with it is said by triggers. SQLite keeps its keys: there they
cost nothing.
"""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

# (table, column, what it refers to)
_REFERENCES = (
    ("transaction", "account_id", "account"),
    ("transaction_raw", "transaction_id", "transaction"),
    ("change", "connection_id", "connection"),
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    for table, column, whole in _REFERENCES:  # our own names; DDL binds no values
        op.drop_constraint(op.f(f"fk_{table}_{column}_{whole}"), table, type_="foreignkey")
        op.execute(
            f"CREATE FUNCTION {_name(table, whole)}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"  # noqa: S608
            f' DELETE FROM "{table}" WHERE {column} = OLD.id; RETURN NULL; END $$'
        )
        op.execute(
            f'CREATE TRIGGER {_name(table, whole)} AFTER DELETE ON "{whole}"'
            f" FOR EACH ROW EXECUTE FUNCTION {_name(table, whole)}()"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    for table, column, whole in _REFERENCES:
        op.execute(f'DROP TRIGGER {_name(table, whole)} ON "{whole}"')
        op.execute(f"DROP FUNCTION {_name(table, whole)}()")
        op.create_foreign_key(op.f(f"fk_{table}_{column}_{whole}"), table, whole, [column], ["id"], ondelete="CASCADE")


def _name(table: str, whole: str) -> str:
    return f"{table}_goes_with_{whole}"
