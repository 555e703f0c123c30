"""What may be registered: RFC 7591, OpenID Registration, and the profiles' demands; each rule with what breaks it."""

import re
from typing import Any

import pytest

from hub.oauth.policy import Profile
from hub.oauth.registration.errors import BadMetadata
from hub.oauth.registration.metadata import Metadata, read
from tests.oauth.registration.documents import CALLBACK, bank_data, jwks, key, public, sign_in

PING = {
    "grant_types": ["authorization_code", "urn:openid:params:grant-type:ciba"],
    "backchannel_token_delivery_mode": "ping",
    "backchannel_client_notification_endpoint": "https://nest.example/ping",
}


def made(document: dict[str, Any], *, loopback: bool = False, wanted: Profile | None = None) -> Metadata:
    return read(document, loopback=loopback, wanted=wanted)


def test_a_sign_in_client_gets_the_defaults_of_the_standard() -> None:
    found = made(sign_in())
    assert found.profile is Profile.OIDC
    assert found.members["token_endpoint_auth_method"] == "client_secret_basic"
    assert found.members["id_token_signed_response_alg"] == "RS256"
    assert found.members["grant_types"] == ("authorization_code",)
    assert found.members["response_types"] == ("code",)
    assert found.members["subject_type"] == "pairwise"
    assert found.scopes == {"openid", "profile", "email"}
    assert "dpop_bound_access_tokens" not in found.members


def test_a_client_that_asks_for_data_is_a_fapi_client_with_bound_tokens() -> None:
    found = made(bank_data(token_endpoint_auth_method=None))
    assert found.profile is Profile.FAPI2
    assert found.auth_method == "private_key_jwt"
    assert found.members["id_token_signed_response_alg"] == "ES256"
    assert found.members["dpop_bound_access_tokens"] is True
    assert found.members["require_pushed_authorization_requests"] is True
    assert found.scopes == {"openid", "accounts:read", "balances:read"}


def test_a_client_known_by_its_certificate_has_its_tokens_bound_to_it() -> None:
    by_certificate = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=nest.example"}
    found = made(bank_data(jwks=None, **by_certificate))
    assert found.members["tls_client_certificate_bound_access_tokens"] is True
    assert "dpop_bound_access_tokens" not in found.members
    assert made(bank_data(jwks=None, **by_certificate, dpop_bound_access_tokens=True)).members[
        "dpop_bound_access_tokens"
    ]


@pytest.mark.parametrize(
    ("change", "profile"),
    [
        ({}, Profile.FAPI2),
        ({"require_signed_request_object": True}, Profile.FAPI2_MS),
        ({"require_signed_request_object": False}, Profile.FAPI2),
        ({"authorization_signed_response_alg": "PS256"}, Profile.FAPI2_MS),
        ({"scope": "openid"}, Profile.OIDC),
        ({"scope": "openid", "authorization_details_types": ["account_information"]}, Profile.FAPI2),
    ],
)
def test_the_profile_follows_from_what_is_asked(change: dict[str, Any], profile: Profile) -> None:
    assert made(bank_data(**change)).profile is profile


def test_a_profile_may_be_asked_for_that_is_stricter_and_never_one_that_is_laxer() -> None:
    assert made(bank_data(scope="openid"), wanted=Profile.FAPI2).profile is Profile.FAPI2
    signing = made(bank_data(), wanted=Profile.FAPI2_MS)
    assert signing.profile is Profile.FAPI2_MS
    assert signing.members["require_signed_request_object"] is True
    assert signing.members["authorization_signed_response_alg"] == "ES256"
    with pytest.raises(BadMetadata) as caught:
        made(bank_data(), wanted=Profile.OIDC)
    assert caught.value.member == "scope"


def test_a_resource_server_gets_no_tokens() -> None:
    found = made({"client_name": "The API"}, wanted=Profile.RESOURCE_SERVER)
    assert (found.members["grant_types"], found.scopes, found.redirect_uris) == ((), frozenset(), ())
    for change in ({"grant_types": ["client_credentials"]}, {"scope": "openid"}):
        with pytest.raises(BadMetadata):
            made({"client_name": "The API", **change}, wanted=Profile.RESOURCE_SERVER)


EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
SERVICE: dict[str, Any] = {
    "client_name": "Billing",
    "resource": "https://billing.example/api",
    "grant_types": [EXCHANGE],
    "token_exchange_targets": ["https://hub.example"],
    "scope": "accounts:read balances:read",
    "token_endpoint_auth_method": "private_key_jwt",
    "jwks": bank_data()["jwks"],
    "dpop_bound_access_tokens": True,
}


def test_a_member_service_may_exchange_tokens_for_the_targets_that_the_operator_names() -> None:
    found = made(SERVICE, wanted=Profile.RESOURCE_SERVER)
    assert found.members["resource"] == "https://billing.example/api"
    assert found.scopes == {"accounts:read", "balances:read"}
    assert made({"client_name": "Asks only", "resource": "https://a.example"}, wanted=Profile.RESOURCE_SERVER)


@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"resource": None}, "token_exchange_targets"),
        ({"token_exchange_targets": None}, "token_exchange_targets"),
        ({"grant_types": None, "scope": None}, "token_exchange_targets"),
        ({"grant_types": [EXCHANGE, "client_credentials"]}, "grant_types"),
        ({"dpop_bound_access_tokens": None}, "dpop_bound_access_tokens"),
        ({"scope": "openid accounts:read"}, "scope"),
        ({"scope": "payments:write"}, "scope"),
        ({"resource": "billing"}, "resource"),
    ],
)
def test_what_a_member_service_cannot_be(change: dict[str, Any], member: str) -> None:
    with pytest.raises(BadMetadata) as caught:
        made(SERVICE | change, wanted=Profile.RESOURCE_SERVER)
    assert caught.value.member == member


@pytest.mark.parametrize(
    "change",
    [
        {"resource": "https://hub.example"},
        {"token_exchange_targets": ["https://hub.example"]},
        {"grant_types": ["authorization_code", EXCHANGE]},
    ],
)
def test_nobody_else_is_a_member_service(change: dict[str, Any]) -> None:
    for document in (sign_in(**change), bank_data(**change)):
        with pytest.raises(BadMetadata):
            made(document)


def test_unknown_members_are_ignored_and_null_counts_as_left_out() -> None:
    found = made(sign_in(request_uris=["https://nest.example/r"], favourite_colour="red") | {"logo_uri": None})
    assert {"request_uris", "favourite_colour", "logo_uri"}.isdisjoint(found.members)


def test_what_a_client_holds_for_itself_is_had_by_asking_for_it_only() -> None:
    own = {"grant_management_query", "grant_management_revoke"}
    assert not own & made(sign_in(scope=None)).scopes
    assert own <= made(bank_data(scope=f"openid accounts:read {' '.join(own)}")).scopes


def test_names_in_other_languages_are_kept() -> None:
    told = {"client_name#fr": "Le Nid", "tos_uri#de-AT": "https://nest.example/agb", "client_name#<b>": "x"}
    found = made(sign_in(**told)).members
    assert (found["client_name#fr"], found["tos_uri#de-AT"]) == ("Le Nid", "https://nest.example/agb")
    assert "client_name#<b>" not in found


def test_unknown_scopes_are_dropped_for_sign_in_and_told_to_a_bank_client() -> None:
    assert made(sign_in(scope="openid phone_number everything")).scopes == {"openid"}
    with pytest.raises(BadMetadata) as caught:
        made(bank_data(scope="openid accounts:read everything"))
    assert caught.value.member == "scope"


def test_a_client_without_a_name_is_called_by_its_host() -> None:
    assert made(sign_in(client_name=None)).members["client_name"] == "nest.example"


def test_refresh_tokens_and_offline_access_go_together_by_default() -> None:
    assert made(sign_in(scope="openid offline_access")).members["grant_types"] == (
        "authorization_code",
        "refresh_token",
    )
    grants = ["authorization_code", "refresh_token"]
    assert "offline_access" in made(sign_in(grant_types=grants)).scopes


