"""the spine: people, clients, consents, connections, ledger"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "denied_token",
        sa.Column("jti", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("jti", name=op.f("pk_denied_token")),
    )
    op.create_index(op.f("ix_denied_token_expires_at"), "denied_token", ["expires_at"], unique=False)
    op.create_table(
        "event",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("psu_id", sa.String(length=36), nullable=True),
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index(op.f("ix_event_psu_id_at"), "event", ["psu_id", "at"], unique=False)
    op.create_table(
        "login_throttle",
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_login_throttle")),
    )
    op.create_index(op.f("ix_login_throttle_updated_at"), "login_throttle", ["updated_at"], unique=False)
    op.create_table(
        "psu",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_psu")),
        sa.UniqueConstraint("email", name=op.f("uq_psu_email")),
    )
    op.create_table(
        "secret",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secret")),
    )
    op.create_table(
        "signing_key",
        sa.Column("kid", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=10), nullable=False),
        sa.Column("alg", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("public_jwk", sa.Text(), nullable=False),
        sa.Column("private_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_signing_key")),
    )
    op.create_index(
        "uq_signing_key_active",
        "signing_key",
        ["purpose"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_table(
        "client",
        sa.Column("client_id", sa.String(length=36), nullable=False),
        sa.Column("owner_psu_id", sa.String(length=36), nullable=True),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("site_uri", sa.String(length=500), nullable=True),
        sa.Column("redirect_uris", sa.Text(), nullable=False),
        sa.Column("token_endpoint_auth_method", sa.String(length=30), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=True),
        sa.Column("grant_types", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("sector", sa.String(length=255), nullable=False),
        sa.Column("profile", sa.String(length=20), nullable=False),
        sa.Column("id_token_signed_response_alg", sa.String(length=10), nullable=False),
        sa.Column("jwks", sa.Text(), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["owner_psu_id"], ["psu.id"], name=op.f("fk_client_owner_psu_id_psu"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_client")),
    )
    op.create_index(op.f("ix_client_owner_psu_id"), "client", ["owner_psu_id"], unique=False)
    op.create_table(
        "connection",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("psu_id", sa.String(length=36), nullable=False),
        sa.Column("institution_id", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("access_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("bank_consent_id", sa.String(length=200), nullable=True),
        sa.Column("bank_consent_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sca_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_sync_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sync_owner", sa.String(length=36), nullable=True),
        sa.Column("sync_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_failure_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure_kind", sa.String(length=40), nullable=True),
        sa.Column("failure_detail", sa.Text(), nullable=True),
        sa.Column("failure_raw_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("change_seq", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["psu_id"], ["psu.id"], name=op.f("fk_connection_psu_id_psu"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection")),
    )
    op.create_index(op.f("ix_connection_psu_id"), "connection", ["psu_id"], unique=False)
    op.create_index(op.f("ix_connection_status_next_sync_at"), "connection", ["status", "next_sync_at"], unique=False)
    op.create_table(
        "psu_session",
        sa.Column("id_hash", sa.String(length=64), nullable=False),
        sa.Column("psu_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("auth_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("user_agent", sa.String(length=200), nullable=False),
        sa.Column("ip_address", sa.String(length=45), nullable=False),
        sa.ForeignKeyConstraint(["psu_id"], ["psu.id"], name=op.f("fk_psu_session_psu_id_psu"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_psu_session")),
    )
    op.create_index(op.f("ix_psu_session_expires_at"), "psu_session", ["expires_at"], unique=False)
    op.create_index(op.f("ix_psu_session_psu_id"), "psu_session", ["psu_id"], unique=False)
    op.create_table(
        "security_event",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("psu_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.String(length=200), nullable=False),
        sa.Column("ip_address", sa.String(length=45), nullable=False),
        sa.ForeignKeyConstraint(["psu_id"], ["psu.id"], name=op.f("fk_security_event_psu_id_psu"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security_event")),
    )
    op.create_index(op.f("ix_security_event_psu_id_at"), "security_event", ["psu_id", "at"], unique=False)
    op.create_table(
        "account",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("psu_id", sa.String(length=36), nullable=False),
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("institution_id", sa.String(length=64), nullable=False),
        sa.Column("identity_hash", sa.String(length=64), nullable=False),
        sa.Column("resource_id", sa.Text(), nullable=False),
        sa.Column("type", sa.String(length=4), nullable=False),
        sa.Column("currency", sa.String(length=100), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("owner_name", sa.Text(), nullable=True),
        sa.Column("identifiers", sa.Text(), nullable=False),
        sa.Column("bic", sa.String(length=11), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("synced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("history_from", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_account_connection_id_connection"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["psu_id"], ["psu.id"], name=op.f("fk_account_psu_id_psu"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
    )
    op.create_index(op.f("ix_account_connection_id"), "account", ["connection_id"], unique=False)
    op.create_index("uq_account_identity", "account", ["psu_id", "institution_id", "identity_hash"], unique=True)
    op.create_table(
        "authorization_request",
        sa.Column("handle_hash", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=36), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("psu_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("consumed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["client.client_id"],
            name=op.f("fk_authorization_request_client_id_client"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["psu_id"], ["psu.id"], name=op.f("fk_authorization_request_psu_id_psu"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("handle_hash", name=op.f("pk_authorization_request")),
    )
    op.create_index(op.f("ix_authorization_request_expires_at"), "authorization_request", ["expires_at"], unique=False)
    op.create_table(
        "change",
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("transaction_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_change_connection_id_connection"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection_id", "seq", name=op.f("pk_change")),
    )
    op.create_index(op.f("ix_change_account_id_seq"), "change", ["account_id", "seq"], unique=False)
    op.create_table(
        "consent",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("psu_id", sa.String(length=36), nullable=False),
        sa.Column("client_id", sa.String(length=36), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("requested", sa.Text(), nullable=False),
        sa.Column("personal", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("history_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("receipt_head", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.client_id"], name=op.f("fk_consent_client_id_client"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["psu_id"], ["psu.id"], name=op.f("fk_consent_psu_id_psu"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_client_id"), "consent", ["client_id"], unique=False)
    op.create_index(op.f("ix_consent_psu_id_status"), "consent", ["psu_id", "status"], unique=False)
    op.create_table(
        "link_attempt",
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("psu_id", sa.String(length=36), nullable=False),
        sa.Column("session_hash", sa.String(length=64), nullable=False),
        sa.Column("link_state_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("return_to", sa.String(length=300), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["connection.id"],
            name=op.f("fk_link_attempt_connection_id_connection"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["psu_id"], ["psu.id"], name=op.f("fk_link_attempt_psu_id_psu"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_link_attempt")),
    )
    op.create_index(op.f("ix_link_attempt_connection_id"), "link_attempt", ["connection_id"], unique=False)
    op.create_index(op.f("ix_link_attempt_expires_at"), "link_attempt", ["expires_at"], unique=False)
    op.create_table(
        "balance",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("type", sa.String(length=4), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("scale", sa.SmallInteger(), nullable=False),
        sa.Column("currency", sa.String(length=100), nullable=False),
        sa.Column("credit_line_included", sa.Boolean(), nullable=True),
        sa.Column("source_label", sa.String(length=60), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_balance_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "type", name=op.f("pk_balance")),
    )
    op.create_table(
        "consent_access",
        sa.Column("consent_id", sa.String(length=36), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("permission", sa.String(length=30), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["consent_id"], ["consent.id"], name=op.f("fk_consent_access_consent_id_consent"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("consent_id", "day", "permission", name=op.f("pk_consent_access")),
    )
    op.create_table(
        "consent_account",
        sa.Column("consent_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("permissions", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_consent_account_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["consent_id"], ["consent.id"], name=op.f("fk_consent_account_consent_id_consent"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("consent_id", "account_id", name=op.f("pk_consent_account")),
    )
    op.create_index(op.f("ix_consent_account_account_id"), "consent_account", ["account_id"], unique=False)
    op.create_table(
        "consent_receipt",
        sa.Column("consent_id", sa.String(length=36), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=10), nullable=False),
        sa.Column("event", sa.String(length=20), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["consent_id"], ["consent.id"], name=op.f("fk_consent_receipt_consent_id_consent"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("consent_id", "sequence", name=op.f("pk_consent_receipt")),
    )
    op.create_table(
        "oauth_grant",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("client_id", sa.String(length=36), nullable=False),
        sa.Column("psu_id", sa.String(length=36), nullable=False),
        sa.Column("consent_id", sa.String(length=36), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("auth_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.client_id"], name=op.f("fk_oauth_grant_client_id_client"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["consent_id"], ["consent.id"], name=op.f("fk_oauth_grant_consent_id_consent"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["psu_id"], ["psu.id"], name=op.f("fk_oauth_grant_psu_id_psu"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_grant")),
    )
    op.create_index(op.f("ix_oauth_grant_client_id"), "oauth_grant", ["client_id"], unique=False)
    op.create_index(op.f("ix_oauth_grant_consent_id"), "oauth_grant", ["consent_id"], unique=False)
    op.create_index(op.f("ix_oauth_grant_psu_id"), "oauth_grant", ["psu_id"], unique=False)
    op.create_table(
        "transaction",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("status", sa.String(length=4), nullable=False),
        sa.Column("sort_date", sa.Date(), nullable=False),
        sa.Column("booking_date", sa.Date(), nullable=True),
        sa.Column("value_date", sa.Date(), nullable=True),
        sa.Column("transaction_datetime", sa.DateTime(timezone=True), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("scale", sa.SmallInteger(), nullable=False),
        sa.Column("currency", sa.String(length=100), nullable=False),
        sa.Column("counterparty_name", sa.Text(), nullable=True),
        sa.Column("counterparty_account", sa.Text(), nullable=True),
        sa.Column("remittance", sa.Text(), nullable=False),
        sa.Column("bank_transaction_code", sa.String(length=40), nullable=True),
        sa.Column("proprietary_code", sa.Text(), nullable=True),
        sa.Column("merchant_category_code", sa.String(length=4), nullable=True),
        sa.Column("balance_after", sa.String(length=40), nullable=True),
        sa.Column("bank_ids", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("occurrence", sa.SmallInteger(), nullable=False),
        sa.Column("supersedes", sa.String(length=36), nullable=True),
        sa.Column("superseded_by", sa.String(length=36), nullable=True),
        sa.Column("link_reason", sa.String(length=40), nullable=True),
        sa.Column("link_confidence", sa.SmallInteger(), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("missing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_transaction_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transaction")),
    )
    op.create_index(
        "ix_transaction_history",
        "transaction",
        ["account_id", sa.text("sort_date DESC"), sa.text("id DESC")],
        unique=False,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_index("ix_transaction_match", "transaction", ["account_id", "sort_date"], unique=False)
    op.create_table(
        "authorization_code",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("grant_id", sa.String(length=36), nullable=False),
        sa.Column("client_id", sa.String(length=36), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("code_challenge", sa.String(length=128), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=True),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["grant_id"],
            ["oauth_grant.id"],
            name=op.f("fk_authorization_code_grant_id_oauth_grant"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_authorization_code")),
    )
    op.create_index(op.f("ix_authorization_code_expires_at"), "authorization_code", ["expires_at"], unique=False)
    op.create_table(
        "refresh_token",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("grant_id", sa.String(length=36), nullable=False),
        sa.Column("client_id", sa.String(length=36), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rotated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["oauth_grant.id"], name=op.f("fk_refresh_token_grant_id_oauth_grant"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_refresh_token")),
    )
    op.create_index(op.f("ix_refresh_token_expires_at"), "refresh_token", ["expires_at"], unique=False)
    op.create_index(op.f("ix_refresh_token_grant_id"), "refresh_token", ["grant_id"], unique=False)
    op.create_table(
        "transaction_raw",
        sa.Column("transaction_id", sa.String(length=36), nullable=False),
        sa.Column("raw_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("raw_hash", sa.String(length=64), nullable=False),
        sa.Column("normaliser", sa.String(length=40), nullable=False),
        sa.Column("provenance", sa.Text(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["transaction.id"],
            name=op.f("fk_transaction_raw_transaction_id_transaction"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("transaction_id", name=op.f("pk_transaction_raw")),
    )


def downgrade() -> None:
    op.drop_table("transaction_raw")
    op.drop_index(op.f("ix_refresh_token_grant_id"), table_name="refresh_token")
    op.drop_index(op.f("ix_refresh_token_expires_at"), table_name="refresh_token")
    op.drop_table("refresh_token")
    op.drop_index(op.f("ix_authorization_code_expires_at"), table_name="authorization_code")
    op.drop_table("authorization_code")
    op.drop_index("ix_transaction_match", table_name="transaction")
    op.drop_table("transaction")
    op.drop_index(op.f("ix_oauth_grant_psu_id"), table_name="oauth_grant")
    op.drop_index(op.f("ix_oauth_grant_consent_id"), table_name="oauth_grant")
    op.drop_index(op.f("ix_oauth_grant_client_id"), table_name="oauth_grant")
    op.drop_table("oauth_grant")
    op.drop_table("consent_receipt")
    op.drop_index(op.f("ix_consent_account_account_id"), table_name="consent_account")
    op.drop_table("consent_account")
    op.drop_table("consent_access")
    op.drop_table("balance")
    op.drop_index(op.f("ix_link_attempt_expires_at"), table_name="link_attempt")
    op.drop_index(op.f("ix_link_attempt_connection_id"), table_name="link_attempt")
    op.drop_table("link_attempt")
    op.drop_index(op.f("ix_consent_psu_id_status"), table_name="consent")
    op.drop_index(op.f("ix_consent_client_id"), table_name="consent")
    op.drop_table("consent")
    op.drop_index(op.f("ix_change_account_id_seq"), table_name="change")
    op.drop_table("change")
    op.drop_index(op.f("ix_authorization_request_expires_at"), table_name="authorization_request")
    op.drop_table("authorization_request")
    op.drop_index("uq_account_identity", table_name="account")
    op.drop_index(op.f("ix_account_connection_id"), table_name="account")
    op.drop_table("account")
    op.drop_index(op.f("ix_security_event_psu_id_at"), table_name="security_event")
    op.drop_table("security_event")
    op.drop_index(op.f("ix_psu_session_psu_id"), table_name="psu_session")
    op.drop_index(op.f("ix_psu_session_expires_at"), table_name="psu_session")
    op.drop_table("psu_session")
    op.drop_index(op.f("ix_connection_status_next_sync_at"), table_name="connection")
    op.drop_index(op.f("ix_connection_psu_id"), table_name="connection")
    op.drop_table("connection")
    op.drop_index(op.f("ix_client_owner_psu_id"), table_name="client")
    op.drop_table("client")
    op.drop_index(
        "uq_signing_key_active",
        table_name="signing_key",
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )
    op.drop_table("signing_key")
    op.drop_table("secret")
    op.drop_table("psu")
    op.drop_index(op.f("ix_login_throttle_updated_at"), table_name="login_throttle")
    op.drop_table("login_throttle")
    op.drop_index(op.f("ix_event_psu_id_at"), table_name="event")
    op.drop_table("event")
    op.drop_index(op.f("ix_denied_token_expires_at"), table_name="denied_token")
    op.drop_table("denied_token")
