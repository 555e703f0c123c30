"""A client's access token at the API: what passes, what does not, and at what cost."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Request
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import event, select
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from consent.decide import Allowed, Ask, Denied, Reason, decide
from consent.model import Actor, Permission
from hub import keys
from hub.consents import service as consents
from hub.context import Hub
from hub.errors import Unauthenticated
from hub.ids import new_id
from hub.models.client import Client
from hub.models.consent import ConsentRow
from hub.models.oauth import DeniedToken, Grant
from hub.oauth.bearer import Token
from hub.oauth.possession import authenticate
from tests.conftest import TestClock
from tests.oauth.world import World, claims_of

READ_ON = 'resource_metadata="http://127.0.0.1:8000/.well-known/oauth-protected-resource"'


def use(world: World, token: str) -> Token:
    return show(world, world.shown(token))


def show(world: World, headers: Mapping[str, str] | Headers, **more: Any) -> Token:
    """A request for userinfo with these headers."""
    return authenticate(
        world.hub, Request(EnvironBuilder(path="/oauth/userinfo", headers=Headers(headers), **more).get_environ())
    )


def refused(world: World, token: str) -> bool:
    try:
        use(world, token)
    except Unauthenticated as error:
        return error.reason == "invalid_token"
    return False


def decision(world: World, token: str, permission: Permission) -> Allowed | Denied:
    found = use(world, token)
    ask = Ask(found.client_id, found.psu_id or "", permission, found.scopes)
    return decide(found.consent, ask, world.hub.clock())


@contextmanager
def statements(hub: Hub) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    for engine in (hub.db.reader, hub.db.writer):
        event.listen(engine, "before_cursor_execute", note)
    yield seen
    for engine in (hub.db.reader, hub.db.writer):
        event.remove(engine, "before_cursor_execute", note)


def test_a_token_names_its_client_person_grant_and_consent_in_one_statement(world: World) -> None:
    token = world.tokens()["access_token"]
    use(world, token)
    with statements(world.hub) as seen:
        found = use(world, token)
    assert len([one for one in seen if "burnt_jti" not in one]) == 1  # on PostgreSQL a proof is burnt there too
    assert (found.client_id, found.psu_id) == (world.client.client.client_id, world.alice)
    assert found.consent is not None
    assert found.consent.accounts == {world.account: {Permission.ACCOUNTS_READ, Permission.BALANCES_READ}}
    assert found.expires_at == world.hub.clock() + timedelta(seconds=300)
    with world.hub.db.read() as session:
        stored = consents.load(session, found.consent.id)
    assert found.consent == stored


def test_a_clients_own_token_has_no_person(world: World) -> None:
    answer = world.post("/oauth/token", {"grant_type": "client_credentials"}).get_json()
    found = use(world, answer["access_token"])
    assert (found.psu_id, found.grant_id, found.consent, found.scopes) == (None, None, None, frozenset())


def test_the_scheme_may_be_written_in_any_case(world: World) -> None:
    token = world.tokens()["access_token"]
    for scheme in ("DPoP", "dpop", "DPOP"):
        assert show(world, world.shown(token) | {"Authorization": f"{scheme} {token}"})
    bearer = world.tokens(world.web)["access_token"]
    for scheme in ("Bearer", "bearer", "BEARER"):
        assert show(world, {"Authorization": f"{scheme} {bearer}"})


def test_without_a_token_there_is_no_error_code(world: World) -> None:
    with pytest.raises(Unauthenticated) as caught:
        show(world, {})
    assert caught.value.reason is None
    response = world.app.test_client().get("/oauth/userinfo")
    assert response.status_code == 401
    assert response.headers.getlist("WWW-Authenticate") == [
        f'DPoP realm="rialto", {READ_ON}, algs="PS256 ES256 EdDSA Ed25519"',
        f'Bearer realm="rialto", {READ_ON}',
    ]


def test_a_token_anywhere_but_in_one_header_is_not_seen(world: World) -> None:
    token = world.tokens()["access_token"]
    browser = world.app.test_client()
    assert browser.get(f"/oauth/userinfo?access_token={token}").status_code == 401
    assert browser.post("/oauth/userinfo", data={"access_token": token}).status_code == 401
    for header in (f"Basic {token}", f"Bearer {token}", "Bearer", "Bearer ", "DPoP", token):
        with pytest.raises(Unauthenticated):
            show(world, world.shown(token) | {"Authorization": header})
    bearer = world.tokens(world.web)["access_token"]
    for header in (f"DPoP {bearer}", f"Bearer {bearer}, Bearer {bearer}"):
        with pytest.raises(Unauthenticated):
            show(world, {"Authorization": header})


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def hs256(header: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:
    """By hand: joserfc would not even sign with a public key as the secret."""
    text = ".".join(b64(json.dumps(part).encode()) for part in (header | {"alg": "HS256"}, claims))
    return f"{text}.{b64(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


def test_nothing_but_our_own_es256_access_token_passes(world: World) -> None:
    answer = world.tokens()
    good, claims = answer["access_token"], claims_of(answer["access_token"])
    key = world.hub.keys.signing(keys.AS)
    header = {"alg": "ES256", "kid": key.kid, "typ": "at+jwt"}

    def signed(changed_header: dict[str, Any], changed_claims: dict[str, Any], with_key: Any = key) -> str:
        made = header | changed_header
        payload = {name: value for name, value in (claims | changed_claims).items() if value is not None}
        registry = jws.JWSRegistry(algorithms=[made["alg"]], strict_check_header=False)
        return jws.serialize_compact(made, json.dumps(payload).encode(), with_key, registry=registry)

    now_s = int(world.hub.clock().timestamp())
    stranger = ECKey.generate_key("P-256")
    unsigned = ".".join([b64(json.dumps(header | {"alg": "none"}).encode()), good.split(".")[1], ""])
    forged = {
        "HS256 with our public key": hs256(header, claims, key.as_pem(private=False)),
        "HS256 with our JWK": hs256(header, claims, json.dumps(key.as_dict(private=False)).encode()),
        "HS256 with our public key as DER": hs256(header, claims, key.as_der(private=False)),
        "none": unsigned,
        "None": unsigned.replace(b64(b"none"), b64(b"None")),
        "another key under our kid": signed({}, {}, stranger),
        "another key under its own kid": signed({"kid": stranger.thumbprint()}, {}, stranger),
        "a key in the header": signed({"jwk": stranger.as_dict(private=False)}, {}, stranger),
        "an address of a key": signed({"jku": "https://evil.example/jwks"}, {}, stranger),
        "RS256": signed({"alg": "RS256"}, {}, RSAKey.generate_key(2048)),
        "unknown kid": signed({"kid": "x"}, {}),
        "no typ": signed({"typ": ""}, {}),
        "typ JWT": signed({"typ": "JWT"}, {}),
        "the ID token": answer["id_token"],
        "the refresh token": answer["refresh_token"],
        "another issuer": signed({}, {"iss": "https://evil.example"}),
        "another audience": signed({}, {"aud": "https://evil.example"}),
        "audience as a list": signed({}, {"aud": [claims["aud"], "https://evil.example"]}),
        "over": signed({}, {"exp": now_s}),
        "no end": signed({}, {"exp": None}),
        "an end in words": signed({}, {"exp": str(now_s + 60)}),
        "an end that is true": signed({}, {"exp": True}),
        "not yet": signed({}, {"nbf": now_s + 60}),
        "from the future": signed({}, {"iat": now_s + 60}),
        "no jti": signed({}, {"jti": None}),
        "no subject": signed({}, {"sub": None}),
        "scope as a list": signed({}, {"scope": ["openid"]}),
        "another client": signed({}, {"client_id": world.native.client.client_id}),
        "another grant": signed({}, {"authorization_id": new_id()}),
        "no grant beside the consent": signed({}, {"authorization_id": None}),
        "no consent beside the grant": signed({}, {"consent_id": None}),
        "another consent": signed({}, {"consent_id": new_id()}),
        "a critical extension": signed({"crit": ["b64"], "b64": True}, {}),
        "not JSON": jws.serialize_compact(header, b"\xff", key, algorithms=["ES256"]),
        "a list": jws.serialize_compact(header, b"[]", key, algorithms=["ES256"]),
        "five parts": good + "..",
        "two parts": good.rpartition(".")[0],
        "cut short": good[:-4],
        "empty": "..",
        "not ASCII": "ü" + good,
        "far too long": good + "A" * 10_000,
        "a deep header": b64(b'{"a":' + b"[" * 5000) + ".e30.AA",
        "a deep header that fits": b64(b'{"a":' + b"[" * 350) + ".e30.AA",
        "a header that is a list": b64(b"[]") + ".e30.AA",
        "a header that is no text": b64(b"\xff\xfe") + ".e30.AA",
    }
    assert {name: refused(world, token) for name, token in forged.items()} == dict.fromkeys(forged, True)
    assert not refused(world, signed({}, {}))  # the forge itself works
    assert not refused(world, signed({"typ": "application/AT+JWT"}, {"iat": now_s + 5}))


def test_a_token_ends_after_three_hundred_seconds(world: World, clock: TestClock) -> None:
    token = world.tokens()["access_token"]
    clock.advance(seconds=299)
    assert use(world, token)
    clock.advance(seconds=1)
    assert refused(world, token)


def test_a_token_on_the_deny_list_is_out(world: World) -> None:
    token, other = world.tokens()["access_token"], world.tokens(prompt="consent")["access_token"]
    with world.hub.db.write() as session:
        session.add(DeniedToken(jti=claims_of(token)["jti"], expires_at=world.hub.clock()))
    assert refused(world, token)
    assert use(world, other)


def test_a_revoked_grant_is_out_at_once(world: World) -> None:
    token = world.tokens()["access_token"]
    with world.hub.db.write() as session:
        session.scalars(select(Grant)).one().revoked_at = world.hub.clock()
    assert refused(world, token)


def test_a_deleted_client_is_out_at_once(world: World) -> None:
    token = world.tokens()["access_token"]
    with world.hub.db.write() as session:
        session.get_one(Client, world.client.client.client_id).deleted_at = world.hub.clock()
    assert refused(world, token)


def test_a_revoked_consent_opens_nothing_at_once(world: World) -> None:
    token = world.tokens()["access_token"]
    assert isinstance(decision(world, token, Permission.BALANCES_READ), Allowed)
    with world.hub.db.write() as session:
        row = session.scalars(select(ConsentRow)).one()
        consents.revoke(session, row.id, actor=Actor.PSU, psu_id=world.alice, now=world.hub.clock())
    assert decision(world, token, Permission.BALANCES_READ) == Denied(Reason.REVOKED)
    assert world.userinfo(token).status_code == 403


def test_an_expired_consent_opens_nothing_at_once(world: World, clock: TestClock) -> None:
    token = world.tokens()["access_token"]
    with world.hub.db.write() as session:
        session.scalars(select(ConsentRow)).one().valid_until = clock() + timedelta(seconds=10)
    clock.advance(seconds=9)
    assert isinstance(decision(world, token, Permission.BALANCES_READ), Allowed)
    clock.advance(seconds=1)
    assert decision(world, token, Permission.BALANCES_READ) == Denied(Reason.EXPIRED)


def test_a_scope_taken_from_the_registration_is_gone_from_every_token_at_once(world: World) -> None:
    token = world.tokens()["access_token"]
    with world.hub.db.write() as session:
        session.get_one(Client, world.client.client.client_id).scopes = ["openid", "accounts:read"]
    assert use(world, token).scopes == {"openid", "accounts:read"}
    assert decision(world, token, Permission.BALANCES_READ) == Denied(Reason.SCOPE_MISSING)
