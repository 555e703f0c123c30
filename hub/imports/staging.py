"""The file between upload and confirmation: sealed in the database, so that any process may go on with it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.errors import BadInput, Conflict, NotFound
from hub.ids import new_id
from hub.limits import Slots
from hub.models.file_import import FileImport
from providers.files import archive
from providers.files.days import Order
from providers.files.extract import Format
from providers.files.profile import Profile
from providers.files.read import Said, format_of

WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"
State = Literal["waiting", "running", "done", "failed"]
KEPT_WAITING = timedelta(hours=1)
KEPT_DONE = timedelta(days=1)
MOST_WAITING = 3  # files of one person
_NAME_LENGTH = 200

# Reading a file costs a second or two of a whole core; a web process has others to answer meanwhile.
reading = Slots(2, patience_s=10.0)


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the rows of one account of the file go: an account of an earlier file, or a new one of this ``name``."""

    is_wanted: bool = True
    account_id: str | None = None
    name: str = ""


class Declared(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the person says of a file. ``targets`` are in the order of providers.files.read.by_account."""

    profile: Profile | None = None
    currency: str = ""
    order: Order | None = None
    targets: tuple[Target, ...] = ()

    @property
    def said(self) -> Said:
        return Said(self.profile, self.currency, self.order)

    def builtins(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.to_builtins(self, str_keys=True)
        return found


@dataclass(frozen=True, slots=True)
class Staged:
    """One file as it stands. ``is_held``: somebody imports it right now."""

    id: str
    name: str
    size: int
    status: State
    declared: Declared
    rows_done: int
    rows_total: int
    added: int
    account_ids: tuple[str, ...]
    failure: str
    is_held: bool
    raw_sealed: bytes | None = field(repr=False)


def raw_place(import_id: str) -> str:
    return f"file_import.raw:{import_id}"


def stage(hub: Hub, psu_id: str, *, name: str, raw: bytes, now: datetime) -> str:
    """Keep the file; returns its id. Raises BadInput for one that is empty or too large, ContractBroken for one that is
    plainly no statement. A person's oldest waiting files make room for it.
    """
    if not raw:
        raise BadInput("The file is empty.", parameter="file")
    if len(raw) > hub.settings.import_max_bytes:
        raise BadInput(f"The file is larger than {hub.settings.import_max_bytes >> 20} MB.", parameter="file")
    if not archive.is_archive(raw):
        format_of(raw)
    import_id = new_id()
    sealed = hub.sealer.seal(raw, raw_place(import_id))
    with hub.db.write() as session:
        waiting = session.scalars(
            select(FileImport.id)
            .where(FileImport.psu_id == psu_id, FileImport.status == WAITING)
            .order_by(FileImport.created_at.desc(), FileImport.id.desc())
            .offset(MOST_WAITING - 1)
        ).all()
        session.execute(delete(FileImport).where(FileImport.id.in_(waiting)))
        session.add(
            FileImport(
                id=import_id,
                psu_id=psu_id,
                name=_shown(name),
                size=len(raw),
                raw_sealed=sealed,
                said={},
                status=WAITING,
                rows_done=0,
                rows_total=0,
                added=0,
                account_ids=[],
                created_at=now,
                expires_at=now + KEPT_WAITING,
            )
        )
    return import_id


def load(session: Session, psu_id: str, import_id: str, *, now: datetime) -> Staged:
    """Raises NotFound if there is none (any more), or it is not this person's."""
    row = session.scalars(
        select(FileImport).where(FileImport.id == import_id, FileImport.psu_id == psu_id, FileImport.expires_at > now)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such file here (any more). Please upload it again.")
    return Staged(
        id=row.id,
        name=row.name,
        size=row.size,
        status=row.status,  # type: ignore[arg-type]  # the column holds nothing else
        declared=msgspec.convert(row.said, Declared, strict=False),
        rows_done=row.rows_done,
        rows_total=row.rows_total,
        added=row.added,
        account_ids=tuple(row.account_ids),
        failure=row.failure or "",
        is_held=row.until is not None and row.until > now,
        raw_sealed=row.raw_sealed,
    )


def raw_of(hub: Hub, staged: Staged) -> bytes:
    """Raises NotFound once the file is erased."""
    if staged.raw_sealed is None:
        raise NotFound("The file was imported and is not kept.")
    return hub.sealer.open(staged.raw_sealed, raw_place(staged.id))


def declare(hub: Hub, psu_id: str, import_id: str, declared: Declared, *, now: datetime) -> None:
    """Keep what the person says of a waiting file. Raises Conflict if it is no longer waiting."""
    with hub.db.write() as session:
        changed = session.execute(
            update(FileImport)
            .where(
                FileImport.id == import_id,
                FileImport.psu_id == psu_id,
                FileImport.status.in_([WAITING, FAILED]),
                FileImport.expires_at > now,
            )
            .values(said=declared.builtins())
            .returning(FileImport.id)
            .execution_options(synchronize_session=False)
        ).one_or_none()
    if changed is None:
        raise Conflict("This file is being imported, or was imported already.")


def forget(hub: Hub, psu_id: str, import_id: str) -> None:
    """The person does not want it after all. What is being imported is left alone."""
    with hub.db.write() as session:
        session.execute(
            delete(FileImport).where(
                FileImport.id == import_id, FileImport.psu_id == psu_id, FileImport.status.in_([WAITING, FAILED])
            )
        )


def is_csv(raw: bytes) -> bool:
    return not archive.is_archive(raw) and format_of(raw) is Format.CSV


def _shown(name: str) -> str:
    """The name that a browser gave, fit for a page and a column."""
    plain = "".join(sign for sign in name.rpartition("/")[2].rpartition("\\")[2] if sign.isprintable())
    return plain.strip()[:_NAME_LENGTH] or "file"
