"""WebAuthn Level 3 as this hub asks for it. No I/O and no rows: what came from a browser is parsed and verified here.

Every passkey of ours is discoverable and verifies its user (a PIN, a finger, a face), so that it is two factors by
itself. Attestation is not asked for: a person may bring any authenticator.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationConveyancePreference,
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorData,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialParameters,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from hub.settings import Settings

_NAME = "Rialto"
_ALGORITHMS = (-7, -8, -257)  # COSE: ES256, EdDSA, RS256
_TIMEOUT_MS = 5 * 60 * 1000
_ANSWER_CHARACTERS = 64 * 1024
_CREDENTIAL_ID_BYTES = 1023  # WebAuthn 5.1, "credential ID"
_TRANSPORTS = frozenset({"usb", "nfc", "ble", "smart-card", "hybrid", "internal"})
_VERIFIED = UserVerificationRequirement.REQUIRED


class Refused(Exception):
    """What the browser sent is not an answer to what it was asked. The message is for tests, not for people."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key as it is kept: everything that the next verification needs."""

    credential_id: str
    public_key: bytes
    is_synced: bool


@dataclass(frozen=True, slots=True)
class Made:
    """A new credential, verified."""

    key: Key
    sign_count: int
    is_backed_up: bool
    aaguid: str
    transports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Used:
    """A verified signature."""

    sign_count: int
    is_backed_up: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser sent, read but not verified. ``credential_id`` and ``user_handle`` are base64url."""

    challenge: str
    credential_id: str
    user_handle: str | None
    fields: Mapping[str, Any]


def rp_id(settings: Settings) -> str | None:
    """The hub's name for authenticators; None where passkeys cannot work: an IP address is no domain (WebAuthn 5.1.2).

    Outside of https browsers offer WebAuthn on localhost only.
    """
    host = urlsplit(settings.base_url).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host
    return None


def creation_options(
    settings: Settings, *, challenge: str, user_handle: str, email: str, name: str, known: Sequence[str]
) -> dict[str, Any]:
    """PublicKeyCredentialCreationOptionsJSON. ``known`` are the credential ids that the person has already."""
    options, _state = _server(settings).register_begin(
        PublicKeyCredentialUserEntity(id=websafe_decode(user_handle), name=email, display_name=name),
        [_descriptor(credential_id) for credential_id in known],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=_VERIFIED,
        challenge=websafe_decode(challenge),
    )
    return dict(options.public_key)


def request_options(settings: Settings, *, challenge: str, known: Sequence[str] | None) -> dict[str, Any]:
    """PublicKeyCredentialRequestOptionsJSON. ``known`` None: the authenticator finds the person (discoverable)."""
    descriptors = None if known is None else [_descriptor(credential_id) for credential_id in known]
    options, _state = _server(settings).authenticate_begin(
        descriptors, user_verification=_VERIFIED, challenge=websafe_decode(challenge)
    )
    return dict(options.public_key)


def read(text: str) -> Answer:
    """The JSON of a PublicKeyCredential, not verified. Raises Refused."""
    if len(text) > _ANSWER_CHARACTERS:
        raise Refused("too long")
    try:
        fields = orjson.loads(text)
        response = fields["response"]
        client_data = orjson.loads(websafe_decode(response["clientDataJSON"]))
        challenge, credential_id = client_data["challenge"], fields["rawId"]
        user_handle = response.get("userHandle")
        if not isinstance(challenge, str) or not isinstance(credential_id, str):
            raise Refused("a member is not text")
        canonical = websafe_encode(websafe_decode(credential_id))
    except Refused:
        raise
    except Exception as error:  # whatever stumbles over a stranger's bytes has refused them
        raise Refused("not a credential") from error
    if canonical != credential_id or not (user_handle is None or isinstance(user_handle, str)):
        raise Refused("not a credential")
    return Answer(challenge, credential_id, user_handle or None, fields)


def verify_made(settings: Settings, answer: Answer, *, challenge: str) -> Made:
    """WebAuthn 7.1, for a challenge that the caller has claimed. Raises Refused."""
    server = _server(settings)
    try:
        response = RegistrationResponse.from_dict(answer.fields)
        data = server.register_complete(_state(challenge), response)
        _check_context(response.response.client_data.cross_origin, data)
        credential = data.credential_data
        if credential is None or credential.public_key.ALGORITHM not in _ALGORITHMS:
            raise Refused("a key of an algorithm that was not asked for")
        if len(credential.credential_id) > _CREDENTIAL_ID_BYTES:
            raise Refused("a credential id beyond all bounds")
        if websafe_encode(credential.credential_id) != answer.credential_id:
            raise Refused("two credential ids")
        key = Key(answer.credential_id, cbor.encode(dict(credential.public_key)), data.is_backup_eligible())
        transports = answer.fields["response"].get("transports") or ()
        hints = tuple(sorted({hint for hint in transports if isinstance(hint, str)} & _TRANSPORTS))
        return Made(key, data.counter, data.is_backed_up(), str(credential.aaguid), hints)
    except Refused:
        raise
    except Exception as error:  # as above
        raise Refused(str(error)) from error


def verify_used(settings: Settings, answer: Answer, key: Key, *, challenge: str) -> Used:
    """WebAuthn 7.2, for a challenge that the caller has claimed. Raises Refused.

    The signature counter is the caller's to compare: that takes a row.
    """
    server = _server(settings)
    try:
        public_key = CoseKey.parse(cbor.decode(key.public_key))  # type: ignore[arg-type]  # it was a map when stored
        credential = AttestedCredentialData.create(Aaguid.NONE, websafe_decode(key.credential_id), public_key)
        response = AuthenticationResponse.from_dict(answer.fields)
        server.authenticate_complete(_state(challenge), [credential], response)
        data = response.response.authenticator_data
        _check_context(response.response.client_data.cross_origin, data)
        if data.is_backup_eligible() != key.is_synced:
            raise Refused("backup eligibility does not change")  # 7.2, step 19
        return Used(data.counter, data.is_backed_up())
    except Refused:
        raise
    except Exception as error:  # as above
        raise Refused(str(error)) from error


def _check_context(cross_origin: bool, data: AuthenticatorData) -> None:
    if cross_origin:
        raise Refused("asked for inside another site's frame")
    if data.is_backed_up() and not data.is_backup_eligible():
        raise Refused("backed up without being eligible")  # 7.1 step 16, 7.2 step 18


def _server(settings: Settings) -> Fido2Server:
    """Raises Refused where the hub has no name."""
    name = rp_id(settings)
    if name is None:
        raise Refused("the hub has no name, only an IP address")
    server = Fido2Server(
        PublicKeyCredentialRpEntity(id=name, name=_NAME),
        attestation=AttestationConveyancePreference.NONE,
        verify_origin=lambda origin: origin == settings.base_url,  # this very origin, not whatever shares its domain
    )
    server.timeout = _TIMEOUT_MS  # type: ignore[assignment]  # the library infers None
    server.allowed_algorithms = [
        PublicKeyCredentialParameters(type=PublicKeyCredentialType.PUBLIC_KEY, alg=number) for number in _ALGORITHMS
    ]
    return server


def _state(challenge: str) -> dict[str, Any]:
    return {"challenge": challenge, "user_verification": _VERIFIED}


def _descriptor(credential_id: str) -> PublicKeyCredentialDescriptor:
    return PublicKeyCredentialDescriptor(type=PublicKeyCredentialType.PUBLIC_KEY, id=websafe_decode(credential_id))
