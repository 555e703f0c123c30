"""All that a thief of the database would hold."""

from sqlalchemy import MetaData, select
from sqlalchemy.orm import Session


def everything(session: Session) -> str:
    """Every row of every table that this store has."""
    found = MetaData()
    found.reflect(session.get_bind())
    return repr([session.execute(select(table)).all() for table in found.sorted_tables])
