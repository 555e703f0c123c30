"""Which pages of a bank's answers need not be read again, and the transactions that are on them.

A page is known by the SHA-256 of its bytes. It is remembered while the ledger stands where the reading that saw it
left it: the account's change log has not moved, under the same connection, and the same rules would read it. Whatever
changes a transaction writes to that log, so nothing has to forget pages by hand.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, bindparam, delete, select, update
from sqlalchemy.orm import Session

from hub.ledger import tables
from hub.sealing import Sealer
from hub.upsert import inserts
from providers.model import Page
from providers.paging import Known

_P = tables.seen_page.c
READING = -1  # the position of pages whose reading has not ended


@dataclass(frozen=True, slots=True)
class Memory:
    """The pages of one account. ``position`` is where its change log stands."""

    account_id: str
    connection_id: str
    normaliser: str
    position: int

    def known(self, session: Session, sealer: Sealer) -> Known:
        """Digest -> the bank's link to the next page."""
        found = session.execute(_KNOWN, self._named())
        return {
            bytes.fromhex(digest): sealed and sealer.open(sealed, _place(digest)).decode() for digest, sealed in found
        }

    def of(self, session: Session, digest: bytes) -> tuple[list[str], date | None] | None:
        """(transaction ids, the first day of the booked ones), None if the page is not known any more."""
        found = session.execute(_OF, {**self._named(), "page": digest.hex()}).one_or_none()
        return None if found is None else (found.ids.split(",") if found.ids else [], found.oldest)

    def note(self, session: Session, sealer: Sealer, seen: Iterable[tuple[Page, Collection[str], date | None]]) -> None:
        """Pages of a reading that goes on: (page, transaction ids, the first day of the booked ones)."""
        rows = {
            page.digest: {
                "account_id": self.account_id,
                "digest": page.digest.hex(),
                "connection_id": self.connection_id,
                "position": READING,
                "normaliser": self.normaliser,
                "next_sealed": sealer.seal(page.link.encode(), _place(page.digest.hex())) if page.link else None,
                "ids": ",".join(ids),
                "oldest": oldest,
            }
            for page, ids, oldest in seen
        }
        if rows:
            session.execute(_NOTE[session.get_bind().dialect.name], list(rows.values()))

    def keep_only(self, session: Session, digests: Collection[bytes]) -> None:
        """The reading has ended: these are its pages, and ``position`` is where it left the log."""
        seen = {digest.hex() for digest in digests}
        held = session.execute(_HELD, self._named()).all()
        valid = {digest for digest, is_valid in held if is_valid}
        if missing := seen - valid:
            session.execute(_KEEP, [{"account": self.account_id, "page": one, "at": self.position} for one in missing])
        if gone := {digest for digest, _ in held} - seen:
            session.execute(_DROP, [{"account": self.account_id, "page": one} for one in gone])

    def _named(self) -> dict[str, object]:
        return {
            "account": self.account_id,
            "connection": self.connection_id,
            "rules": self.normaliser,
            "at": self.position,
        }


def _place(digest: str) -> str:
    return f"seen_page.next:{digest}"


# Made once: a sync says them of every account.
_VALID = and_(
    _P.account_id == bindparam("account"),
    _P.connection_id == bindparam("connection"),
    _P.normaliser == bindparam("rules"),
    _P.position == bindparam("at"),
)
_KNOWN = select(_P.digest, _P.next_sealed).where(_VALID)
_OF = select(_P.ids, _P.oldest).where(_VALID, _P.digest == bindparam("page"))
_HELD = select(_P.digest, _VALID).where(_P.account_id == bindparam("account"))
_ONE = and_(_P.account_id == bindparam("account"), _P.digest == bindparam("page"))
_KEEP = update(tables.seen_page).where(_ONE).values(position=bindparam("at"))
_ANEW = ("connection_id", "position", "normaliser", "next_sealed", "ids", "oldest")
_NOTE = {
    name: insert.on_conflict_do_update(
        index_elements=[_P.account_id, _P.digest], set_={column: insert.excluded[column] for column in _ANEW}
    )
    for name, insert in inserts(tables.seen_page).items()
}
_DROP = delete(tables.seen_page).where(_ONE)
