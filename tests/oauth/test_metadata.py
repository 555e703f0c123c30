"""What the server publishes about itself is complete and true."""

from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from hub import keys
from hub.oauth import addresses, end_session, metadata
from hub.oauth.scopes import KNOWN
from hub.settings import Settings
from tests.oauth.world import World


def test_both_documents_are_the_same_and_may_be_cached(world: World) -> None:
    browser = world.app.test_client()
    first, second = (browser.get(path) for path in (addresses.OAUTH_METADATA, addresses.OPENID_METADATA))
    assert first.get_json() == second.get_json() == metadata.document(world.hub.settings)
    assert first.headers["Cache-Control"] == "public, max-age=300"


def test_the_document_is_valid_by_rfc_8414() -> None:
    document = metadata.document(Settings(base_url="https://hub.example", master_keys="unused"))
    AuthorizationServerMetadata(document).validate()
    assert document["issuer"] == "https://hub.example"


def test_every_published_address_is_a_route_and_every_route_is_published(world: World) -> None:
    document = metadata.document(world.hub.settings)
    published = {
        urlsplit(value).path for name, value in document.items() if name.endswith("_endpoint") or name == "jwks_uri"
    }
    routes = {rule.rule for rule in world.app.url_map.iter_rules() if rule.endpoint.startswith("oauth.")}
    elsewhere = {end_session.PATH, addresses.REGISTER}  # among the pages; in a blueprint of its own
    called = {path.partition("/<")[0] for path in routes}  # a grant's id follows the published address
    assert published - elsewhere == {path for path in called if path.startswith("/oauth/")}


def test_it_says_what_fapi_2_wants_to_read(world: World) -> None:
    document = metadata.document(world.hub.settings)
    assert document["response_types_supported"] == ["code"]
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["authorization_response_iss_parameter_supported"] is True
    assert document["tls_client_certificate_bound_access_tokens"] is True
    assert document["dpop_signing_alg_values_supported"] == ["PS256", "ES256", "EdDSA", "Ed25519"]
    for what in ("token_endpoint_auth", "request_object", "backchannel_authentication_request"):
        assert "Ed25519" in document[f"{what}_signing_alg_values_supported"], what  # verified by either name
    for what in ("id_token", "userinfo", "authorization", "introspection"):
        assert "Ed25519" not in document[f"{what}_signing_alg_values_supported"], what  # signed under the older one
    assert document["pushed_authorization_request_endpoint"] == "http://127.0.0.1:8000/oauth/par"
    assert {"private_key_jwt", "tls_client_auth"} < set(document["token_endpoint_auth_methods_supported"])
    for name in (name for name in document if name.endswith("_values_supported") and "_alg_" in name):
        assert not {"none", "HS256"} & set(document[name]), name


def test_what_is_not_offered_is_said_not_to_be(world: World) -> None:
    document = metadata.document(world.hub.settings)
    assert not {"implicit", "password"} & set(document["grant_types_supported"])
    assert "none" not in document["introspection_endpoint_auth_methods_supported"]
    assert document["subject_types_supported"] == ["pairwise"]
    assert document["request_uri_parameter_supported"] is False
    assert set(document["scopes_supported"]) == KNOWN
    assert "mtls_endpoint_aliases" not in document


@pytest.mark.parametrize(("registration", "told"), [("open", True), ("token", True), ("closed", False)])
def test_where_clients_register_is_told_where_they_may(world: World, registration: str, told: bool) -> None:
    document = metadata.document(replace(world.hub.settings, registration=registration))
    expected = f"{world.hub.settings.base_url}/oauth/register" if told else None
    assert document.get("registration_endpoint") == expected


def test_a_host_of_its_own_for_client_certificates_is_published(world: World) -> None:
    document = metadata.document(replace(world.hub.settings, mtls_base_url="https://mtls.hub.example"))
    aliases = document["mtls_endpoint_aliases"]
    assert aliases["token_endpoint"] == "https://mtls.hub.example/oauth/token"
    assert set(aliases) < set(document)


@pytest.mark.parametrize(
    ("path", "purpose", "alg"), [(addresses.JWKS, keys.AS, "ES256"), (addresses.TPP_JWKS, keys.TPP, "PS256")]
)
def test_key_sets_hold_public_keys_only(world: World, path: str, purpose: str, alg: str) -> None:
    response = world.app.test_client().get(path)
    published = response.get_json()["keys"]
    assert world.hub.keys.signing(purpose, alg).kid in {key["kid"] for key in published if key["alg"] == alg}
    assert {key["use"] for key in published} == ({"sig"} if purpose == keys.AS else {"sig", "enc"})
    for key in published:
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(key)
    assert response.headers["Cache-Control"] == "public, max-age=300"


def test_the_issuer_is_ours_whatever_the_host_header_says(world: World) -> None:
    response = world.app.test_client().get(addresses.OPENID_METADATA, headers={"Host": "evil.example"})
    assert response.get_json()["issuer"] == world.hub.settings.base_url
    assert "evil.example" not in response.text
