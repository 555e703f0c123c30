"""Rows only, one aggregate per file; one declarative Base in hub.db, so no import circle can arise.

Importing this package loads every table, which is what migrations and create_all need.
"""

from sqlalchemy.orm import configure_mappers

from hub.models import (
    capture,
    client,
    connection,
    consent,
    decoupled,
    event,
    factor,
    file_import,
    insight,
    job,
    key,
    ledger,
    logout,
    mail,
    notification,
    oauth,
    observability,
    psu,
    quota,
    rate,
    recovery,
    registration,
    replay,
    resource,
    signal,
    upstream,
    webhook,
)

__all__ = [
    "capture",
    "client",
    "connection",
    "consent",
    "decoupled",
    "event",
    "factor",
    "file_import",
    "insight",
    "job",
    "key",
    "ledger",
    "logout",
    "mail",
    "notification",
    "oauth",
    "observability",
    "psu",
    "quota",
    "rate",
    "recovery",
    "registration",
    "replay",
    "resource",
    "signal",
    "upstream",
    "webhook",
]

configure_mappers()  # now, when all are there: a row made without a query would be the first to need it
