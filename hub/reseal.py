"""Key rotation for sealed columns: one table of where sealed values live, one loop in small transactions."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import LargeBinary, Table, select, update

from hub.context import Hub
from hub.db import Base

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Sealed:
    """``place`` is the prefix given to Sealer.seal(), before the row's key."""

    table: str
    key: str
    column: str
    place: str


# Every LargeBinary column whose name ends in _sealed; a test holds this list against the models.
SEALED = (
    Sealed("signing_key", "kid", "private_sealed", "signing_key.private"),
    Sealed("encryption_key", "kid", "private_sealed", "encryption_key.private"),
    Sealed("secret", "name", "value_sealed", "secret.value"),
    Sealed("connection", "id", "access_sealed", "connection.access"),
    Sealed("connection", "id", "failure_raw_sealed", "connection.failure_raw"),
    Sealed("link_attempt", "state_hash", "link_state_sealed", "link_attempt.link_state"),
    Sealed("webhook_endpoint", "id", "secret_sealed", "webhook_endpoint.secret"),
    Sealed("webhook_endpoint", "id", "previous_secret_sealed", "webhook_endpoint.previous_secret"),
    Sealed("webhook_endpoint", "id", "older_secrets_sealed", "webhook_endpoint.older_secrets"),
    Sealed("totp", "psu_id", "seed_sealed", "totp.seed"),
    Sealed("totp_enrolment", "psu_id", "seed_sealed", "totp_enrolment.seed"),
    Sealed("mail", "id", "message_sealed", "mail.message"),
    Sealed("push_subscription", "id", "address_sealed", "push_subscription.address"),
    Sealed("decoupled_request", "id", "ping_sealed", "decoupled_request.ping"),
    Sealed("upstream_attempt", "state_hash", "secrets_sealed", "upstream_attempt.secrets"),
    Sealed("upstream_attempt", "state_hash", "claims_sealed", "upstream_attempt.claims"),
    Sealed("file_import", "id", "raw_sealed", "file_import.raw"),
    Sealed("transaction_raw", "transaction_id", "raw_sealed", "transaction_raw.raw"),
    Sealed("account_resource", "id", "content_sealed", "account_resource.content"),
    Sealed("account_resource", "id", "raw_sealed", "account_resource.raw"),
    Sealed("resource_reading", "id", "failure_raw_sealed", "resource_reading.failure_raw"),
    Sealed("captured_exchange", "id", "content_sealed", "captured_exchange.content"),
    Sealed("seen_page", "digest", "next_sealed", "seen_page.next"),  # one digest is one page, and so one link
)


def reseal_all(hub: Hub) -> Iterator[tuple[str, int]]:
    """Yields (table.column, how many values moved) as each is done. Can be stopped and run again at any point."""
    for sealed in SEALED:
        yield f"{sealed.table}.{sealed.column}", _reseal(hub, sealed)


def columns() -> set[tuple[str, str]]:
    """Every sealed column of the models, for the test that SEALED is whole."""
    return {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary) and column.name.endswith("_sealed")
    }


def _reseal(hub: Hub, sealed: Sealed) -> int:
    table: Table = Base.metadata.tables[sealed.table]
    key, column = table.c[sealed.key], table.c[sealed.column]
    after, moved = "", 0
    while True:
        with hub.db.write() as session:
            rows = session.execute(
                select(key, column)
                .where(key > after, column.is_not(None))
                .order_by(key)
                .limit(_BATCH)
                .with_for_update()
            ).all()
            for row_key, value in rows:
                fresh = hub.sealer.reseal(value, f"{sealed.place}:{row_key}")
                if fresh != value:
                    session.execute(update(table).where(key == row_key).values({sealed.column: fresh}))
                    moved += 1
        if len(rows) < _BATCH:
            return moved
        after = rows[-1][0]
