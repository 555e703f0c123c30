"""What the metadata says is served can be registered, by the client itself and by the operator; nothing else can."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner

from hub.cli import main
from hub.oauth import grant_types, metadata
from hub.settings import Settings
from tests.oauth.registration.conftest import Registry
from tests.oauth.registration.documents import bank_data, jwks, public, sign_in
from tests.oauth.registration.test_metadata import SERVICE

SERVED = metadata.document(Settings())
CIBA = {"grant_types": [grant_types.BACKCHANNEL], "backchannel_token_delivery_mode": "poll"}
PING = CIBA | {
    "backchannel_token_delivery_mode": "ping",
    "backchannel_client_notification_endpoint": "https://nest.example/ping",
}
METHODS: dict[str, dict[str, Any]] = {
    "private_key_jwt": {"jwks": jwks()},
    "self_signed_tls_client_auth": {"jwks": jwks()},
    "tls_client_auth": {"tls_client_auth_san_dns": "nest.example"},
}
RSA, EC = public("2048", kid="rsa", use="enc"), public(kid="ec", use="enc")


def _grants() -> Iterator[tuple[str, dict[str, Any]]]:
    for grant in SERVED["grant_types_supported"]:
        if grant == grant_types.EXCHANGE:
            continue  # the operator's alone: see below
        more = CIBA if grant == grant_types.BACKCHANNEL else {"grant_types": [grant]}
        if grant == grant_types.REFRESH:
            more = {"grant_types": [grant_types.CODE, grant]}
        browser = (
            {} if grant_types.CODE in more["grant_types"] or grant == grant_types.REFRESH else {"redirect_uris": None}
        )
        yield f"data by {grant}", bank_data(**more, **browser)
        if grant != grant_types.BACKCHANNEL:
            yield f"sign-in by {grant}", sign_in(**more, **browser)
    yield (
        "a device that cannot keep a secret",
        sign_in(grant_types=[grant_types.DEVICE], redirect_uris=None, token_endpoint_auth_method="none"),
    )
    every = [one for one in SERVED["grant_types_supported"] if one != grant_types.EXCHANGE]
    yield "all at once", bank_data(**PING | {"grant_types": every})


def _others() -> Iterator[tuple[str, dict[str, Any]]]:
    for method in SERVED["token_endpoint_auth_methods_supported"]:
        yield method, sign_in(token_endpoint_auth_method=method, **METHODS.get(method, {}))
    for kind in SERVED["authorization_details_types_supported"]:
        yield kind, bank_data(authorization_details_types=[kind])
    for mode in SERVED["backchannel_token_delivery_modes_supported"]:
        yield mode, bank_data(**{"poll": CIBA, "ping": PING}[mode], redirect_uris=None)
    for kind in SERVED["subject_types_supported"]:
        yield kind, sign_in(subject_type=kind)
    for member, told in (
        ("id_token_signed_response_alg", "id_token_signing_alg_values_supported"),
        ("userinfo_signed_response_alg", "userinfo_signing_alg_values_supported"),
        ("authorization_signed_response_alg", "authorization_signing_alg_values_supported"),
        ("introspection_signed_response_alg", "introspection_signing_alg_values_supported"),
        ("request_object_signing_alg", "request_object_signing_alg_values_supported"),
    ):
        for alg in SERVED[told]:
            yield f"{member}={alg}", sign_in(**{member: alg})
    for alg in SERVED["token_endpoint_auth_signing_alg_values_supported"]:
        more = METHODS["private_key_jwt"] | {"token_endpoint_auth_signing_alg": alg}
        yield f"assertions by {alg}", sign_in(token_endpoint_auth_method="private_key_jwt", **more)
    for alg in SERVED["backchannel_authentication_request_signing_alg_values_supported"]:
        more = CIBA | METHODS["private_key_jwt"] | {"backchannel_authentication_request_signing_alg": alg}
        yield (
            f"backchannel requests by {alg}",
            sign_in(redirect_uris=None, token_endpoint_auth_method="private_key_jwt", **more),
        )
    for what in ("id_token", "userinfo", "authorization"):
        for alg in SERVED[f"{what}_encryption_alg_values_supported"]:
            yield f"{what} by {alg}", sign_in(jwks=jwks(RSA, EC), **{f"{what}_encrypted_response_alg": alg})
        for enc in SERVED[f"{what}_encryption_enc_values_supported"]:
            more = {f"{what}_encrypted_response_alg": "ECDH-ES", f"{what}_encrypted_response_enc": enc}
            yield f"{what} with {enc}", sign_in(jwks=jwks(EC), **more)


SERVABLE = dict([*_grants(), *_others()])


@pytest.mark.parametrize("document", SERVABLE.values(), ids=SERVABLE.keys())
def test_what_is_served_can_be_registered(registry: Registry, document: dict[str, Any]) -> None:
    told = registry.register(document)
    wanted = {name: value for name, value in document.items() if name != "scope"}
    assert {name: told[name] for name in wanted} == wanted
    assert set(document.get("scope", "").split()) <= set(told["scope"].split())  # in another order


@pytest.mark.parametrize(
    "name", ["data by " + one for one in SERVED["grant_types_supported"] if one != grant_types.EXCHANGE]
)
def test_the_operator_registers_it_too(
    registry: Registry, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _by_operator(registry, SERVABLE[name], tmp_path, monkeypatch).startswith("client_id")


def test_only_the_operator_registers_what_exchanges_tokens(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert grant_types.EXCHANGE in SERVED["grant_types_supported"]
    assert registry.post(SERVICE).get_json()["error"] == "invalid_client_metadata"
    said = _by_operator(registry, SERVICE, tmp_path, monkeypatch, "--profile", "resource_server")
    assert "resource_server" in said


def _by_operator(
    registry: Registry, document: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch, *more: str
) -> str:
    monkeypatch.setattr("hub.commands.clients.hub_of_environ", lambda: registry.hub)
    (folder / "client.json").write_bytes(orjson.dumps(document))
    return CliRunner().invoke(main, ["clients", "register", str(folder / "client.json"), *more]).output


NOT_SERVED: dict[str, dict[str, Any]] = {
    "implicit": {"grant_types": ["implicit"], "response_types": ["token"]},
    "password": {"grant_types": ["password"]},
    "a JWT as a grant": {"grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:jwt-bearer"]},
    "hybrid": {"response_types": ["code", "code id_token"]},
    "an assertion by a secret": {"token_endpoint_auth_method": "client_secret_jwt"},
    "no signature": {"id_token_signed_response_alg": "none"},
    "a signature by a secret": {"id_token_signed_response_alg": "HS256"},
    "a curve that is not spoken": {"userinfo_signed_response_alg": "ES384"},
    "encryption by a shared key": {"id_token_encrypted_response_alg": "dir", "jwks": jwks(RSA)},
    "public subjects": {"subject_type": "public"},
    "push": CIBA | {"backchannel_token_delivery_mode": "push"},
    "a kind of details that nobody knows": {"authorization_details_types": ["tax_return"]},
    "encrypted requests": {"request_object_encryption_alg": "RSA-OAEP-256"},
    "encrypted introspection": {"introspection_encrypted_response_alg": "RSA-OAEP-256"},
}


@pytest.mark.parametrize("change", NOT_SERVED.values(), ids=NOT_SERVED.keys())
def test_what_is_not_served_cannot(registry: Registry, change: dict[str, Any]) -> None:
    answer = registry.post(sign_in(**change))
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_client_metadata")


def test_what_nobody_asked_to_do_without_is_registered_and_said(registry: Registry) -> None:
    """RFC 7591 3.2.1: the server may replace values, and tells which."""
    told = registry.register(bank_data(require_pushed_authorization_requests=False, response_types=None))
    assert (told["require_pushed_authorization_requests"], told["response_types"]) == (True, ["code"])
    device = registry.register(sign_in(grant_types=[grant_types.DEVICE], redirect_uris=None))
    assert (device["response_types"], device["grant_types"]) == ([], [grant_types.DEVICE])
