"""A password that only the bank may read: encrypted to a key that is the bank's by its file, and to no other."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import responses
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwe
from joserfc.jwk import ECKey, RSAKey

from providers.berlin_group.adapter import BerlinGroupAdapter
from providers.errors import ContractBroken, ProviderError, Transient
from providers.port import LinkStart, Psu
from providers.registry import CatalogueError
from tests.certificates import self_signed
from tests.providers import tpp

CONSENTS = f"{tpp.BERLIN}/v1/consents"
STEP = f"{CONSENTS}/consent-1/authorisations/auth-1"
JWKS = "https://keys.bank.example/jwks"
PASSWORD = "Pässword & more"
PLAIN, MORE = "updatePsuAuthentication", "updateAdditionalPsuAuthentication"
LINKS = [
    ("startAuthorisationWithEncryptedPsuAuthentication", "POST", "encryptedPassword"),
    ("updateEncryptedPsuAuthentication", "PUT", "encryptedPassword"),
    ("updateAdditionalEncryptedPsuAuthentication", "PUT", "additionalEncryptedPassword"),
    (PLAIN, "PUT", "encryptedPassword"),
    (MORE, "PUT", "additionalEncryptedPassword"),
]


@pytest.fixture
def bank() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(JWKS, json={"keys": published("bank-enc")})
        yield mock


def published(*kids: str, **changes: Any) -> list[dict[str, Any]]:
    return [{**tpp.encryption_key(kid).as_dict(private=False), **changes} for kid in kids]


def adapter(**key: Any) -> BerlinGroupAdapter:
    return BerlinGroupAdapter(tpp.lorelei(approach="embedded", password_key=key or {"jwks_url": JWKS}), tpp.tpp())


def answered(bank: responses.RequestsMock, one: BerlinGroupAdapter, links: dict[str, str], method: str = "PUT") -> Any:
    """psuData as it reached the bank."""
    told = {"consentStatus": "received", "consentId": "consent-1", "_links": links}
    bank.post(CONSENTS, json=told, status=201)
    bank.add(method, STEP, json={"scaStatus": "started", "psuMessage": "Look."})
    start = one.start(tpp.link_request())
    names = {"psu_id": "alice", "password": PASSWORD}
    asked = [field.name for field in start.step.fields]  # type: ignore[union-attr]
    after = one.advance(start.state, {name: names[name] for name in asked}, now=tpp.NOW, psu=Psu())
    assert isinstance(after, LinkStart)
    assert PASSWORD not in str(after.state.data)
    return json.loads(bank.calls[-1].request.body or "")["psuData"]


def opened(token: str, key: RSAKey) -> tuple[str, dict[str, Any]]:
    found = jwe.decrypt_compact(token, key, algorithms=["RSA-OAEP-256", "RSA-OAEP", "A256GCM", "A128CBC-HS256"])
    return (found.plaintext or b"").decode(), found.headers()


@pytest.mark.parametrize(("link", "method", "name"), LINKS)
def test_no_password_leaves_in_the_clear_whatever_the_bank_offers(
    bank: responses.RequestsMock, link: str, method: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sent = answered(bank, adapter(), {link: STEP}, method)
    assert set(sent) == {name}
    assert opened(sent[name], tpp.encryption_key("bank-enc")) == (
        PASSWORD,
        {"alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": "bank-enc"},
    )
    assert PASSWORD not in caplog.text
    assert not any(PASSWORD in str(call.request.body) for call in bank.calls)


def test_the_encrypted_way_is_taken_where_both_are_offered(bank: responses.RequestsMock) -> None:
    sent = answered(bank, adapter(), {PLAIN: f"{STEP}/plain", "updateEncryptedPsuAuthentication": STEP})
    assert set(sent) == {"encryptedPassword"}


@pytest.mark.parametrize("kind", ["certificate", "public key"])
def test_the_key_may_be_a_file_that_the_operator_has_from_the_bank(
    bank: responses.RequestsMock, tmp_path: Path, kind: str
) -> None:
    key = tpp.encryption_key("file")
    path = tmp_path / "bank.pem"
    if kind == "certificate":
        path.write_text(self_signed(key=key.private_key).pem)
    else:
        path.write_bytes(key.as_pem(private=False))
    one = adapter(key_file=str(path), algorithm="RSA-OAEP", encryption="A128CBC-HS256")
    sent = answered(bank, one, {PLAIN: STEP})
    assert opened(sent["encryptedPassword"], key)[0] == PASSWORD
    assert not [call for call in bank.calls if call.request.url == JWKS]


def test_two_passwords_are_never_the_same_text(bank: responses.RequestsMock) -> None:
    first = answered(bank, adapter(), {PLAIN: STEP})
    assert answered(bank, adapter(), {PLAIN: STEP}) != first


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"status": 503}, Transient),
        ({"status": 404}, Transient),
        ({"body": "<html>"}, ContractBroken),
        ({"json": {"keys": []}}, ContractBroken),
        ({"json": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}}, ContractBroken),
        ({"json": {"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]}}, ContractBroken),
        ({"json": {"keys": published("bank-enc", use="sig")}}, ContractBroken),
        ({"json": {"keys": [ECKey.generate_key("P-256").as_dict(private=False)]}}, ContractBroken),
    ],
)
def test_without_a_key_that_can_be_used_no_password_is_sent(
    bank: responses.RequestsMock, answer: dict[str, Any], error: type[ProviderError]
) -> None:
    bank.replace("GET", JWKS, **answer)
    with pytest.raises(error):
        answered(bank, adapter(), {PLAIN: STEP})
    assert not [call for call in bank.calls if call.request.url == STEP]


def test_a_named_key_is_taken_and_no_other(bank: responses.RequestsMock) -> None:
    bank.replace("GET", JWKS, json={"keys": published("bank-enc", "next")})
    sent = answered(bank, adapter(jwks_url=JWKS, kid="next"), {PLAIN: STEP})
    assert opened(sent["encryptedPassword"], tpp.encryption_key("next"))[0] == PASSWORD
    bank.replace("GET", JWKS, json={"keys": published("bank-enc")})
    with pytest.raises(ContractBroken):
        answered(bank, adapter(jwks_url=JWKS, kid="next"), {PLAIN: STEP})


def test_a_key_file_that_holds_no_key_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "bank.pem"
    weak = rsa.generate_private_key(65537, 1024).public_key()
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    for content in (b"", b"-----BEGIN CERTIFICATE-----", weak.public_bytes(serialization.Encoding.PEM, spki)):
        path.write_bytes(content)
        with pytest.raises(CatalogueError, match="key_file"):
            adapter(key_file=str(path))
    with pytest.raises(CatalogueError, match="cannot be read"):
        adapter(key_file=str(tmp_path / "none"))


@pytest.mark.parametrize("key", [{"kid": "x"}, {"jwks_url": JWKS, "key_file": "x"}, {"jwks_url": "http://keys.x/"}])
def test_a_bank_file_names_one_key(key: dict[str, str]) -> None:
    with pytest.raises(CatalogueError):
        adapter(**key)
