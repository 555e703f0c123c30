"""Dynamic client registration of UK Open Banking 3.2 to 3.4: one signed JWT that holds the directory's statement.

``subject_dn`` in a bank's file says how the certificate's subject is written, for its organizationIdentifier has no
name that all know:

    names        organizationIdentifier=PSDGB-FCA-1       the specification's own example
    dotted       2.5.4.97=PSDGB-FCA-1                     RFC 4514 2.3
    oid_prefix   OID.2.5.4.97=PSDGB-FCA-1                 Bank of Ireland
    hex          2.5.4.97=#0c0b50534447...                RFC 4514 2.4: HSBC, Barclays, Monzo, Tide
"""

import base64
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec
from cryptography import x509

from providers.classify import Rule, Verdict
from providers.edge import edge
from providers.errors import ContractBroken, Refused
from providers.oauth import refusal
from providers.registering import Registered
from providers.registry import CatalogueError, Institution, settings_of
from providers.rows import envelope
from providers.tpp import ALGORITHM, Tpp
from providers.transport import Answer, Limits, Transport, path_segment
from providers.uk_obie.authorise import Authoriser
from providers.uk_obie.client import named_key, transport_for
from providers.uk_obie.settings import Registering, Settings

TTL_S = 300
_ORGANISATION_IDENTIFIER = x509.ObjectIdentifier("2.5.4.97")
_ITS_DER = b"\x06\x03\x55\x04\x61"
_LAST_SECOND = 100_000_000_000  # in the year 5138; some banks count milliseconds (HSBC, Tide, Zopa, Nationwide)

Shape = Literal["names", "dotted", "oid_prefix", "hex"]


class _Statement(msgspec.Struct, frozen=True):
    software_id: str | None = None
    software_client_id: str | None = None
    software_redirect_uris: list[str] | None = None


class _Answer(msgspec.Struct, frozen=True):
    """OBClientRegistration1, the members that are the bank's to say (RFC 7591 3.2.1, RFC 7592 3)."""

    client_id: str
    client_secret: str | None = None
    client_id_issued_at: int | float | None = None
    client_secret_expires_at: int | float | None = None
    registration_access_token: str | None = None
    registration_client_uri: str | None = None


# 401, 403 and 405 have no body here (DCR 3.4): not ours, not allowed, not offered.
_NO = tuple(Rule(status, None, Verdict.REFUSED) for status in (401, 403, 404, 405))
_STATEMENT = msgspec.json.Decoder(_Statement)
_ANSWER = msgspec.json.Decoder(_Answer)


def registrar_for(institution: Institution, tpp: Tpp, *, limits: Limits | None = None) -> "UkRegistrar":
    """Raises CatalogueError for a bank whose file says nothing of registration."""
    settings = settings_of(institution, Settings)
    if settings.registration is None:
        raise CatalogueError(f"institution {institution.id}: api: registration is not described")
    tpp = named_key(settings, tpp)
    try:
        transport = transport_for(institution.id, settings, tpp, limits)
        authoriser = Authoriser(transport, settings, tpp) if settings.registration.token_scope else None
    except ValueError as error:
        raise CatalogueError(f"institution {institution.id}: api: {error}") from None
    return UkRegistrar(institution.id, settings, settings.registration, tpp, transport, authoriser)


