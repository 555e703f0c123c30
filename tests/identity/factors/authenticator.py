"""An authenticator in software: it makes and uses keys as it is told, also in ways that no honest one would."""

import json
from dataclasses import dataclass, field
from hashlib import sha256
from os import urandom
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

ORIGIN = "http://localhost:8000"
RP_ID = "localhost"
UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40


@dataclass
class Authenticator:
    """One key. ``counter`` is what it claims at the next use; ``flags`` what it claims to have done."""

    origin: str = ORIGIN
    rp_id: str = RP_ID
    flags: int = UP | UV
    counter: int = 0
    cross_origin: bool = False
    credential_id: bytes = field(default_factory=lambda: urandom(32))
    user_handle: str = ""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def synced(cls, **changes: Any) -> "Authenticator":
        return cls(flags=UP | UV | BE | BS, **changes)

    def make(self, options: dict[str, Any]) -> str:
        """A registration response."""
        self.user_handle = options["user"]["id"]
        public_key = ES256.from_cryptography_key(self.key.public_key())  # type: ignore[no-untyped-call]
        credential = AttestedCredentialData.create(Aaguid.NONE, self.credential_id, public_key)
        data = AuthenticatorData.create(self._rp_hash(), self.flags | AT, self.counter, credential)  # type: ignore[arg-type]
        attestation = AttestationObject.create("none", data, {})
        response = {
            "clientDataJSON": websafe_encode(self._client_data("webauthn.create", options["challenge"])),
            "attestationObject": websafe_encode(bytes(attestation)),
            "transports": ["internal", "hybrid", "made-up"],
        }
        return self._written(response)

    def use(self, options: dict[str, Any], *, handle: str | None = None, kind: str = "webauthn.get") -> str:
        """An authentication response; ``handle`` "" leaves the user handle out."""
        data = AuthenticatorData.create(self._rp_hash(), self.flags, self.counter)  # type: ignore[arg-type]
        client_data = self._client_data(kind, options["challenge"])
        signature = self.key.sign(bytes(data) + sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        shown = self.user_handle if handle is None else handle
        response = {
            "clientDataJSON": websafe_encode(client_data),
            "authenticatorData": websafe_encode(bytes(data)),
            "signature": websafe_encode(signature),
            **({"userHandle": shown} if shown else {}),
        }
        return self._written(response)

    def _rp_hash(self) -> bytes:
        return sha256(self.rp_id.encode()).digest()

    def _client_data(self, kind: str, challenge: str) -> bytes:
        assert websafe_decode(challenge)
        facts = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": self.cross_origin}
        return json.dumps(facts).encode()

    def _written(self, response: dict[str, Any]) -> str:
        name = websafe_encode(self.credential_id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})
