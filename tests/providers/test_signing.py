"""What we sign is what the drafts say: their own test values, and a verifier that shares nothing with the signer."""

import base64
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID
from joserfc import jws
from joserfc.jwk import RSAKey

from providers.signing.detached_jws import detached
from providers.signing.http_signature import Scheme, digest, signature_header, signer
from providers.signing.seal import Seal, SealError, key_id
from tests.providers import tpp

# draft-cavage-http-signatures-12, appendix C: a key that the draft publishes, and what it signs with it.
DRAFT_KEY = b"""-----BEGIN RSA PRIVATE KEY-----
MIICXgIBAAKBgQDCFENGw33yGihy92pDjZQhl0C36rPJj+CvfSC8+q28hxA161QF
NUd13wuCTUcq0Qd2qsBe/2hFyc2DCJJg0h1L78+6Z4UMR7EOcpfdUE9Hf3m/hs+F
UR45uBJeDK1HSFHD8bHKD6kv8FPGfJTotc+2xjJwoYi+1hqp1fIekaxsyQIDAQAB
AoGBAJR8ZkCUvx5kzv+utdl7T5MnordT1TvoXXJGXK7ZZ+UuvMNUCdN2QPc4sBiA
QWvLw1cSKt5DsKZ8UETpYPy8pPYnnDEz2dDYiaew9+xEpubyeW2oH4Zx71wqBtOK
kqwrXa/pzdpiucRRjk6vE6YY7EBBs/g7uanVpGibOVAEsqH1AkEA7DkjVH28WDUg
f1nqvfn2Kj6CT7nIcE3jGJsZZ7zlZmBmHFDONMLUrXR/Zm3pR5m0tCmBqa5RK95u
412jt1dPIwJBANJT3v8pnkth48bQo/fKel6uEYyboRtA5/uHuHkZ6FQF7OUkGogc
mSJluOdc5t6hI1VsLn0QZEjQZMEOWr+wKSMCQQCC4kXJEsHAve77oP6HtG/IiEn7
kpyUXRNvFsDE0czpJJBvL/aRFUJxuRK91jhjC68sA7NsKMGg5OXb5I5Jj36xAkEA
gIT7aFOYBFwGgQAQkWNKLvySgKbAZRTeLBacpHMuQdl1DfdntvAyqpAZ0lY0RKmW
G6aFKaqQfOXKCyWoUiVknQJAXrlgySFci/2ueKlIE1QqIiLSZ8V8OlpFLRnb1pzI
7U1yQXnTAEFYM560yJlzUpOb1V4cScGd365tiSMvxLOvTA==
-----END RSA PRIVATE KEY-----
"""
DRAFT_BODY = b'{"hello": "world"}'
DRAFT_HEADERS = {
    "host": "example.com",
    "date": "Sun, 05 Jan 2014 21:31:40 GMT",
    "content-type": "application/json",
    "digest": "SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=",
    "content-length": "18",
}
DRAFT_VALUES = [
    (
        "date",
        "SjWJWbWN7i0wzBvtPl8rbASWz5xQW6mcJmn+ibttBqtifLN7Sazz6m79cNfwwb8DMJ5cou1s7uEGKKCs+FLEEaDV5lp7q25WqS+lavg7T8h"
        "c0GppauB6hbgEKTwblDHYGEtbGmtdHgVCk9SuS13F0hZ8FD0k/5OxEPXe5WozsbM=",
    ),
    (
        "(request-target) host date",
        "qdx+H7PHHDZgy4y/Ahn9Tny9V3GP6YgBPyUXMmoxWtLbHpUnXS2mg2+SbrQDMCJypxBLSPQR2aAjn7ndmw2iicw3HMbe8VfEdKFYRqzic+e"
        "fkb3nndiv/x1xSHDJWeSWkx3ButlYSuBskLu6kd9Fswtemr3lgdDEmn04swr2Os0=",
    ),
    (
        "(request-target) host date content-type digest content-length",
        "vSdrb+dS3EceC9bcwHSo4MlyKS59iFIrhgYkz8+oVLEEzmYZZvRs8rgOp+63LEM3v+MFHB32NfpB2bEKBIvB1q52LaEUHFv120V01IL+TAD"
        "48XaERZFukWgHoBTLMhYS2Gb51gWxpeIq8knRmPnYePbF5MOkR0Zkly4zKH7s1dE=",
    ),
]
SEAL = tpp.tpp().seal
STET = Scheme("https://tpp.example/seal.pem", ("(request-target)", "x-request-id", "digest"))


