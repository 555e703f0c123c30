"""Proof Key for Code Exchange (RFC 7636), method S256."""

import secrets
from hashlib import sha256

from joserfc.util import urlsafe_b64encode


def new_code_verifier() -> str:
    return secrets.token_urlsafe(48)


def code_challenge(code_verifier: str) -> str:
    return urlsafe_b64encode(sha256(code_verifier.encode()).digest()).decode()
