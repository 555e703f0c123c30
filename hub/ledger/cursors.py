"""The opaque texts by which a client turns pages."""

import base64
import binascii
import uuid
from dataclasses import dataclass
from datetime import date

import orjson

from hub.errors import BadInput
from hub.sealing import SealBroken, Sealer

_DAY_BYTES = 4
_LENGTH = 27  # 20 bytes in base64url without padding


def _decode(text: str) -> bytes:
    """Strict base64url without padding. Raises ValueError."""
    raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != text.encode("ascii"):
        raise ValueError("one value has one notation")
    return raw


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the history: after the row with this sort date and id. Says nothing that the row did not say."""

    day: date
    id: str

    def text(self) -> str:
        return _encode(self.day.toordinal().to_bytes(_DAY_BYTES, "big") + uuid.UUID(self.id).bytes)

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Raises BadInput for anything that text() has not made."""
        try:
            if len(text) != _LENGTH:
                raise ValueError("wrong length")
            raw = _decode(text)
            day = date.fromordinal(int.from_bytes(raw[:_DAY_BYTES], "big"))
            return cls(day, str(uuid.UUID(bytes=raw[_DAY_BYTES:])))
        except (ValueError, OverflowError, binascii.Error) as error:
            raise BadInput("This is not a cursor of ours: give back `next` as it was.", parameter="after") from error


Positions = dict[str, int]
"""connection id -> the last position of its change log that counts."""


@dataclass(frozen=True, slots=True)
class SyncPlace:
    """A place in the change logs behind one consent.

    base: what the client has. target: the snapshot that this update leads to, None between updates. connection and
    seq: how far the update has come, going through the connections in the order of their ids.

    It goes out sealed: how many changes the accounts had that the client may not see is nobody's business, and no
    client can make a place up.
    """

    base: Positions
    target: Positions | None = None
    connection: str = ""
    seq: int = 0

    def text(self, sealer: Sealer, bound_to: str) -> str:
        body = orjson.dumps([self.base, self.target, self.connection, self.seq])
        return _encode(sealer.seal(body, bound_to))

    @classmethod
    def parse(cls, text: str, sealer: Sealer, bound_to: str) -> "SyncPlace":
        """``bound_to`` names the consent and what it covers. Raises BadInput for another's, or anything else."""
        try:
            return cls(*orjson.loads(sealer.open(_decode(text), bound_to)))
        except (ValueError, SealBroken, binascii.Error) as error:
            raise BadInput(
                "This cursor does not belong to this consent: start again without a cursor.", parameter="cursor"
            ) from error
