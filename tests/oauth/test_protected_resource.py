"""A client that knows nothing but the API's address finds its way to the authorisation server (RFC 9728)."""

import re

from hub.oauth import addresses, metadata, protected_resource
from hub.settings import Settings
from tests.oauth.world import World

HUB = Settings(base_url="https://hub.example", mtls_base_url="https://mtls.hub.example", master_keys="unused")


def test_from_a_refusal_to_the_authorisation_server(world: World) -> None:
    browser = world.app.test_client()
    for challenge in browser.get("/oauth/userinfo").headers.getlist("WWW-Authenticate"):
        found = re.search('resource_metadata="([^"]*)"', challenge)
        assert found is not None, challenge
        document = browser.get(found[1].removeprefix(world.hub.settings.base_url)).get_json()
        assert document["resource"] == world.hub.settings.base_url  # 3.3: else it must not be used
        (issuer,) = document["authorization_servers"]
        assert browser.get(addresses.OAUTH_METADATA).get_json()["issuer"] == issuer


def test_the_document_says_what_the_gate_does() -> None:
    document = protected_resource.document(HUB)
    assert document["resource"] == "https://hub.example"
    assert protected_resource.address(HUB) == "https://hub.example/.well-known/oauth-protected-resource"
    assert document["bearer_methods_supported"] == ["header"]
    assert document["dpop_bound_access_tokens_required"] is False
    assert document["tls_client_certificate_bound_access_tokens"] is True
    assert document["authorization_details_types_supported"] == ["account_information", "payment_initiation"]
    server = metadata.document(HUB)
    assert set(document["scopes_supported"]) == set(server["scopes_supported"]) - {"offline_access"}
    assert document["dpop_signing_alg_values_supported"] == server["dpop_signing_alg_values_supported"]


def test_it_may_be_cached(world: World) -> None:
    answer = world.app.test_client().get(addresses.RESOURCE_METADATA)
    assert answer.headers["Cache-Control"] == "public, max-age=300"
