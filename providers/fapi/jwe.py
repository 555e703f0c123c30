"""ID tokens that the bank encrypted to us (OpenID Connect Core 16.14; Open Finance Brasil: RSA-OAEP with A256GCM)."""

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from providers.errors import ContractBroken
from providers.tpp import Tpp

ALGORITHMS = ["RSA-OAEP", "RSA-OAEP-256", "A256GCM"]
_ENCRYPTED_PARTS = 5  # RFC 7516 3.1; a signed token has three


def opened(token: str, tpp: Tpp) -> str:
    """The signed token inside an encrypted one; any other as it came. It is as unverified as before."""
    if token.count(".") != _ENCRYPTED_PARTS - 1:
        return token
    if tpp.encryption_key_pem is None:
        raise ContractBroken("the ID token is encrypted, and we have no key for that")
    try:
        found = jwe.decrypt_compact(token, RSAKey.import_key(tpp.encryption_key_pem), algorithms=ALGORITHMS)
        return (found.plaintext or b"").decode("ascii")
    except (JoseError, ValueError) as error:
        raise ContractBroken(f"ID token: {type(error).__name__}") from None
