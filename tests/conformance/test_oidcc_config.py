"""oidcc-config: what the hub says of itself (OpenID Connect Discovery 1.0, RFC 8414)."""

from urllib.parse import urlsplit

from tests.conformance.provider import OPENID, Provider

REQUIRED = (
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "response_types_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
)
PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "k"})


def test_oidcc_discovery_endpoint_verification(provider: Provider) -> None:
    """Discovery 3, 4.3; OIDC Core 15.1, 15.2; RFC 8414 2."""
    answer = provider.http("GET", OPENID)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    told = answer.get_json()
    assert not set(REQUIRED) - set(told)
    issuer = urlsplit(told["issuer"])
    assert told["issuer"] == provider.base
    assert (issuer.scheme, issuer.query, issuer.fragment) == ("https", "", "")
    for name, value in told.items():
        if name.endswith(("_endpoint", "_uri")):
            assert value.startswith("https://"), name
        assert value not in ([], "", None), name
    assert "code" in told["response_types_supported"]
    assert set(told["subject_types_supported"]) <= {"public", "pairwise"}
    assert "RS256" in told["id_token_signing_alg_values_supported"]
    assert "RS256" in told["request_object_signing_alg_values_supported"]
    assert {"authorization_code", "refresh_token"} <= set(told["grant_types_supported"])
    assert "implicit" not in told["grant_types_supported"]
    assert "openid" in told["scopes_supported"]
    assert {"sub", "iss", "auth_time", "name", "email"} <= set(told["claims_supported"])
    assert told["claims_parameter_supported"] is True
    assert told["request_parameter_supported"] is True
    assert told["request_uri_parameter_supported"] is False
    assert {"userinfo_endpoint", "registration_endpoint", "end_session_endpoint"} <= set(told)


def test_every_endpoint_that_is_named_answers(provider: Provider) -> None:
    """Discovery 3: none of them is a promise only."""
    for name, url in provider.metadata.items():
        if name.endswith("_endpoint") or name == "jwks_uri":
            url += "/a-grant" * (name == "grant_management_endpoint")  # each grant has its address below it
            assert provider.http("GET", url).status_code in {200, 303, 400, 401, 405}, name


def test_the_keys_that_are_published_verify_and_do_nothing_else(provider: Provider) -> None:
    """RFC 7517 4, 5; FAPI 2.0 5.4.3: public, told apart by kid, for signatures."""
    keys = provider.http("GET", provider.endpoint("jwks_uri")).get_json()["keys"]
    assert len({jwk["kid"] for jwk in keys}) == len(keys) > 0
    for jwk in keys:
        assert not PRIVATE & set(jwk)
        assert not {"x5u", "jku"} & set(jwk)
        assert jwk["use"] == "sig"
        assert jwk["kty"] in {"EC", "RSA", "OKP"}
    assert set(provider.metadata["id_token_signing_alg_values_supported"]) <= {jwk["alg"] for jwk in keys}
