"""Registering with a STET bank: OAuth2 Technical Setup 1.0 (RFC 7591 and 7592 with members of its own).

The bank knows us by the QWAC of the connection and the signature over the request, before it knows us by any name; so
no directory's statement is needed, though one may go along.
"""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc.jwk import RSAKey

from providers.classify import Rule, Verdict
from providers.edge import edge
from providers.errors import ContractBroken, ProviderError, Refused
from providers.oauth import refusal
from providers.oauth.client_auth import certificate_only
from providers.oauth.tokens import TokenEndpoint
from providers.registering import Registered
from providers.registry import CatalogueError, Institution, settings_of
from providers.rows import envelope
from providers.signing.seal import Seal
from providers.stet.identity import signer_for
from providers.stet.settings import Registering, Settings
from providers.tpp import Tpp
from providers.transport import Answer, Limits, Transport, path_segment

_ORGANISATION_IDENTIFIER = x509.ObjectIdentifier("2.5.4.97")  # ETSI TS 119 495 5.2.1
_METHODS = {
    "certificate": "tls_client_auth",
    "secret_basic": "client_secret_basic",
    "secret_post": "client_secret_post",
    "private_key_jwt": "private_key_jwt",
}
# Spring's error body has a text and no code: the status says what there is to say.
_NO = tuple(Rule(status, None, Verdict.REFUSED) for status in (400, 401, 403, 404, 405, 406, 409))


class _Answer(msgspec.Struct, frozen=True):
    """RegistrationRecord, the members that are the bank's to say. Moments are seconds by RFC 7591, dates by STET."""

    client_id: str
    client_secret: str | None = None
    client_id_issued_at: int | float | str | None = None
    client_secret_expires_at: int | float | str | None = None
    registration_access_token: str | None = None
    registration_client_uri: str | None = None


_ANSWER = msgspec.json.Decoder(_Answer)


def registrar_for(institution: Institution, tpp: Tpp, *, limits: Limits | None = None) -> "StetRegistrar":
    """Raises CatalogueError for a bank whose file says nothing of registration."""
    settings = settings_of(institution, Settings)
    if settings.registration is None:
        raise CatalogueError(f"institution {institution.id}: api: registration is not described")
    try:
        transport = Transport(
            institution.id,
            (settings.registration.endpoint, settings.token_endpoint),
            client_certificate=tpp.client_certificate,
            ca_bundle=settings.ca_bundle,
            sign=signer_for(settings, tpp),
            limits=limits,
            heard=tpp.heard,
        )
    except ValueError as error:
        raise CatalogueError(f"institution {institution.id}: api: {error}") from None
    return StetRegistrar(institution.id, settings, settings.registration, tpp, transport)


