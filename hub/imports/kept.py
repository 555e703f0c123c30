"""How the files of an account were read, kept so that its rows can be read again by better rules."""

import re
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.ledger.renormalise import Rereading
from hub.models.file_import import FileReading
from hub.models.ledger import Transaction, TransactionRaw
from hub.upsert import insert_into
from providers.files.extract import Format
from providers.files.kept import KeptRows, name_of
from providers.files.reading import NEEDS_NOTHING, Reading

_NAME = re.compile(r"(?P<format>[a-z0-9]+)(?:[ /]\S+)?(?: (?P<digest>[0-9a-f]{16}))?", re.ASCII)


def keep(session: Session, account_id: str, readings: Iterable[Reading]) -> None:
    """In the transaction before the first of the rows that were read so. One that is kept already stays."""
    for digest, reading in {one.digest: one for one in readings}.items():
        if digest:
            values = {"account_id": account_id, "digest": digest, "said": reading.builtins()}
            session.execute(insert_into(session, FileReading).values(values).on_conflict_do_nothing())


def rereadings(hub: Hub, account_id: str) -> list[Rereading]:
    """One for each former way in which rows of this account were read; none where today's rules read them all."""
    with hub.db.read() as session:
        names = session.scalars(
            select(TransactionRaw.normaliser)
            .join(Transaction, Transaction.id == TransactionRaw.transaction_id)
            .where(Transaction.account_id == account_id)
            .distinct()
        ).all()
        kept = session.execute(
            select(FileReading.digest, FileReading.said).where(FileReading.account_id == account_id)
        ).all()
    readings = {row.digest: Reading.of(row.said) for row in kept}
    found = []
    for name in sorted(names):
        if (match := _NAME.fullmatch(name)) is None or match["format"] not in set(Format):
            continue
        format_ = Format(match["format"])
        reading = readings.get(match["digest"] or "")
        today = name_of(format_, reading or NEEDS_NOTHING)
        if today != name:
            found.append(Rereading(hub.db, hub.sealer, KeptRows(format_, reading), today, account_id, only=name))
    return found
