"""What a bank gave us, made fit for the row it lies in: sealed, and opened again. Nothing else opens these columns."""

import msgspec

from hub.sealing import Sealer
from providers.port import Access, LinkState


def access_place(connection_id: str) -> str:
    return f"connection.access:{connection_id}"


def link_state_place(state_hash: str) -> str:
    return f"link_attempt.link_state:{state_hash}"


def failure_raw_place(connection_id: str) -> str:
    return f"connection.failure_raw:{connection_id}"


def storable(text: str, length: int = 500) -> str:
    """Text that came from a bank as a column takes it: PostgreSQL keeps no NUL, and nobody reads a book of an error."""
    return text.replace("\x00", "")[:length]


def seal_access(sealer: Sealer, connection_id: str, access: Access) -> bytes:
    return sealer.seal(msgspec.json.encode(access), access_place(connection_id))


def open_access(sealer: Sealer, connection_id: str, sealed: bytes) -> Access:
    """Raises SealBroken if the value was sealed for another row or under a key we no longer have."""
    return msgspec.json.decode(sealer.open(sealed, access_place(connection_id)), type=Access)


def seal_link_state(sealer: Sealer, state_hash: str, state: LinkState) -> bytes:
    return sealer.seal(msgspec.json.encode(state), link_state_place(state_hash))


def open_link_state(sealer: Sealer, state_hash: str, sealed: bytes) -> LinkState:
    """Raises SealBroken."""
    return msgspec.json.decode(sealer.open(sealed, link_state_place(state_hash)), type=LinkState)


def seal_failure_raw(sealer: Sealer, connection_id: str, raw: bytes) -> bytes:
    """``raw`` is what the bank sent when it broke its own standard; an operator may have to read it."""
    return sealer.seal(raw, failure_raw_place(connection_id))
