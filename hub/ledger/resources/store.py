"""Store one whole reading of one kind of an account's resources, or that it failed."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update
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
_ONE = update(tables.account_resource).where(_R.id == bindparam("row_id"))
_CHANGED = _ONE.values(content_sealed=bindparam("content"), raw_sealed=bindparam("raw"), updated_at=bindparam("now"))
_SEEN = _ONE.values(seen_at=bindparam("now"), ended_at=None)
_ENDED = _ONE.values(ended_at=bindparam("now"))


def content_place(row_id: str) -> str:
    return f"account_resource.content:{row_id}"


def raw_place(row_id: str) -> str:
    return f"account_resource.raw:{row_id}"


def failure_raw_place(row_id: str) -> str:
    return f"resource_reading.failure_raw:{row_id}"


def store(
    session: Session, sealer: Sealer, account_id: str, kind: Resource, values: Iterable[Any], now: datetime
) -> None:
    """``values`` is everything of this kind that the bank shows now, as the adapter's method ``kind`` gave it.

    A row keeps its id for as long as it is found again (hub.ledger.resources.matching); one that the bank does not show
    is marked as ended. The same values again change nothing but when they were seen.
    """
    rows = session.execute(
        select(_R.id, _R.content_sealed, _R.raw_sealed, _R.ended_at)
        .where(_R.account_id == account_id, _R.kind == kind.value)
        .order_by(_R.first_seen_at, _R.id)
    ).all()
    held = [
        Held(row.id, Content.of_text(sealer.open(row.content_sealed, content_place(row.id))), row.ended_at is not None)
        for row in rows
    ]
    raws = {row.id: row.raw_sealed for row in rows}
    told = _told(kind, values)
    new, changed, seen = [], [], set()
    contents = [is_now for is_now, _ in told]
    for (is_now, raw), was in zip(told, matched(kind, held, contents), strict=True):
        row_id = was.row_id if was else new_id()
        sealed = {"content": is_now.text, "raw": raw}
        if was is None:
            new.append(_new(account_id, kind, row_id, _sealed(sealer, row_id, **sealed), now))
            continue
        seen.add(row_id)
        if was.content != is_now or sealer.open(raws[row_id], raw_place(row_id)) != raw:
            changed.append({"row_id": row_id, "now": now, **_sealed(sealer, row_id, **sealed)})
    if new:
        session.execute(insert(tables.account_resource), new)
    gone = [one.row_id for one in held if not one.has_ended and one.row_id not in seen]
    for statement, parameters in (
        (_CHANGED, changed),
        (_SEEN, [{"row_id": row_id, "now": now} for row_id in seen]),
        (_ENDED, [{"row_id": row_id, "now": now} for row_id in gone]),
    ):
        if parameters:
            session.connection().execute(statement, parameters)
    _note(session, account_id, kind, asked_at=now, read_at=now, failure_kind=None)


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


def _new(account_id: str, kind: Resource, row_id: str, sealed: Mapping[str, bytes], now: datetime) -> dict[str, Any]:
    return {
        "id": row_id,
        "account_id": account_id,
        "kind": kind.value,
        "content_sealed": sealed["content"],
        "raw_sealed": sealed["raw"],
        "first_seen_at": now,
        "seen_at": now,
        "updated_at": now,
        "ended_at": None,
    }


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
