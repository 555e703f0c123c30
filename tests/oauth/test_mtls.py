"""RFC 8705 2: which certificate is which client's."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID
from joserfc.jwk import ECKey, OKPKey, RSAKey

from hub.certificates import Authorities, Certificate, Presented
from hub.oauth.mtls import matches, matches_key, registered_subject
from tests.certificates import Authority, Issued, alternative, self_signed

NOW = datetime(2026, 11, 25, tzinfo=UTC)
OURS = Authority()
SUBJECT = x509.Name(
    [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "GB"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Budget, Buddy"),
        x509.NameAttribute(NameOID.COMMON_NAME, "Budget"),
    ]
)
NAMES = alternative(dns="App.Example", uri="https://app.example/Id", ip="192.0.2.1", email="Ops@App.Example")


def read(issued: Issued, *, vouched: bool = True) -> Certificate:
    found = Presented(issued.client_cert, vouched, Authorities(lambda: NOW)).certificate
    assert found is not None
    return found


CERTIFICATE = read(OURS.issue(SUBJECT, NAMES))


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        (
            "subject_dn",
            ["CN=Budget,O=Budget\\, Buddy,C=GB", "cn=budget, o=budget\\2c  buddy, c=gb"],
            ["C=GB,O=Budget\\, Buddy,CN=Budget", "CN=Budget", "Budget", ""],
        ),
        ("san_dns", ["app.example", "APP.EXAMPLE"], ["*.example", "b.app.example", "app.example.", "Budget"]),
        ("san_uri", ["https://app.example/Id"], ["https://app.example/id", "https://app.example/Id/", "app.example"]),
        ("san_ip", ["192.0.2.1"], ["192.0.2.2", "192.0.2.0/24", "::ffff:192.0.2.1", "0xC0000201", "app.example"]),
        ("san_email", ["Ops@app.example"], ["ops@app.example", "Ops@example", "@app.example", "Ops"]),
    ],
)  # fmt: skip
def test_the_registered_subject_and_no_other(name: str, right: list[str], wrong: list[str]) -> None:
    for value in right:
        assert matches(CERTIFICATE, {f"tls_client_auth_{name}": value}), value
    for value in wrong:
        assert not matches(CERTIFICATE, {f"tls_client_auth_{name}": value}), value


def test_ipv6_is_compared_as_an_address() -> None:
    certificate = read(OURS.issue("a", alternative(ip="2001:db8::1")))
    assert matches(certificate, {"tls_client_auth_san_ip": "2001:0DB8:0:0:0:0:0:1"})
    assert not matches(certificate, {"tls_client_auth_san_ip": "2001:db8::1%eth0"})


@pytest.mark.parametrize(
    "registration",
    [
        {},
        {"tls_client_auth_san_dns": "app.example", "tls_client_auth_san_ip": "192.0.2.1"},
        {"tls_client_auth_san_dns": ["app.example"]},
        {"tls_client_auth_san_dns": True},
        {"tls_client_auth_san_dns": ""},
        {"tls_client_auth_subject_dn": " "},
        {"tls_client_auth_subject_dn": "CN=Budget", "tls_client_auth_san_dns": "app.example"},
        {"TLS_CLIENT_AUTH_SAN_DNS": "app.example"},
    ],
)
def test_exactly_one_subject_is_registered(registration: dict[str, Any]) -> None:
    assert not matches(CERTIFICATE, registration)
    with pytest.raises(ValueError, match="tls_client_auth"):
        registered_subject(registration)


def test_a_member_without_a_value_is_not_registered() -> None:
    registration = {"tls_client_auth_san_dns": "app.example", "tls_client_auth_subject_dn": None}
    assert registered_subject(registration) == ("tls_client_auth_san_dns", "app.example")
    assert matches(CERTIFICATE, registration)


def test_whose_chain_nobody_verified_is_nobody() -> None:
    """A self-made certificate can carry any subject."""
    registration = {"tls_client_auth_san_dns": "app.example"}
    assert not matches(read(OURS.issue(SUBJECT, NAMES), vouched=False), registration)


def test_an_empty_subject_matches_nothing() -> None:
    nameless = read(OURS.issue(x509.Name([]), NAMES))
    assert not matches(nameless, {"tls_client_auth_subject_dn": "CN=Budget"})


def jwk(issued: Issued, **more: Any) -> dict[str, Any]:
    public = issued.key.public_key()
    for kind, made in ((ec.EllipticCurvePublicKey, ECKey), (rsa.RSAPublicKey, RSAKey), (object, OKPKey)):
        if isinstance(public, kind):
            return dict(made(public, public).as_dict(private=False)) | more  # type: ignore[arg-type]
    raise AssertionError


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP521R1()),
        rsa.generate_private_key(65537, 2048),
        ed25519.Ed25519PrivateKey.generate(),
    ],
    ids=["P-256", "P-521", "RSA", "Ed25519"],
)
def test_a_self_signed_certificate_is_known_by_its_key(key: Any) -> None:
    issued, other = OURS.issue(key=key), self_signed()
    certificate = read(issued, vouched=False)
    assert matches_key(certificate, {"keys": [jwk(other), jwk(issued)]})
    assert matches_key(certificate, {"keys": [jwk(issued, use="sig", kid="1", alg="ES256", key_ops=["verify"])]})
    assert not matches_key(certificate, {"keys": [jwk(other)]})
    assert not matches_key(certificate, {"keys": [jwk(issued, use="enc")]})


def test_a_key_that_names_its_certificate_stands_for_that_one_only() -> None:
    issued = self_signed()
    renewed = self_signed(key=issued.key)
    certificate, later = read(issued), read(renewed)
    by_thumbprint = {"keys": [jwk(issued, **{"x5t#S256": certificate.thumbprint_s256})]}
    by_chain = {"keys": [jwk(issued, x5c=[base64.b64encode(issued.der).decode()])]}
    for keys in (by_thumbprint, by_chain):
        assert matches_key(certificate, keys)
        assert not matches_key(later, keys)


def test_a_chain_beside_somebody_elses_key_is_not_enough() -> None:
    issued, other = self_signed(), self_signed()
    spliced = jwk(other, x5c=[base64.b64encode(issued.der).decode()])
    assert not matches_key(read(issued), {"keys": [spliced]})


@pytest.mark.parametrize(
    "jwks",
    [
        {},
        {"keys": None},
        {"keys": "all"},
        {"keys": {}},
        {"keys": [None, 1, "k", [], {}]},
        {"keys": [{"kty": "oct", "k": "AAAA"}]},
        {"keys": [{"kty": "EC"}, {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}, {"kty": "EC", "crv": 7}]},
        {"keys": [{"kty": "RSA", "n": 1, "e": 2}, {"kty": ["RSA"]}, {"kty": "??"}]},
        {"keys": [jwk(self_signed(), x5c=None), jwk(self_signed(), x5c=[]), jwk(self_signed(), x5c=[5])]},
        {"keys": [jwk(self_signed(), **{"x5t#S256": None})]},
    ],
)
def test_nonsense_in_a_key_set_matches_nothing_and_breaks_nothing(jwks: dict[str, Any]) -> None:
    assert not matches_key(read(self_signed()), jwks)