class UkRegistrar:
    """providers.registering.Registrar for one bank."""

    def __init__(
        self,
        institution_id: str,
        settings: Settings,
        wants: Registering,
        tpp: Tpp,
        transport: Transport,
        authoriser: Authoriser | None,
    ) -> None:
        self._id = institution_id
        self._settings = settings
        self._wants = wants
        self._tpp = tpp
        self._transport = transport
        self._authoriser = authoriser

    def register(self, statement: str | None, redirect_uris: Sequence[str], *, now: datetime) -> Registered:
        with edge(self._id, "register"):
            return self._registered(self._send("POST", self._wants.endpoint, statement, redirect_uris, now, {}), 201)

    def update(
        self, statement: str | None, redirect_uris: Sequence[str], *, now: datetime, access_token: str | None = None
    ) -> Registered:
        with edge(self._id, "update"):
            headers = self._may(access_token, now)
            return self._registered(self._send("PUT", self._own(), statement, redirect_uris, now, headers), 200)

    def read(self, *, now: datetime, access_token: str | None = None) -> Registered:
        with edge(self._id, "read"):
            answer = self._transport.call("GET", self._own(), headers=self._may(access_token, now))
            return self._registered(answer, 200)

    def delete(self, *, now: datetime, access_token: str | None = None) -> None:
        with edge(self._id, "delete"):
            answer = self._transport.call("DELETE", self._own(), headers=self._may(access_token, now))
            if answer.status != 204:
                raise refusal.from_answer(answer, rules=_NO)

    def _send(
        self,
        method: str,
        url: str,
        statement: str | None,
        redirect_uris: Sequence[str],
        now: datetime,
        headers: dict[str, str],
    ) -> Answer:
        if statement is None:
            raise Refused("the directory's software statement is needed", code="invalid_software_statement")
        body = self._tpp.sign(self._claims(statement, redirect_uris, now))
        return self._transport.call(
            method,
            url,
            headers={**self._settings.headers.send, **headers},
            body=(self._wants.media_type, body.encode()),
        )

    def _claims(self, statement: str, redirect_uris: Sequence[str], now: datetime) -> dict[str, object]:
        settings, wants, issued = self._settings, self._wants, int(now.timestamp())
        told = _read(statement)
        strangers = set(redirect_uris) - set(told.software_redirect_uris or redirect_uris)
        if strangers:
            raise Refused(f"the software statement does not list {min(strangers)}", code="invalid_redirect_uri")
        software_id = told.software_id or told.software_client_id
        issuer = wants.issuer or software_id
        if issuer is None:
            raise Refused("the software statement names no software_id", code="invalid_software_statement")
        claims: dict[str, object] = {
            "iss": issuer,
            "aud": wants.audience,
            "iat": issued,
            "exp": issued + TTL_S,
            "jti": str(uuid.uuid4()),
            "redirect_uris": list(redirect_uris),
            "token_endpoint_auth_method": settings.token_auth,
            "grant_types": ["authorization_code", "client_credentials", "refresh_token"],
            "response_types": [settings.authorize.response_type],
            "scope": wants.scope.split() if wants.scope_as_list else wants.scope,
            "software_statement": statement,
            "application_type": "web",
            "id_token_signed_response_alg": ALGORITHM,
            "request_object_signing_alg": ALGORITHM,
        }
        if software_id is not None:
            claims["software_id"] = software_id
        match settings.token_auth:
            case "private_key_jwt":
                claims["token_endpoint_auth_signing_alg"] = ALGORITHM
            case "tls_client_auth":
                claims["tls_client_auth_subject_dn"] = subject_dn(self._certificate(), wants.subject_dn)
        return claims

    def _certificate(self) -> bytes:
        paths = self._settings.client_certificate or self._tpp.client_certificate
        try:
            return Path(paths[0] if paths else "").read_bytes()
        except OSError:
            raise Refused("tls_client_auth: the client certificate cannot be read", code="no_certificate") from None

    def _own(self) -> str:
        return f"{self._wants.endpoint.rstrip('/')}/{path_segment(self._settings.client_id)}"

    def _may(self, access_token: str | None, now: datetime) -> dict[str, str]:
        """The token that reads and changes our registration: the bank's own for it, or ours (client_credentials)."""
        if access_token is None:
            if self._authoriser is None or self._wants.token_scope is None:
                raise Refused("this bank wants its registration access token", code="invalid_token")
            access_token = self._authoriser.app_token(now, scope=self._wants.token_scope)
        return {"Authorization": f"Bearer {access_token}", **self._settings.headers.send}

    def _registered(self, answer: Answer, status: int) -> Registered:
        if answer.status not in (status, 200, 201):
            raise refusal.from_answer(answer, rules=_NO)
        try:
            told = envelope(_ANSWER, answer.body)
        except ContractBroken as error:
            raise ContractBroken(error.reason) from None  # without the body: it may hold a secret
        return Registered(
            client_id=told.client_id,
            client_secret=told.client_secret,
            secret_expires_at=_moment(told.client_secret_expires_at) if told.client_secret_expires_at else None,
            issued_at=_moment(told.client_id_issued_at) if told.client_id_issued_at else None,
            access_token=told.registration_access_token,
            uri=told.registration_client_uri,
            raw=answer.body,
        )


def subject_dn(certificate_pem: bytes, shape: Shape) -> str:
    """The certificate's subject as RFC 4514 text, its organizationIdentifier in ``shape``.

    Refused for what is no certificate.
    """
    try:
        subject = x509.load_pem_x509_certificate(certificate_pem).subject
    except ValueError:
        raise Refused("tls_client_auth: the client certificate is no PEM certificate", code="no_certificate") from None
    names = {"names": "organizationIdentifier", "oid_prefix": "OID.2.5.4.97"}
    named = names.get(shape, "2.5.4.97")
    written = subject.rfc4514_string({_ORGANISATION_IDENTIFIER: named})
    if shape != "hex":
        return written
    for value in subject.get_attributes_for_oid(_ORGANISATION_IDENTIFIER):
        text = value.rfc4514_string({_ORGANISATION_IDENTIFIER: named})
        written = written.replace(text, f"{named}=#{_der_of(subject).hex()}")
    return written


def _der_of(subject: x509.Name) -> bytes:
    """The organizationIdentifier's value as the certificate encodes it: its tag, length and content."""
    whole = subject.public_bytes()
    start = whole.index(_ITS_DER) + len(_ITS_DER)
    length = whole[start + 1]
    if length < 0x80:
        return whole[start : start + 2 + length]
    longer = length & 0x7F
    content = int.from_bytes(whole[start + 2 : start + 2 + longer])
    return whole[start : start + 2 + longer + content]


def _read(statement: str) -> _Statement:
    """What the directory signed, unverified: it is the bank that must believe it."""
    try:
        payload = statement.strip().split(".")[1]
        return _STATEMENT.decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, msgspec.MsgspecError):
        raise Refused("the software statement is not a JWT", code="invalid_software_statement") from None


def _moment(epoch: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(epoch / 1000 if epoch > _LAST_SECOND else epoch, UTC)
    except (OverflowError, ValueError, OSError):
        return None
