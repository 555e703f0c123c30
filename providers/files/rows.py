"""Rows of a file into transactions, one after the other, so that a broken one costs nothing but itself."""

from collections.abc import Callable
from dataclasses import dataclass, field

from providers.model import RejectedRow, Transaction
from providers.rows import BrokenRow
from providers.rules.engine import Engine
from providers.rules.told import Told

RAW_LIMIT_BYTES = 65_536


@dataclass(slots=True)
class Taken:
    """The rows of one account so far."""

    transactions: list[Transaction] = field(default_factory=list)
    rejected: list[RejectedRow] = field(default_factory=list)

    def take(self, engine: Engine, raw: bytes, tell: Callable[[], Told]) -> None:
        """``tell`` reads the row and may raise BrokenRow."""
        try:
            self.transactions.append(engine.transaction(tell()))
        except BrokenRow as error:
            self.reject(str(error), raw)

    def reject(self, reason: str, raw: bytes) -> None:
        self.rejected.append(RejectedRow(reason, raw[:RAW_LIMIT_BYTES]))
