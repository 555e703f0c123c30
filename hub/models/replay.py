"""What must not be used twice and has been used once."""

from sqlalchemy import BigInteger, Column, LargeBinary, Table

from hub.db import Base

BURNT_JTI = Table(
    "burnt_jti",
    Base.metadata,
    Column("key", LargeBinary(32), primary_key=True),
    Column("until_s", BigInteger, nullable=False, index=True),
    prefixes=["UNLOGGED"],
)
"""On PostgreSQL only, and there not in the write-ahead log; SQLite keeps a file of its own (hub.oauth.jose.replay).

``key``: SHA-256 of what was burnt. ``until_s``: when it may be forgotten, in seconds since 1970.
"""
