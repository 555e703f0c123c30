"""A data holder tells its recipient that a consumer ended an arrangement there (Consumer Data Standards 1.36, CDR
Arrangement Revocation End Point, data recipient hosted; Client Authentication, self-signed JWT).

Two JWTs that the holder signed: a bearer that proves who calls, used once, and ``cdr_arrangement_jwt`` that names the
arrangement. What the second repeats of the first's claims must hold as well.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from providers import text
from providers.fapi import claims as rules
from providers.port import RevocationNotice

LONGEST_LIFE_S = 3600
LONGEST_ID = 200


def notice(
    bearer: Mapping[str, object],
    arrangement: Mapping[str, object],
    *,
    holder: str,
    addresses: Collection[str],
    now: datetime,
) -> RevocationNotice:
    """``holder`` is the brand's id in the CDR Register, ``addresses`` our own as an audience. ContractBroken names the
    claim that does not hold. The signatures of both are the caller's to check."""
    now_s = now.timestamp()
    rules.check("bearer", _who(bearer, holder, addresses, now_s) | _when(bearer, now_s))
    repeated = _who(arrangement, holder, addresses, now_s)
    arrangement_id = arrangement.get("cdr_arrangement_id")
    rules.check(
        "cdr_arrangement_jwt",
        {name: arrangement.get(name) is None or holds for name, holds in repeated.items()}
        | {"cdr_arrangement_id": _is_id(arrangement_id)},
    )
    ends = datetime.fromtimestamp(float(str(bearer["exp"])) + rules.CLOCK_SKEW_S, UTC)
    return RevocationNotice(str(arrangement_id), str(bearer["jti"]), ends)


def _who(claims: Mapping[str, object], holder: str, addresses: Collection[str], now_s: float) -> dict[str, bool]:
    return {
        "iss": claims.get("iss") == holder,
        "sub": claims.get("sub") == holder,
        "aud": any(one in addresses for one in rules.audiences(claims)),
        "exp": rules.is_running(claims, now_s),
        "iat": rules.was_issued(claims, now_s),
    }


def _when(claims: Mapping[str, object], now_s: float) -> dict[str, bool]:
    """Once, and soon: how long a jti is remembered is what the holder's exp says."""
    jti, exp = claims.get("jti"), claims.get("exp")
    return {
        "jti": _is_id(jti),
        "exp": rules.is_running(claims, now_s) and float(str(exp)) <= now_s + LONGEST_LIFE_S,
    }


def _is_id(value: object) -> bool:
    return isinstance(value, str) and text.is_token(value) and len(value) <= LONGEST_ID
