"""An ID token is believed only if the bank signed it, with a good algorithm, for this very attempt."""

import base64
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest

from providers.errors import ContractBroken
from providers.fapi import id_token
from tests.providers import tpp

EXPECTED = id_token.Expected(
    tpp.UK, "rialto", "nonce-1", access_token="at-1", exactly={"openbanking_intent_id": "consent-1"}
)
JWKS = json.dumps(tpp.bank_jwks()).encode()


def check(token: str, jwks: bytes = JWKS, *, later_s: int = 0) -> None:
    id_token.check(token, jwks, EXPECTED, now=tpp.NOW + timedelta(seconds=later_s))


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"aud": ["rialto"]},
        {"aud": ["rialto", "other"], "azp": "rialto"},
        {"at_hash": id_token.half_hash("at-1")},
        {"iat": ...},
    ],
)
def test_the_banks_word_on_this_attempt_is_believed(changed: dict[str, Any]) -> None:
    check(tpp.id_token(tpp.id_token_claims(**changed)))


WRONG = [
    ("iss", {"iss": "http://127.0.0.1:9999"}),
    ("iss", {"iss": ...}),
    ("aud", {"aud": "other"}),
    ("aud", {"aud": ["other"]}),
    ("aud", {"aud": ...}),
    ("azp", {"aud": ["rialto", "other"]}),
    ("azp", {"azp": "other"}),
    ("nonce", {"nonce": "nonce-2"}),
    ("nonce", {"nonce": ...}),
    ("nonce", {"nonce": 1}),
    ("exp", {"exp": ...}),
    ("exp", {"exp": "2099-01-01"}),
    ("exp", {"exp": True}),
    ("exp", {"exp": int(tpp.NOW.timestamp()) - 3600}),
    ("iat", {"iat": int(tpp.NOW.timestamp()) + 3600}),
    ("openbanking_intent_id", {"openbanking_intent_id": "consent-2"}),
    ("openbanking_intent_id", {"openbanking_intent_id": ...}),
    ("at_hash", {"at_hash": id_token.half_hash("at-2")}),
]


@pytest.mark.parametrize(("rule", "changed"), WRONG)
def test_a_token_of_another_attempt_is_refused(rule: str, changed: dict[str, Any]) -> None:
    with pytest.raises(ContractBroken, match=f"ID token: {rule} "):
        check(tpp.id_token(tpp.id_token_claims(**changed)))


def test_a_token_expires() -> None:
    with pytest.raises(ContractBroken, match="exp"):
        check(tpp.id_token(tpp.id_token_claims()), later_s=400)


def test_no_signature_is_no_word() -> None:
    unsigned = f"{part({'alg': 'none'})}.{part(tpp.id_token_claims())}."
    with pytest.raises(ContractBroken):
        check(unsigned)


def test_rs256_is_refused_even_with_the_banks_own_key() -> None:
    with pytest.raises(ContractBroken):
        check(tpp.id_token(tpp.id_token_claims(), alg="RS256"))


def test_the_public_key_is_no_hmac_secret() -> None:
    signed = f"{part({'alg': 'HS256', 'kid': 'bank-1'})}.{part(tpp.id_token_claims())}"
    mac = hmac.new(tpp.bank_key().as_pem(private=False), signed.encode(), "sha256").digest()
    with pytest.raises(ContractBroken):
        check(f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}")


def test_another_key_under_the_banks_name_is_refused() -> None:
    with pytest.raises(ContractBroken):
        check(tpp.id_token(tpp.id_token_claims(), key=tpp.bank_key("other")))


def test_a_key_that_is_not_in_the_set_is_refused() -> None:
    with pytest.raises(ContractBroken):
        check(tpp.id_token(tpp.id_token_claims(), kid="other", key=tpp.bank_key("other")))


def test_a_changed_claim_breaks_the_signature() -> None:
    head, _, signature = tpp.id_token(tpp.id_token_claims()).split(".")
    with pytest.raises(ContractBroken):
        check(f"{head}.{part(tpp.id_token_claims(nonce='nonce-1', sub='charlie'))}.{signature}")


NO_LIST = part({"alg": "PS256", "crit": 1}) + ".e30.c"
DEEP = base64.urlsafe_b64encode(b"[" * 30_000).decode() + ".e30.c"


@pytest.mark.parametrize(
    "token", ["", "a", "a.b", "a.b.c", "....", "é.é.é", "sample_id_token", part([]) + ".e30.c", NO_LIST, DEEP]
)
def test_garbage_is_a_broken_contract(token: str) -> None:
    with pytest.raises(ContractBroken):
        check(token)


ENCRYPTION_ONLY = {"keys": [tpp.bank_key().as_dict(private=False) | {"use": "enc"}]}
SETS = [
    b"",
    b"<html>",
    b"{}",
    b'{"keys":{}}',
    b'{"keys":[]}',
    b'{"keys":[{"kty":"oct","k":"AAAA"}]}',
    b'{"keys":[{"kty":"RSA","n":"!","e":1}]}',
    b'{"keys":[{"kty":"EC"}]}',
    json.dumps(ENCRYPTION_ONLY).encode(),
    b'{"keys":[{"kty":"RSA","n":"AQAB","e":""}]}',
    b'{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}',
]


@pytest.mark.parametrize("jwks", SETS)
def test_a_jwks_without_a_usable_key_is_a_broken_contract(jwks: bytes) -> None:
    with pytest.raises(ContractBroken):
        check(tpp.id_token(tpp.id_token_claims()), jwks)


def test_a_broken_key_beside_the_good_one_does_no_harm() -> None:
    keys = [{"kty": "RSA"}, {"kty": "OKP", "crv": "Ed25519", "x": "?"}, *tpp.bank_jwks()["keys"]]
    check(tpp.id_token(tpp.id_token_claims()), json.dumps({"keys": keys}).encode())
