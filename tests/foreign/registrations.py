"""The clients that the libraries are, by name: what they register with, and what they sign with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

SCOPE = "openid profile offline_access accounts:read"


@dataclass(frozen=True)
class Registration:
    """``alg`` is the client's, for assertions, request objects and DPoP proofs; ``more`` is RFC 7591 metadata.

    ``jar``: its requests are signed. ``jarm``: the hub's answers are, and for the key of ``decrypts`` encrypted.
    """

    alg: str = "ES256"
    jar: bool = False
    jarm: bool = False
    decrypts: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    def metadata(self, redirect_uri: str) -> dict[str, Any]:
        """As the client registers it (RFC 7591 2), but for its keys."""
        return {"client_name": "Foreign Fields", "redirect_uris": [redirect_uri], "scope": SCOPE, **self.more}


def _signed(alg: str) -> dict[str, str]:
    return {"id_token_signed_response_alg": alg, "userinfo_signed_response_alg": alg}


def _message_signing(alg: str) -> dict[str, Any]:
    answers = {f"{what}_signed_response_alg": alg for what in ("authorization", "introspection")}
    return {"require_signed_request_object": True, **answers}


def _encrypted(alg: str) -> dict[str, str]:
    return {f"{what}_encrypted_response_alg": alg for what in ("authorization", "id_token", "userinfo")}


FAPI2: Mapping[str, Registration] = MappingProxyType(
    {
        "ES256": Registration(),
        "PS256": Registration("PS256", more=_signed("PS256")),
        "EdDSA": Registration("EdDSA", more=_signed("EdDSA")),
    }
)
"""FAPI 2.0 Security Profile, private_key_jwt and DPoP, with each of its algorithms (5.4.1)."""

DEVICE = Registration(more={"grant_types": ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"]})
"""No browser of its own (RFC 8628)."""

ELSEWHERE = Registration(
    more={
        "grant_types": ["authorization_code", "refresh_token", "urn:openid:params:grant-type:ciba"],
        "backchannel_token_delivery_mode": "poll",
    }
)
"""It asks people whom it knows while they are not at its browser (CIBA)."""

MESSAGE_SIGNING: Mapping[str, Registration] = MappingProxyType(
    {
        "signed": Registration("ES256", True, True, more=_message_signing("ES256")),
        "signed with PS256": Registration("PS256", True, True, more=_signed("PS256") | _message_signing("PS256")),
        "signed and encrypted": Registration(
            "ES256",
            True,
            True,
            "ECDH-ES+A256KW",
            more=_message_signing("ES256") | _encrypted("ECDH-ES+A256KW") | _signed("ES256"),
        ),
    }
)
"""FAPI 2.0 Message Signing: JAR and JARM, signed introspection."""

DEVICES: Mapping[str, Registration] = MappingProxyType(
    {"plain": DEVICE, "message signing": Registration(jar=True, more={**DEVICE.more, **_message_signing("ES256")})}
)
"""RFC 8628 has no signed request; a client that signs its requests sends one to the hub all the same."""
