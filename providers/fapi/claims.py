"""What the claims of any JWT from a bank must say: from whom, for whom, until when."""

from collections.abc import Mapping

from providers import text
from providers.errors import ContractBroken

CLOCK_SKEW_S = 30


def check(what: str, rules: Mapping[str, bool]) -> None:
    """ContractBroken names ``what`` and the first rule that does not hold."""
    for rule, holds in rules.items():
        if not holds:
            raise ContractBroken(f"{what}: {rule} is not of this attempt")


def audiences(claims: Mapping[str, object]) -> list[object]:
    audience = claims.get("aud")
    return audience if isinstance(audience, list) else [audience]


def is_running(claims: Mapping[str, object], now_s: float) -> bool:
    expires = claims.get("exp")
    return _is_number(expires) and now_s < float(str(expires)) + CLOCK_SKEW_S


def was_issued(claims: Mapping[str, object], now_s: float) -> bool:
    """Not in the future; a token that does not say when is taken as issued."""
    issued = claims.get("iat")
    return issued is None or (_is_number(issued) and float(str(issued)) <= now_s + CLOCK_SKEW_S)


def same(value: object, expected: str) -> bool:
    return isinstance(value, str) and text.same(value, expected)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
