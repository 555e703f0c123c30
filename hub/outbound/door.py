"""The door that adapters are lent: addresses that a person named (a SimpleFIN token), under the same guard as every
other address that a stranger chose, with the patience that a bank is given."""

import time
from collections.abc import Mapping
from typing import Literal

from hub.observability.recorder import Recorder
from hub.outbound.fetch import Forbidden, Outbound, OutboundError, Unusable
from providers.errors import ContractBroken, Refused, Transient
from providers.interaction import Outcome, outcome_of
from providers.transport import Answer

FORBIDDEN = "forbidden_address"


class Door:
    """providers.door.Door."""

    def __init__(self, outbound: Outbound, recorder: Recorder | None = None) -> None:
        self._outbound, self._recorder = outbound, recorder

    def call(self, method: Literal["GET", "POST"], url: str, *, headers: Mapping[str, str], max_bytes: int) -> Answer:
        began = time.monotonic()
        outcome: Outcome = "unreachable"
        detail = ""
        try:
            fetched = self._outbound.ask(method, url, headers=headers, max_bytes=max_bytes)
            outcome, detail = outcome_of(fetched.status), f"HTTP {fetched.status}"
        except Forbidden as error:
            outcome, detail = "refused", "an address that we do not call"
            raise Refused(error.why, code=FORBIDDEN) from None
        except Unusable as error:
            outcome, detail = "failed", type(error).__name__
            raise ContractBroken(error.why) from None
        except OutboundError as error:
            detail = type(error).__name__
            raise Transient(error.why) from None
        finally:  # not which address: it is the person's
            if self._recorder is not None:
                took_ms = int((time.monotonic() - began) * 1000)
                self._recorder.note("bank", f"{method} a bridge", took_ms=took_ms, outcome=outcome, detail=detail)
        return Answer(fetched.status, fetched.headers, fetched.body)
