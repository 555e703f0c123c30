"""FAPI 2.0 5.3.2.1 (13): how far the clocks of client and hub may differ, for everything that a client signs."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.conformance.provider import Provider
from tests.conformance.rp import Client, bank_client

PUSHED = "pushed_authorization_request_endpoint"


def at(client: Client, seconds: int) -> int:
    return int(client.provider.clock().timestamp()) + seconds


def assertion(client: Client, claim: str, seconds: int) -> bool:
    moment = at(client, seconds)
    return client.push(credentials=client.assertion(**{claim: moment}, exp=at(client, 120))).status_code == 201


def request_object(client: Client, claim: str, seconds: int) -> bool:
    signed = client.request_object(client.asked(), **{claim: at(client, seconds)}, exp=at(client, 120))
    return client.post(PUSHED, {"client_id": client.id, "request": signed}).status_code == 201


def proof(client: Client, claim: str, seconds: int) -> bool:
    url = client.provider.endpoint(PUSHED)
    nonce = client.provider.http("POST", url, headers={"DPoP": "x"}).headers["DPoP-Nonce"]
    claims: dict[str, Any] = {claim: at(client, seconds)}
    made = client.proof("POST", url, nonce=nonce, **claims)
    return client.push(proof=made).status_code == 201


ACCEPTED = [("iat", -10), ("iat", 0), ("iat", 8), ("iat", 10), ("nbf", -10), ("nbf", 0), ("nbf", 8), ("nbf", 10)]
REFUSED = [("iat", 61), ("iat", 3600), ("nbf", 61), ("nbf", 3600)]
SIGNED: dict[str, Callable[[Client, str, int], bool]] = {
    "client assertion": assertion,
    "request object": request_object,
    "DPoP proof": proof,
}


@pytest.mark.parametrize("what", SIGNED)
def test_clocks_may_differ_so_much_and_no_more(provider: Provider, what: str) -> None:
    """Up to 10 s ahead must be taken, more than 60 s must not. A DPoP proof of an hour ago is refused as well."""
    client = bank_client(provider, signing=what == "request object")
    for claim, seconds in ACCEPTED:
        assert SIGNED[what](client, claim, seconds), (claim, seconds)
    for claim, seconds in REFUSED:
        assert not SIGNED[what](client, claim, seconds), (claim, seconds)
    if what == "DPoP proof":
        assert not proof(client, "iat", -3600)


def test_what_is_over_is_refused_to_the_second(provider: Provider) -> None:
    """RFC 7519 4.1.4."""
    client = bank_client(provider, signing=True)
    assert client.push(credentials=client.assertion(exp=at(client, 1))).status_code == 201
    assert client.push(credentials=client.assertion(exp=at(client, 0))).status_code == 401
    signed = client.request_object(client.asked(), exp=at(client, 0))
    assert client.post(PUSHED, {"client_id": client.id, "request": signed}).status_code == 400
