"""Which of a person's accounts has a number that a client named."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from consent.account_number import AccountNumber
from hub.models.ledger import Account


def with_number(session: Session, psu_id: str, number: AccountNumber) -> frozenset[str]:
    """Ids of the person's accounts under that number: several where one IBAN holds several currencies."""
    rows = session.execute(select(Account.id, Account.identifiers).where(Account.psu_id == psu_id))
    wanted = str(number.scheme), number.identification
    return frozenset(
        row.id for row in rows if any((one["scheme"], _plain(one["value"])) == wanted for one in row.identifiers)
    )


def _plain(value: str) -> str:
    """Banks write their numbers with spaces, and sort codes with dashes."""
    return "".join(value.replace("-", " ").split()).upper()
