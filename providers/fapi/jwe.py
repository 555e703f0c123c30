"""ID tokens that the bank encrypted to us (OpenID Connect Core 16.14; Open Finance Brasil: RSA-OAEP with A256GCM)."""

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, RSAKey

from providers.errors import ContractBroken
from providers.tpp import Tpp

ALGORITHMS = ["RSA-OAEP", "RSA-OAEP-256", "A256GCM"]
_ENCRYPTED_PARTS = 5  # RFC 7516 3.1; a signed token has three


def opened(token: str, tpp: Tpp, *, must_be_encrypted: bool = False) -> str:
    """The signed token inside an encrypted one; any other as it came. It is as unverified as before.

    ContractBroken for one that does not open, and with ``must_be_encrypted`` for one that was not encrypted at all.
    """
    if token.count(".") != _ENCRYPTED_PARTS - 1:
        if must_be_encrypted:
            raise ContractBroken("the ID token is not encrypted, and the bank is registered to encrypt it")
        return token

    def meant(guest: GuestProtocol) -> RSAKey:
        """By the header's kid; a header without one means the key that we publish."""
        kid = guest.headers().get("kid")
        for one in tpp.opening_keys():
            if kid in (None, one.kid):
                return RSAKey.import_key(one.pem)
        raise ContractBroken("the ID token is encrypted to no key of ours")

    try:
        found = jwe.decrypt_compact(token, meant, algorithms=ALGORITHMS)
        return (found.plaintext or b"").decode("ascii")
    except (JoseError, ValueError, TypeError, RecursionError) as error:  # TypeError: a header whose enc is no name
        raise ContractBroken(f"ID token: {type(error).__name__}") from None
