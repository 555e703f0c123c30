"""Telling the recipient that a person ended an arrangement here (CDS 1.36, CDR Arrangement Revocation End Point)."""

import uuid

import requests

from sandbox.au.bank import BRAND_ID
from sandbox.clock import real_epoch_s
from sandbox.jose import BankKey

TIMEOUT_S = 5
LIFE_S = 120


def tell(key: BankKey, recipient_base_uri: str, arrangement_id: str) -> int:
    """The recipient's status; 0 where it cannot be reached. A bank tries again later, this one does not."""
    address = f"{recipient_base_uri}/arrangements/revoke"
    claims = {"iss": BRAND_ID, "sub": BRAND_ID, "aud": address, "iat": int(real_epoch_s())}
    claims |= {"exp": int(real_epoch_s()) + LIFE_S, "jti": str(uuid.uuid4())}
    form = {"cdr_arrangement_jwt": key.sign({**claims, "cdr_arrangement_id": arrangement_id})}
    headers = {"Authorization": f"Bearer {key.sign(claims)}"}
    try:
        return requests.post(address, data=form, headers=headers, timeout=TIMEOUT_S, allow_redirects=False).status_code
    except requests.RequestException:
        return 0
