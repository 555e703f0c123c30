"""fapi2-security-profile-final: from the metadata to the resource, module by module of the OpenID Foundation's plan.

Requests and PAR are in test_fapi2_requests, DPoP in test_fapi2_dpop. Sections are of the FAPI 2.0 Security Profile
unless they say otherwise.
"""

from dataclasses import replace
from typing import Any

import pytest

from tests.conformance.conftest import ALL, variants
from tests.conformance.provider import OPENID, Provider
from tests.conformance.rp import ACCOUNTS, DPOP, Client, bank_client, refused
from tests.conftest import TestClock
from tests.oauth.oidc.rp import header_of
from tests.oauth.signing import LEFT_OUT, ClientKey

FAPI = {"PS256", "ES256", "EdDSA"}


def like(bank: Client) -> Client:
    """Another client of the same variant."""
    auth = "mtls" if bank.told["token_endpoint_auth_method"] == "tls_client_auth" else "private_key_jwt"
    return bank_client(bank.provider, auth, bank.bound, signing=bank.signs_requests)


def reads_accounts(bank: Client, tokens: dict[str, Any]) -> bool:
    answer = bank.call(ACCOUNTS, tokens["access_token"])
    assert "Date" in answer.headers or answer.status_code < 500  # the server in front adds it (6.2.1 of FAPI 1.0)
    return answer.status_code == 200 and len(answer.get_json()["data"]) == 2


def test_fapi2_security_profile_final_discovery_end_point_verification(provider: Provider) -> None:
    """5.3.2.1 (1), 5.4; RFC 8414 2 and 3.3: both addresses say the same, and what the profile needs is there."""
    told = provider.metadata
    assert provider.http("GET", "/.well-known/oauth-authorization-server").get_json() == told
    answer = provider.http("GET", OPENID)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert told["issuer"] == provider.base
    for name in told:
        if name.endswith(("_endpoint", "_uri")):
            assert str(told[name]).startswith("https://"), name
    assert set(told["dpop_signing_alg_values_supported"]) >= FAPI
    assert "RS256" not in told["dpop_signing_alg_values_supported"]
    for name in ("id_token", "userinfo", "token_endpoint_auth", "request_object", "authorization"):
        assert set(told[f"{name}_signing_alg_values_supported"]) & FAPI, name
    assert told["tls_client_certificate_bound_access_tokens"] is True
    assert {"private_key_jwt", "tls_client_auth"} <= set(told["token_endpoint_auth_methods_supported"])
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["authorization_response_iss_parameter_supported"] is True
    assert "jwt" in told["response_modes_supported"]


def test_fapi2_security_profile_final_happy_flow(bank: Client) -> None:
    """5.3.2: pushed, allowed, redeemed, read; and a second time with another request of the same client."""
    tokens = bank.tokens()
    assert tokens["token_type"] == ("DPoP" if bank.bound == DPOP else "Bearer")
    assert header_of(tokens["id_token"])["alg"] in FAPI
    assert bank.id_token(tokens)["sub"] == bank.userinfo(tokens)["sub"]
    assert reads_accounts(bank, tokens)
    again = bank.tokens()
    assert again["access_token"] != tokens["access_token"]


def test_fapi2_security_profile_final_user_rejects_authentication(app: Client) -> None:
    """RFC 6749 4.1.2.1: access_denied, with state and iss."""
    answer = app.sign_in(allow=False)
    assert answer.params["error"] == "access_denied"
    assert "code" not in answer.params


def test_fapi2_security_profile_final_access_token_type_header_case_sensitivity(bank: Client) -> None:
    """5.3.4, RFC 9110 11.1: the scheme's name may be written in any case."""
    token = bank.tokens()["access_token"]
    url = bank.provider.base + ACCOUNTS
    assert bank.call(ACCOUNTS, token).status_code == 200  # and the client has a nonce now
    for write in (str.lower, str.upper, str.title):
        shown = bank.shown("GET", url, token)
        scheme, _, value = shown["Authorization"].partition(" ")
        answer = bank.provider.http("GET", url, headers=shown | {"Authorization": f"{write(scheme)} {value}"})
        assert answer.status_code == 200, write


def test_fapi2_security_profile_final_test_claims_parameter_identity_claims(app: Client) -> None:
    """OIDC Core 5.5: claims that were asked for arrive, those that nobody knows are ignored."""
    asked = (
        '{"userinfo":{"name":null,"shoe_size":null},"id_token":{"email":{"essential":true},"moon":{"value":"full"}}}'
    )
    assert app.provider.metadata["claims_parameter_supported"] is True
    tokens = app.tokens(claims=asked)
    assert app.userinfo(tokens)["name"] == "Alice"
    told = app.id_token(tokens)
    assert told["email"] == "alice@people.example"
    assert not {"moon", "shoe_size"} & set(told)


def test_fapi2_security_profile_final_ensure_client_id_in_token_endpoint(bank: Client) -> None:
    """RFC 6749 5.2: another client's id with this client's key or certificate."""
    code, other = bank.code(), like(bank)
    forged = replace(other, key=bank.key, certificate=bank.certificate)
    refused(forged.redeem(code, code_verifier=bank.verifier), "invalid_client", "invalid_grant")
    assert bank.redeem(code).status_code == 200


