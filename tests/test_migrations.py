"""The migrations and the models are the same schema, and every step can be taken back."""

from datetime import UTC, datetime

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.orm import Session

import hub.models  # noqa: F401  # loads every table
from hub import migrate
from hub.db import Base, Database
from hub.ids import new_secret
from hub.models.client import Client
from hub.models.consent import ConsentRow
from hub.models.oauth import AuthorizationCode, Grant, RefreshToken
from hub.models.psu import Psu


def test_the_models_are_what_the_migrations_made(database_url: str) -> None:
    db = Database(database_url)
    in_files = {"burnt_jti", "request_rate"} if db.is_sqlite else set()
    by_triggers = set() if db.is_sqlite else LEDGER_REFERENCES
    elsewhere = {"ix_transaction_account"} | in_files | by_triggers
    with db.writer.connect() as connection:
        comparable = {"include_object": lambda _item, name, *_: name not in elsewhere}
        context = MigrationContext.configure(connection, opts={"compare_type": True, **comparable})
        assert compare_metadata(context, Base.metadata) == []
        # An index over expressions cannot be compared, so the one that carries every history read is asked for by name.
        names = "SELECT name FROM sqlite_master" if db.is_sqlite else "SELECT indexname FROM pg_indexes"
        assert "ix_transaction_account" in connection.execute(text(names)).scalars().all()
    db.dispose()


LEDGER_REFERENCES = {
    "fk_transaction_account_id_account",
    "fk_transaction_raw_transaction_id_transaction",
    "fk_change_connection_id_connection",
}


def test_down_and_up_again(own_database_url: str) -> None:
    db = Database(own_database_url)
    migrate.upgrade(db)
    assert migrate.current(db) == migrate.head()
    migrate.downgrade(db, "base")
    with db.reader.connect() as connection:
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}
    migrate.upgrade(db)
    migrate.upgrade(db)  # a second process starting at once finds nothing to do
    assert migrate.current(db) == migrate.head()
    db.dispose()


def test_who_is_signed_in_during_the_upgrade_stays_so_as_somebody_with_a_password(own_database_url: str) -> None:
    """To the newest schema: a later step that copies the table of people would lose what hangs on them."""
    db = Database(own_database_url)
    migrate.upgrade(db, "0001")
    at = "2026-11-23 09:00:00+00:00"
    with db.writer.begin() as connection:
        connection.execute(
            text("INSERT INTO psu VALUES ('psu-a', 'alice@people.example', 'Alice', 'hash', :at, :at)"), {"at": at}
        )
        for number in "12":
            connection.execute(
                text("INSERT INTO psu_session VALUES (:hash, 'psu-a', :at, :at, :at, :at, NULL, 'Firefox', '')"),
                {"hash": number * 64, "at": at},
            )
    migrate.upgrade(db)
    with db.reader.connect() as connection:
        rows = connection.execute(text("SELECT acr, amr, sid FROM psu_session")).all()
    assert [(row.acr, row.amr) for row in rows] == [("urn:rialto:acr:one-factor", '["pwd"]')] * 2
    assert len({row.sid for row in rows}) == 2
    migrate.downgrade(db, "0001")
    with db.reader.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM psu_session")).scalar() == 2
    db.dispose()


def test_what_people_allowed_outlives_the_way_down_and_up(own_database_url: str) -> None:
    """SQLite copies a table to change it and drops the former one, which deletes whatever references its rows."""
    db = Database(own_database_url)
    migrate.upgrade(db)
    at = datetime(2026, 2, 23, tzinfo=UTC)
    with db.write() as session:
        _alice_and_shop(session, at)
        session.add(
            ConsentRow(
                grant_id=new_secret(),
                id="consent",
                psu_id="alice",
                client_id="shop",
                status="valid",
                requested=[],
                personal=[],
                details=[],
                receipt_head="0" * 64,
                valid_until=at,
                created_at=at,
                status_changed_at=at,
            )
        )
        session.flush()
        held = {"client_id": "shop", "scope": "openid", "created_at": at}
        grant = Grant(id="grant", psu_id="alice", consent_id="consent", auth_time=at, amr=[], resources=[], **held)
        session.add(grant)
        session.flush()
        held |= {"grant_id": "grant", "expires_at": at}
        session.add(RefreshToken(token_hash="r" * 64, **held))
        session.add(AuthorizationCode(code_hash="c" * 64, redirect_uri="x", code_challenge="y", **held))
    kept = ("psu", "client", "consent", "oauth_grant", "refresh_token", "authorization_code")
    for revision in ("0004", "0003", "0001", "head"):
        (migrate.upgrade if revision == "head" else migrate.downgrade)(db, revision)
        with db.reader.connect() as connection:
            counts = {name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar() for name in kept}
        assert counts == dict.fromkeys(kept, 1), revision
    db.dispose()


def _alice_and_shop(session: Session, at: datetime) -> None:
    session.add(
        Psu(
            id="alice",
            email="alice@people.example",
            password_hash="x",
            name="Alice",
            password_changed_at=at,
            created_at=at,
        )
    )
    session.add(
        Client(
            client_id="shop",
            name="Shop",
            redirect_uris=[],
            token_endpoint_auth_method="none",
            grant_types=[],
            scopes=[],
            sector="x.example",
            created_at=at,
        )
    )
    session.flush()


def test_a_yes_to_one_payment_does_not_become_a_standing_one_on_the_way_down(own_database_url: str) -> None:
    db = Database(own_database_url)
    migrate.upgrade(db)
    payment = [{"type": "payment_initiation"}]
    at = datetime(2026, 2, 23, tzinfo=UTC)
    kept = {"requested": [], "personal": [], "valid_until": at, "created_at": at, "status_changed_at": at}
    with db.write() as session:
        _alice_and_shop(session, at)
        for id_, status, details in (
            ("1", "valid", payment),
            ("2", "consumed", payment),
            ("3", "rejected", payment),
            ("4", "valid", []),
        ):
            parts = kept | {"receipt_head": "0" * 64, "details": details}
            session.add(ConsentRow(id=id_, grant_id=id_, psu_id="alice", client_id="shop", status=status, **parts))
    migrate.downgrade(db, "0006")
    with db.reader.connect() as connection:
        found = connection.execute(text("SELECT id, status FROM consent ORDER BY id")).all()
    assert [tuple(row) for row in found] == [("1", "revoked"), ("2", "revoked"), ("3", "rejected"), ("4", "valid")]
    db.dispose()