ENCRYPTED = {"id_token_encrypted_response_alg": "RSA-OAEP-256"}
BAD_FOR_ENCRYPTION = [
    public("2048", kid="e", use="enc", key_ops=[]),
    public("2048", kid="e", use=None, key_ops=[]),
    public("2048", kid="e", use=None, key_ops=["deriveKey"]),  # RSA wraps
    public("2048", kid="e", use="enc", key_ops=["verify"]),
    public("2048", kid="e", use="sig", key_ops=["wrapKey"]),
    public("2048", kid="e", use="enc", key_ops=["wrapKey", "wrapKey"]),
    public("2048", kid="e", use="enc", key_ops={"wrapKey": True}),
    public("2048", kid="e", use="enc", key_ops=[["wrapKey"]]),
    public("2048", kid="e", use="enc", alg="RSA-OAEP"),
    public("P-256", kid="e", use="enc"),
    public("2048", kid="e", use="sig"),
]
METHOD, ALG = "token_endpoint_auth_method", "id_token_signed_response_alg"

# Metadata of a sign-in client that will not do, and the member that the refusal names.
BAD_SIGN_IN: list[tuple[dict[str, Any], str]] = [
    ({"client_name": ""}, "client_name"),
    ({"client_name": "x" * 101}, "client_name"),
    ({"client_name": 7}, "client_name"),
    ({"client_name": "Two\nlines"}, "client_name"),
    ({"client_name": "Bank\u202eegaruoy"}, "client_name"),
    ({"client_name": "Pay\u200bPal"}, "client_name"),
    ({"client_name": "P\u0430yments"}, "client_name"),  # a Cyrillic a
    ({"client_name": "\uff22\uff41\uff4e\uff4b"}, "client_name"),  # fullwidth letters
    ({"client_name": "Z\u0351\u0352\u0357\u0349algo"}, "client_name"),
    ({"client_name#fr": "Bank\u202e"}, "client_name"),
    ({"client_name#fr": ["x"]}, "client_name"),
    ({"client_uri": "http://nest.example"}, "client_uri"),
    ({"client_uri": "https://a@b.example"}, "client_uri"),
    ({"client_uri": "https://good.example\\@evil.example"}, "client_uri"),
    ({"client_uri": "https://["}, "client_uri"),
    ({"client_uri": "https://n\u0435st.example"}, "client_uri"),
    ({"logo_uri": "javascript:alert(1)"}, "logo_uri"),
    ({"logo_uri": "data:image/png;base64,AAAA"}, "logo_uri"),
    ({"policy_uri": "https://x/" + "y" * 500}, "policy_uri"),
    ({"tos_uri": ["https://nest.example"]}, "tos_uri"),
    ({"tos_uri": 'https://nest.example/"onclick="'}, "tos_uri"),
    ({"contacts": "me@nest.example"}, "contacts"),
    ({"contacts": ["a\nb"]}, "contacts"),
    ({"grant_types": ["implicit"]}, "grant_types"),
    ({"grant_types": ["password", "authorization_code"]}, "grant_types"),
    ({"grant_types": ["refresh_token"], "response_types": []}, "grant_types"),
    ({"grant_types": [["x"]]}, "grant_types"),
    ({"response_types": ["token"]}, "response_types"),
    ({"response_types": ["code id_token"]}, "response_types"),
    ({"response_types": []}, "response_types"),
    ({"grant_types": ["client_credentials"], "response_types": ["code"]}, "response_types"),
    ({METHOD: "client_secret_jwt"}, METHOD),
    ({METHOD: "none", "grant_types": ["authorization_code", "client_credentials"]}, "grant_types"),
    ({METHOD: "private_key_jwt"}, "jwks"),
    ({METHOD: "tls_client_auth"}, "tls_client_auth_subject_dn"),
    ({METHOD: "tls_client_auth", "tls_client_auth_subject_dn": "no name"}, "tls_client_auth_subject_dn"),
    ({METHOD: "tls_client_auth", "tls_client_auth_san_ip": "1.2.3"}, "tls_client_auth_san_ip"),
    (
        {METHOD: "tls_client_auth", "tls_client_auth_san_dns": "a.example", "tls_client_auth_san_ip": "192.0.2.1"},
        "tls_client_auth_san_dns",
    ),
    ({"tls_client_auth_san_dns": "a.example"}, "tls_client_auth_san_dns"),
    ({METHOD: "self_signed_tls_client_auth"}, "jwks"),
    ({"jwks": jwks(), "jwks_uri": "https://nest.example/jwks"}, "jwks"),
    ({"jwks": "{}"}, "jwks"),
    ({"jwks": {"keys": 7}}, "jwks"),
    ({"jwks_uri": "http://nest.example/jwks"}, "jwks_uri"),
    ({"jwks_uri": "file:///etc/passwd"}, "jwks_uri"),
    ({ALG: "none"}, ALG),
    ({ALG: "HS256"}, ALG),
    ({"userinfo_signed_response_alg": "none"}, "userinfo_signed_response_alg"),
    ({"request_object_signing_alg": "none"}, "request_object_signing_alg"),
    ({"token_endpoint_auth_signing_alg": "ES256"}, "token_endpoint_auth_signing_alg"),
    ({"id_token_encrypted_response_alg": "RSA1_5", "jwks": jwks()}, "id_token_encrypted_response_alg"),
    ({"id_token_encrypted_response_enc": "A128GCM"}, "id_token_encrypted_response_alg"),
    ({"userinfo_encrypted_response_alg": "RSA-OAEP-256"}, "jwks"),
    (
        {
            "id_token_encrypted_response_alg": "ECDH-ES",
            "id_token_encrypted_response_enc": "A1",
            "jwks": jwks(public(use="enc")),
        },
        "id_token_encrypted_response_enc",
    ),
    *(({**ENCRYPTED, "jwks": jwks(public(use="sig"), bad)}, "jwks") for bad in BAD_FOR_ENCRYPTION),
    ({"jwks": jwks(public(use=None, key_ops=[]))}, "jwks"),
    ({"jwks": jwks(public(use="sig", key_ops=["wrapKey"]))}, "jwks"),
    ({"jwks": jwks(public(use=None, key_ops=["verify", "verify"]))}, "jwks"),
    ({"jwks": jwks(public(use=None, key_ops="verify"))}, "jwks"),
    ({"jwks": jwks(public(use=["sig"]))}, "jwks"),
    ({"request_object_encryption_alg": "RSA-OAEP-256"}, "request_object_encryption_alg"),
    ({"subject_type": "public"}, "subject_type"),
    ({"application_type": "toaster"}, "application_type"),
    ({"sector_identifier_uri": "http://nest.example/s"}, "sector_identifier_uri"),
    (
        {"sector_identifier_uri": "https://nest.example/s", "redirect_uris": ["http://127.0.0.1/cb"]},
        "sector_identifier_uri",
    ),
    ({"default_max_age": -1}, "default_max_age"),
    ({"default_max_age": True}, "default_max_age"),
    ({"require_auth_time": "true"}, "require_auth_time"),
    ({"default_acr_values": "phr"}, "default_acr_values"),
    ({"initiate_login_uri": "http://nest.example/login"}, "initiate_login_uri"),
    ({"initiate_login_uri": "https://nest.example/a/../login"}, "initiate_login_uri"),
    ({"backchannel_logout_uri": "http://nest.example/out"}, "backchannel_logout_uri"),
    ({"backchannel_logout_uri": "https://nest.example/out#x"}, "backchannel_logout_uri"),
    ({"post_logout_redirect_uris": ["http://evil.example/"]}, "post_logout_redirect_uris"),
    ({"post_logout_redirect_uris": "https://nest.example/"}, "post_logout_redirect_uris"),
    ({"scope": ["openid"]}, "scope"),
    ({"scope": "x" * 1001}, "scope"),
    ({"scope": "openid\0"}, "scope"),
    ({"software_id": ""}, "software_id"),
    ({"backchannel_token_delivery_mode": "push"}, "backchannel_token_delivery_mode"),
    ({"backchannel_token_delivery_mode": "poll"}, "backchannel_token_delivery_mode"),
    (PING, METHOD),
]
BAD_REDIRECTS: list[Any] = [
    None,
    [],
    "https://nest.example/callback",
    [7],
    ["http://nest.example/callback"],
    ["https://nest.example/callback#fragment"],
    ["https://nest.example/callback", "https://nest.example/*"],
    ["javascript:alert(1)"],
    ["data:text/html,hello"],
    ["https://"],
    ["https://user@nest.example/"],
    ["https://nest.example/a/../b"],
    ["com.example.app:/cb"],  # only a public client may
    [f"https://nest.example/{n}" for n in range(21)],
]
# Metadata of a client that asks for data, and the member that the refusal names.
BAD_BANK_DATA: list[tuple[dict[str, Any], str]] = [
    ({"authorization_details_types": ["account_information", "tax_return"]}, "authorization_details_types"),
    ({METHOD: "client_secret_basic"}, METHOD),
    ({METHOD: "client_secret_post"}, METHOD),
    ({METHOD: "none"}, METHOD),
    ({"jwks": None}, "jwks"),
    ({"jwks": {"keys": []}}, "jwks"),
    ({"jwks": jwks(key().as_dict(private=True))}, "jwks"),
    ({"jwks": jwks({"kty": "oct", "k": "AAAA"})}, "jwks"),
    ({"jwks": jwks(public("1024"))}, "jwks"),
    ({"jwks": jwks(public("P-384"))}, "jwks"),
    ({"jwks": jwks(public("2048", alg="RS256"))}, "jwks"),
    ({"jwks": jwks(public(), public("2048"))}, "jwks"),  # the same kid twice
    ({"jwks": jwks(public(x5u="https://nest.example/c"))}, "jwks"),
    ({"jwks": jwks(public(use="enc"))}, "jwks"),
    ({"jwks": jwks({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"})}, "jwks"),
    ({"jwks": jwks(*[public(kid=f"k{n}") for n in range(3)], *[{"kty": "EC"}] * 50)}, "jwks"),
    ({"dpop_bound_access_tokens": False}, "dpop_bound_access_tokens"),
    ({ALG: "RS256"}, ALG),
    ({"token_endpoint_auth_signing_alg": "RS256"}, "token_endpoint_auth_signing_alg"),
    ({"request_object_signing_alg": "RS256"}, "request_object_signing_alg"),
    ({"authorization_signed_response_alg": "RS256"}, "authorization_signed_response_alg"),
    ({"introspection_signed_response_alg": "RS256"}, "introspection_signed_response_alg"),
    ({"scope": "openid payments:everything accounts:read"}, "scope"),
    (PING | {"backchannel_token_delivery_mode": "poll"}, "backchannel_client_notification_endpoint"),
    (PING | {"backchannel_client_notification_endpoint": None}, "backchannel_client_notification_endpoint"),
]


def refused(document: dict[str, Any]) -> BadMetadata:
    with pytest.raises(BadMetadata) as caught:
        made(document)
    return caught.value


@pytest.mark.parametrize(("change", "member"), BAD_SIGN_IN, ids=range(len(BAD_SIGN_IN)))
def test_what_a_sign_in_client_cannot_register_is_named(change: dict[str, Any], member: str) -> None:
    error = refused(sign_in(**change))
    assert (error.member, error.error) == (member, "invalid_client_metadata")
    assert error.description.startswith(f"{member}: ")


def test_oidcc_3rd_party_init_login_nohttps() -> None:
    """On loopback the hub itself may call in the clear; where people are sent to log in is https all the same."""
    plain = "http://127.0.0.1/login"
    with pytest.raises(BadMetadata) as caught:
        made(sign_in(initiate_login_uri=plain), loopback=True)
    assert caught.value.member == "initiate_login_uri"
    assert made(sign_in(backchannel_logout_uri=plain), loopback=True).members["backchannel_logout_uri"] == plain


@pytest.mark.parametrize("uris", BAD_REDIRECTS, ids=lambda value: str(value)[:60])
def test_bad_redirect_uris_have_an_error_of_their_own(uris: Any) -> None:
    assert refused(sign_in(redirect_uris=uris)).error == "invalid_redirect_uri"


@pytest.mark.parametrize(("change", "member"), BAD_BANK_DATA, ids=range(len(BAD_BANK_DATA)))
def test_what_a_bank_client_cannot_register_is_named(change: dict[str, Any], member: str) -> None:
    assert refused(bank_data(**change)).member == member


def test_refusals_repeat_nothing_that_was_sent() -> None:
    for change, _member in (*BAD_SIGN_IN, *BAD_BANK_DATA):
        for value in change.values():
            if isinstance(value, str) and len(value) > 12 and not re.fullmatch("[a-z_]+|urn:.*", value):
                assert value not in refused(sign_in(**change)).description, change


def test_what_is_allowed_stays_as_it_was_sent() -> None:
    uris = [CALLBACK, f"{CALLBACK}?dummy1=lorem&dummy2=ipsum", "http://127.0.0.1:9000/cb"]
    told = {"redirect_uris": uris, "client_uri": "https://nest.example/", "contacts": ["ops@nest.example"]}
    found = made(sign_in(**told)).members
    assert list(found["redirect_uris"]) == uris
    assert (found["client_uri"], found["contacts"]) == ("https://nest.example/", ("ops@nest.example",))
    for uris in (["com.example.app:/cb"], ["http://[::1]/cb"]):
        assert list(made(sign_in(redirect_uris=uris, token_endpoint_auth_method="none")).redirect_uris) == uris


def test_names_of_the_world_are_allowed() -> None:
    for name in ("Bodø Sparebank", "Ёлки-палки Pay", "楽天カード NISA", "Ελλάδα Bank", "Größe™ 2", "ธนาคาร"):
        assert made(sign_in(client_name=name)).members["client_name"] == name


@pytest.mark.parametrize(
    "keys", [jwks(public("2048")), jwks(public("Ed25519")), jwks(public(), public("2048", kid="e", use="enc"))]
)
def test_keys_that_a_bank_client_may_have(keys: dict[str, Any]) -> None:
    assert made(bank_data(jwks=keys)).members["jwks"] == keys


@pytest.mark.parametrize(
    ("alg", "ours"),
    [
        ("RSA-OAEP-256", public("2048", kid="e", use="enc")),
        ("RSA-OAEP-256", public("2048", kid="e", use="enc", key_ops=["wrapKey"])),
        ("RSA-OAEP-256", public("2048", kid="e", use=None, key_ops=["encrypt", "wrapKey"])),
        ("ECDH-ES", public(kid="e", use=None, key_ops=["deriveBits"])),
    ],
)
def test_keys_that_encrypted_answers_may_go_to(alg: str, ours: dict[str, Any]) -> None:
    given = jwks(public(), {name: value for name, value in ours.items() if value is not None})
    assert made(bank_data(jwks=given, id_token_encrypted_response_alg=alg)).members["jwks"] == given


def test_only_a_hub_on_loopback_calls_http_on_loopback() -> None:
    at_home = {"backchannel_logout_uri": "http://127.0.0.1:9000/out"}
    assert made(sign_in(**at_home), loopback=True).members["backchannel_logout_uri"] == "http://127.0.0.1:9000/out"
    assert refused(sign_in(**at_home)).member == "backchannel_logout_uri"


def test_a_ciba_client_has_a_key_and_a_delivery_mode() -> None:
    assert made(bank_data(**PING)).members["backchannel_token_delivery_mode"] == "ping"
