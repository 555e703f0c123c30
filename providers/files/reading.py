"""What the rows of a file do not say of how they are written, so that what is kept of them can be read again."""

from hashlib import sha256
from typing import Any

import msgspec

from providers.files.days import Order
from providers.files.numbers import Mark
from providers.files.profile import Profile

_DIGITS = 16


class Reading(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """``profile`` is that by which a CSV was read, ``order`` and ``mark`` what the whole of a QIF told. A row of any
    other format says all of it itself. Nothing here is of the person: it is how a program writes tables."""

    profile: Profile | None = None
    order: Order | None = None
    mark: Mark | None = None

    @property
    def digest(self) -> str:
        """16 hex digits that stand for it; "" for nothing."""
        if self == NEEDS_NOTHING:
            return ""
        return sha256(msgspec.json.encode(self.builtins(), order="sorted")).hexdigest()[:_DIGITS]

    def builtins(self) -> dict[str, Any]:
        """As a store of JSON takes it; ``of`` is the way back."""
        made: dict[str, Any] = msgspec.to_builtins(self, str_keys=True)
        return made

    @staticmethod
    def of(kept: object) -> "Reading":
        return msgspec.convert(kept, Reading, strict=False)


NEEDS_NOTHING = Reading()
