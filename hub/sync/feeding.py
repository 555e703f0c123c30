"""Which of a person's connections feeds an account that several of them show (two logins and a joint account)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from hub.connections.state import SYNCABLE
from hub.ledger.accounts import known_ids
from hub.models.connection import Connection
from hub.models.ledger import Account as AccountRow
from hub.sync.lease import Lease
from providers.model import Account


class FedByAnother(Exception):
    """A newer connection of the same person feeds this account now."""


@contextmanager
def writing(lease: Lease, account_id: str) -> Iterator[Session]:
    """A transaction that proves the lease and that we still feed the account. Raises LeaseLost, FedByAnother."""
    with lease.write() as session:
        query = select(AccountRow.connection_id).where(AccountRow.id == account_id)
        if session.scalar(query.with_for_update(read=True)) != lease.connection_id:
            raise FedByAnother
        yield session


def left_to_us(session: Session, connection_id: str, accounts: Sequence[Account]) -> tuple[Account, ...]:
    """``accounts`` without those that another living connection of the same person feeds with a newer word of the PSU.

    Otherwise two connections would take the account from each other at every sync, and the bank would be asked twice.
    Once the newer one is disconnected or needs the PSU, the account is ours again.
    """
    us, other = aliased(Connection), aliased(Connection)
    ours = session.execute(select(us.psu_id, us.institution_id).where(us.id == connection_id)).one()
    ids = known_ids(session, psu_id=ours.psu_id, institution_id=ours.institution_id, accounts=accounts)
    query = (
        select(AccountRow.id)
        .join(us, us.id == connection_id)
        .join(other, other.id == AccountRow.connection_id)
        .where(
            AccountRow.id.in_([one for one in ids if one is not None]),
            other.id != us.id,
            other.status.in_([status.value for status in SYNCABLE]),
            other.sca_at > us.sca_at,
        )
    )
    taken = set(session.scalars(query))
    return tuple(account for account, one in zip(accounts, ids, strict=True) if one not in taken)
