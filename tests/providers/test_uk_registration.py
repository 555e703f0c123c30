"""Registering with a British bank: what is asked, what comes of it, and how a certificate's subject is written."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import responses
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from joserfc import jwt
from joserfc.jwk import KeySet

from providers.errors import ContractBroken, ProviderError, Refused, Transient
from providers.registry import BUILT_IN_INSTITUTIONS, CatalogueError, load_institutions, registrar_for
from providers.uk_obie import registration
from providers.uk_obie.registration import UkRegistrar, subject_dn
from tests.providers import tpp
from tests.providers.misbehaving import answer, running, say
from tests.providers.sandbox_banks import bank_process
from tests.providers.test_against_sandbox import QUICK, moved

REGISTER = f"{tpp.UK}/register"
WANTS: dict[str, Any] = {"endpoint": REGISTER, "audience": "0015800001ZEZ3WAAX"}
CALLBACKS = [tpp.CALLBACK]


def statement(**changed: Any) -> str:
    told = {"software_id": "software-1", "software_redirect_uris": CALLBACKS}
    body = {name: value for name, value in (told | changed).items() if value is not ...}
    return f"e30.{base64.urlsafe_b64encode(json.dumps(body).encode()).decode().rstrip('=')}.c2ln"


@pytest.fixture
def bank() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.post(f"{tpp.UK}/token", json={"access_token": "at-1", "token_type": "bearer"})
        yield mock


def registrar(wants: dict[str, Any] | None = None, **api: Any) -> UkRegistrar:
    return registration.registrar_for(tpp.albion(registration=WANTS | (wants or {}), **api), tpp.tpp())


def sent(bank: responses.RequestsMock) -> dict[str, Any]:
    body = bank.calls[-1].request.body
    token = body.decode() if isinstance(body, bytes) else str(body)
    return jwt.decode(token, KeySet.import_key_set({"keys": tpp.tpp().jwks()["keys"]}), algorithms=["PS256"]).claims


def test_a_registration_is_one_signed_statement_of_what_we_are(bank: responses.RequestsMock) -> None:
    made = {
        "client_id": "c-1",
        "client_id_issued_at": 1_767_225_600_000,
        "client_secret": "s",
        "redirect_uris": CALLBACKS,
    }
    bank.post(REGISTER, json=made, status=201)
    found = registrar().register(statement(), CALLBACKS, now=tpp.NOW)
    assert (found.client_id, found.client_secret, found.secret_expires_at) == ("c-1", "s", None)
    assert found.issued_at == datetime(2026, 1, 1, tzinfo=UTC)  # the bank counts milliseconds
    assert "'s'" not in repr(found)
    request, claims = bank.calls[-1].request, sent(bank)
    assert request.headers["Content-Type"] == "application/jwt"
    assert (claims["iss"], claims["aud"], claims["software_id"]) == ("software-1", WANTS["audience"], "software-1")
    assert claims["exp"] - claims["iat"] <= 300
    assert (claims["redirect_uris"], claims["scope"]) == (CALLBACKS, "openid accounts")
    assert claims["token_endpoint_auth_method"] == "private_key_jwt"
    assert claims["token_endpoint_auth_signing_alg"] == claims["request_object_signing_alg"] == "PS256"
    assert claims["software_statement"] == statement()
    assert "tls_client_auth_subject_dn" not in claims


def test_the_request_is_what_the_banks_file_wants(bank: responses.RequestsMock) -> None:
    bank.post(REGISTER, json={"client_id": "c-1"}, status=201)
    wants = {"media_type": "application/jose", "issuer": "org-1", "scope_as_list": True, "scope": "openid accounts x"}
    api: dict[str, Any] = {"authorize": {"response_type": "code id_token"}}
    registrar(wants, **api).register(statement(), CALLBACKS, now=tpp.NOW)
    claims = sent(bank)
    assert bank.calls[-1].request.headers["Content-Type"] == "application/jose"
    assert (claims["iss"], claims["scope"]) == ("org-1", ["openid", "accounts", "x"])
    assert claims["response_types"] == ["code id_token"]


def test_what_is_registered_is_read_changed_and_ended(bank: responses.RequestsMock) -> None:
    bank.get(f"{REGISTER}/rialto", json={"client_id": "rialto"})
    bank.put(f"{REGISTER}/rialto", json={"client_id": "rialto"})
    bank.delete(f"{REGISTER}/rialto", status=204)
    one = registrar({"token_scope": "openid"})
    assert one.read(now=tpp.NOW).client_id == "rialto"
    assert "scope=openid" in str(bank.calls[-2].request.body)
    assert one.update(statement(), CALLBACKS, now=tpp.NOW).client_id == "rialto"
    one.delete(now=tpp.NOW)
    assert {call.request.headers["Authorization"] for call in bank.calls if "register" in (call.request.url or "")} == {
        "Bearer at-1"
    }


def test_a_bank_that_gave_a_token_for_it_is_shown_that_one(bank: responses.RequestsMock) -> None:
    bank.get(f"{REGISTER}/rialto", json={"client_id": "rialto"})
    one = registrar({"token_scope": None})
    assert one.read(now=tpp.NOW, access_token="rat-1").client_id == "rialto"
    assert bank.calls[-1].request.headers["Authorization"] == "Bearer rat-1"
    with pytest.raises(Refused, match="registration access token"):
        one.read(now=tpp.NOW)


ANSWERS: list[tuple[int, Any, type[ProviderError], str]] = [
    (400, {"error": "invalid_redirect_uri"}, Refused, "invalid_redirect_uri"),
    (400, {"error": "unapproved_software_statement"}, Refused, "unapproved_software_statement"),
    (403, "<html>", Refused, ""),
    (405, "", Refused, ""),
    (400, "<html>", ContractBroken, ""),
    (429, "", Transient, ""),
    (503, "", Transient, ""),
    (201, {"client_secret": "s"}, ContractBroken, ""),
    (201, "eyJ", ContractBroken, ""),
]


@pytest.mark.parametrize(("status", "body", "kind", "code"), ANSWERS)
def test_a_registration_that_fails_is_one_of_our_errors_and_keeps_no_secret(
    bank: responses.RequestsMock, status: int, body: Any, kind: type[ProviderError], code: str
) -> None:
    bank.post(REGISTER, body=body if isinstance(body, str) else json.dumps(body), status=status)
    with pytest.raises(kind) as caught:
        registrar().register(statement(), CALLBACKS, now=tpp.NOW)
    assert (caught.value.step, getattr(caught.value, "code", "")) == ("register", code)
    assert getattr(caught.value, "raw", b"") == b""


WRONG: list[tuple[str, list[str], str]] = [
    ("", CALLBACKS, "not a JWT"),
    ("a.b.c", CALLBACKS, "not a JWT"),
    (statement(software_id=...), CALLBACKS, "software_id"),
    (statement(), ["https://elsewhere.example/cb"], "elsewhere.example"),
]


@pytest.mark.parametrize(("given", "redirect_uris", "word"), WRONG)
def test_what_every_bank_must_refuse_is_not_sent(
    bank: responses.RequestsMock, given: str, redirect_uris: list[str], word: str
) -> None:
    with pytest.raises(Refused, match=word):
        registrar().register(given, redirect_uris, now=tpp.NOW)
    assert len(bank.calls) == 0


def certificate(identifier: str = "PSDGB-FCA-1") -> bytes:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "GB"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Rialto, Ltd"),
            x509.NameAttribute(x509.ObjectIdentifier("2.5.4.97"), identifier),
            x509.NameAttribute(NameOID.COMMON_NAME, "0014H00002LmnTjQAJ"),
        ]
    )
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(tpp.NOW).not_valid_after(tpp.NOW + timedelta(days=1))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


SHAPES: list[tuple[registration.Shape, str]] = [
    ("names", "organizationIdentifier=PSDGB-FCA-1"),
    ("dotted", "2.5.4.97=PSDGB-FCA-1"),
    ("oid_prefix", "OID.2.5.4.97=PSDGB-FCA-1"),
    ("hex", f"2.5.4.97=#0c0b{b'PSDGB-FCA-1'.hex()}"),
]


@pytest.mark.parametrize(("shape", "written"), SHAPES)
def test_a_subject_is_written_as_the_bank_compares_it(shape: registration.Shape, written: str) -> None:
    assert subject_dn(certificate(), shape) == f"CN=0014H00002LmnTjQAJ,{written},O=Rialto\\, Ltd,C=GB"


def test_a_long_identifier_keeps_its_own_encoding() -> None:
    long = "PSDGB-" + "A" * 200
    assert subject_dn(certificate(long), "hex").split(",")[1] == f"2.5.4.97=#0c81ce{long.encode().hex()}"


def test_a_certificate_says_who_we_are_where_the_bank_knows_us_by_it(
    bank: responses.RequestsMock, tmp_path: Path
) -> None:
    path = tmp_path / "transport.pem"
    path.write_bytes(certificate())
    bank.post(REGISTER, json={"client_id": "c-1"}, status=201)
    api = {"token_auth": "tls_client_auth", "client_certificate": [str(path), str(path)]}
    one = registrar({"subject_dn": "hex"}, **api)
    claims = one._claims(statement(), CALLBACKS, tpp.NOW)
    assert str(claims["tls_client_auth_subject_dn"]).startswith("CN=0014H00002LmnTjQAJ,2.5.4.97=#0c0b")
    for unusable in ("", "no certificate"):
        path.write_text(unusable)
        with pytest.raises(Refused, match="certificate"):
            one.register(statement(), CALLBACKS, now=tpp.NOW)


def test_a_bank_without_such_an_interface_is_named() -> None:
    with pytest.raises(CatalogueError, match="albion"):
        registrar_for(tpp.albion(), tpp.tpp())
    with pytest.raises(CatalogueError, match="lorelei"):
        registrar_for(tpp.lorelei(), tpp.tpp())


def test_the_sandbox_registers_reads_updates_and_forgets_us() -> None:
    jwks = answer(json.dumps(tpp.tpp().jwks()).encode())
    with (
        running(say(jwks)) as hub,
        bank_process("sandbox.uk", "--bank", "cambria", "--client-jwks-uri", f"{hub.url}/jwks") as url,
    ):
        cambria = load_institutions([BUILT_IN_INSTITUTIONS])["cambria"]
        one = registration.registrar_for(moved(cambria, url), tpp.tpp(), limits=QUICK)
        now = datetime.now(UTC)
        with pytest.raises(Refused):
            one.read(now=now)
        made = one.register(statement(), CALLBACKS, now=now)
        assert made.client_id == "rialto"
        assert made.issued_at is not None
        assert abs(made.issued_at - now) < timedelta(minutes=1)
        assert json.loads(one.read(now=now).raw)["redirect_uris"] == CALLBACKS
        assert one.update(statement(), CALLBACKS, now=now).client_id == "rialto"
        with pytest.raises(Refused, match="invalid_redirect_uri"):
            one.update(statement(software_redirect_uris=...), ["https://elsewhere.example/cb"], now=now)
        one.delete(now=now)
        with pytest.raises(Refused):
            one.read(now=now)
