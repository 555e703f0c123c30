"""The PSU's password as only the bank can read it: psuData.encryptedPassword (psd2-api 1.3.11), a JWE (RFC 7516).

Where a bank's file names a key, no password leaves us in the clear, whatever link the bank offers. The key is a
certificate or public key that the operator has from the bank, or it is at one of the bank's own addresses; never one
that an answer names.
"""

from functools import cached_property
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from providers.berlin_group.settings import PasswordKey
from providers.errors import ContractBroken, Transient
from providers.rows import envelope
from providers.transport import Transport, retry_after_s

_FEWEST_BITS = 2048


class _Jwk(msgspec.Struct, frozen=True):
    kty: str
    n: str = ""
    e: str = ""
    kid: str = ""
    use: str = "enc"


class _Jwks(msgspec.Struct, frozen=True):
    keys: list[_Jwk]


_JWKS = msgspec.json.Decoder(_Jwks)


class Passwords:
    """Raises ValueError if the key's file holds none."""

    def __init__(self, transport: Transport, settings: PasswordKey) -> None:
        self._transport = transport
        self._settings = settings
        if settings.key_file is not None:
            self._kept  # noqa: B018  # a broken file is told of at the start, and not to a person

    def encrypted(self, password: str) -> str:
        """The compact JWE. Raises Transient or ContractBroken where the bank's key cannot be had."""
        key = self._kept if self._settings.key_file is not None else self._published()
        how = self._settings
        header = {"alg": how.algorithm, "enc": how.encryption} | ({"kid": key.kid} if key.kid else {})
        return jwe.encrypt_compact(header, password, key, algorithms=[how.algorithm, how.encryption])

    @cached_property
    def _kept(self) -> RSAKey:
        path = Path(self._settings.key_file or "")
        try:
            pem = path.read_bytes()
        except OSError as error:
            raise ValueError(f"password_key.key_file cannot be read: {type(error).__name__}") from None
        try:
            is_certificate = b"BEGIN CERTIFICATE" in pem
            public: object = (
                x509.load_pem_x509_certificate(pem).public_key()
                if is_certificate
                else serialization.load_pem_public_key(pem)
            )
        except ValueError:
            raise ValueError("password_key.key_file is neither a PEM certificate nor a PEM public key") from None
        if not isinstance(public, RSAPublicKey) or public.key_size < _FEWEST_BITS:
            raise ValueError(f"password_key.key_file holds no RSA key of {_FEWEST_BITS} bits or more")
        spki = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        return RSAKey.import_key(spki, {"kid": self._settings.kid} if self._settings.kid else None)

    def _published(self) -> RSAKey:
        """As the bank publishes it now: it is asked for once a login, so no key is held that the bank has given up."""
        answer = self._transport.call("GET", self._settings.jwks_url or "")
        if answer.status != 200:
            raise Transient(f"the bank's key: HTTP {answer.status}", retry_after_s=retry_after_s(answer))
        for one in envelope(_JWKS, answer.body).keys:
            if one.kty != "RSA" or one.use != "enc" or self._settings.kid not in (None, one.kid):
                continue
            try:
                public: dict[str, str | list[str]] = {"kty": "RSA", "n": one.n, "e": one.e}
                key = RSAKey.import_key(public | ({"kid": one.kid} if one.kid else {}))
            except (JoseError, ValueError):
                continue
            if key.raw_value.key_size >= _FEWEST_BITS:
                return key
        raise ContractBroken("the bank publishes no key to encrypt a password to")
