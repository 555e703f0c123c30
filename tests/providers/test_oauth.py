"""The client's half of OAuth, and of JARM: proofs as their RFCs write them, and no word believed too early."""

import base64
import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
import responses
from joserfc import jwt

from providers.errors import ContractBroken, ReconsentRequired, Refused, Transient
from providers.fapi import jarm
from providers.oauth import callback as callbacks
from providers.oauth.client_auth import ClientAuth, certificate_only, private_key_jwt, secret_basic, secret_post
from providers.oauth.pkce import code_challenge, new_code_verifier
from providers.oauth.tokens import TokenEndpoint, expires_at
from providers.transport import Transport
from tests.providers import tpp

TOKEN_URL = "https://bank.example/token"
GOOD = {"access_token": "at-1", "token_type": "bearer", "expires_in": "300"}
JWKS = json.dumps(tpp.bank_jwks()).encode()


def endpoint(auth: ClientAuth) -> TokenEndpoint:
    return TokenEndpoint(Transport("bank", (TOKEN_URL,)), TOKEN_URL, auth)


@responses.activate
def asked(auth: ClientAuth) -> tuple[dict[str, list[str]], Any]:
    responses.post(TOKEN_URL, json=GOOD)
    endpoint(auth).ask({"grant_type": "client_credentials"}, now=tpp.NOW)
    request = responses.calls[0].request
    return parse_qs(str(request.body)), request.headers


def test_each_proof_goes_where_its_rfc_puts_it() -> None:
    form, headers = asked(certificate_only("c"))
    assert form == {"grant_type": ["client_credentials"], "client_id": ["c"]}
    form, headers = asked(secret_post("c", "s"))
    assert (form["client_id"], form["client_secret"]) == (["c"], ["s"])
    form, headers = asked(secret_basic("c:1", "s é"))
    assert form == {"grant_type": ["client_credentials"]}
    scheme, value = headers["Authorization"].split()
    assert (scheme, base64.b64decode(value)) == ("Basic", b"c%3A1:s%20%C3%A9")
    form, headers = asked(private_key_jwt(tpp.tpp(), "c", TOKEN_URL))
    assert form["client_id"] == ["c"]
    claims = jwt.decode(form["client_assertion"][0], tpp.tpp_key(), algorithms=["PS256"]).claims
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("c", "c", TOKEN_URL)


def test_a_proof_is_not_shown() -> None:
    for auth in (secret_post("c", "hush"), secret_basic("c", "hush")):
        assert "hush" not in repr(auth(tpp.NOW))
        assert "hush" not in repr(endpoint(auth))


@responses.activate
def test_a_grant_that_has_ended_needs_the_psu() -> None:
    responses.post(TOKEN_URL, json={"error": "invalid_grant"}, status=400)
    with pytest.raises(ReconsentRequired):
        endpoint(certificate_only("c")).renew("rt", now=tpp.NOW)
    with pytest.raises(Refused):
        endpoint(certificate_only("c")).ask({"grant_type": "authorization_code"}, now=tpp.NOW)


def test_the_code_challenge_is_the_rfcs() -> None:
    # RFC 7636 appendix B
    assert (
        code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )
    assert 43 <= len(new_code_verifier()) <= 128


CALLBACKS: list[tuple[dict[str, str], type[Exception]]] = [
    ({}, ContractBroken),
    ({"code": ""}, ContractBroken),
    ({"code": "c", "iss": "https://other.example"}, ContractBroken),
    ({"error": "access_denied", "code": "c"}, Refused),
    ({"error": "server_error"}, Transient),
    ({"error": "<script>"}, Refused),
]


@pytest.mark.parametrize(("callback", "kind"), CALLBACKS)
def test_a_callback_without_a_good_code_is_an_error(callback: dict[str, str], kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        callbacks.code_of(callback, issuer="https://bank.example")
    assert "<" not in str(caught.value)


def test_a_token_answer_says_when_it_ends_or_does_not() -> None:
    with responses.RequestsMock() as bank:
        bank.post(TOKEN_URL, json=GOOD)
        tokens = endpoint(certificate_only("c")).ask({}, now=tpp.NOW)
    assert expires_at(tokens, tpp.NOW) == tpp.NOW + timedelta(seconds=300)
    assert "at-1" not in repr(tokens)


def response_jwt(**changed: Any) -> dict[str, str]:
    claims = {"iss": tpp.UK, "aud": "rialto", "exp": int(tpp.NOW.timestamp()) + 60, "state": "s", "code": "c"} | changed
    return {"response": tpp.id_token({name: value for name, value in claims.items() if value is not ...})}


def read(callback: dict[str, str]) -> dict[str, str]:
    return jarm.read(callback, JWKS, issuer=tpp.UK, client_id="rialto", now=tpp.NOW)


def test_a_signed_response_is_read() -> None:
    assert read(response_jwt())["code"] == "c"
    assert read(response_jwt(aud=["rialto", "x"], code=..., error="access_denied"))["error"] == "access_denied"


UNSIGNED = ".".join(
    base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
    for part in ({"alg": "none"}, {"iss": tpp.UK, "aud": "rialto", "exp": 4e9, "code": "c"})
)
RESPONSES = [
    {},
    {"code": "c", "state": "s"},
    {"response": "x"},
    {"response": f"{UNSIGNED}."},
    response_jwt(iss="https://other.example"),
    response_jwt(aud="other"),
    response_jwt(exp=...),
    response_jwt(exp=int(tpp.NOW.timestamp()) - 60),
    {"response": tpp.id_token({"iss": tpp.UK, "aud": "rialto", "exp": 4e9}, key=tpp.bank_key("other"))},
    {"response": tpp.id_token({"iss": tpp.UK, "aud": "rialto", "exp": 4e9}, alg="RS256")},
]


@pytest.mark.parametrize("callback", RESPONSES)
def test_a_response_that_is_not_the_banks_word_to_us_is_refused(callback: dict[str, str]) -> None:
    with pytest.raises(ContractBroken):
        read(callback)
