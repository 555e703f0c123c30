"""Keep a person's accounts, and each one's id through renewals, re-linking and the bank's changing resource ids.

An account is known by its best identifier and its currency. The order is that of ``_BEST``: an IBAN says more than a
masked card number. Several currencies under one IBAN are several accounts. Several accounts of one currency under one
identifier (pots, sub-accounts, cards whose numbers end alike) are told apart by (type, name, product), which a new
consent leaves as they are, and then by the bank's resource id; they are new where neither is known. An account without
any identifier is known by type, name and currency, and by its place among its equals: the best that can be done.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

import orjson
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.db import storable
from hub.ids import new_id
from hub.ledger import tables
from hub.models.ledger import Account as AccountRow
from providers.model import Account, AccountType, Identifier, Scheme

__all__ = ["ENABLED", "GONE", "identity_hashes", "known_ids", "store_accounts"]

ENABLED, GONE = "enabled", "gone"
_BEST = (Scheme.IBAN, Scheme.BBAN, Scheme.UK_SORT_CODE_ACCOUNT, Scheme.MASKED_PAN, Scheme.OTHER)
# These name one account in the world of one bank, so one in common suffices to know an account again.
_PROOF = frozenset({Scheme.IBAN.value, Scheme.BBAN.value, Scheme.UK_SORT_CODE_ACCOUNT.value})

Key = tuple[str, ...]


def identity_hashes(accounts: Sequence[Account]) -> list[str]:
    """SHA-256 of what each account is, in the order given. Equal whatever order the bank lists them in."""
    order = sorted(range(len(accounts)), key=lambda place: _order(accounts[place]))
    times: Counter[Key] = Counter()
    hashes = [""] * len(accounts)
    for place in order:
        key = _key(accounts[place])
        hashes[place] = _hash(key, times[key])
        times[key] += 1
    return hashes


def _hash(key: Key, number: int) -> str:
    """``number``: which of those that have this key."""
    return sha256(orjson.dumps([*key, number])).hexdigest()


def _key(account: Account) -> Key:
    best = _sorted(account.identifiers)
    if best:
        return best[0].scheme.value, _plain(best[0].value), account.currency
    return "none", account.type.value, account.name or "", account.currency


def _row_key(row: AccountRow) -> Key:
    if row.identifiers:
        return row.identifiers[0]["scheme"], _plain(row.identifiers[0]["value"]), row.currency
    return "none", row.type, row.name or "", row.currency


def _order(account: Account) -> tuple[str, ...]:
    return account.type.value, account.name or "", account.product or "", account.resource_id


def _sorted(identifiers: Iterable[Identifier]) -> list[Identifier]:
    return sorted(identifiers, key=lambda one: _BEST.index(one.scheme))


def _plain(value: str) -> str:
    return "".join(value.split()).upper()


def store_accounts(
    session: Session,
    *,
    psu_id: str,
    connection_id: str,
    institution_id: str,
    accounts: Sequence[Account],
    now: datetime,
    is_whole: bool = True,
) -> dict[str, str]:
    """Store what the bank shows under this connection; returns resource id -> account id.

    An account of this connection that the bank shows no more becomes ``gone``, with all its history; if it is shown
    again it is ``enabled`` again, under the same id. Not where the list is not whole (``is_whole``): a file.
    """
    known = _Known.of(session, psu_id, institution_id)
    result: dict[str, str] = {}
    rows: list[AccountRow] = []
    told = [_as_kept(one) for one in accounts]
    hashes = identity_hashes(told)
    found = known.find(told, hashes)  # and sets the hashes of those that are one of several
    for shown, account, identity_hash, row in zip(accounts, told, hashes, found, strict=True):
        if row is None:
            row = AccountRow(id=new_id(), psu_id=psu_id, institution_id=institution_id, created_at=now)
            session.add(row)
        row.identity_hash = identity_hash
        row.connection_id = connection_id
        row.resource_id = account.resource_id
        row.type = account.type.value
        row.currency = account.currency
        row.name = account.name
        row.product = account.product
        row.owner_name = account.owner_name
        identifiers = [{"scheme": one.scheme.value, "value": one.value} for one in _sorted(account.identifiers)]
        if row.identifiers != identifiers:
            row.identifiers = identifiers
        row.bic = account.bic if account.bic and len(account.bic) <= 11 else None
        row.usage = account.usage.value if account.usage else None
        row.status = ENABLED
        result[shown.resource_id] = row.id
        rows.append(row)
    for account, row in zip(accounts, rows, strict=True):
        parent_id = result.get(account.parent_id) if account.parent_id else None
        row.parent_id = parent_id if parent_id != row.id else None
    session.flush()
    if is_whole:
        table = tables.account.c
        session.execute(
            update(tables.account)
            .where(table.connection_id == connection_id, table.status != GONE, table.id.not_in(result.values()))
            .values(status=GONE)
        )
    return result


def known_ids(
    session: Session, *, psu_id: str, institution_id: str, accounts: Sequence[Account]
) -> tuple[str | None, ...]:
    """The account id that ``store_accounts`` would give each of ``accounts``; None for one that is new."""
    told = [_as_kept(one) for one in accounts]
    found = _Known.of(session, psu_id, institution_id).find(told, identity_hashes(told))
    return tuple(None if row is None else row.id for row in found)


def _as_kept(account: Account) -> Account:
    """Our own adapters say nothing that a column does not hold; one from outside may."""
    return replace(
        account,
        resource_id=storable(account.resource_id),
        name=_kept(account.name),
        product=_kept(account.product),
        owner_name=_kept(account.owner_name),
        identifiers=tuple(Identifier(one.scheme, storable(one.value)) for one in account.identifiers),
    )


def _kept(text: str | None) -> str | None:
    return None if text is None else storable(text)


@dataclass(slots=True)
class _Known:
    """The person's accounts at one bank, each given to one of the accounts that the bank shows."""

    rows: Sequence[AccountRow]

    @classmethod
    def of(cls, session: Session, psu_id: str, institution_id: str) -> "_Known":
        mine = AccountRow.psu_id == psu_id, AccountRow.institution_id == institution_id
        return cls(session.scalars(select(AccountRow).where(*mine)).all())

    def find(self, accounts: Sequence[Account], hashes: list[str]) -> list[AccountRow | None]:
        by_hash = {row.identity_hash: row for row in self.rows}
        found = [by_hash.get(one) for one in hashes]
        for key, places in self._several(accounts).items():
            self._tell_apart(key, places, accounts, hashes, found)
        free = [row for row in self.rows if row not in found]
        for knows in (_without_type, _proven):
            for place, account in enumerate(accounts):
                if found[place] is None and (row := knows(account, free)):
                    found[place] = row
                    free.remove(row)
        return found

    def _several(self, accounts: Sequence[Account]) -> dict[Key, list[int]]:
        """Key -> places in ``accounts``, where more than one was shown or is known."""
        places: defaultdict[Key, list[int]] = defaultdict(list)
        for place, account in enumerate(accounts):
            places[_key(account)].append(place)
        known = Counter(_row_key(row) for row in self.rows)
        return {key: found for key, found in places.items() if max(len(found), known[key]) > 1}

    def _tell_apart(
        self,
        key: Key,
        places: Sequence[int],
        accounts: Sequence[Account],
        hashes: list[str],
        found: list[AccountRow | None],
    ) -> None:
        """Each of those that have one key keeps the row, and the hash, that is its own."""
        rows = sorted((row for row in self.rows if _row_key(row) == key), key=lambda row: row.id)
        free, taken = list(rows), {row.identity_hash for row in rows}
        left = sorted(places, key=lambda place: _order(accounts[place]))
        for is_same in (_is_unchanged, _looks_the_same, _has_its_resource):
            for place in tuple(left):
                row = next((row for row in free if is_same(row, accounts[place])), None)
                if row is not None:
                    found[place], hashes[place] = row, row.identity_hash
                    free.remove(row)
                    left.remove(place)
        for place in left:
            number = next(number for number in range(len(taken) + 1) if _hash(key, number) not in taken)
            found[place], hashes[place] = None, _hash(key, number)
            taken.add(hashes[place])


