"""How bearer secrets are stored. They carry 256 bits of entropy, so SHA-256 suffices; passwords use argon2id."""

import hashlib


def secret_hash(secret: str) -> str:
    """SHA-256 of a token, code, session id or client secret: 64 hex characters."""
    return hashlib.sha256(secret.encode()).hexdigest()
