"""The change log of a connection: positions are handed out under the connection's row lock, so they appear in order."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from hub import bulk
from hub.ledger import tables

ADDED, MODIFIED, REMOVED = "added", "modified", "removed"

# Made once: a sync says each of these with every page.
_C, _A, _L = tables.connection.c, tables.account.c, tables.change.c
_HOLD = select(_C.id).where(_C.id == bindparam("connection")).with_for_update()
_POSITION = select(func.max(_L.seq)).where(
    _L.connection_id == bindparam("connection"), _L.account_id == bindparam("account")
)
_HOLD_ACCOUNT = (
    select(_A.id, _POSITION.scalar_subquery())
    .where(_A.id == bindparam("account"))
    .with_for_update(read=True, key_share=True)
)
_ADVANCE = (
    update(tables.connection)
    .where(_C.id == bindparam("connection"))
    .values(change_seq=_C.change_seq + bindparam("more"))
    .returning(_C.change_seq)
)


def hold(session: Session, connection_id: str, account_id: str) -> int:
    """Keep every other writer of this connection's ledger out until the transaction ends, and the account in. Returns
    the account's ``position``.

    SQLite has one writer anyway and takes no notice of FOR UPDATE. Raises LookupError if either is gone. On PostgreSQL
    this is what a foreign key of each row would check and hold, done once for all of them.
    """
    both = {"connection": connection_id, "account": account_id}
    if session.execute(_HOLD, both).first() is None:
        raise LookupError("the connection is gone")
    found = session.execute(_HOLD_ACCOUNT, both).first()
    if found is None:
        raise LookupError("the account is gone")
    return found[1] or 0


def position(session: Session, connection_id: str, account_id: str) -> int:
    """The last position in this connection's log at which the account changed, 0 if never. An account that came over
    from another connection has a past in that one's log, which counts by itself.
    """
    return session.scalar(_POSITION, {"connection": connection_id, "account": account_id}) or 0


def append(
    session: Session, connection_id: str, account_id: str, changes: Iterable[tuple[str, str]], now: datetime
) -> int:
    """``changes`` are (transaction id, kind). Returns the last position used, 0 if there was nothing to write."""
    changes = tuple(changes)
    if not changes:
        return 0
    last: int | None = session.scalar(_ADVANCE, {"connection": connection_id, "more": len(changes)})
    if last is None:
        raise LookupError("the connection is gone")
    at = bulk.notation(session).moment(now)
    numbered = enumerate(changes, start=last - len(changes) + 1)
    bulk.insert(
        session,
        tables.change,
        ("connection_id", "seq", "account_id", "transaction_id", "kind", "at"),
        [(connection_id, seq, account_id, transaction_id, kind, at) for seq, (transaction_id, kind) in numbered],
    )
    return last
