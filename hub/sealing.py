"""Secrets that we must read again (bank tokens, private keys, raw payloads) are sealed with AES-256-GCM.

A sealed value is bound to its place: the additional data is ``table.column:row id``, so a value copied to another row
does not open. It names its key, so that keys rotate: new values use the first key of the ring, old ones still open,
and ``Sealer.reseal`` moves them over.

Layout: one byte version (1), one byte key id length, key id, 12 bytes nonce, ciphertext with its 16 byte tag.
"""

import base64
import binascii
import hmac
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.settings import Settings, SettingsError

_VERSION = 1
_NONCE_BYTES = 12
_KEY_BYTES = 32


class SealBroken(Exception):
    """A sealed value does not open: wrong key, wrong place, or changed bytes."""


class Sealer:
    """``keys`` maps key id to 32 bytes; the first one seals."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys or any(len(key) != _KEY_BYTES for key in keys.values()):
            raise SettingsError("RIALTO_MASTER_KEYS holds id:base64 pairs of 32-byte keys, the active one first")
        self._keys = {kid: AESGCM(key) for kid, key in keys.items()}
        self._ring = dict(keys)
        active = next(iter(keys))
        self._header = bytes((_VERSION, len(active.encode()))) + active.encode()
        self._encrypt = self._keys[active].encrypt

    def __repr__(self) -> str:
        return f"Sealer(keys={list(self._keys)})"

    def seal(self, plain: bytes, place: str) -> bytes:
        """``place`` is ``table.column:row id``; the same text must be given to open()."""
        return self.seal_all([(plain, place)])[0]

    def seal_all(self, values: Iterable[tuple[bytes, str]]) -> list[bytes]:
        """Many (plain, place) at once: one call for all the nonces."""
        given = list(values)
        nonces = os.urandom(_NONCE_BYTES * len(given))
        sealed = []
        for at, (plain, place) in enumerate(given):
            nonce = nonces[at * _NONCE_BYTES : (at + 1) * _NONCE_BYTES]
            sealed.append(self._header + nonce + self._encrypt(nonce, plain, place.encode()))
        return sealed

    def open(self, sealed: bytes, place: str) -> bytes:
        """Raises SealBroken, which says nothing about why."""
        try:
            version, kid_length = sealed[0], sealed[1]
            kid = sealed[2 : 2 + kid_length].decode()
            body = sealed[2 + kid_length :]
            if version != _VERSION:
                raise SealBroken("unknown seal")
            return self._keys[kid].decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], place.encode())
        except (IndexError, KeyError, UnicodeDecodeError, InvalidTag, ValueError) as error:
            raise SealBroken("the seal does not open here") from error

    def check_values(self) -> dict[str, str]:
        """Of each key by its id: equal values are equal keys, and nothing else can be told from one."""
        return {
            kid: hmac.digest(key, b"rialto key check value", "sha256").hex()[:32] for kid, key in self._ring.items()
        }

    def is_current(self, sealed: bytes) -> bool:
        return sealed.startswith(self._header)

    def reseal(self, sealed: bytes, place: str) -> bytes:
        """The same secret under the active key; unchanged if it is there already."""
        return sealed if self.is_current(sealed) else self.seal(self.open(sealed, place), place)


def parse_keys(text: str) -> dict[str, bytes]:
    """``id:base64,id:base64`` to a ring, the active key first."""
    ring: dict[str, bytes] = {}
    for part in text.split(","):
        kid, separator, encoded = part.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error as error:
            raise SettingsError("RIALTO_MASTER_KEYS holds id:base64 pairs") from error
        if not separator or not kid or len(kid) > 32 or kid in ring:
            raise SettingsError("RIALTO_MASTER_KEYS needs a distinct short id before each key")
        ring[kid] = key
    return ring


def new_key_text() -> str:
    """A fresh key in the notation of RIALTO_MASTER_KEYS."""
    return f"k{secrets.token_hex(3)}:{base64.b64encode(os.urandom(_KEY_BYTES)).decode()}"


def sealer_for(settings: Settings) -> Sealer:
    """The ring of the settings, or for a hub on loopback a key file made at the first start (mode 0600)."""
    if settings.master_keys:
        return Sealer(parse_keys(settings.master_keys))
    if not settings.local:
        raise SettingsError("RIALTO_MASTER_KEYS must be set for a public hub; make one with: rialto keys new")
    return Sealer(parse_keys(_key_file(settings.data_dir / "master.key")))


def _key_file(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        # Written whole under another name and then linked: two first starts at once agree on one key,
        # and a crash half way leaves no half key.
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(new_key_text())
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
        return path.read_text().strip()
