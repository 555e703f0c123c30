"""JWTs that a client should not have signed so, or did not: as client assertion, and as request object (RFC 8725)."""

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest
from joserfc.jwk import ECKey, OctKey
from joserfc.jws import JWSRegistry

from tests.conformance.provider import Provider
from tests.conformance.rp import ASSERTION_TYPE, Client, bank_client, refused
from tests.oauth.signing import LEFT_OUT, ClientKey, b64, compact

PUSHED = "pushed_authorization_request_endpoint"
Given = dict[str, Any]


@pytest.fixture(scope="module")
def client(provider: Provider) -> Client:
    return bank_client(provider, signing=True)


@pytest.fixture(scope="module")
def other(provider: Provider) -> Client:
    return bank_client(provider, signing=True)


def header(**members: Any) -> Callable[[Client, Client, Given], str]:
    return lambda client, other, claims: client.signing.sign(claims, typ="JWT", header=members)


def payload(raw: bytes) -> Callable[[Client, Client, Given], str]:
    return lambda client, other, claims: compact({"alg": "ES256", "kid": "key-1"}, raw, client.signing.key)


def claim(**changes: Any) -> Callable[[Client, Client, Given], str]:
    return lambda client, other, claims: client.signing.sign(claims | changes, typ="JWT")


def parts(client: Client, claims: Given) -> list[str]:
    return client.signing.sign(claims, typ="JWT").split(".")


def unsigned(client: Client, other: Client, claims: Given) -> str:
    return b64(orjson.dumps({"alg": "none"})) + "." + b64(orjson.dumps(claims)) + "."


def by_hmac(client: Client, other: Client, claims: Given) -> str:
    """HS256 with the client's public key as the secret (RFC 8725 2.1)."""
    signed = b64(orjson.dumps({"alg": "HS256", "kid": "key-1"})) + "." + b64(orjson.dumps(claims))
    secret = OctKey.import_key(orjson.dumps(client.signing.jwk()))
    return f"{signed}.{b64(JWSRegistry.algorithms['HS256'].sign(signed.encode(), secret))}"


def of_another_curve(client: Client, other: Client, claims: Given) -> str:
    head = {"alg": "ES384", "kid": "key-1"}
    return compact(head, claims, ECKey.generate_key("P-384"))


def by_another_client(client: Client, other: Client, claims: Given) -> str:
    return other.signing.sign(claims, typ="JWT")


def with_own_key_inside(client: Client, other: Client, claims: Given) -> str:
    """Signed by a stranger, whose key is in the header (CVE-2018-0114)."""
    stranger = ClientKey.make()
    return stranger.sign(claims, typ="JWT", header={"jwk": stranger.jwk()})


def with_private_key_inside(client: Client, other: Client, claims: Given) -> str:
    return client.signing.sign(claims, header={"jwk": client.signing.key.as_dict(private=True)})


def signature_of_zeros(client: Client, other: Client, claims: Given) -> str:
    """CVE-2022-21449."""
    return ".".join([*parts(client, claims)[:2], b64(bytes(64))])


def signature_of_another_text(client: Client, other: Client, claims: Given) -> str:
    return ".".join([*parts(client, claims)[:2], parts(client, claims | {"x": 1})[2]])


def header_twice_alg(client: Client, other: Client, claims: Given) -> str:
    head = b64(b'{"alg":"none","alg":"ES256","kid":"key-1"}')
    return ".".join([head, *parts(client, claims)[1:]])


def repeated_member(client: Client, other: Client, claims: Given) -> str:
    raw = orjson.dumps(claims)[:-1] + b',"iss":"another"}'
    return compact({"alg": "ES256", "kid": "key-1"}, raw, client.signing.key)


