"""What a bank gave us, made fit for the row it lies in: sealed, and opened again. Nothing else opens these columns."""

from dataclasses import dataclass

import msgspec

from hub.db import storable
from hub.sealing import Sealer
from providers.port import Access, Ask, LinkStart, LinkState


def access_place(connection_id: str) -> str:
    return f"connection.access:{connection_id}"


def link_state_place(state_hash: str) -> str:
    return f"link_attempt.link_state:{state_hash}"


def failure_raw_place(connection_id: str) -> str:
    return f"connection.failure_raw:{connection_id}"


def beginning(text: str, length: int = 500) -> str:
    """Text that came from a bank as a column takes it: nobody reads a book of an error."""
    return storable(text)[:length]


def seal_access(sealer: Sealer, connection_id: str, access: Access) -> bytes:
    return sealer.seal(msgspec.json.encode(access), access_place(connection_id))


def open_access(sealer: Sealer, connection_id: str, sealed: bytes) -> Access:
    """Raises SealBroken if the value was sealed for another row or under a key we no longer have."""
    return msgspec.json.decode(sealer.open(sealed, access_place(connection_id)), type=Access)


@dataclass(frozen=True, slots=True)
class Kept:
    """What must survive until the PSU has done the ``number``-th step: ``ask`` is None where that is a visit to the
    bank."""

    state: LinkState
    ask: Ask | None
    number: int = 1


def keep(started: LinkStart, number: int = 1) -> Kept:
    return Kept(started.state, started.step if isinstance(started.step, Ask) else None, number)


def seal_kept(sealer: Sealer, state_hash: str, kept: Kept) -> bytes:
    return sealer.seal(msgspec.json.encode(kept), link_state_place(state_hash))


def open_kept(sealer: Sealer, state_hash: str, sealed: bytes) -> Kept | None:
    """None if it has the shape of another release. Raises SealBroken."""
    try:
        return msgspec.json.decode(sealer.open(sealed, link_state_place(state_hash)), type=Kept)
    except msgspec.ValidationError:
        return None


def seal_failure_raw(sealer: Sealer, connection_id: str, raw: bytes) -> bytes:
    """``raw`` is what the bank sent when it broke its own standard; an operator may have to read it."""
    return sealer.seal(raw, failure_raw_place(connection_id))


def open_failure_raw(sealer: Sealer, connection_id: str, sealed: bytes) -> bytes:
    """Raises SealBroken."""
    return sealer.open(sealed, failure_raw_place(connection_id))
