"""The door that adapters are lent: addresses that a person named (a SimpleFIN token), under the same guard as every
other address that a stranger chose, with the patience that a bank is given."""

from collections.abc import Mapping
from typing import Literal

from hub.outbound.fetch import Forbidden, Outbound, OutboundError, Unusable
from providers.errors import ContractBroken, Refused, Transient
from providers.transport import Answer

FORBIDDEN = "forbidden_address"


class Door:
    """providers.door.Door."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    def call(self, method: Literal["GET", "POST"], url: str, *, headers: Mapping[str, str], max_bytes: int) -> Answer:
        try:
            fetched = self._outbound.ask(method, url, headers=headers, max_bytes=max_bytes)
        except Forbidden as error:
            raise Refused(error.why, code=FORBIDDEN) from None
        except Unusable as error:
            raise ContractBroken(error.why) from None
        except OutboundError as error:
            raise Transient(error.why) from None
        return Answer(fetched.status, fetched.headers, fetched.body)
