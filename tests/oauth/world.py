"""A hub with Alice's account and an app that asks for it, and the steps of the flow as short words."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Flask, g, request
from werkzeug.test import TestResponse
from werkzeug.wrappers import Response

from consent.model import PERSONAL_PERMISSIONS, permissions_of
from hub import rim
from hub.access import Kind, declared
from hub.context import Hub
from hub.identity.assurance import acr_of
from hub.identity.sessions import Person
from hub.ids import new_id
from hub.logs import quiet_libraries
from hub.models.connection import Connection
from hub.models.ledger import Account
from hub.models.psu import Psu
from hub.oauth import bearer, clients, interaction
from hub.oauth.clients import Registered
from hub.oauth.interaction import Choice
from hub.oauth.routes import blueprint

CALLBACK = "https://buddy.example/callback"
NATIVE_CALLBACK = "http://127.0.0.1/cb"
SCOPE = "openid offline_access profile email accounts:read balances:read"
VERIFIER = "v" * 43
FORM = "application/x-www-form-urlencoded"


def s256(verifier: str = VERIFIER) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query, keep_blank_values=True).items()}


def make_app(hub: Hub, world: "World") -> Flask:
    """The authorisation server alone, with the part of the gate that it relies on."""
    app = Flask("hub.app", template_folder="web/templates")
    app.extensions["rialto"] = hub
    quiet_libraries()
    rim.install(app, hub)

    @app.before_request
    def enforce() -> Response | None:
        access = declared(app.view_functions[request.endpoint]) if request.endpoint else None
        if access is not None and access.kind is Kind.PUBLIC:
            g.person = world.logged_in
        if access is not None and access.kind is Kind.ANY_TOKEN:
            g.token = bearer.authenticate(hub, request.headers, hub.clock())
        return None

    app.register_blueprint(blueprint)
    return app


@dataclass
class World:
    hub: Hub
    logged_in: Person | None = None
    app: Flask = field(init=False)
    alice: str = field(init=False)
    bob: str = field(init=False)
    charlie: str = field(init=False)
    account: str = field(init=False)
    bobs_account: str = field(init=False)
    client: Registered = field(init=False)
    native: Registered = field(init=False)

    def __post_init__(self) -> None:
        self.app = make_app(self.hub, self)
        self.alice, self.bob, self.charlie = (self._person(name) for name in ("Alice", "Bob", "Charlie"))
        self.account, self.bobs_account = self._account(self.alice), self._account(self.bob)
        self.client = self.register()
        self.native = self.register(public=True, redirect_uris=[NATIVE_CALLBACK, "com.example.buddy:/cb", CALLBACK])

    def _person(self, name: str) -> str:
        now = self.hub.clock()
        psu_id = new_id()
        with self.hub.db.write() as session:
            session.add(
                Psu(
                    id=psu_id,
                    email=f"{name.lower()}@people.example",
                    name=name,
                    password_hash="nobody logs in here",
                    password_changed_at=now,
                    created_at=now,
                )
            )
        return psu_id

    def _account(self, psu_id: str) -> str:
        now, account_id = self.hub.clock(), new_id()
        with self.hub.db.write() as session:
            connection = Connection(id=new_id(), psu_id=psu_id, institution_id="albion", status="ready", created_at=now)
            session.add(connection)
            session.flush()
            session.add(
                Account(
                    id=account_id,
                    psu_id=psu_id,
                    connection_id=connection.id,
                    institution_id="albion",
                    identity_hash=psu_id.replace("-", ""),
                    resource_id="1",
                    type="CACC",
                    currency="GBP",
                    identifiers=[],
                    status="enabled",
                    created_at=now,
                )
            )
        return account_id

    def register(self, *, owner: str | None = None, **changes: Any) -> Registered:
        facts: dict[str, Any] = {
            "owner_psu_id": owner or self.charlie,
            "name": "Budget Buddy",
            "site_uri": "https://buddy.example",
            "redirect_uris": [CALLBACK],
            "public": False,
            "scopes": SCOPE.split(),
            "description": "Shows where the money goes",
            "now": self.hub.clock(),
        }
        with self.hub.db.write() as session:
            return clients.register(session, **(facts | changes))

    def person(
        self, psu_id: str | None = None, *, auth_time: datetime | None = None, amr: tuple[str, ...] = ("pwd",)
    ) -> Person:
        now = self.hub.clock()
        found = psu_id or self.alice
        name = {self.alice: "Alice", self.bob: "Bob", self.charlie: "Charlie"}[found]
        return Person(
            psu_id=found,
            name=name,
            email=f"{name.lower()}@people.example",
            session_hash="0" * 64,
            auth_time=auth_time or now,
            created_at=now,
            password_changed_at=now,
            sid=f"sid-of-{name.lower()}",
            acr=acr_of(amr),
            amr=amr,
        )

    def request_of(self, client: Registered | None = None, **changes: Any) -> dict[str, str]:
        """The parameters of a request in order; a change to None leaves one out."""
        facts: dict[str, Any] = {
            "response_type": "code",
            "client_id": (client or self.client).client.client_id,
            "redirect_uri": CALLBACK,
            "scope": SCOPE,
            "state": "st4te",
            "nonce": "n0nce",
            "code_challenge": s256(),
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (facts | changes).items() if value is not None}

    def ask(self, client: Registered | None = None, **changes: Any) -> TestResponse:
        return self.app.test_client().get("/oauth/authorize?" + urlencode(self.request_of(client, **changes)))

    def handle(self, client: Registered | None = None, **changes: Any) -> str:
        response = self.ask(client, **changes)
        assert response.status_code == 303, response.text
        assert response.headers["Location"].startswith("/consent/"), response.headers["Location"]
        return response.headers["Location"].removeprefix("/consent/")

    def choice(self, scope: str = SCOPE, *, days: int = 30, account: str | None = None) -> Choice:
        wanted = permissions_of(scope.split())
        personal = wanted & PERSONAL_PERMISSIONS
        on_account = wanted - personal
        return Choice(
            accounts={account or self.account: on_account} if on_account else {},
            personal=personal,
            valid_until=self.hub.clock() + timedelta(days=days),
        )

    def code(self, client: Registered | None = None, *, days: int = 30, **changes: Any) -> str:
        """A code by way of Alice's yes."""
        handle = self.handle(client, **changes)
        choice = self.choice(changes.get("scope", SCOPE), days=days)
        return query_of(interaction.approve(self.hub, handle, self.person(), choice))["code"]

    def post(self, path: str, form: dict[str, str], client: Registered | None = None, **more: Any) -> TestResponse:
        """A back-channel request, authenticated as the client is registered."""
        known = client or self.client
        if known.secret is None:
            form = {"client_id": known.client.client_id} | form
        else:
            more.setdefault("auth", (known.client.client_id, known.secret))
        return self.app.test_client().post(path, data=form, **more)

    def redeem(self, code: str, client: Registered | None = None, **changes: Any) -> TestResponse:
        facts = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
        form = {name: value for name, value in (facts | changes).items() if value is not None}
        return self.post("/oauth/token", form, client)

    def refresh(self, refresh_token: str, client: Registered | None = None, **more: str) -> TestResponse:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token} | more
        return self.post("/oauth/token", form, client)

    def tokens(self, client: Registered | None = None, **changes: Any) -> dict[str, Any]:
        """The whole flow; what the token endpoint answered."""
        redirect_uri = changes.get("redirect_uri", CALLBACK)
        response = self.redeem(self.code(client, **changes), client, redirect_uri=redirect_uri)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.get_json()
        return answer

    def userinfo(self, access_token: str) -> TestResponse:
        return self.app.test_client().get("/oauth/userinfo", headers={"Authorization": f"Bearer {access_token}"})

    def works(self, access_token: str) -> bool:
        return self.userinfo(access_token).status_code == 200


def claims_of(jwt: str) -> dict[str, Any]:
    """What a token says, unverified."""
    body = jwt.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return found
