"""A hub whose clients register themselves, and a web in which they publish things."""

from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from joserfc import jws
from werkzeug.test import TestResponse

from hub.app import create_app
from hub.context import Hub
from hub.oauth.registration import anchors, fetch, initial_tokens
from hub.oauth.registration.errors import BadMetadata
from tests.oauth.registration.documents import jwks, key, public, sign_in

DIRECTORY = "https://directory.example"


@dataclass
class Registry:
    """``published``: address -> what is there. ``asked``: the addresses that the hub has fetched."""

    hub: Hub
    published: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.app = create_app(self.hub)

    def configured(self, **settings: Any) -> "Registry":
        """The same hub, set otherwise."""
        parts = {one.name: getattr(self.hub, one.name) for one in fields(Hub)}
        changed = replace(self.hub.settings, **settings)
        return Registry(Hub(**parts | {"settings": changed}), self.published, self.asked)

    def publish(self, url: str, document: Any) -> str:
        self.published[url] = document if isinstance(document, bytes) else orjson.dumps(document)
        return url

    def post(self, document: Any, *, token: str | None = None, **more: Any) -> TestResponse:
        body = document if isinstance(document, bytes) else orjson.dumps(document)
        sent = {"data": body, "content_type": "application/json", "headers": _bearer(token)} | more
        return self.app.test_client().post("/oauth/register", **sent)

    def register(self, document: Any = None, *, token: str | None = None) -> dict[str, Any]:
        answer = self.post(sign_in() if document is None else document, token=token)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.get_json()
        return found

    def call(self, method: str, client_id: str, token: str | None, document: Any = None) -> TestResponse:
        body = None if document is None else orjson.dumps(document)
        kind = None if document is None else "application/json"
        return self.app.test_client().open(
            f"/oauth/register/{client_id}", method=method, data=body, content_type=kind, headers=_bearer(token)
        )

    def initial(self, *, uses: int = 1, days: float = 1, **more: Any) -> str:
        now = self.hub.clock()
        with self.hub.db.write() as session:
            made = initial_tokens.new(session, uses=uses, expires_at=now + timedelta(days=days), now=now, **more)
        return made.token

    def trust(self, name: str = "Directory", *, issuer: str = DIRECTORY, **keys: Any) -> None:
        given = keys or {"jwks": jwks(public(kid="anchor")), "jwks_uri": None}
        with self.hub.db.write() as session:
            anchors.add(session, name=name, issuer=issuer, loopback=False, now=self.hub.clock(), **given)

    def statement(self, *, alg: str = "ES256", signer: Any = None, **claims: Any) -> str:
        """A software statement as the directory would sign it; a claim that is None is left out."""
        facts = {
            "iss": DIRECTORY,
            "iat": int(self.hub.clock().timestamp()),
            "software_id": "nest-egg",
            "software_client_name": "Nest Egg, certified",
            "software_redirect_uris": ["https://nest.example/callback", "https://nest.example/other"],
            "software_jwks_uri": "https://keys.directory.example/nest-egg",
        }
        told = {name: value for name, value in (facts | claims).items() if value is not None}
        header = {"alg": alg, "kid": "anchor", "typ": "JWT"}
        return jws.serialize_compact(header, orjson.dumps(told), signer or key(kid="anchor"), algorithms=[alg])


def _bearer(token: str | None) -> dict[str, str]:
    return {} if token is None else {"Authorization": f"Bearer {token}"}


@pytest.fixture
def registry(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Registry:
    made = Registry(hub)

    def get(_hub: Hub, member: str, url: str) -> bytes:
        made.asked.append(url)
        if url not in made.published:
            raise BadMetadata(member, "Nothing could be read there.")
        return made.published[url]

    monkeypatch.setattr(fetch, "_get", get)
    return made
