"""The way to addresses that a person named: whatever runs the adapters lends it to them, guarded.

A bank's own addresses are configured, and providers.transport goes nowhere else. Where a person brings the address (a
SimpleFIN token is one), the hub's guard against being led into its own network must stand in between.
"""

from collections.abc import Mapping
from typing import Literal, Protocol

from providers.transport import Answer


class Door(Protocol):
    def call(self, method: Literal["GET", "POST"], url: str, *, headers: Mapping[str, str], max_bytes: int) -> Answer:
        """One exchange; no redirect is followed, and every status is an Answer.

        Raises Refused with code ``forbidden_address`` for an address that must not be called (not https, not public),
        Transient for no answer in time, ContractBroken for one that is too long.
        """
