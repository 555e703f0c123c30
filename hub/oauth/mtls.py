"""Client authentication by certificate (RFC 8705 2): is this the certificate that the client is registered with?

Whoever calls has the certificate from ``hub.certificates.peer_certificate``, which has checked its dates. The chain
matters to tls_client_auth only: a self-signed certificate is known by its key.
"""

import base64
import hashlib
import ipaddress
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from hub import distinguished_names
from hub.certificates import Certificate


def _subject_dn(certificate: Certificate, value: str) -> bool:
    return bool(certificate.subject) and certificate.subject == distinguished_names.parse(value)


def _dns(certificate: Certificate, value: str) -> bool:
    """Equal but for case; a wildcard is no pattern here."""
    return value.isascii() and value.lower() in {name.lower() for name in certificate.dns_names}


def _uri(certificate: Certificate, value: str) -> bool:
    return value in certificate.uris


def _ip(certificate: Certificate, value: str) -> bool:
    return ipaddress.ip_address(value) in certificate.ip_addresses


def _email(certificate: Certificate, value: str) -> bool:
    """RFC 5280 7.5: the part before the @ exactly, the host whatever its case."""
    return _mailbox(value) in {_mailbox(one) for one in certificate.emails}


def _mailbox(address: str) -> tuple[str, str]:
    local, _, host = address.rpartition("@")
    return local, host.lower()


SUBJECTS: Mapping[str, Callable[[Certificate, str], bool]] = MappingProxyType(
    {
        "tls_client_auth_subject_dn": _subject_dn,
        "tls_client_auth_san_dns": _dns,
        "tls_client_auth_san_uri": _uri,
        "tls_client_auth_san_ip": _ip,
        "tls_client_auth_san_email": _email,
    }
)
"""Registered parameter (RFC 8705 2.1.2) -> does the certificate have this subject. May raise ValueError."""


def registered_subject(registration: Mapping[str, Any]) -> tuple[str, str]:
    """The one parameter that a tls_client_auth client is registered with, and its value.

    Raises ValueError, saying why, where there is not exactly one or its value can match no certificate.
    """
    given = {name: registration[name] for name in SUBJECTS if registration.get(name) is not None}
    if len(given) != 1:
        raise ValueError(f"exactly one of {', '.join(SUBJECTS)} is needed")
    ((name, value),) = given.items()
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{name} is a text")
    if name == "tls_client_auth_subject_dn":
        distinguished_names.parse(value)
    if name == "tls_client_auth_san_ip":
        ipaddress.ip_address(value)
    return name, value


def matches(certificate: Certificate, registration: Mapping[str, Any]) -> bool:
    """tls_client_auth: a verified chain, and the subject that is registered (RFC 8705 2.1).

    ``registration`` is the client's metadata under its registered names.
    """
    if not certificate.is_verified:
        return False
    try:
        name, value = registered_subject(registration)
        return SUBJECTS[name](certificate, value)
    except ValueError:
        return False


def matches_key(certificate: Certificate, jwks: Mapping[str, Any]) -> bool:
    """self_signed_tls_client_auth: the certificate's public key is one of the client's (RFC 8705 2.2).

    ``jwks`` is the client's key set, whose members nobody has checked. A key that names its certificate
    (``x5c``, ``x5t#S256``) stands for that certificate only.
    """
    keys = jwks.get("keys")
    return isinstance(keys, list) and any(_is_key_of(key, certificate) for key in keys if isinstance(key, dict))


def _is_key_of(key: dict[str, Any], certificate: Certificate) -> bool:
    if key.get("use", "sig") != "sig":
        return False
    if "x5t#S256" in key and key["x5t#S256"] != certificate.thumbprint_s256:
        return False
    try:
        if "x5c" in key and _s256(base64.b64decode(key["x5c"][0], validate=True)) != certificate.thumbprint_s256:
            return False
        return _s256(_public_der(key)) == certificate.public_key_s256
    except (JoseError, ValueError, TypeError, LookupError, AttributeError):
        return False


def _public_der(key: dict[str, Any]) -> bytes:
    # The members that make up the key, nothing beside them: what else a client writes there cannot spoil it.
    named: dict[str, str | list[str]] = {name: key[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in key}
    imported = JWKRegistry.import_key(named)
    if not isinstance(imported, RSAKey | ECKey | OKPKey):
        raise ValueError("not a public key")
    der: bytes = imported.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return der


def _s256(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
