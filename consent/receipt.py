"""The proof of what was consented and what was done with it: a hash-chained record per consent.

Each receipt carries the hash of the one before it, so that no byte of a chain can change unseen. A chain alone cannot
show that its END was cut off, nor that somebody with the power to write rewrote all of it: keep the last hash
elsewhere too (the consent's row, the person's download) and give it to ``verify`` as ``head``.
"""

import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from consent.canonical import encode, plain
from consent.decide import Allowed, Ask, Denied
from consent.details import Detail
from consent.lifecycle import MOVES, Event
from consent.model import Actor, Consent, utc
from consent.wording import Shown

FIRST_PREVIOUS_HASH = "0" * 64
FIRST_SEQUENCE = 1

PROPOSE = "propose"
"""The event of the receipt that opens a consent: the client's request as it came in."""
READ = "read"
"""The event of a receipt for one decision of ``decide``, whichever way it went."""

_TEXT = ("consent_id", "at", "actor", "event", "previous_hash", "hash")
_KINDS: Mapping[str, type] = {**dict.fromkeys(_TEXT, str), "sequence": int, "body": dict}


@dataclass(frozen=True, slots=True)
class Receipt:
    """One entry. ``sequence`` counts from 1 within the consent; hashes are 64 hex digits of SHA-256.

    body: plain JSON, deeply read-only. actor and event are text, not enums: a row that was tampered with must come
    as far as ``verify``, which says Broken, and not fail where it is loaded.
    """

    consent_id: str
    sequence: int
    at: datetime
    actor: str
    event: str
    body: Mapping[str, Any]
    previous_hash: str
    hash: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "body", _still(self.body))

    def __hash__(self) -> int:
        return hash(self.hash)


@dataclass(frozen=True, slots=True)
class Link:
    """From one chain into another: the last hash of that consent's chain when the person's yes joined the two."""

    consent_id: str
    hash: str


@dataclass(frozen=True, slots=True)
class Intact:
    """Every link holds. ``head`` is the last hash (the zeros for an empty chain)."""

    length: int
    head: str


@dataclass(frozen=True, slots=True)
class Broken:
    """The first place where the chain does not hold, by the sequence that stands or should stand there."""

    at_sequence: int
    why: str


def record(
    previous: Receipt | None,
    before: Consent | None,
    after: Consent,
    *,
    event: str,
    actor: Actor,
    at: datetime,
    shown: Shown | None = None,
    link: Link | None = None,
) -> Receipt:
    """The receipt of one move, with the consent in full before and after it and the words the person was shown.

    ``event`` is a lifecycle Event, or PROPOSE where ``before`` is None. ``link``: where one consent takes the place of
    another, each chain holds the other's hash (``verify_succession``): first the yes to the newer one with the end of
    the older chain, then the REPLACE of the older one with that yes.

    Raises ValueError for what cannot have happened: another consent's chain, a move that is not in the table, a yes
    without the words it was said to, a succession without its link.
    """
    if before is None:
        possible = event == PROPOSE and previous is None
    else:
        moves = {str(name): target for (status, name), target in MOVES.items() if status is before.status}
        possible = before.id == after.id and moves.get(event) is after.status
    if not possible:
        raise ValueError("no such move can have happened")
    if event == Event.AUTHORISE and shown is None:
        raise ValueError("a yes is recorded with the words it was said to")
    if event == Event.AUTHORISE and shown is not None and len(shown.details) != len(_asked_in(before)):
        raise ValueError("each detail is recorded with its words")
    joined = {Event.AUTHORISE: after.replaces, Event.REPLACE: after.replaced_by}.get(Event(event)) if before else None
    if joined != (link and link.consent_id):
        raise ValueError("where one consent takes another's place, each chain holds the other's hash")
    body: dict[str, Any] = {"before": before, "after": after, "shown": shown}
    return _chained(previous, after.id, at, actor, event, body if link is None else body | {"link": link})


def record_read(
    previous: Receipt | None, consent: Consent, ask: Ask, decision: Allowed | Denied, *, at: datetime
) -> Receipt:
    """The receipt of one decision: what the client asked, and what it was given or why not. No data of the person.

    Raises ValueError for an Allowed of another consent (or of none: an owner's reading is nobody's consent).
    """
    body: dict[str, Any] = {"ask": ask}
    if isinstance(decision, Allowed):
        if decision.consent_id != consent.id:
            raise ValueError("that was not allowed by this consent")
        body |= {"outcome": "allowed", "account_ids": decision.account_ids, "since": decision.since}
    else:
        body |= {"outcome": "denied", "reason": decision.reason}
    return _chained(previous, consent.id, at, Actor.CLIENT, READ, body)