class StetRegistrar:
    """providers.registering.Registrar for one bank."""

    def __init__(
        self, institution_id: str, settings: Settings, wants: Registering, tpp: Tpp, transport: Transport
    ) -> None:
        self._id = institution_id
        self._settings = settings
        self._wants = wants
        self._tpp = tpp
        self._transport = transport

    def register(self, statement: str | None, redirect_uris: Sequence[str], *, now: datetime) -> Registered:
        with edge(self._id, "register"):
            body = self._metadata(statement, redirect_uris)
            return _registered(self._call("POST", self._wants.endpoint, now, None, body))

    def update(
        self, statement: str | None, redirect_uris: Sequence[str], *, now: datetime, access_token: str | None = None
    ) -> Registered:
        """What is left out is deleted at the bank (RFC 7592 2.2), so everything is said again."""
        with edge(self._id, "update"):
            body = self._metadata(statement, redirect_uris) | {"client_id": self._settings.client_id}
            return _registered(self._call("PUT", self._own(), now, access_token, body))

    def read(self, *, now: datetime, access_token: str | None = None) -> Registered:
        with edge(self._id, "read"):
            return _registered(self._call("GET", self._own(), now, access_token))

    def delete(self, *, now: datetime, access_token: str | None = None) -> None:
        with edge(self._id, "delete"):
            answer = self._call("DELETE", self._own(), now, access_token)
            if answer.status not in (200, 204):
                raise _refused(answer)

    def _metadata(self, statement: str | None, redirect_uris: Sequence[str]) -> dict[str, object]:
        """RegistrationRequestResource. Keys go by value: the standard has no jwks_uri."""
        settings, wants = self._settings, self._wants
        told: dict[str, object] = {
            "redirect_uris": list(redirect_uris),
            "token_endpoint_auth_method": _METHODS[settings.client_auth],
            "grant_types": ["authorization_code", "client_credentials", "refresh_token"],
            "response_types": ["code"],
            "client_name": wants.client_name or self._tpp.client_name,
            "scope": settings.scope,
            "contacts": list(wants.contacts),
            "provider_legal_id": wants.provider_legal_id or self._legal_id(),
        }
        if wants.client_uri is not None:
            told["client_uri"] = wants.client_uri
        if settings.signing is not None:
            told["jwks"] = {"keys": [_public_jwk(self._tpp.seal_for(settings.signing.key_id))]}
        if statement is not None:
            told["software_statement"] = statement
        return told

    def _legal_id(self) -> str:
        """The organizationIdentifier of the QWAC. Refused, for the operator, where there is none."""
        paths = self._tpp.client_certificate
        try:
            certificate = x509.load_pem_x509_certificate(Path(paths[0] if paths else "").read_bytes())
        except (OSError, ValueError):
            raise Refused("there is no QWAC to read provider_legal_id from", code="no_certificate") from None
        for one in certificate.subject.get_attributes_for_oid(_ORGANISATION_IDENTIFIER):
            return str(one.value)
        raise Refused("the QWAC names no organizationIdentifier: say provider_legal_id", code="no_certificate")

    def _own(self) -> str:
        return f"{self._wants.endpoint.rstrip('/')}/{path_segment(self._settings.client_id)}"

    def _call(
        self, method: str, url: str, now: datetime, access_token: str | None, body: dict[str, object] | None = None
    ) -> Answer:
        headers = {"Accept": "application/json", "X-Request-ID": str(uuid4()), **self._settings.headers}
        token = access_token or self._first_token(now)
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        json = None if body is None else msgspec.json.encode(body)
        return self._transport.call(method, url, headers=headers, json=json)

    def _first_token(self, now: datetime) -> str | None:
        if self._wants.token_scope is None:
            return None  # the certificate and the signature are who we are
        auth = certificate_only(self._settings.client_id)
        desk = TokenEndpoint(self._transport, self._settings.token_endpoint, auth)
        return desk.ask({"grant_type": "client_credentials", "scope": self._wants.token_scope}, now=now).access_token


def _public_jwk(seal: Seal) -> dict[str, object]:
    """The key under which we sign, with its certificate where it has one (RFC 7517 4.7)."""
    told: dict[str, object] = {"use": "sig"}
    if seal.kid:
        told["kid"] = seal.kid
    told |= dict(RSAKey.import_key(seal.key_pem).as_dict(private=False))
    if seal.certificate_pem is not None:
        told["x5c"] = [base64.b64encode(seal.certificate.public_bytes(Encoding.DER)).decode()]
    return told


def _registered(answer: Answer) -> Registered:
    if answer.status not in (200, 201):
        raise _refused(answer)
    try:
        told = envelope(_ANSWER, answer.body)
    except ContractBroken as error:
        raise ContractBroken(error.reason) from None  # without the body: it may hold a secret
    return Registered(
        client_id=told.client_id,
        client_secret=told.client_secret,
        secret_expires_at=_moment(told.client_secret_expires_at),
        issued_at=_moment(told.client_id_issued_at),
        access_token=told.registration_access_token,
        uri=told.registration_client_uri,
        raw=answer.body,
    )


def _refused(answer: Answer) -> ProviderError:
    if answer.status < 400:  # 202: somebody at the bank looks at it first, and there is nothing to show yet
        return ContractBroken(f"HTTP {answer.status} where it is not foreseen")
    return refusal.from_answer(answer, rules=_NO)


def _moment(given: float | str | None) -> datetime | None:
    """None for what never comes (0), for what is not said, and for what cannot be read: it is shown to people only."""
    if given in (None, 0, "0", ""):
        return None
    try:
        if isinstance(given, str) and not given.isdigit():
            found = datetime.fromisoformat(given)
            return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
        return datetime.fromtimestamp(float(given or 0), UTC)
    except (OverflowError, ValueError, OSError):
        return None
