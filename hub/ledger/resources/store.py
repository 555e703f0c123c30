"""Store one whole reading of one kind of an account's resources, or that it failed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Executable, bindparam, insert, select, update
from sqlalchemy.orm import Session

from hub.ids import new_id
from hub.ledger import tables
from hub.ledger.resources.content import Content, content
from hub.ledger.resources.matching import Held, matched
from hub.models.resource import ResourceReading
from hub.sealing import Sealer
from hub.upsert import insert_into
from providers.port import Resource

_R = tables.account_resource.c
_READING = tables.resource_reading.c
_NEW = insert(tables.account_resource)
_ONE = update(tables.account_resource).where(_R.id == bindparam("row_id"))
_REWORDED = _ONE.values(content_sealed=bindparam("content"), raw_sealed=bindparam("raw"))
"""What the bank writes or numbers differently without saying anything else."""
_CHANGED = _REWORDED.values(updated_at=bindparam("now"))
_SEEN = _ONE.values(seen_at=bindparam("now"), ended_at=None)
_ENDED = _ONE.values(ended_at=bindparam("now"))


@dataclass(frozen=True, slots=True)
class Changes:
    """How many rows of one reading are new or there again, say something else, or are not shown any more."""

    added: int = 0
    modified: int = 0
    ended: int = 0

    def __bool__(self) -> bool:
        return bool(self.added or self.modified or self.ended)


def content_place(row_id: str) -> str:
    return f"account_resource.content:{row_id}"


def raw_place(row_id: str) -> str:
    return f"account_resource.raw:{row_id}"


def failure_raw_place(row_id: str) -> str:
    return f"resource_reading.failure_raw:{row_id}"


def store(
    session: Session, sealer: Sealer, account_id: str, kind: Resource, values: Iterable[Any], now: datetime
) -> Changes:
    """``values`` is everything of this kind that the bank shows now, as the adapter's method ``kind`` gave it.

    A row keeps its id for as long as it is found again (hub.ledger.resources.matching); one that the bank does not show
    is marked as ended. The same values again change nothing but when they were seen.
    """
    held, raws = _held(session, sealer, account_id, kind)
    told = _told(kind, values)
    new, changed, reworded, seen = [], [], [], set()
    for (is_now, raw), was in zip(told, matched(kind, held, [one for one, _ in told]), strict=True):
        row_id = was.row_id if was else new_id()
        sealed = {"row_id": row_id, "now": now, **_sealed(sealer, row_id, content=is_now.text, raw=raw)}
        if was is None:
            new.append(_new(account_id, kind, sealed))
            continue
        seen.add(row_id)
        if was.content.members != is_now.members:
            changed.append(sealed)
        elif was.content != is_now or sealer.open(raws[row_id], raw_place(row_id)) != raw:
            reworded.append(sealed)
    gone = [one.row_id for one in held if not one.has_ended and one.row_id not in seen]
    _write(session, _NEW, new)
    _write(session, _CHANGED, changed)
    _write(session, _REWORDED, reworded)
    _write(session, _SEEN, [{"row_id": row_id, "now": now} for row_id in seen])
    _write(session, _ENDED, [{"row_id": row_id, "now": now} for row_id in gone])
    _note(session, account_id, kind, asked_at=now, read_at=now, failure_kind=None)
    back = sum(one.has_ended and one.row_id in seen for one in held)
    return Changes(added=len(new) + back, modified=len(changed), ended=len(gone))


def store_failure(
    session: Session, sealer: Sealer, account_id: str, kind: Resource, failure_kind: str, raw: bytes, now: datetime
) -> None:
    """The bank did not show this kind now; what it showed before stays as it is, with its moment. ``raw``: its bytes,
    where it broke its own standard."""
    row_id = _note(session, account_id, kind, asked_at=now, failure_kind=failure_kind)
    if raw:
        session.execute(
            update(tables.resource_reading)
            .where(_READING.id == row_id)
            .values(failure_raw_sealed=sealer.seal(raw, failure_raw_place(row_id)))
        )


def _held(session: Session, sealer: Sealer, account_id: str, kind: Resource) -> tuple[list[Held], Mapping[str, bytes]]:
    """The rows that there are, the longest known first, and by their ids the bank's own bytes, sealed."""
    rows = session.execute(
        select(_R.id, _R.content_sealed, _R.raw_sealed, _R.ended_at)
        .where(_R.account_id == account_id, _R.kind == kind.value)
        .order_by(_R.first_seen_at, _R.id)
    ).all()
    held = [
        Held(row.id, Content.of_text(sealer.open(row.content_sealed, content_place(row.id))), row.ended_at is not None)
        for row in rows
    ]
    return held, {row.id: row.raw_sealed for row in rows}


def _new(account_id: str, kind: Resource, sealed: Mapping[str, Any]) -> dict[str, Any]:
    now = sealed["now"]
    return {
        "id": sealed["row_id"],
        "account_id": account_id,
        "kind": kind.value,
        "content_sealed": sealed["content"],
        "raw_sealed": sealed["raw"],
        "first_seen_at": now,
        "seen_at": now,
        "updated_at": now,
        "ended_at": None,
    }


def _write(session: Session, statement: Executable, parameters: list[dict[str, Any]]) -> None:
    if parameters:
        session.connection().execute(statement, parameters)


def _sealed(sealer: Sealer, row_id: str, *, content: bytes, raw: bytes) -> dict[str, bytes]:
    both = sealer.seal_all([(content, content_place(row_id)), (raw, raw_place(row_id))])
    return dict(zip(("content", "raw"), both, strict=True))


def _told(kind: Resource, values: Iterable[Any]) -> list[tuple[Content, bytes]]:
    """What is shown, with the bank's own bytes. What stands on two pages, id and all, is there once."""
    found: dict[object, tuple[Content, bytes]] = {}
    for place, value in enumerate(values):
        one = content(kind, value)
        found[place if one.bank_id is None else one.text] = one, value.raw
    return list(found.values())


def _note(session: Session, account_id: str, kind: Resource, **said: Any) -> str:
    """How the reading went; returns its row's id."""
    values = {**said, "failure_raw_sealed": None}
    statement = insert_into(session, ResourceReading).values(
        id=new_id(), account_id=account_id, kind=kind.value, **values
    )
    row_id: str | None = session.scalar(
        statement.on_conflict_do_update(index_elements=[_READING.account_id, _READING.kind], set_=values).returning(
            _READING.id
        )
    )
    assert row_id is not None  # noqa: S101  # an upsert without a condition always gives its row
    return row_id
