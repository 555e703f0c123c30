"""The authorisation code of a callback that is ours and says yes."""

from collections.abc import Mapping

import msgspec
from joserfc.util import urlsafe_b64decode

from providers import text
from providers.errors import ContractBroken
from providers.oauth import refusal


class _Claims(msgspec.Struct, frozen=True):
    state: str = ""


_CLAIMS = msgspec.json.Decoder(_Claims)


def unverified_state(callback: Mapping[str, str]) -> str:
    """The state that a callback names, in the open or inside a signed answer (JARM 2.3); "" for none.

    It serves to find the attempt, and for nothing else: whether the bank said it is for ``finish`` to verify.
    """
    if "state" in callback:
        return callback["state"]
    try:
        payload = callback.get("response", "").split(".")[1]
        return _CLAIMS.decode(urlsafe_b64decode(payload.encode())).state
    except (IndexError, ValueError, msgspec.MsgspecError, RecursionError):
        return ""


def check_state(callback: Mapping[str, str], state: str) -> None:
    """ContractBroken for a callback of another attempt."""
    if not text.same(callback.get("state", ""), state):
        raise ContractBroken("the callback's state is not of this attempt")


def code_of(callback: Mapping[str, str], *, issuer: str | None = None) -> str:
    """The code. The error that the bank names instead, ContractBroken if there is neither.

    RFC 9207 2.4: where the bank names itself, it must be the one we sent the PSU to.
    """
    if issuer is not None and callback.get("iss", issuer) != issuer:
        raise ContractBroken("the callback comes from another issuer")
    if "error" in callback:
        raise refusal.from_code(callback["error"])
    code = callback.get("code", "")
    if not code:
        raise ContractBroken("the callback holds neither code nor error")
    return code
