"""oidcc-dynamic: clients that register themselves, with keys and sectors at addresses that really answer."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from click.testing import CliRunner

from hub.cli import main
from tests.conformance.browser import Answer
from tests.conformance.provider import Provider
from tests.conformance.rp import CALLBACK, Client, goes_on, refused, register, shop, shows_error
from tests.conftest import TestClock
from tests.oauth.oidc.rp import header_of
from tests.oauth.signing import ClientKey
from tests.outbound.server import Answer as Served
from tests.outbound.server import Site, serving

QUERY = CALLBACK + "?dummy1=lorem&dummy2=ipsum"


@pytest.fixture
def site() -> Iterator[Site]:
    """The client's own server."""
    with serving() as made:
        yield made


def served(document: Any) -> Served:
    return Served(body=orjson.dumps(document))


def test_oidcc_idtoken_rs256(provider: Provider) -> None:
    """OIDC Core 15.1."""
    client = shop(provider, id_token_signed_response_alg="RS256")
    tokens = client.tokens()
    assert header_of(tokens["id_token"])["alg"] == "RS256"
    assert client.id_token(tokens)["sub"]


def test_oidcc_userinfo_rs256(provider: Provider) -> None:
    """OIDC Core 5.3.2, Registration 2: userinfo as a JWT."""
    client = shop(provider, userinfo_signed_response_alg="RS256")
    tokens = client.tokens()
    answer = client.call(provider.endpoint("userinfo_endpoint"), tokens["access_token"])
    assert answer.mimetype == "application/jwt"
    assert header_of(answer.text)["alg"] == "RS256"
    url = provider.endpoint("userinfo_endpoint")
    assert client.call(url, tokens["access_token"], method="POST").mimetype == "application/jwt"


def test_oidcc_ensure_redirect_uri_in_authorization_request(provider: Provider) -> None:
    """OIDC Core 3.1.2.1: required, also where only one is registered; without it nobody is sent anywhere."""
    client = shop(provider)
    shows_error(client.ask(provider.signed_in(), client.asked(redirect_uri=None)))


def test_oidcc_redirect_uri_query_OK(provider: Provider) -> None:
    """RFC 6749 3.1.2: what the registered query held stays."""
    client = shop(provider, redirect_uris=[QUERY])
    answer = client.sign_in()
    assert (answer.params["dummy1"], answer.params["dummy2"]) == ("lorem", "ipsum")
    assert client.redeem(answer.params["code"]).status_code == 200


def test_oidcc_redirect_uri_query_mismatch(provider: Provider) -> None:
    """OIDC Core 3.1.2.1: another query is another address."""
    client = shop(provider, redirect_uris=[QUERY])
    shows_error(client.ask(provider.signed_in(), client.asked(redirect_uri=QUERY.replace("lorem", "dolor"))))


def test_oidcc_redirect_uri_query_added(provider: Provider) -> None:
    """OIDC Core 3.1.2.1: so is an added one."""
    client = shop(provider)
    shows_error(client.ask(provider.signed_in(), client.asked(redirect_uri=QUERY)))


def test_oidcc_redirect_uri_regfrag(provider: Provider) -> None:
    """RFC 6749 3.1.2: no fragment."""
    refused(register(provider, {"redirect_uris": [CALLBACK + "#foobar"]}), "invalid_redirect_uri")


def page_of(client: Client) -> str:
    return goes_on(client.ask(client.provider.signed_in())).text


def test_oidcc_registration_logo_uri(provider: Provider) -> None:
    """Registration 2: kept and told. It is not shown: an image of the client's would tell it who reads the page, when
    and from where, before they have said yes.
    """
    logo = "https://shop.example/logo.png"
    client = shop(provider, logo_uri=logo)
    assert client.told["logo_uri"] == logo
    assert logo not in page_of(client)


def test_oidcc_registration_policy_uri(provider: Provider) -> None:
    """Registration 2: linked from the consent page."""
    assert 'href="https://shop.example/policy"' in page_of(shop(provider, policy_uri="https://shop.example/policy"))


def test_oidcc_registration_tos_uri(provider: Provider) -> None:
    """Registration 2: linked from the consent page."""
    assert 'href="https://shop.example/terms"' in page_of(shop(provider, tos_uri="https://shop.example/terms"))


def published(provider: Provider, site: Site, **metadata: Any) -> Client:
    """A client whose keys are at its jwks_uri."""
    key = ClientKey.make()
    site.answer = served(key.jwks())
    client = shop(provider, token_endpoint_auth_method="private_key_jwt", jwks_uri=site.url, **metadata)
    client.key = key
    return client


