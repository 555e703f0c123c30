"""Which of a person's accounts has a number that a client named."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from consent.account_number import AccountNumber, domestic
from hub.models.ledger import Account


def with_number(session: Session, psu_id: str, number: AccountNumber) -> frozenset[str]:
    """Ids of the person's accounts under that number, or under the other name of the same one: a British bank tells its
    sort code and account number where a client may know the IBAN. Several where one IBAN holds several currencies.
    """
    rows = session.execute(select(Account.id, Account.identifiers).where(Account.psu_id == psu_id))
    wanted = domestic(number.scheme.value, number.identification)
    return frozenset(row.id for row in rows if wanted in {_named(one) for one in row.identifiers})


def _named(identifier: Mapping[str, str]) -> tuple[str, str]:
    return domestic(identifier["scheme"], _plain(identifier["value"]))


def _plain(value: str) -> str:
    """Banks write their numbers with spaces, and sort codes with dashes."""
    return "".join(value.replace("-", " ").split()).upper()