def _is_unchanged(row: AccountRow, account: Account) -> bool:
    return _looks_the_same(row, account) and _has_its_resource(row, account)


def _has_its_resource(row: AccountRow, account: Account) -> bool:
    return row.resource_id == account.resource_id and row.type == account.type.value


def _looks_the_same(row: AccountRow, account: Account) -> bool:
    return (row.type, row.name, row.product) == (account.type.value, account.name, account.product)


def _without_type(account: Account, rows: Iterable[AccountRow]) -> AccountRow | None:
    """The row that is ``account`` as it was while the bank's word for its type was not understood."""
    before = replace(account, type=AccountType.OTHER)
    return next((row for row in rows if _is_unchanged(row, before) and _row_key(row) == _key(before)), None)


def _proven(account: Account, rows: Iterable[AccountRow]) -> AccountRow | None:
    """The row that shares a proof with ``account``: a bank may give the IBAN today and only the BBAN tomorrow.

    Never where both have an IBAN and the two differ.
    """
    mine = {(one.scheme.value, _plain(one.value)) for one in account.identifiers}
    for row in rows:
        theirs = {(one["scheme"], _plain(one["value"])) for one in row.identifiers}
        proofs = {scheme for scheme, _ in mine & theirs} & _PROOF
        ibans = [{value for scheme, value in given if scheme == Scheme.IBAN} for given in (mine, theirs)]
        contradicted = bool(ibans[0] and ibans[1]) and not ibans[0] & ibans[1]
        if proofs and not contradicted and row.currency == account.currency:
            return row
    return None
