"""The time claims of a JWT (RFC 7519 4.1.4 to 4.1.6): NumericDates, compared with a clock that is not the sender's.

FAPI 2.0 5.3.2.1 (13) wants iat and nbf up to 10 s ahead accepted and more than 60 s refused. We take 30 s: clocks of
honest clients drift further than 10, and the message says our time, so that the others can be set.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hub.oauth.jose.read import BadJwt

FUTURE_S = 30
_LATEST = 2**40  # seconds; beyond it datetime ends, and no clock is that wrong


def seconds(claims: Mapping[str, Any], name: str) -> float | None:
    """A NumericDate in seconds since 1970, None where the claim is absent. Raises BadJwt for anything else."""
    value = claims.get(name)
    if value is None and name not in claims:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < _LATEST:
        raise BadJwt(f"The claim {name} is a number: seconds since 1970-01-01T00:00:00Z.")
    return float(value)


def required(claims: Mapping[str, Any], name: str) -> float:
    if (value := seconds(claims, name)) is None:
        raise BadJwt(f"The claim {name} is required.")
    return value


def check_begun(claims: Mapping[str, Any], now: datetime, *, future_s: int = FUTURE_S) -> None:
    """iat and nbf, where present, are not in the future. Raises BadJwt."""
    for name in ("iat", "nbf"):
        if (seconds(claims, name) or 0) > now.timestamp() + future_s:
            raise BadJwt(f"The claim {name} is in the future. {clock_says(now)}")


def check_not_over(claims: Mapping[str, Any], now: datetime) -> None:
    """exp, where present, is still to come. Raises BadJwt."""
    expires_s = seconds(claims, "exp")
    if expires_s is not None and expires_s <= now.timestamp():
        raise BadJwt(f"The claim exp has passed. {clock_says(now)}")


def moment(seconds_: float) -> datetime:
    return datetime.fromtimestamp(seconds_, UTC)


def clock_says(now: datetime) -> str:
    """For the sender whose clock is wrong."""
    return f"The server's time is {now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}, {int(now.timestamp())} as a NumericDate."
