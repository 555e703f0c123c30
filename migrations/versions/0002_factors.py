"""how people prove who they are: passkeys, one-time codes, recovery codes"""

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SESSION = sa.table("psu_session", sa.column("id_hash", sa.String), sa.column("sid", sa.String))


def upgrade() -> None:
    # Whoever is signed in while the schema moves came in by password, and stays signed in.
    with op.batch_alter_table("psu_session") as batch:
        batch.add_column(sa.Column("sid", sa.String(length=36), nullable=True))
        batch.add_column(
            sa.Column("acr", sa.String(length=40), nullable=False, server_default="urn:rialto:acr:one-factor")
        )
        batch.add_column(sa.Column("amr", sa.Text(), nullable=False, server_default='["pwd"]'))
    connection = op.get_bind()
    for id_hash in connection.execute(sa.select(_SESSION.c.id_hash)).scalars().all():
        named = sa.update(_SESSION).where(_SESSION.c.id_hash == id_hash).values(sid=str(uuid.uuid4()))
        connection.execute(named)
    with op.batch_alter_table("psu_session") as batch:
        batch.alter_column("sid", existing_type=sa.String(length=36), nullable=False)
        batch.alter_column("acr", existing_type=sa.String(length=40), existing_nullable=False, server_default=None)
        batch.alter_column("amr", existing_type=sa.Text(), existing_nullable=False, server_default=None)
        batch.create_unique_constraint(op.f("uq_psu_session_sid"), ["sid"])


def downgrade() -> None:
    with op.batch_alter_table("psu_session") as batch:
        batch.drop_constraint(op.f("uq_psu_session_sid"), type_="unique")
        for name in ("amr", "acr", "sid"):
            batch.drop_column(name)
