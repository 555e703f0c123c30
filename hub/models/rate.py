"""How much of their allowance callers have used, over all processes."""

from sqlalchemy import Column, Double, LargeBinary, Table

from hub.db import Base

REQUEST_RATE = Table(
    "request_rate",
    Base.metadata,
    Column("key", LargeBinary(32), primary_key=True),
    Column("full_at", Double, nullable=False, index=True),
    prefixes=["UNLOGGED"],
)
"""On PostgreSQL only, and there not in the write-ahead log; SQLite keeps a file of its own (hub.rates).

``key``: SHA-256 of who is counted, and for what. ``full_at``: when the allowance is whole again, in seconds since 1970.
"""
