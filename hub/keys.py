"""The hub's signing keys and lasting secrets: made at first use, sealed at rest, read once per process.

Two processes that start at once make one key: the unique index lets one insert win and the other reads it.
"""

import threading
from collections.abc import Mapping
from typing import Any

from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from hub.clock import Clock
from hub.db import Database
from hub.hashing import secret_hash
from hub.ids import new_secret
from hub.models.key import Secret, SigningKey
from hub.sealing import Sealer

AS = "as"  # signs our own tokens
TPP = "tpp"  # speaks for us at banks
ALGORITHM: Mapping[str, str] = {AS: "ES256", TPP: "PS256"}  # FAPI 2.0 5.4.1 allows PS256, ES256, EdDSA


class KeyRing:
    def __init__(self, db: Database, sealer: Sealer, clock: Clock) -> None:
        self._db, self._sealer, self._clock = db, sealer, clock
        self._lock = threading.Lock()
        self._active: dict[str, ECKey | RSAKey] = {}
        self._secrets: dict[str, bytes] = {}

    def active(self, purpose: str) -> ECKey | RSAKey:
        """The private key that signs for ``purpose``; its ``kid`` is the RFC 7638 thumbprint."""
        if (key := self._active.get(purpose)) is not None:
            return key
        with self._lock:
            row = self._find(purpose) or self._make(purpose)
            plain = self._sealer.open(row.private_sealed, f"signing_key.private:{row.kid}")
            key = _import(purpose, plain, row.kid)
            self._active[purpose] = key
            return key

    def jwks(self, purpose: str) -> dict[str, list[dict[str, Any]]]:
        """The public JWK Set to publish (RFC 7517 5)."""
        self.active(purpose)
        with self._db.read() as session:
            rows = session.scalars(select(SigningKey).where(SigningKey.purpose == purpose)).all()
        return {"keys": [row.public_jwk for row in rows]}

    def secret(self, name: str) -> bytes:
        """32 random bytes that stay the same for ever under this name."""
        if (value := self._secrets.get(name)) is not None:
            return value
        with self._lock:
            row = self._find_secret(name) or self._make_secret(name)
            value = self._sealer.open(row.value_sealed, f"secret.value:{name}")
            self._secrets[name] = value
            return value

    def _find(self, purpose: str) -> SigningKey | None:
        with self._db.read() as session:
            return session.scalar(select(SigningKey).where(SigningKey.purpose == purpose, SigningKey.state == "active"))

    def _make(self, purpose: str) -> SigningKey:
        key = ECKey.generate_key("P-256") if purpose == AS else RSAKey.generate_key(2048)
        kid = key.thumbprint()
        public = dict(key.as_dict(private=False)) | {"kid": kid, "use": "sig", "alg": ALGORITHM[purpose]}
        row = SigningKey(
            kid=kid,
            purpose=purpose,
            alg=ALGORITHM[purpose],
            state="active",
            public_jwk=public,
            private_sealed=self._sealer.seal(key.as_pem(private=True), f"signing_key.private:{kid}"),
            created_at=self._clock(),
        )
        try:
            with self._db.write() as session:
                session.add(row)
            return row
        except IntegrityError:
            winner = self._find(purpose)
            if winner is None:
                raise
            return winner

    def _find_secret(self, name: str) -> Secret | None:
        with self._db.read() as session:
            return session.get(Secret, name)

    def _make_secret(self, name: str) -> Secret:
        value = bytes.fromhex(secret_hash(new_secret()))
        row = Secret(name=name, value_sealed=self._sealer.seal(value, f"secret.value:{name}"), created_at=self._clock())
        try:
            with self._db.write() as session:
                session.add(row)
            return row
        except IntegrityError:
            winner = self._find_secret(name)
            if winner is None:
                raise
            return winner


def _import(purpose: str, pem: bytes, kid: str) -> ECKey | RSAKey:
    kind = ECKey if purpose == AS else RSAKey
    return kind.import_key(pem, {"kid": kid, "use": "sig", "alg": ALGORITHM[purpose]})
