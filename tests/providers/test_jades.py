"""JAdES as openFinance 2.x signs with it: what a verifier that shares nothing with the signer makes of it."""

import base64
import dataclasses
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import responses
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from msgspec import structs

from providers.berlin_group.adapter import BerlinGroupAdapter
from providers.registry import CatalogueError
from providers.signing.jades import JadesScheme, jades_signer
from providers.signing.seal import Seal, SealError
from providers.tpp import Tpp
from tests.certificates import self_signed
from tests.providers import tpp

ISSUED = self_signed("Rialto's seal", key=tpp.tpp().seal.key)
SEAL = Seal(tpp.tpp().signing_key_pem, "", ISSUED.pem.encode())
NAMES = ("(request-target)", "x-request-id", "digest", "psu-id")
PADDINGS = {
    "PS256": padding.PSS(padding.MGF1(hashes.SHA256()), 32),
    "RS256": padding.PKCS1v15(),
}


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def verified(request: requests.PreparedRequest, certificate: x509.Certificate) -> dict[str, Any]:
    """The protected header, if the signature holds over what the request carries. Raises InvalidSignature."""
    head, payload, signature = request.headers["x-jws-signature"].split(".")
    assert payload == ""
    header: dict[str, Any] = json.loads(decoded(head))
    path = (request.url or "").partition("//")[2].partition("/")[2]
    values = {name.lower(): value for name, value in request.headers.items()}
    values |= {"(request-target)": f"{(request.method or '').lower()} /{path}"}
    lines = [f"{name}: {values[name]}" for name in header["sigD"]["pars"]]
    key = certificate.public_key()
    assert isinstance(key, RSAPublicKey)
    message = f"{head}.".encode() + "\n".join(lines).encode()
    key.verify(decoded(signature), message, PADDINGS[header["alg"]], hashes.SHA256())
    return header


def sent(scheme: JadesScheme, *, body: bytes | None = None) -> requests.PreparedRequest:
    headers = {"X-Request-ID": "id-1"}
    prepared = requests.Request("POST", "https://bank.example/v2/x?a=1", data=body, headers=headers).prepare()
    jades_signer(scheme, SEAL, now=lambda: tpp.NOW.replace(microsecond=999))(prepared)
    return prepared


@pytest.mark.parametrize("algorithm", ["PS256", "RS256"])
def test_what_is_signed_is_named_in_the_order_of_the_bank(algorithm: Any) -> None:
    prepared = sent(JadesScheme(NAMES, algorithm), body=b'{"a":1}')
    header = verified(prepared, ISSUED.certificate)
    assert header["alg"] == algorithm
    assert header["b64"] is False
    assert set(header["crit"]) == {"sigT", "sigD", "b64"}
    assert header["sigT"] == "2026-03-01T12:00:00Z"
    assert header["sigD"] == {
        "mId": "http://uri.etsi.org/19182/HttpHeaders",
        "pars": ["(request-target)", "x-request-id", "digest"],  # psu-id is not sent, and so not signed
    }
    assert prepared.headers["Digest"] == "SHA-256=" + base64.b64encode(hashlib.sha256(b'{"a":1}').digest()).decode()
    der = ISSUED.certificate.public_bytes(serialization.Encoding.DER)
    assert decoded(header["x5t#S256"]) == hashlib.sha256(der).digest()
    assert header["x5c"] == [base64.b64encode(der).decode()]
    assert "kid" not in header


def test_a_certificate_that_the_bank_has_is_not_sent_along() -> None:
    assert "x5c" not in verified(sent(JadesScheme(NAMES, sends_certificate=False)), ISSUED.certificate)


@pytest.mark.parametrize("header", ["X-Request-ID", "Digest"])
def test_no_signed_header_can_be_changed(header: str) -> None:
    prepared = sent(JadesScheme(NAMES), body=b"{}")
    prepared.headers[header] += "x"
    with pytest.raises(InvalidSignature):
        verified(prepared, ISSUED.certificate)


def test_a_request_without_a_body_has_the_digest_of_nothing() -> None:
    assert sent(JadesScheme(NAMES)).headers["Digest"].endswith("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")


def test_there_is_no_jades_without_a_certificate() -> None:
    with pytest.raises(SealError, match="QSealC"):
        jades_signer(JadesScheme(NAMES), tpp.tpp().seal)


@pytest.fixture
def bank() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def with_seal() -> Tpp:
    return dataclasses.replace(tpp.tpp(), qualified_seal=SEAL)


@pytest.mark.parametrize(
    ("version", "signing", "is_jades"),
    [
        ("2.2", {}, True),
        ("2.2", {"scheme": "http_signature"}, False),
        ("1.3", {}, False),
        ("1.3", {"scheme": "jades", "headers": ["digest", "x-request-id"], "algorithm": "RS256"}, True),
    ],
)
def test_the_scheme_is_the_versions_or_the_banks(
    bank: responses.RequestsMock, version: str, signing: dict[str, Any], is_jades: bool
) -> None:
    one = BerlinGroupAdapter(structs.replace(tpp.lorelei(signing=signing), version=version), with_seal())
    root = "v2/consents/account-access" if version == "2.2" else "v1/consents"
    links = {"scaRedirect": f"{tpp.BERLIN}/sca/1"}
    told = {"consentStatus": "received", "consentId": "consent-1", "_links": links}
    bank.post(f"{tpp.BERLIN}/{root}", json=told, status=201)
    one.start(tpp.link_request())
    request: Any = bank.calls[0].request
    assert ("x-jws-signature" in request.headers) is is_jades
    assert ("Signature" in request.headers) is not is_jades
    if is_jades:
        header = verified(request, ISSUED.certificate)
        signed_at = datetime.strptime(header["sigT"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        assert abs((datetime.now(UTC) - signed_at).total_seconds()) < 60
        assert {"digest", "x-request-id"} <= set(header["sigD"]["pars"])
        assert ("client-redirect-uri" in header["sigD"]["pars"]) is (version == "2.2")


@pytest.mark.parametrize(
    ("version", "algorithm"), [("2.2", "rsa-sha256"), ("2.2", "hs2019"), ("1.3", "PS256"), ("1.3", "RS256")]
)
def test_an_algorithm_of_the_other_scheme_is_refused_at_the_start(version: str, algorithm: str) -> None:
    institution = structs.replace(tpp.lorelei(signing={"algorithm": algorithm}), version=version)
    with pytest.raises(CatalogueError, match=algorithm):
        BerlinGroupAdapter(institution, with_seal())
