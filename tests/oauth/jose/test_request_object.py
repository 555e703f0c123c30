"""Request objects: RFC 9101 and FAPI 2.0 Message Signing 5.3.1, a row for each way to be wrong."""

import json
from datetime import timedelta
from typing import Any

import pytest

from hub.oauth.jose.algorithms import OIDC_ALGORITHMS
from hub.oauth.jose.public_key import read_jwks
from hub.oauth.jose.read import BadJwt
from hub.oauth.jose.request_object import read_request_object
from tests.oauth.jose.material import AT, CLIENT, ES, ISSUER, KEYS, NOW, OTHER, RS
from tests.oauth.signing import LEFT_OUT, ClientKey

PARAMETERS = {"response_type": "code", "redirect_uri": "https://app.example/cb", "scope": "openid", "state": "s"}


def _object(*, key: ClientKey = ES, header: dict[str, Any] | None = None, **claims: Any) -> str:
    return key.request_object({**PARAMETERS, **claims}, client_id=CLIENT, issuer=ISSUER, now=NOW, header=header)


def _read(token: str, *, key: ClientKey = ES, strict: bool = True, later_s: int = 0) -> dict[str, str | list[str]]:
    now = NOW + timedelta(seconds=later_s)
    keys = read_jwks(key.jwks())
    return read_request_object(token, client_id=CLIENT, keys=keys, issuer=ISSUER, now=now, strict=strict)


@pytest.mark.parametrize("alg", KEYS)
def test_what_comes_out_are_the_parameters_and_nothing_of_the_jwt(alg: str) -> None:
    token = _object(key=KEYS[alg], jti="once", sub="alice")
    assert _read(token, key=KEYS[alg]) == {**PARAMETERS, "client_id": CLIENT}


GOOD: dict[str, dict[str, Any]] = {
    "aud an array with the issuer": {"aud": ["https://other.example", ISSUER]},
    "nbf 8 s ahead": {"nbf": AT + 8, "iat": AT + 8},
    "nbf almost an hour ago": {"nbf": AT - 3599, "exp": AT + 1},
    "an hour long": {"exp": AT + 3600},
    "no iat": {"iat": LEFT_OUT},
}


@pytest.mark.parametrize("claims", GOOD.values(), ids=GOOD.keys())
def test_good(claims: dict[str, Any]) -> None:
    assert _read(_object(**claims))["scope"] == "openid"


@pytest.mark.parametrize("typ", [LEFT_OUT, "JWT", "oauth-authz-req+jwt", "application/oauth-authz-req+jwt"])
def test_types_of_a_request_object(typ: Any) -> None:
    assert _read(_object(header={"typ": typ}))


# What is wrong wherever it is present, and what only FAPI demands.
ALWAYS_BAD: dict[str, dict[str, Any]] = {
    "aud the PAR endpoint": {"aud": f"{ISSUER}/oauth/par"},
    "aud an array without us": {"aud": ["https://other.example"]},
    "aud an empty array": {"aud": []},
    "aud a crowd": {"aud": [ISSUER] * 11},
    "iss another client": {"iss": "another"},
    "client_id another client": {"client_id": "another"},
    "client_id a number": {"client_id": 5},
    "sub the client, as in an assertion": {"sub": CLIENT},
    "exp passed": {"exp": AT - 1},
    "exp a string": {"exp": "later"},
    "nbf 61 s ahead": {"nbf": AT + 61},
    "iat 61 s ahead": {"iat": AT + 61},
    "a request inside": {"request": "x.y.z"},
    "a request_uri inside": {"request_uri": "urn:ietf:params:oauth:request_uri:x"},
}
BAD_FOR_FAPI: dict[str, dict[str, Any]] = {
    "no aud": {"aud": LEFT_OUT},
    "no iss": {"iss": LEFT_OUT},
    "no client_id": {"client_id": LEFT_OUT},
    "no nbf": {"nbf": LEFT_OUT},
    "no exp": {"exp": LEFT_OUT},
    "nbf over an hour ago": {"nbf": AT - 3601, "exp": AT + 60},
    "more than an hour long": {"exp": AT + 3601},
}


@pytest.mark.parametrize("claims", (ALWAYS_BAD | BAD_FOR_FAPI).values(), ids=(ALWAYS_BAD | BAD_FOR_FAPI).keys())
def test_bad_for_fapi(claims: dict[str, Any]) -> None:
    with pytest.raises(BadJwt) as refused:
        _read(_object(**claims))
    assert refused.value.why.endswith(".")


@pytest.mark.parametrize("claims", ALWAYS_BAD.values(), ids=ALWAYS_BAD.keys())
def test_bad_for_openid_connect_too(claims: dict[str, Any]) -> None:
    with pytest.raises(BadJwt):
        _read(_object(**claims), strict=False)


@pytest.mark.parametrize("claims", BAD_FOR_FAPI.values(), ids=BAD_FOR_FAPI.keys())
def test_good_enough_for_openid_connect(claims: dict[str, Any]) -> None:
    assert _read(_object(**claims), strict=False)["state"] == "s"


def test_it_ends_at_exp() -> None:
    token = _object(exp=AT + 60)
    assert _read(token, later_s=59)
    with pytest.raises(BadJwt, match="exp has passed"):
        _read(token, later_s=60)


FORGED = {
    "another client's key": _object(key=OTHER),
    "none": "eyJhbGciOiJub25lIn0." + _object().split(".")[1] + ".",
    "an assertion": ES.assertion(client_id=CLIENT, issuer=ISSUER, now=NOW),
    "a proof": ES.proof(method="POST", url=f"{ISSUER}/oauth/par", now=NOW),
    "typ of an access token": _object(header={"typ": "at+jwt"}),
    "cut": _object()[:-3],
}


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED.keys())
def test_forged(token: str, strict: bool) -> None:
    with pytest.raises(BadJwt):
        _read(token, strict=strict)


def test_rs256_is_for_sign_in_clients_only() -> None:
    with pytest.raises(BadJwt, match="alg"):
        _read(_object(key=RS), key=RS)
    keys = read_jwks(RS.jwks())
    assert read_request_object(
        _object(key=RS), client_id=CLIENT, keys=keys, issuer=ISSUER, now=NOW, algorithms=OIDC_ALGORITHMS, strict=False
    )


def test_values_become_what_a_form_would_have_carried() -> None:
    details = [{"type": "account_information", "name": "Zürich"}]
    claims = {"id_token": {"acr": {"essential": True, "value": "phr"}}}
    read = _read(
        _object(
            claims=claims,
            authorization_details=details,
            max_age=300,
            resource=["https://a.example", "https://b.example"],
            strange=[1],
            flag=True,
            nonce=None,
        )
    )
    assert isinstance(read["claims"], str)
    assert json.loads(read["claims"]) == claims
    assert isinstance(read["authorization_details"], str)
    assert json.loads(read["authorization_details"]) == details
    assert read["resource"] == ["https://a.example", "https://b.example"]
    assert (read["max_age"], read["strange"], read["flag"]) == ("300", "[1]", "true")
    assert "nonce" not in read


def test_a_resource_that_is_no_list_of_strings_is_no_list() -> None:
    assert _read(_object(resource=["https://a.example", 5]))["resource"] == '["https://a.example",5]'