def certificate(key: rsa.RSAPrivateKey) -> bytes:
    issuer = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, "Seal CA"), x509.NameAttribute(NameOID.COUNTRY_NAME, "FR")]
    )
    built = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Rialto")]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(0xA1B2)
        .not_valid_before(tpp.NOW)
        .not_valid_after(tpp.NOW + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM)


def sealed() -> Seal:
    return Seal(SEAL.key_pem, SEAL.kid, certificate(SEAL.key))


def sent(scheme: Scheme, *, body: bytes | None = None, headers: dict[str, str] | None = None, **how: Any) -> Any:
    request = requests.Request("PUT", "https://bank.example/psd2/v1/consents?a=%C3%A9&b", data=body, headers=headers)
    prepared = request.prepare()
    signer(scheme, SEAL if "certificate_header" not in how else sealed(), now=lambda: tpp.NOW, **how)(prepared)
    return prepared


def parameters(prepared: requests.PreparedRequest) -> dict[str, str]:
    found = re.findall(r'(\w+)=(?:"([^"]*)"|(\d+))', prepared.headers["Signature"])
    return {name: quoted or bare for name, quoted, bare in found}


def verify(prepared: requests.PreparedRequest, lines: list[str], hashing: Any, pad: Any) -> None:
    signature = base64.b64decode(parameters(prepared)["signature"])
    SEAL.key.public_key().verify(signature, "\n".join(lines).encode(), pad, hashing)


def test_the_digest_is_the_drafts() -> None:
    assert digest(DRAFT_BODY) == DRAFT_HEADERS["digest"]
    # SHA-256 of nothing, as every bank that wants an empty body hashed expects it
    assert digest(b"") == "SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    assert digest(b"", "SHA-512").startswith("SHA-512=z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuw")


@pytest.mark.parametrize(("names", "signature"), DRAFT_VALUES)
def test_the_signatures_are_the_drafts(names: str, signature: str) -> None:
    scheme = Scheme("Test", tuple(names.split()))
    key = Seal(DRAFT_KEY).key
    found = signature_header(scheme, key, "POST", "/foo?param=value&pet=dog", DRAFT_HEADERS, created=0)
    assert found == f'keyId="Test",algorithm="rsa-sha256",headers="{names}",signature="{signature}"'


def test_a_request_is_signed_over_the_banks_names_in_its_order() -> None:
    prepared = sent(STET, body=b'{"a":1}', headers={"X-Request-ID": "id-1"})
    assert prepared.headers["Digest"] == digest(b'{"a":1}')
    assert parameters(prepared)["headers"] == "(request-target) x-request-id digest"
    lines = [
        "(request-target): put /psd2/v1/consents?a=%C3%A9&b",
        "x-request-id: id-1",
        "digest: " + digest(b'{"a":1}'),
    ]
    verify(prepared, lines, hashes.SHA256(), padding.PKCS1v15())


def test_a_request_without_a_body_has_the_digest_of_nothing_where_the_bank_signs_one() -> None:
    assert sent(STET).headers["Digest"] == digest(b"")
    assert "Digest" not in sent(Scheme("k", ("(request-target)",))).headers


def test_a_header_that_is_not_sent_is_not_signed() -> None:
    scheme = Scheme("k", ("(request-target)", "psu-ip-address"))
    assert parameters(sent(scheme))["headers"] == "(request-target)"
    present = sent(scheme, headers={"PSU-IP-Address": "192.0.2.7"})
    assert parameters(present)["headers"] == "(request-target) psu-ip-address"


def test_created_expires_host_and_a_gateways_prefix() -> None:
    names = ("(request-target)", "(created)", "(expires)", "host", "date")
    prepared = sent(Scheme("k", names, algorithm="hs2019", lifetime_s=60, target_prefix="/gate"))
    created = int(tpp.NOW.timestamp())
    assert (parameters(prepared)["created"], parameters(prepared)["expires"]) == (str(created), str(created + 60))
    assert f",created={created},expires={created + 60},headers=" in prepared.headers["Signature"]
    lines = [
        "(request-target): put /gate/psd2/v1/consents?a=%C3%A9&b",
        f"(created): {created}",
        f"(expires): {created + 60}",
        "host: bank.example",
        "date: Sun, 01 Mar 2026 12:00:00 GMT",
    ]
    verify(prepared, lines, hashes.SHA512(), padding.PSS(padding.MGF1(hashes.SHA512()), padding.PSS.DIGEST_LENGTH))