FORGED: dict[str, Callable[[Client, Client, Given], str]] = {
    "alg none": unsigned,
    "alg None": header(alg="None"),
    "alg HS256 by the public key": by_hmac,
    "alg ES384 by another curve": of_another_curve,
    "alg of PS256 on an EC key": header(alg="PS256"),
    "alg missing": header(alg=LEFT_OUT),
    "alg no text": header(alg=["ES256"]),
    "alg twice": header_twice_alg,
    "by another client": by_another_client,
    "a stranger's key inside": with_own_key_inside,
    "the private key inside": with_private_key_inside,
    "kid of nobody": header(kid="key-2"),
    "kid a path": header(kid="../../dev/null"),
    "kid a statement": header(kid="key-1' or '1'='1"),
    "kid a list": header(kid=["key-1"]),
    "kid very long": header(kid="k" * 5000),
    "jku": header(jku="https://evil.example/jwks"),
    "x5u": header(x5u="https://evil.example/cert"),
    "x5c": header(x5c=["AAAA"]),
    "crit": header(crit=["exp"]),
    "b64 false": header(b64=False, crit=["b64"]),
    "zip": header(zip="DEF"),
    "typ of a proof": header(typ="dpop+jwt"),
    "typ of an access token": header(typ="at+jwt"),
    "typ of a logout token": header(typ="logout+jwt"),
    "signature of zeros": signature_of_zeros,
    "signature of another text": signature_of_another_text,
    "signature missing": lambda client, other, claims: ".".join([*parts(client, claims)[:2], ""]),
    "two parts": lambda client, other, claims: ".".join(parts(client, claims)[:2]),
    "five parts, as a JWE": lambda client, other, claims: ".".join([*parts(client, claims), "a", "b"]),
    "padding": lambda client, other, claims: ".".join(parts(client, claims)) + "==",
    "blanks": lambda client, other, claims: " " + ".".join(parts(client, claims)),
    "line breaks inside": lambda client, other, claims: ".\u200b".join(parts(client, claims)),
    "the JSON serialisation": lambda client, other, claims: orjson.dumps({"payload": "e30"}).decode(),
    "claims an array": payload(b"[]"),
    "claims a text": payload(b'"x"'),
    "claims nothing": payload(b""),
    "claims no UTF-8": payload(b'{"iss":"\xff"}'),
    "claims nested deeply": payload(b'{"a":' * 300 + b"1" + b"}" * 300),
    "a claim twice": repeated_member,
    "exp as text": claim(exp="4102444800"),
    "exp negative": claim(exp=-1),
    "exp true": claim(exp=True),
    "exp beyond any clock": claim(exp=10**18),
    "exp a list": claim(exp=[1]),
    "iat as text": claim(iat="now"),
    "nbf beyond any clock": claim(nbf=10**18),
    "iss of another": claim(iss="another"),
    "aud of another": claim(aud="https://evil.example"),
    "aud nested": claim(aud=[["https://localhost:8443"]]),
    "aud an object": claim(aud={"https://localhost:8443": 1}),
    "very long": claim(extra="x" * 70_000),
}


def claims_of_assertion(client: Client) -> Given:
    token = client.assertion()["client_assertion"]
    return dict(orjson.loads(base64.urlsafe_b64decode(token.split(".")[1] + "==")))


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_or_broken_client_assertion(client: Client, other: Client, what: str) -> None:
    """RFC 7523 3, RFC 8725 3: invalid_client, and the reason says nothing of what was sent."""
    signed = FORGED[what](client, other, claims_of_assertion(client))
    credentials = {"client_assertion": signed, "client_assertion_type": ASSERTION_TYPE, "client_id": client.id}
    for endpoint in ("token_endpoint", PUSHED):
        answer = client.post(endpoint, {"grant_type": "refresh_token", "refresh_token": "x"}, credentials=credentials)
        refused(answer, "invalid_client", "invalid_request")
        assert "evil.example" not in answer.text


@pytest.mark.parametrize("what", [what for what in FORGED if what != "very long"])  # that is what it may be
def test_a_forged_or_broken_request_object(client: Client, other: Client, what: str) -> None:
    """RFC 9101 6, 10; RFC 8725 3."""
    token = client.request_object(client.asked())
    claims = dict(orjson.loads(base64.urlsafe_b64decode(token.split(".")[1] + "==")))
    form = {"client_id": client.id, "request": FORGED[what](client, other, claims)}
    answer = client.post(PUSHED, form)
    refused(answer, "invalid_request_object", "invalid_request")
    assert "evil.example" not in answer.text


def test_a_right_one_is_taken(client: Client) -> None:
    """So that each refusal above is for what it says."""
    claims = claims_of_assertion(client)
    credentials = {"client_assertion": claim()(client, client, claims), "client_assertion_type": ASSERTION_TYPE}
    assert client.push(credentials=credentials).status_code == 201


def test_an_assertion_is_no_request_object_and_none_is_the_other(client: Client) -> None:
    """RFC 8725 2.8, RFC 9101 10.8: one kind of JWT does not pass for another."""
    assertion = client.assertion()["client_assertion"]
    refused(client.post(PUSHED, {"client_id": client.id, "request": assertion}), "invalid_request_object")
    signed = client.request_object(client.asked())
    credentials = {"client_assertion": signed, "client_assertion_type": ASSERTION_TYPE}
    refused(client.push(credentials=credentials), "invalid_client")


def test_a_proof_of_another_client_proves_nobody_else(client: Client, other: Client) -> None:
    """RFC 7523 3: signed by one client in the name of another."""
    forged = replace(client, key=other.key).assertion()
    refused(client.push(credentials=forged), "invalid_client")
    refused(client.push(credentials=client.assertion() | {"client_id": other.id}), "invalid_client", "invalid_request")
