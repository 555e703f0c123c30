"""Where the fields of rows were read from: the same few answers in row after row, so each is kept once.

A row says ``{"same_as": id}``, where ``id`` is made of the answer itself. Rows of older releases, one of which may be
serving beside this one, say the whole answer; both are read.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.db import Reading, json_text
from hub.ledger import tables
from hub.upsert import inserts

SAME_AS = "same_as"
_DIGITS = 32

Places = Mapping[str, str]
"""Field -> its place in the bank's row, as providers.model.Transaction has it."""

_STORE = {name: insert.on_conflict_do_nothing() for name, insert in inserts(tables.provenance).items()}


def keep(session: Session, given: Iterable[Places], kept: dict[str, str]) -> list[str]:
    """What the rows of these say, as JSON text, in their order. New answers are stored in the caller's transaction.

    ``kept``: the answers that earlier transactions of the caller stored, as JSON text, and what rows say of them; new
    ones are added. A caller whose transaction fails begins anew with none.
    """
    new: dict[str, tuple[str, Places]] = {}
    said = []
    for places in given:
        whole = json_text(places)
        if whole not in kept and whole not in new:
            new[whole] = sha256(whole.encode()).hexdigest()[:_DIGITS], places
        said.append(whole)
    if new:
        # Sorted: two transactions with the same new ones wait for each other one way round only.
        rows = [{"id": id_, "places": dict(places)} for id_, places in sorted(new.values(), key=lambda one: one[0])]
        session.execute(_STORE[session.get_bind().dialect.name], rows)
        kept |= {whole: json_text({SAME_AS: id_}) for whole, (id_, _) in new.items()}
    return [kept[whole] for whole in said]


def wholes(reading: Reading, said: Sequence[Places]) -> list[Places]:
    """What the rows were read from, in their order. Raises LookupError for an answer that is not there."""
    wanted = {one[SAME_AS] for one in said if SAME_AS in one}
    if not wanted:
        return list(said)
    table = tables.provenance.c
    query = select(table.id, table.places).where(table.id.in_(wanted))
    found: dict[str, Places] = {row.id: row.places for row in reading.execute(query)}
    return [found[one[SAME_AS]] if SAME_AS in one else one for one in said]
