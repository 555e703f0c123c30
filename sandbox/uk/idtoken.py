"""The id_token: says which consent was authorised, and ties the answer to the request (OIDC Core 2, FAPI 1 5.1)."""

from typing import Any

from sandbox.clock import real_epoch_s
from sandbox.jose import half_hash
from sandbox.uk.bank import Bank
from sandbox.uk.vault import Attempt, BankConsent

ID_TOKEN_TTL_S = 300
REFRESH_EXPIRES = "http://openbanking.org.uk/refresh_token_expires_at"


def make_id_token(
    bank: Bank, attempt: Attempt, consent: BankConsent, auth_time: int, *, code: str = "", access_token: str = ""
) -> str:
    """``code`` is given in the front channel (c_hash, s_hash), ``access_token`` in the back channel (at_hash).

    ``sub`` is the consent id, as at many UK banks: it names no person.
    """
    now = real_epoch_s()
    claims: dict[str, Any] = {
        "iss": bank.issuer,
        "aud": attempt.client_id,
        "sub": consent.consent_id,
        "iat": now,
        "exp": now + ID_TOKEN_TTL_S,
        "auth_time": auth_time,
        "acr": "urn:openbanking:psd2:sca",
        "openbanking_intent_id": consent.consent_id,
    }
    if attempt.nonce:
        claims["nonce"] = attempt.nonce
    if code:
        claims["c_hash"] = half_hash(code)
        if attempt.state:
            claims["s_hash"] = half_hash(attempt.state)
    if access_token:
        claims["at_hash"] = half_hash(access_token)
    if consent.expires_at:
        claims[REFRESH_EXPIRES] = int(consent.expires_at.timestamp())
    return bank.key.sign(claims)
