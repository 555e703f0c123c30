"""Store what a bank shows of one account.

A fetch is one reading of one account over one window of days. Its pages may be stored as they come (the first sync:
each page its own transaction, so nothing that was read is lost) or all at once (every later sync: ``apply`` and
``finish`` in one transaction, so that a booked row never stands beside the pending row it replaces):

    fetch = Fetch(account_id, connection_id, window_from, window_to, normaliser)
    known = fetch.known_pages(session, sealer)              # those that the bank need not be asked to explain again
    fetch.apply_pages(session, sealer, [page], now)         # once or page by page
    fetch.finish(session, now)                              # only if the bank gave everything

A fetch that broke off is thrown away, and so is one whose transaction was rolled back; the next begins anew and finds
what was stored. Reading the same again changes nothing and writes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from hub.ledger import changelog, rows, tables
from hub.ledger.evidence import LEARNING, IdTrust, Trust
from hub.ledger.movement import Fetched, fetched
from hub.ledger.pages import READING, Memory
from hub.ledger.reconcile import Matching, Settled, Window
from hub.ledger.succession import DAYS_AFTER
from hub.sealing import Sealer
from providers.model import Page, RejectedRow, Status, Transaction
from providers.paging import Known

__all__ = ["Applied", "Fetch"]

# Beyond the window we look this far for pending rows that were booked inside it.
_SLACK = timedelta(days=DAYS_AFTER + 17)
_MANY = 5000  # once so many rows are remembered, those are forgotten that are far from the days of the page at hand

_T = tables.transaction.c
_REPLACED = (
    update(tables.transaction)
    .where(_T.id == bindparam("row_id"))
    .values(
        removed_at=bindparam("now"),
        superseded_by=bindparam("other"),
        link_reason=bindparam("reason"),
        link_confidence=bindparam("confidence"),
        updated_at=bindparam("now"),
        missing_since=None,
    )
)
_REPLACING = (
    update(tables.transaction)
    .where(_T.id == bindparam("row_id"))
    .values(
        supersedes=bindparam("other"),
        link_reason=bindparam("reason"),
        link_confidence=bindparam("confidence"),
        updated_at=bindparam("now"),
    )
)
_WITHDRAWN = (
    update(tables.transaction)
    .where(_T.id == bindparam("row_id"))
    .values(removed_at=bindparam("now"), updated_at=bindparam("now"))
)
_MISSING = update(tables.transaction).where(_T.id == bindparam("row_id")).values(missing_since=bindparam("since"))

_A = tables.account.c
_ACCOUNT = select(_A.synced_at, _A.history_from).where(_A.id == bindparam("account"))
_SYNCED = (
    update(tables.account)
    .where(_A.id == bindparam("account"))
    .values(synced_at=bindparam("now"), history_from=bindparam("since"))
)

Days = tuple[date, date]
_EVERYTHING: Days = date.min, date.max


def _around(first: date, last: date) -> Days:
    """With slack on both sides, as far as there are days: banks write 0001-01-01 and 9999-12-31."""
    before = first - _SLACK if first - date.min > _SLACK else date.min
    return before, last + _SLACK if date.max - last > _SLACK else date.max


def _overlap(known: Days | None, wanted: Days) -> Days | None:
    if known is None or known[0] > wanted[1] or known[1] < wanted[0]:
        return None
    return max(known[0], wanted[0]), min(known[1], wanted[1])


@dataclass(frozen=True, slots=True)
class Applied:
    """How many rows became visible, changed, and disappeared."""

    added: int = 0
    modified: int = 0
    removed: int = 0

    def __add__(self, other: "Applied") -> "Applied":
        return Applied(self.added + other.added, self.modified + other.modified, self.removed + other.removed)


@dataclass(slots=True)
class Fetch:
    """``normaliser`` is the standard and version of the rules that read the rows, such as ``berlin_group/1``. ``trust``
    is what is known of the bank's ids beforehand.

    ``is_whole`` False: a file, which is a witness of what it shows and none of what it does not. Nothing goes missing
    and nothing is withdrawn because a file lacks it.
    """

    account_id: str
    connection_id: str
    window_from: date
    window_to: date
    normaliser: str
    trust: IdTrust = LEARNING
    is_whole: bool = True
    rejected: list[RejectedRow] = field(default_factory=list, init=False, repr=False)
    _matching: Matching = field(init=False, repr=False)
    _loaded: Days | None = field(default=None, init=False)
    _knows_undated: bool = field(default=False, init=False)
    _limit: int = field(init=False)
    _has_forgotten: bool = field(default=False, init=False)
    _position: int = field(default=-1, init=False)
    _began_at: int = field(default=-1, init=False)
    _pages: list[bytes] = field(default_factory=list, init=False, repr=False)
    _kept: dict[str, str] = field(default_factory=dict, init=False, repr=False)
    _had_rows: bool = field(default=True, init=False)
    _is_finished: bool = field(default=False, init=False)
    _held_in: Session | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self._matching, self._limit = Matching(Trust(self.trust)), _MANY

    def known_pages(self, session: Session, sealer: Sealer) -> Known:
        """For providers.paging.knowing."""
        position = changelog.position(session, self.connection_id, self.account_id)
        return self._memory(position).known(session, sealer)

    def apply_pages(self, session: Session, sealer: Sealer, pages: Sequence[Page], now: datetime) -> Applied:
        """Store one page, or all. ``rejected`` of this fetch has the rows that could not be read. Raises what ``apply``
        does."""
        self._begin(session)
        unread = [page for page in pages if not self._recognise(session, page)]
        read = [page if page.unread is None else page.unread() for page in unread]
        rows_of = [[fetched(one) for one in page.transactions] for page in read]
        applied, ids = self._take(session, sealer, [row for page in rows_of for row in page], now)
        self._remember(session, sealer, read, rows_of, ids)
        self.rejected.extend(row for page in read for row in page.rejected)
        return applied

    def _recognise(self, session: Session, page: Page) -> bool:
        """Whether all its rows were there before and are now accounted for."""
        if page.unread is None:
            return False
        found = self._memory(self._began_at).of(session, page.digest)
        if found is None or not self._matching.recognise(*found):
            return False
        self._pages.append(page.digest)
        return True

    def _remember(
        self,
        session: Session,
        sealer: Sealer,
        pages: Sequence[Page],
        rows_of: Sequence[Sequence[Fetched]],
        ids: Sequence[str | None],
    ) -> None:
        """Only pages that stand for themselves: no row of theirs was rejected, or repeats one of another page."""
        seen, place = [], 0
        for page, given in zip(pages, rows_of, strict=True):
            theirs = [id_ for id_ in ids[place : place + len(given)] if id_ is not None]
            place += len(given)
            if page.digest and not page.rejected and len(theirs) == len(given):
                booked = [row.movement.day for row in given if row.movement.status == Status.BOOKED]
                seen.append((page, theirs, min((day for day in booked if day), default=None)))
        self._memory(READING).note(session, sealer, seen)
        self._pages.extend(page.digest for page, _, _ in seen)

    def _memory(self, position: int) -> Memory:
        return Memory(self.account_id, self.connection_id, self.normaliser, position)

    def apply(self, session: Session, sealer: Sealer, transactions: Sequence[Transaction], now: datetime) -> Applied:
        """Store rows that came on no page (a file's). Raises ValueError if an amount cannot be kept exactly,
        LookupError if the connection or the account is gone."""
        self._begin(session)
        return self._take(session, sealer, [fetched(one) for one in transactions], now)[0]

    def _take(
        self, session: Session, sealer: Sealer, page: Sequence[Fetched], now: datetime
    ) -> tuple[Applied, Sequence[str | None]]:
        self._load(session, page)
        taken = self._matching.take(page, rows.ids_in_bank_order)
        changed = taken.update
        known = rows.bank_ids(session, [one.was.id for one in changed])
        new = sorted(taken.insert, key=attrgetter("id"))  # the oldest first: at the end of each index that ids are in
        rows.write_inserts(session, self.account_id, new, now)
        rows.write_updates(session, changed, known, now)
        raw = [(one.id, one.row) for one in new] + [(one.was.id, one.row) for one in changed]
        rows.write_raw(session, sealer, raw, self.normaliser, now, self._kept)
        log = [(one.id, changelog.ADDED) for one in new]
        log += [(one.was.id, changelog.ADDED if one.is_revived else changelog.MODIFIED) for one in changed]
        self._log(session, log, now)
        revived = sum(one.is_revived for one in changed)
        return Applied(added=len(new) + revived, modified=len(changed) - revived), taken.ids

    def finish(self, session: Session, now: datetime) -> Applied:
        """Decide what has replaced what and what is gone, now that everything was seen. At most once."""
        self._begin(session)
        self._load_unseen(session)
        self._is_finished = True
        account = session.execute(_ACCOUNT, {"account": self.account_id}).one()
        settled = self._matching.settle(
            Window(self.window_from, self.window_to) if self.is_whole else None,
            today=now.astimezone(UTC).date(),
            settled_at=account.synced_at,
        )
        log = self._write(session, settled, now)
        self._log(session, log, now)
        self._memory(self._position).keep_only(session, self._pages)
        since = min(account.history_from or self.window_from, self.window_from)
        session.execute(_SYNCED, {"account": self.account_id, "now": now, "since": since})
        return Applied(modified=len(settled.supersede), removed=sum(kind == changelog.REMOVED for _, kind in log))

    def _write(self, session: Session, settled: Settled, now: datetime) -> list[tuple[str, str]]:
        links = [
            {"old": link.old, "new": link.new, "reason": link.reason, "confidence": link.confidence, "now": now}
            for link in settled.supersede
        ]
        if links:
            session.execute(_REPLACED, [one | {"row_id": one["old"], "other": one["new"]} for one in links])
            session.execute(_REPLACING, [one | {"row_id": one["new"], "other": one["old"]} for one in links])
        if settled.expire:
            session.execute(_WITHDRAWN, [{"row_id": id_, "now": now} for id_ in settled.expire])
        flags = [(id_, now) for id_ in settled.missing] + [(id_, None) for id_ in settled.found]
        if flags:
            session.execute(_MISSING, [{"row_id": id_, "since": since} for id_, since in flags])
        log = [(link.old, changelog.REMOVED) for link in settled.supersede if link.old not in settled.withdrawn_before]
        log += [(link.new, changelog.MODIFIED) for link in settled.supersede]
        return log + [(id_, changelog.REMOVED) for id_ in settled.expire]

    def _begin(self, session: Session) -> None:
        """Be alone with this ledger, and see that it is as this fetch left it."""
        if self._is_finished:
            raise RuntimeError("a finished fetch takes no more")
        if session is self._held_in:
            return  # a read at once is one transaction
        position = changelog.hold(session, self.connection_id, self.account_id)
        if self._position not in {-1, position}:
            raise RuntimeError("another fetch has changed this account meanwhile: begin a new one")
        if self._position == -1:
            self._had_rows = rows.has_any(session, self.account_id)
            self._loaded = None if self._had_rows else _EVERYTHING  # all there will be is stored by this fetch
            self._began_at = position
        self._position, self._held_in = position, session

    def _log(self, session: Session, changes: Sequence[tuple[str, str]], now: datetime) -> None:
        if last := changelog.append(session, self.connection_id, self.account_id, changes, now):
            self._position = last

    def _load(self, session: Session, page: Sequence[Fetched]) -> None:
        """Know the stored rows around whatever days the bank chose to give, and little more."""
        days = [day for row in page if (day := row.movement.day)]
        if days:
            first, last = _around(min(days), max(days))
            if self._matching.size > self._limit:
                before, after = self._matching.forget(first, last)
                still_known = first if before else date.min, last if after else date.max
                self._has_forgotten, self._loaded = True, _overlap(self._loaded, still_known)
                self._knows_undated = False
                self._limit = max(_MANY, 2 * self._matching.size)  # a busy account has many in the days around
            self._know_between(session, first, last)
        if not self._knows_undated and any(row.movement.day is None for row in page):
            self._knows_undated = True
            self._know_between(session, *_around(self.window_from, self.window_to))
            self._matching.know(rows.undated(session, self.account_id))

    def _load_unseen(self, session: Session) -> None:
        """Know what the ledger holds and the bank has not shown, and, if that was forgotten, what may have replaced
        it."""
        if not self._had_rows:
            return
        stored = rows.ids_since(session, self.account_id, _around(self.window_from, self.window_to)[0])
        self._matching.know(rows.some(session, self.account_id, self._matching.unknown(stored)))
        if self._has_forgotten and (days := [row.sort_date for row in self._matching.unseen]):
            self._loaded = None
            self._know_between(session, *_around(min(days), max(days)))

    def _know_between(self, session: Session, first: date, last: date) -> None:
        if self._loaded is None:
            self._matching.know(rows.between(session, self.account_id, first, last))
        else:
            known_first, known_last = self._loaded
            first, last = min(first, known_first), max(last, known_last)
            if first < known_first:
                self._matching.know(rows.between(session, self.account_id, first, known_first))
            if last > known_last:
                self._matching.know(rows.between(session, self.account_id, known_last, last))
        self._loaded = first, last