def test_rsa_sha512_with_its_digest() -> None:
    prepared = sent(Scheme("k", ("digest",), algorithm="rsa-sha512", digest="SHA-512"), body=b"{}")
    verify(prepared, [f"digest: {digest(b'{}', 'SHA-512')}"], hashes.SHA512(), padding.PKCS1v15())


def test_berlin_groups_variant_names_the_certificate_and_brings_it_along() -> None:
    name = key_id("SN={serial},CA={issuer}", sealed())
    assert name == "SN=A1B2,CA=C=FR,CN=Seal CA"
    prepared = sent(Scheme(name, ("digest", "x-request-id")), certificate_header="TPP-Signature-Certificate")
    carried = base64.b64decode(prepared.headers["TPP-Signature-Certificate"])
    assert x509.load_der_x509_certificate(carried).serial_number == 0xA1B2
    assert parameters(prepared)["keyId"] == name


def test_stets_key_id_is_a_url_with_the_certificates_fingerprint() -> None:
    fingerprint = sealed().certificate.fingerprint(hashes.SHA256()).hex()
    name = key_id("https://tpp.example/seal.pem_{fingerprint}", sealed())
    assert name == f"https://tpp.example/seal.pem_{fingerprint}"
    assert key_id("{client_id}", SEAL, client_id="PSDFR-ACPR-1") == "PSDFR-ACPR-1"
    assert key_id("{kid}", SEAL) == "tpp-1"


def test_a_bank_may_have_its_own_way_to_write_the_key_and_the_algorithm() -> None:
    """As the banks on the Redsys hub are signed to: the serial in decimal, the issuer first part first."""
    name = key_id("SN={serial_decimal},CA={issuer_in_order}", sealed())
    assert name == "SN=41394,CA=CN=Seal CA,C=FR"
    scheme = Scheme(name, ("digest", "x-request-id"), algorithm_name="SHA-256")
    prepared = sent(scheme, headers={"X-Request-ID": "id-1"})
    told = parameters(prepared)
    assert (told["algorithm"], told["headers"]) == ("SHA-256", "digest x-request-id")
    verify(prepared, ["digest: " + digest(b""), "x-request-id: id-1"], hashes.SHA256(), padding.PKCS1v15())


@pytest.mark.parametrize("template", ["{serial}", "{nobody}", "{0}", "{", '"{kid}', "{kid}\\", "{kid}\n", "{kid.x}"])
def test_a_key_id_that_cannot_be_made_says_so(template: str) -> None:
    with pytest.raises(SealError):
        key_id(template, SEAL)


def test_a_seal_that_cannot_sign_says_what_is_wrong() -> None:
    curve = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for seal in (Seal(b"no key"), Seal(curve)):
        with pytest.raises(SealError, match="key"):
            signer(STET, seal)
    with pytest.raises(SealError, match="QSealC"):
        SEAL.certificate_header()
    with pytest.raises(SealError, match="certificate"):
        Seal(SEAL.key_pem, "k", b"none").certificate_header()
    assert "PRIVATE" not in repr(sealed())


PAYLOAD = b'{"Data":{"Initiation":"\xc3\xa9 $"}}'
IAT = "http://openbanking.org.uk/iat"
CRIT = {"crit": [IAT], IAT: 1}


@pytest.mark.parametrize("is_encoded", [True, False])
def test_a_detached_jws_is_verified_with_the_body_it_travels_beside(is_encoded: bool) -> None:
    token = detached(PAYLOAD, SEAL, CRIT, is_encoded=is_encoded)
    head, middle, signature = token.split(".")
    assert middle == ""
    header = jws.extract_compact(f"{head}.e30.{signature}".encode()).headers()
    assert header["kid"] == "tpp-1"
    assert header.get("b64", True) is is_encoded
    assert header["crit"] == ([IAT] if is_encoded else ["b64", IAT])
    signed = head.encode() + b"." + (base64.urlsafe_b64encode(PAYLOAD).rstrip(b"=") if is_encoded else PAYLOAD)
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    found = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    RSAKey.import_key(SEAL.key_pem).public_key.verify(found, signed, pss, hashes.SHA256())


def test_now_is_the_callers_or_the_real_one() -> None:
    prepared = requests.Request("GET", "https://bank.example").prepare()
    signer(Scheme("k", ("date", "(request-target)")), SEAL)(prepared)
    told = datetime.strptime(prepared.headers["Date"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    assert abs(told - datetime.now(UTC)) < timedelta(minutes=1)
