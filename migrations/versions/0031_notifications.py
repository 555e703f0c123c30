"""what people are told of: the inbox, choices, browsers that take notifications, birthdays"""

import sqlalchemy as sa
from alembic import op

from hub.db import Instant

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notification",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("psu_id", sa.String(length=36), nullable=True),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("read_at", Instant(), nullable=True),
        sa.Column("mail_due", sa.Boolean(), nullable=False),
        sa.Column("push_due", sa.Boolean(), nullable=False),
        sa.Column("trace_id", sa.String(length=36), nullable=True),
        _belongs_to("psu"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_notification_psu_id_at"), "notification", ["psu_id", "at"])
    op.create_index(op.f("ix_notification_at"), "notification", ["at"])
    unread = sa.text("read_at IS NULL")
    op.create_index("ix_notification_unread", "notification", ["psu_id"], sqlite_where=unread, postgresql_where=unread)
    op.create_table(
        "notification_choice",
        sa.Column("psu_id", sa.String(length=36), nullable=False),
        sa.Column("topic", sa.String(length=20), nullable=False),
        sa.Column("mail", sa.Boolean(), nullable=False),
        sa.Column("push", sa.Boolean(), nullable=False),
        _belongs_to("psu"),
        sa.PrimaryKeyConstraint("psu_id", "topic"),
    )
    op.create_table(
        "notification_reading",
        sa.Column("psu_id", sa.String(length=36), nullable=False),
        sa.Column("general_until", Instant(), nullable=False),
        _belongs_to("psu"),
        sa.PrimaryKeyConstraint("psu_id"),
    )
    op.create_table(
        "push_subscription",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("psu_id", sa.String(length=36), nullable=False),
        sa.Column("sid", sa.String(length=36), nullable=False),
        sa.Column("endpoint_hash", sa.String(length=64), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("device", sa.String(length=200), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("last_taken_at", Instant(), nullable=True),
        sa.Column("told_until", sa.String(length=36), nullable=False),
        _belongs_to("psu"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("endpoint_hash"),
    )
    op.create_index(op.f("ix_push_subscription_psu_id"), "push_subscription", ["psu_id"])
    op.create_index(op.f("ix_push_subscription_sid"), "push_subscription", ["sid"])
    op.create_table(
        "birthday",
        sa.Column("psu_id", sa.String(length=36), nullable=False),
        sa.Column("month_day", sa.String(length=5), nullable=False),
        sa.Column("told_in", sa.SmallInteger(), nullable=False),
        _belongs_to("psu"),
        sa.PrimaryKeyConstraint("psu_id"),
    )
    op.create_index(op.f("ix_birthday_month_day"), "birthday", ["month_day"])
    op.create_table(
        "watched",
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        _belongs_to("connection"),
        sa.PrimaryKeyConstraint("connection_id"),
    )


def _belongs_to(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([f"{table}_id"], [f"{table}.id"], ondelete="CASCADE")


def downgrade() -> None:
    for table in (
        "watched",
        "birthday",
        "push_subscription",
        "notification_reading",
        "notification_choice",
        "notification",
    ):
        op.drop_table(table)
