"""A relying party's side: its keys, and reading what the hub made for it."""

import base64
from typing import Any

import orjson
from joserfc import jwe, jws
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from hub import keys
from hub.context import Hub
from tests.oauth.world import World

Key = ECKey | OKPKey | RSAKey


def public(key: Key, **members: Any) -> dict[str, Any]:
    return dict(key.as_dict(private=False)) | members


def set_client(world: World, **members: Any) -> None:
    """Change the world's client: columns by their names, everything else in its registration.

    RS256 is for sign-in clients alone, so with it the world's client becomes the one that only signs people in. A JWK
    Set keeps the key that the client authenticates with.
    """
    if "RS256" in members.values():
        world.client = world.web
    client = world.client.client
    given = (members.get("jwks") or {}).get("keys")
    if isinstance(given, list) and (own := world.keys.get(client.client_id)) is not None:
        members["jwks"] = {"keys": [own.jwk(), *given]}
    registration = dict(client.registration)
    for name, value in members.items():
        if hasattr(type(client), name):
            setattr(client, name, value)
        else:
            registration[name] = value
    client.registration = registration
    with world.hub.db.write() as session:
        session.merge(client)


def header_of(token: str) -> dict[str, Any]:
    part = token.split(".")[0]
    found: dict[str, Any] = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def verified(world: World, token: str, alg: str) -> dict[str, Any]:
    """The claims of a JWS of the hub, verified with the key that its JWKS publishes for ``alg``."""
    return verified_by(world.hub, token, alg)


def verified_by(hub: Hub, token: str, alg: str) -> dict[str, Any]:
    """The same for any hub."""
    published = [jwk for jwk in hub.keys.jwks(keys.AS)["keys"] if jwk["alg"] == alg]
    signed = jws.deserialize_compact(token, KeySet.import_key_set({"keys": published}), algorithms=[alg])
    claims: dict[str, Any] = orjson.loads(signed.payload)
    return claims


def decrypted(token: str, key: Key, *algorithms: str) -> tuple[dict[str, Any], bytes]:
    """Header and inner text of a JWE for this key."""
    opened = jwe.decrypt_compact(token, key, algorithms=list(algorithms))
    assert opened.plaintext is not None
    return dict(opened.headers()), opened.plaintext