def test_oidcc_registration_jwks_uri(provider: Provider, site: Site) -> None:
    """Registration 2: keys by address authenticate the client."""
    client = published(provider, site)
    assert "jwks" not in client.told
    assert "id_token" in client.tokens()
    assert site.asked


def test_oidcc_registration_sector_uri(provider: Provider, site: Site) -> None:
    """Registration 5: the list there names every redirect URI; clients of one sector know a person by one sub."""
    uris = [CALLBACK, "https://other.example/callback"]
    site.answer = served(uris)
    subs = {
        client.id_token(client.tokens())["sub"]
        for client in (
            shop(provider, redirect_uris=uris, sector_identifier_uri=site.url),
            shop(provider, redirect_uris=uris[:1], sector_identifier_uri=site.url),
        )
    }
    assert len(subs) == 1
    alone = shop(provider, redirect_uris=["https://third.example/callback"])
    assert alone.id_token(alone.tokens())["sub"] not in subs


def test_oidcc_registration_sector_bad(provider: Provider, site: Site) -> None:
    """Registration 5: a list that lacks one is refused."""
    site.answer = served(["https://other.example/callback"])
    document = {"redirect_uris": [CALLBACK], "sector_identifier_uri": site.url}
    refused(register(provider, document), "invalid_client_metadata")


def test_oidcc_server_rotate_keys(provider: Provider, clock: TestClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """OIDC Core 10.1.1: another key signs, and what the old one signed still verifies."""
    client = shop(provider)
    before = client.tokens()
    clock.advance(days=1, seconds=1)  # a key is published a day before it signs
    monkeypatch.setattr("hub.commands.keys.hub_of_environ", lambda: provider.flask.extensions["rialto"])
    done = CliRunner().invoke(main, ["keys", "rotate", "--alg", "RS256"])
    assert done.exit_code == 0, done.output
    after = client.tokens()
    assert header_of(after["id_token"])["kid"] != header_of(before["id_token"])["kid"]
    kids = {jwk["kid"] for jwk in provider.http("GET", provider.endpoint("jwks_uri")).get_json()["keys"]}
    assert {header_of(one["id_token"])["kid"] for one in (before, after)} <= kids
    assert client.id_token(after)["sub"]


def test_oidcc_refresh_token_rp_key_rotation(provider: Provider, site: Site, clock: TestClock) -> None:
    """OIDC Core 10.1.1: the client's new key, published at its jwks_uri, is found."""
    client = published(provider, site)
    tokens = client.tokens(prompt="consent")
    client.key = ClientKey.make(kid="key-2")
    site.answer = served(client.key.jwks())
    clock.advance(seconds=30)
    assert client.refresh(tokens["refresh_token"]).status_code == 200


def test_oidcc_request_uri_unsigned(provider: Provider, site: Site) -> None:
    """OIDC Core 6.2: not supported, said in the metadata and in the error; and the hub calls nobody."""
    client = shop(provider)
    assert provider.metadata["request_uri_parameter_supported"] is False
    assert client.sign_in(request_uri=site.url).params["error"] == "request_uri_not_supported"
    assert not site.asked


def test_oidcc_request_uri_signed_rs256(provider: Provider, site: Site) -> None:
    """OIDC Core 6.2: nor a signed one."""
    rsa = ClientKey.make("RS256")
    client = shop(provider, jwks=rsa.jwks(), request_object_signing_alg="RS256")
    client.key = rsa
    site.answer = Served(body=client.request_object(client.asked()).encode())
    assert client.sign_in(request_uri=site.url).params["error"] == "request_uri_not_supported"
    assert not site.asked


def test_a_request_object_by_value_may_be_signed_with_rs256(provider: Provider) -> None:
    """OIDC Core 6.1, 15.1: what stands in for them."""
    rsa = ClientKey.make("RS256")
    client = shop(provider, jwks=rsa.jwks(), request_object_signing_alg="RS256")
    client.key = rsa
    facts = client.asked()
    sent = {name: facts[name] for name in ("client_id", "response_type", "scope")}
    browser = provider.signed_in()
    sent["request"] = client.request_object(facts)
    arrived = browser.go_on(browser.open(provider.endpoint("authorization_endpoint") + "?" + urlencode(sent)))
    assert isinstance(arrived, Answer)
    assert "code" in client.checked(arrived, facts).params


def test_oidcc_ensure_client_assertion_with_iss_aud_succeeds(provider: Provider) -> None:
    """OIDC Core 9: the issuer as aud; for a sign-in client the endpoint's own address will do as well."""
    client = shop(provider, token_endpoint_auth_method="private_key_jwt")
    for aud in (provider.base, provider.endpoint("token_endpoint")):
        answer = client.redeem(client.code(), more={"credentials": client.assertion(aud=aud)})
        assert answer.status_code == 200, answer.text
