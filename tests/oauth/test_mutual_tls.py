"""Mutual TLS (RFC 8705): a certificate proves the client, and its tokens are worth nothing without it."""

from typing import Any

import pytest
from joserfc.jwk import ECKey

from hub.certificates import ENVIRON_KEY, Authorities, Presented
from hub.oauth.clients import Registered
from hub.oauth.interaction import approve
from tests.certificates import Authority, Issued, self_signed
from tests.oauth.world import CALLBACK, World, claims_of, query_of

BOUND = {"tls_client_certificate_bound_access_tokens": True, "dpop_bound_access_tokens": False}


def over(world: World, certificate: Issued | None, *, vouched: bool = True) -> dict[str, Any]:
    """The environment of a request that came with this certificate."""
    if certificate is None:
        return {}
    authorities = Authorities.from_file(world.hub.clock, None)
    return {ENVIRON_KEY: Presented(certificate.der, vouched, authorities)}


def by_certificate(world: World, certificate: Issued, **registration: Any) -> Registered:
    """A FAPI 2.0 client that proves itself by certificate, and whose tokens are bound to it."""
    made = world.register(registration=BOUND | registration)
    method = "tls_client_auth" if registration else "self_signed_tls_client_auth"
    with world.hub.db.write() as session:
        row = session.merge(made.client)
        row.token_endpoint_auth_method = method
        if not registration:
            row.jwks = {"keys": [{**jwk_of(certificate), "use": "sig"}]}
    made.client.token_endpoint_auth_method, made.client.jwks = row.token_endpoint_auth_method, row.jwks
    del world.keys[row.client_id]
    return made


def jwk_of(certificate: Issued) -> dict[str, Any]:
    return dict(ECKey.import_key(certificate.key_pem).as_dict(private=False))


def credentials(world: World, client: Registered, certificate: Issued | None, **more: Any) -> Any:
    form = {"grant_type": "client_credentials", "client_id": client.client.client_id} | more
    return world.app.test_client().post("/oauth/token", data=form, environ_overrides=over(world, certificate))


@pytest.mark.parametrize("kind", ["subject", "self-signed"])
def test_a_certificate_proves_its_client_and_nobody_else(world: World, kind: str) -> None:
    authority = Authority()
    mine, other = authority.issue("buddy"), authority.issue("other")
    more = {"tls_client_auth_subject_dn": "CN=buddy"} if kind == "subject" else {}
    client = by_certificate(world, mine, **more)
    answer = credentials(world, client, mine)
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["token_type"] == "Bearer"
    assert set(claims_of(answer.get_json()["access_token"])["cnf"]) == {"x5t#S256"}
    for wrong in (other, self_signed("buddy") if kind == "self-signed" else other, None):
        refused = credentials(world, client, wrong)
        assert (refused.status_code, refused.get_json()["error"]) == (401, "invalid_client")


def test_an_unverified_chain_proves_no_subject(world: World) -> None:
    mine = Authority().issue("buddy")
    client = by_certificate(world, mine, tls_client_auth_subject_dn="CN=buddy")
    form = {"grant_type": "client_credentials", "client_id": client.client.client_id}
    unverified = over(world, mine, vouched=False)
    answer = world.app.test_client().post("/oauth/token", data=form, environ_overrides=unverified)
    assert answer.status_code == 401


def test_a_bound_token_opens_nothing_without_its_certificate(world: World) -> None:
    mine, other = Authority().issue("buddy"), Authority().issue("other")
    client = world.register(registration=BOUND)
    browser = world.app.test_client()
    pushed = browser.post("/oauth/par", data=world.request_of(client) | world.assertion_of(client)).get_json()
    asked = {"client_id": client.client.client_id, "request_uri": pushed["request_uri"]}
    page = browser.get("/oauth/authorize", query_string=asked).headers["Location"]
    handle = page.removeprefix("/consent/")
    code = query_of(approve(world.hub, handle, world.person(), world.choice()).url)["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": "v" * 43}

    def redeem(certificate: Issued | None) -> Any:
        signed = form | world.assertion_of(client)
        return browser.post("/oauth/token", data=signed, environ_overrides=over(world, certificate))

    assert redeem(None).get_json()["error"] == "invalid_request"
    token = redeem(mine).get_json()["access_token"]

    def show(certificate: Issued | None, scheme: str = "Bearer") -> int:
        headers = {"Authorization": f"{scheme} {token}"}
        return browser.get("/oauth/userinfo", headers=headers, environ_overrides=over(world, certificate)).status_code

    assert [show(mine), show(other), show(None), show(mine, "DPoP")] == [200, 401, 401, 401]
