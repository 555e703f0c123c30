"""Which of a person's connections feeds an account that several of them show (two logins and a joint account)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from hub.connections.state import SYNCABLE
from hub.ledger import tables
from hub.ledger.accounts import known_ids
from hub.sync.lease import Lease
from providers.model import Account

_A = tables.account.c
_US, _OTHER = tables.connection.alias("us"), tables.connection.alias("other")
# Made once: every sync says them.
_NEWER = select(_US.c.psu_id, _US.c.institution_id, _OTHER.c.id).where(
    _US.c.id == bindparam("connection"),
    _OTHER.c.psu_id == _US.c.psu_id,
    _OTHER.c.institution_id == _US.c.institution_id,
    _OTHER.c.id != _US.c.id,
    _OTHER.c.status.in_([status.value for status in SYNCABLE]),
    _OTHER.c.sca_at > _US.c.sca_at,
)
_FED_BY = select(_A.connection_id).where(_A.id == bindparam("account")).with_for_update(read=True)


class FedByAnother(Exception):
    """A newer connection of the same person feeds this account now."""


@contextmanager
def writing(lease: Lease, account_id: str) -> Iterator[Session]:
    """A transaction that proves the lease and that we still feed the account. Raises LeaseLost, FedByAnother."""
    with lease.write() as session:
        if session.scalar(_FED_BY, {"account": account_id}) != lease.connection_id:
            raise FedByAnother
        yield session


def left_to_us(session: Session, connection_id: str, accounts: Sequence[Account]) -> tuple[Account, ...]:
    """``accounts`` without those that another living connection of the same person feeds with a newer word of the PSU.

    Otherwise two connections would take the account from each other at every sync, and the bank would be asked twice.
    Once the newer one is disconnected or needs the PSU, the account is ours again.
    """
    newer = session.execute(_NEWER, {"connection": connection_id}).all()
    if not newer:  # as nearly always
        return tuple(accounts)
    psu_id, institution_id, _ = newer[0]
    ids = known_ids(session, psu_id=psu_id, institution_id=institution_id, accounts=accounts)
    theirs = select(_A.id).where(
        _A.id.in_([one for one in ids if one]), _A.connection_id.in_([one[2] for one in newer])
    )
    taken = set(session.scalars(theirs))
    return tuple(account for account, one in zip(accounts, ids, strict=True) if one not in taken)