def test_fapi2_security_profile_final_ensure_holder_of_key_required(bank: Client) -> None:
    """5.3.2.1 (4, 5): no token that is bound to nothing."""
    code = bank.code()
    without = replace(bank, bound="") if bank.bound == DPOP else replace(bank, certificate=None)
    refused(without.redeem(code), "invalid_dpop_proof", "invalid_request", "invalid_grant", "invalid_client")
    assert bank.redeem(code).status_code == 200


def test_fapi2_security_profile_final_ensure_authorization_code_is_bound_to_client(bank: Client) -> None:
    """RFC 6749 4.1.3: another client cannot redeem it, verifier or not; and spoils nothing by trying."""
    code = bank.code()
    refused(like(bank).redeem(code, code_verifier=bank.verifier), "invalid_grant")
    assert bank.redeem(code).status_code == 200


def test_fapi2_security_profile_final_attempt_reuse_authorization_code_after_one_second(
    bank: Client, clock: TestClock
) -> None:
    """5.3.2.2 (13), RFC 6749 4.1.2: once; the second use ends what the first one brought."""
    code = bank.code()
    tokens = bank.redeem(code).get_json()
    assert reads_accounts(bank, tokens)
    clock.advance(seconds=1)
    refused(bank.redeem(code), "invalid_grant")
    assert bank.call(ACCOUNTS, tokens["access_token"]).status_code == 401


def test_fapi2_security_profile_final_ensure_token_endpoint_fails_with_expired_auth_code(
    app: Client, clock: TestClock
) -> None:
    """5.3.2.1 (11): a code lives 60 s at most."""
    code = app.code()
    clock.advance(seconds=62)
    refused(app.redeem(code), "invalid_grant")


def test_fapi2_security_profile_final_ensure_pkce_code_verifier_required(app: Client) -> None:
    """RFC 7636 4.5."""
    code = app.code()
    refused(app.redeem(code, code_verifier=None), "invalid_grant", "invalid_request")
    assert app.redeem(code).status_code == 200


def test_fapi2_security_profile_final_incorrect_pkce_code_verifier_rejected(app: Client) -> None:
    """RFC 7636 4.6."""
    code = app.code()
    refused(app.redeem(code, code_verifier=app.verifier[::-1]), "invalid_grant")
    assert app.redeem(code).status_code == 200


@pytest.mark.parametrize("auth_bound", variants(ALL[0], ALL[1]))
def test_fapi2_security_profile_final_ensure_signed_client_assertion_with_RS256_fails(
    provider: Provider, auth_bound: tuple[str, str, bool]
) -> None:
    """5.4: RS256 is not signed with, though the key would do."""
    rsa = ClientKey.make("PS256")
    client = bank_client(provider, *auth_bound[:2], key=rsa)
    code = client.code()
    weak = replace(client, key=replace(rsa, alg="RS256"))
    refused(client.redeem(code, more={"credentials": weak.assertion()}), "invalid_client")
    assert client.redeem(code).status_code == 200


def test_fapi2_security_profile_final_ensure_client_assertion_in_token_endpoint(asserting: Client) -> None:
    """5.3.2.1 (6): the client's id alone proves nothing."""
    code = asserting.code()
    for nothing in ({}, {"client_id": asserting.id}):
        refused(asserting.redeem(code, more={"credentials": nothing}), "invalid_client", "invalid_request")


def test_fapi2_security_profile_final_ensure_client_assertion_with_exp_is_5_minutes_in_past_fails(
    asserting: Client, clock: TestClock
) -> None:
    """RFC 7523 3 (4)."""
    past = int(clock().timestamp()) - 300
    late = asserting.assertion(exp=past, iat=past - 60)
    refused(asserting.redeem(asserting.code(), more={"credentials": late}), "invalid_client")


def test_fapi2_security_profile_final_ensure_client_assertion_with_wrong_aud_fails(asserting: Client) -> None:
    """5.3.2.1 (8)."""
    other = asserting.assertion(aud="https://other.example")
    refused(asserting.redeem(asserting.code(), more={"credentials": other}), "invalid_client")


def test_fapi2_security_profile_final_ensure_client_assertion_with_no_sub_fails(asserting: Client) -> None:
    """RFC 7523 3 (2B)."""
    nobody = asserting.assertion(sub=LEFT_OUT)
    refused(asserting.redeem(asserting.code(), more={"credentials": nobody}), "invalid_client")


def test_fapi2_security_profile_final_refresh_token(bank: Client, clock: TestClock) -> None:
    """5.3.2.1 (9): it stays the same, belongs to its client, and what it brings is bound like the first."""
    tokens = bank.tokens()
    clock.advance(seconds=5)
    renewed = bank.refresh(tokens["refresh_token"])
    assert renewed.status_code == 200, renewed.text
    assert renewed.get_json().get("refresh_token", tokens["refresh_token"]) == tokens["refresh_token"]
    assert reads_accounts(bank, renewed.get_json())
    refused(like(bank).refresh(tokens["refresh_token"]), "invalid_grant")
    without = replace(bank, bound="") if bank.bound == DPOP else replace(bank, certificate=None)
    refused(without.refresh(tokens["refresh_token"]), "invalid_dpop_proof", "invalid_request", "invalid_client")
    assert bank.refresh(tokens["refresh_token"]).status_code == 200
