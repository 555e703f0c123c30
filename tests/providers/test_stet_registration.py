"""Registering with a French bank: what is said of us, what comes of it, and who may change it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import responses
from cryptography import x509

from providers.errors import ContractBroken, ProviderError, Refused, Transient
from providers.registry import BUILT_IN_INSTITUTIONS, CatalogueError, load_institutions, registrar_for
from providers.signing.seal import Seal
from providers.stet import registration
from providers.stet.registration import StetRegistrar
from providers.tpp import Tpp
from tests.certificates import Authority
from tests.providers import tpp
from tests.providers.misbehaving import answer, running, say
from tests.providers.sandbox_banks import bank_process
from tests.providers.test_against_sandbox import QUICK, moved

REGISTER = f"{tpp.STET}/register"
WANTS: dict[str, Any] = {
    "endpoint": REGISTER,
    "contacts": ["operator@hub.example"],
    "provider_legal_id": "PSDFR-ACPR-12345",
}
SIGNING = {"key_id": "{kid}"}
CALLBACKS = [tpp.CALLBACK]
MADE = {"client_id": "c-1", "registration_access_token": "rat-1", "registration_client_uri": f"{REGISTER}/c-1"}


@pytest.fixture
def bank() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def registrar(wants: dict[str, Any] | None = None, us: Tpp | None = None, **api: Any) -> StetRegistrar:
    said = {name: value for name, value in (WANTS | (wants or {})).items() if value is not ...}
    return registration.registrar_for(tpp.melusine(registration=said, **({"signing": SIGNING} | api)), us or tpp.tpp())


def sent(bank: responses.RequestsMock) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(bank.calls[-1].request.body or b"{}")
    return told


def test_a_registration_says_what_we_are_and_is_signed(bank: responses.RequestsMock) -> None:
    bank.post(REGISTER, json=MADE | {"client_secret": "s", "client_secret_expires_at": 0}, status=201)
    made = registrar({"client_name": "Rialto, your money"}).register(None, CALLBACKS, now=tpp.NOW)
    assert (made.client_id, made.client_secret, made.secret_expires_at) == ("c-1", "s", None)
    assert (made.access_token, made.uri) == ("rat-1", f"{REGISTER}/c-1")
    assert not {"'s'", "rat-1"} & set(repr(made).split())
    told = sent(bank)
    assert told["redirect_uris"] == CALLBACKS
    assert (told["token_endpoint_auth_method"], told["response_types"]) == ("tls_client_auth", ["code"])
    assert (told["client_name"], told["scope"]) == ("Rialto, your money", "aisp")
    assert (told["contacts"], told["provider_legal_id"]) == (["operator@hub.example"], "PSDFR-ACPR-12345")
    (key,) = told["jwks"]["keys"]
    assert (key["kid"], key["use"], "d" in key) == ("tpp-1", "sig", False)
    assert not {"jwks_uri", "software_statement", "client_id"} & set(told)
    headers = bank.calls[-1].request.headers
    assert {"Digest", "Signature", "X-Request-ID"} <= set(headers)
    assert "Authorization" not in headers
    registrar().register("a.b.c", CALLBACKS, now=tpp.NOW)
    assert sent(bank)["software_statement"] == "a.b.c"


def test_a_bank_that_wants_a_token_first_gets_one_by_our_certificate(bank: responses.RequestsMock) -> None:
    bank.post(f"{tpp.STET}/oauth/token", json={"access_token": "at-1", "token_type": "Bearer"})
    bank.post(REGISTER, json=MADE, status=201)
    registrar({"token_scope": "aisp"}, client_auth="secret_basic").register(None, CALLBACKS, now=tpp.NOW)
    asked = parse_qs(str(bank.calls[0].request.body))
    assert asked == {"grant_type": ["client_credentials"], "scope": ["aisp"], "client_id": ["PSDFR-ACPR-1"]}
    assert bank.calls[-1].request.headers["Authorization"] == "Bearer at-1"
    assert sent(bank)["token_endpoint_auth_method"] == "client_secret_basic", "the secret is what comes of it"


def test_changing_says_everything_again_under_our_name(bank: responses.RequestsMock) -> None:
    own = f"{REGISTER}/PSDFR-ACPR-1"
    bank.put(own, json=MADE | {"client_id": "PSDFR-ACPR-1"})
    bank.get(own, json=MADE)
    bank.delete(own, status=204)
    registrar().update(None, CALLBACKS, now=tpp.NOW, access_token="rat-1")
    assert (sent(bank)["client_id"], sent(bank)["redirect_uris"]) == ("PSDFR-ACPR-1", CALLBACKS)
    registrar().read(now=tpp.NOW, access_token="rat-1")
    registrar().delete(now=tpp.NOW, access_token="rat-1")
    assert {call.request.headers["Authorization"] for call in bank.calls} == {"Bearer rat-1"}


def with_qwac(folder: Path, *, names_us: bool) -> Tpp:
    subject = [x509.NameAttribute(x509.ObjectIdentifier("2.5.4.97"), "PSDFR-ACPR-99999")] if names_us else []
    subject.append(x509.NameAttribute(x509.NameOID.COMMON_NAME, "Rialto"))
    issued = Authority().issue(x509.Name(subject))
    certificate, key = issued.write(folder, "qwac")
    return replace(tpp.tpp(), client_certificate=(str(certificate), str(key)))


def test_our_authorisation_number_is_read_from_the_certificate(bank: responses.RequestsMock, tmp_path: Path) -> None:
    bank.post(REGISTER, json=MADE, status=201)
    silent = {"provider_legal_id": ...}
    registrar(silent, with_qwac(tmp_path, names_us=True)).register(None, CALLBACKS, now=tpp.NOW)
    assert sent(bank)["provider_legal_id"] == "PSDFR-ACPR-99999"
    for us in (with_qwac(tmp_path, names_us=False), tpp.tpp()):
        with pytest.raises(Refused) as caught:
            registrar(silent, us).register(None, CALLBACKS, now=tpp.NOW)
        assert caught.value.code == "no_certificate"


def test_a_seal_goes_with_its_certificate(bank: responses.RequestsMock) -> None:
    bank.post(REGISTER, json=MADE, status=201)
    issued = Authority().issue("seal")
    seal = Seal(tpp.tpp().signing_key_pem, certificate_pem=issued.pem.encode())
    us = replace(tpp.tpp(), qualified_seal=seal)
    registrar(us=us, signing={"key_id": "https://hub.example/seal.pem_{fingerprint}"}).register(
        None, CALLBACKS, now=tpp.NOW
    )
    (key,) = sent(bank)["jwks"]["keys"]
    assert len(key["x5c"]) == 1
    assert "kid" not in key


MOMENTS: list[tuple[Any, datetime | None]] = [
    (1_767_225_600, datetime(2026, 1, 1, tzinfo=UTC)),
    ("1767225600", datetime(2026, 1, 1, tzinfo=UTC)),
    ("2026-01-01T00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC)),
    ("2026-01-01T00:00:00", datetime(2026, 1, 1, tzinfo=UTC)),
    (0, None),
    (None, None),
    ("soon", None),
    (10**30, None),
]


@pytest.mark.parametrize(("given", "moment"), MOMENTS)
def test_moments_come_as_seconds_or_as_dates(bank: responses.RequestsMock, given: Any, moment: datetime | None) -> None:
    bank.post(REGISTER, json=MADE | {"client_secret_expires_at": given}, status=201)
    assert registrar().register(None, CALLBACKS, now=tpp.NOW).secret_expires_at == moment


REFUSALS: list[tuple[int, dict[str, Any], type[ProviderError]]] = [
    (400, {"status": 400, "error": "Bad Request", "message": "Missing parameter"}, Refused),
    (401, {}, Refused),
    (403, {}, Refused),
    (501, {}, Transient),
    (429, {}, Transient),
    (503, {}, Transient),
    (201, {"client_secret": "hush"}, ContractBroken),
    (202, {}, ContractBroken),
]


@pytest.mark.parametrize(("status", "body", "kind"), REFUSALS)
def test_what_each_refusal_means(
    bank: responses.RequestsMock, status: int, body: dict[str, Any], kind: type[ProviderError]
) -> None:
    bank.post(REGISTER, json=body, status=status)
    with pytest.raises(kind) as caught:
        registrar().register(None, CALLBACKS, now=tpp.NOW)
    assert caught.value.step == "register"
    assert "hush" not in f"{caught.value!r}{getattr(caught.value, 'raw', b'')!r}"


def test_a_file_that_says_nothing_of_it_is_named() -> None:
    with pytest.raises(CatalogueError, match=r"melusine.*not described"):
        registrar_for(tpp.melusine(), tpp.tpp())
    broken: list[dict[str, Any]] = [
        {"contacts": []},
        {"provider_legal_id": "12345"},
        {"endpoint": "register"},
        {"extra": 1},
    ]
    for wrong in broken:
        with pytest.raises(CatalogueError, match="melusine"):
            registrar(wrong)


@contextmanager
def at_melusine(us: Tpp) -> Iterator[StetRegistrar]:
    institution = load_institutions([BUILT_IN_INSTITUTIONS])["melusine"]
    jwks = answer(json.dumps(tpp.tpp().jwks()).encode())
    with running(say(jwks)) as hub, bank_process("sandbox.stet", "--client-jwks-uri", f"{hub.url}/jwks") as url:
        yield registration.registrar_for(moved(institution, url), us, limits=QUICK)


def test_a_whole_life_of_a_registration_at_the_sandbox_bank() -> None:
    with at_melusine(tpp.tpp()) as bank:
        made = bank.register(None, CALLBACKS, now=tpp.NOW)
        assert (made.client_id, made.uri is not None) == ("rialto", True)
        token = made.access_token
        assert json.loads(bank.read(now=tpp.NOW, access_token=token).raw)["provider_legal_id"] == "PSDFR-ACPR-12345"
        assert bank.update(None, CALLBACKS, now=tpp.NOW, access_token=token).client_id == "rialto"
        with pytest.raises(Refused):
            bank.update(None, ["https://evil.example/callback"], now=tpp.NOW, access_token=token)
        for wrong in (None, "guessed"):
            with pytest.raises(Refused):
                bank.delete(now=tpp.NOW, access_token=wrong)
        bank.delete(now=tpp.NOW, access_token=token)
        with pytest.raises(Refused):
            bank.read(now=tpp.NOW, access_token=token)


def test_the_sandbox_bank_registers_nobody_whose_signature_does_not_fit() -> None:
    stranger = Tpp("Mallory", tpp.bank_key("mallory").as_pem(private=True), tpp.tpp().kid)
    with at_melusine(stranger) as bank, pytest.raises(Refused):
        bank.register(None, CALLBACKS, now=tpp.NOW)
