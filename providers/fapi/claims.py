"""What the claims of any JWT from a bank must say: from whom, for whom, until when."""

from collections.abc import Mapping

from providers import text
from providers.errors import ContractBroken

CLOCK_SKEW_S = 30
_LAST_SECOND = 100_000_000_000  # in the year 5138; in milliseconds, in 1973


def check(what: str, rules: Mapping[str, bool]) -> None:
    """ContractBroken names ``what`` and the first rule that does not hold."""
    for rule, holds in rules.items():
        if not holds:
            raise ContractBroken(f"{what}: {rule} is not of this attempt")


def audiences(claims: Mapping[str, object]) -> list[object]:
    audience = claims.get("aud")
    return audience if isinstance(audience, list) else [audience]


def is_running(claims: Mapping[str, object], now_s: float, *, milliseconds: bool = False) -> bool:
    expires = _seconds(claims.get("exp"), milliseconds)
    return expires is not None and now_s < expires + CLOCK_SKEW_S


def was_issued(claims: Mapping[str, object], now_s: float, *, milliseconds: bool = False) -> bool:
    """Not in the future; a token that does not say when is taken as issued."""
    if claims.get("iat") is None:
        return True
    issued = _seconds(claims["iat"], milliseconds)
    return issued is not None and issued <= now_s + CLOCK_SKEW_S


def same(value: object, expected: str) -> bool:
    return isinstance(value, str) and text.same(value, expected)


def _seconds(value: object, milliseconds: bool) -> float | None:
    """A NumericDate (RFC 7519 2). ``milliseconds``: this bank counts those, where the number can be nothing else."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(str(value)) / 1000 if milliseconds and value > _LAST_SECOND else float(str(value))