def verify(chain: Iterable[Receipt], *, head: str | None = None) -> Intact | Broken:
    """Whether every receipt is as it was written and in its place.

    ``head``: the last hash as it was kept elsewhere; with it a chain that lost its end is Broken too.
    """
    previous: Receipt | None = None
    for receipt in chain:
        expected = FIRST_SEQUENCE if previous is None else previous.sequence + 1
        why = _fault(previous, receipt, expected)
        if why is not None:
            return Broken(expected, why)
        previous = receipt
    last = FIRST_PREVIOUS_HASH if previous is None else previous.hash
    length = 0 if previous is None else previous.sequence
    if head is not None and not _same(last, head):
        return Broken(length + 1, "the chain does not end where it should")
    return Intact(length, last)


def verify_succession(older: Sequence[Receipt], newer: Sequence[Receipt]) -> Intact | Broken:
    """Whether the two chains are whole and hold each other's hash; Intact is that of ``newer``."""
    whole, outcome = verify(older), verify(newer)
    if isinstance(whole, Broken) or isinstance(outcome, Broken):
        return whole if isinstance(whole, Broken) else outcome
    for ended in older:
        for given in newer:
            if _links(ended, Event.REPLACE, given.consent_id, given.hash) and _links(
                given, Event.AUTHORISE, ended.consent_id, ended.previous_hash
            ):
                return outcome
    return Broken(outcome.length, "the two consents do not name each other")


def dumps(receipt: Receipt) -> bytes:
    """The receipt as canonical JSON: for the person's download and for keeping outside the database."""
    return encode(receipt)


def loads(data: bytes) -> Receipt:
    """The receipt from exactly the bytes ``dumps`` made. ValueError for any other bytes, equal in meaning or not."""
    try:
        parts = json.loads(data)
        if not all(isinstance(parts[name], kind) for name, kind in _KINDS.items()):
            raise ValueError("not a receipt")
        receipt = Receipt(**{**parts, "at": datetime.fromisoformat(parts["at"])})
        canonical = dumps(receipt) == data
    except (TypeError, KeyError, RecursionError) as malformed:
        raise ValueError("not a receipt") from malformed
    if not canonical:
        raise ValueError("not a receipt in its canonical form")
    return receipt


def _chained(
    previous: Receipt | None, consent_id: str, at: datetime, actor: Actor, event: str, body: Mapping[str, Any]
) -> Receipt:
    if previous is not None and previous.consent_id != consent_id:
        raise ValueError("a chain belongs to one consent")
    unsealed = Receipt(
        consent_id=consent_id,
        sequence=FIRST_SEQUENCE if previous is None else previous.sequence + 1,
        at=utc(at),
        actor=str(actor),
        event=str(event),
        body=plain(body),
        previous_hash=FIRST_PREVIOUS_HASH if previous is None else previous.hash,
        hash="",
    )
    return replace(unsealed, hash=_hash(unsealed))


def _hash(receipt: Receipt) -> str:
    """SHA-256 over every field but the hash itself."""
    content = plain(receipt)
    del content["hash"]
    return sha256(encode(content)).hexdigest()


def _asked_in(consent: Consent | None) -> Sequence[Detail]:
    return () if consent is None else consent.details


def _links(receipt: Receipt, event: Event, consent_id: str, hash_: str) -> bool:
    link = receipt.body.get("link")
    return (
        receipt.event == event
        and isinstance(link, Mapping)
        and link.get("consent_id") == consent_id
        and _same(str(link.get("hash")), hash_)
    )


def _fault(previous: Receipt | None, receipt: Receipt, expected: int) -> str | None:
    if receipt.sequence != expected:
        return "a receipt is missing, doubled or out of order"
    if previous is not None and receipt.consent_id != previous.consent_id:
        return "it belongs to another consent"
    if not _same(receipt.previous_hash, FIRST_PREVIOUS_HASH if previous is None else previous.hash):
        return "it does not follow the receipt before it"
    try:
        hashed = _hash(receipt)
    except (TypeError, ValueError):
        return "it holds what no receipt can hold"
    return None if _same(receipt.hash, hashed) else "it is not as it was written"


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))


def _still(value: Any) -> Any:
    """The same JSON, deeply read-only."""
    if isinstance(value, Mapping):
        return MappingProxyType({key: _still(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return tuple(map(_still, value))
    return value
