"""An authorisation response as a signed JWT (JARM): nothing in it is believed before its signature is."""

from collections.abc import Mapping
from datetime import datetime

from providers.errors import ContractBroken
from providers.fapi import claims as rules
from providers.fapi.keys import signed_claims


def read(callback: Mapping[str, str], jwks: bytes, *, issuer: str, client_id: str, now: datetime) -> dict[str, str]:
    """The response's parameters (JARM 2.3.1, 2.4). ContractBroken if it is not the bank's, not for us, or too old."""
    unverified_token = callback.get("response", "")
    if not unverified_token:
        raise ContractBroken("the callback holds no signed response")
    claims = signed_claims(unverified_token, jwks, what="response")
    now_s = now.timestamp()
    rules.check(
        "response",
        {
            "iss": claims.get("iss") == issuer,
            "aud": client_id in rules.audiences(claims),
            "exp": rules.is_running(claims, now_s),
        },
    )
    return {name: value for name, value in claims.items() if isinstance(value, str)}
