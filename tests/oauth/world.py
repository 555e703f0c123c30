"""A hub with Alice's account and apps that ask for it, and the steps of the flow as short words.

``client`` is a FAPI 2.0 client (pushed requests, private_key_jwt, DPoP), ``web`` signs people in with a secret,
``native`` is a public client that signs people in. Every step does what the client's profile demands.
"""

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
from hub.hashing import secret_hash
from hub.identity.assurance import acr_of
from hub.identity.sessions import Person
from hub.ids import new_id
from hub.logs import quiet_libraries
from hub.models.connection import Connection
from hub.models.ledger import Account
from hub.models.psu import Psu, PsuSession
from hub.oauth import interaction, possession
from hub.oauth.authenticate import ASSERTION_TYPE
from hub.oauth.clients import Registered
from hub.oauth.interaction import Choice
from hub.oauth.routes import blueprint
from tests.oauth.signing import ClientKey
from tests.registered import registered

CALLBACK = "https://buddy.example/callback"
NATIVE_CALLBACK = "http://127.0.0.1/cb"
SCOPE = "openid offline_access profile email accounts:read balances:read"
SIGN_IN_SCOPE = "openid offline_access profile email"
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
            g.token = possession.authenticate(hub, request, in_body=request.endpoint == "oauth.userinfo")
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
    web: Registered = field(init=False)
    native: Registered = field(init=False)
    keys: dict[str, ClientKey] = field(default_factory=dict)
    """client_id -> the key that the client signs with."""

    def __post_init__(self) -> None:
        self.app = make_app(self.hub, self)
        self.alice, self.bob, self.charlie = (self._person(name) for name in ("Alice", "Bob", "Charlie"))
        for psu_id in (self.alice, self.bob, self.charlie):
            self.log_in(psu_id)
        self.account, self.bobs_account = self.link_account(self.alice), self.link_account(self.bob)
        self.client = self.register()
        self.web = self.register(profile="oidc")
        native = [NATIVE_CALLBACK, "com.example.buddy:/cb", CALLBACK]
        self.native = self.register(profile="oidc", public=True, redirect_uris=native)

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

    def log_in(self, psu_id: str) -> None:
        """The session in which this person does everything here, until it is swept."""
        person = self.person(psu_id)
        with self.hub.db.write() as session:
            session.add(
                PsuSession(
                    id_hash=person.session_hash,
                    sid=person.sid,
                    psu_id=psu_id,
                    created_at=person.auth_time,
                    auth_time=person.auth_time,
                    acr=person.acr,
                    amr=list(person.amr),
                    last_seen_at=person.auth_time,
                    expires_at=person.auth_time + timedelta(seconds=self.hub.settings.session_ttl_s),
                    user_agent="",
                    ip_address="",
                )
            )

    def link_account(self, psu_id: str) -> str:
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
                    identity_hash=account_id.replace("-", ""),
                    resource_id="1",
                    type="CACC",
                    currency="GBP",
                    identifiers=[],
                    status="enabled",
                    created_at=now,
                )
            )
        return account_id

    def register(self, *, owner: str | None = None, profile: str = "fapi2", **changes: Any) -> Registered:
        """``registration`` among the changes: metadata under its registered names, on top of the usual."""
        more = changes.pop("registration", {})
        scopes = changes.pop("scopes", SIGN_IN_SCOPE.split() if profile == "oidc" else SCOPE.split())
        facts: dict[str, Any] = {
            "owner_psu_id": owner or self.charlie,
            "name": "Budget Buddy",
            "site_uri": "https://buddy.example",
            "redirect_uris": [CALLBACK],
            "public": False,
            "scopes": SIGN_IN_SCOPE.split(),
            "description": "Shows where the money goes",
            "now": self.hub.clock(),
        }
        with self.hub.db.write() as session:
            made = registered(session, **(facts | changes))
            row = made.client
            row.profile, row.scopes, row.registration = profile, list(scopes), dict(more)
            if profile in {"fapi2", "fapi2_ms"}:
                key = self.keys[row.client_id] = ClientKey.make()
                row.token_endpoint_auth_method, row.secret_hash, row.jwks = "private_key_jwt", None, key.jwks()
                row.registration = {"dpop_bound_access_tokens": True} | more
        return Registered(row, None if row.secret_hash is None else made.secret)

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
            session_hash=secret_hash(found),
            auth_time=auth_time or now,
            created_at=now,
            password_changed_at=now,
            sid=f"sid-of-{name.lower()}",
            acr=acr_of(amr),
            amr=amr,
        )

    def request_of(self, client: Registered | None = None, **changes: Any) -> dict[str, str]:
        """The parameters of a request in order; a change to None leaves one out."""
        known = client or self.client
        facts: dict[str, Any] = {
            "response_type": "code",
            "client_id": known.client.client_id,
            "redirect_uri": CALLBACK,
            "scope": " ".join(known.client.scopes),
            "state": "st4te",
            "nonce": "n0nce",
            "code_challenge": s256(),
            "code_challenge_method": "S256",
        }
        if known.client.profile == "fapi2_ms":
            facts["response_mode"] = "jwt"
        return {name: value for name, value in (facts | changes).items() if value is not None}

    def push(self, client: Registered | None = None, **changes: Any) -> TestResponse:
        """The request, pushed; signed where the client's profile wants it so."""
        known = client or self.client
        facts = self.request_of(known, **changes)
        if known.client.profile == "fapi2_ms":
            facts = {"request": self.request_object(known, facts)}
        return self.post("/oauth/par", facts, known)

    def request_object(self, client: Registered, facts: dict[str, Any], **changes: Any) -> str:
        client_id, issuer = client.client.client_id, self.hub.settings.base_url
        key = self.keys[client_id]
        return key.request_object(facts, client_id=client_id, issuer=issuer, now=self.hub.clock(), **changes)

    def ask(self, client: Registered | None = None, **changes: Any) -> TestResponse:
        """What the authorization endpoint answers, or the PAR endpoint where that refuses."""
        known = client or self.client
        asked = self.request_of(known, **changes)
        if known.client.profile != "oidc":
            pushed = self.push(known, **changes)
            if pushed.status_code != 201:
                return pushed
            asked = {"client_id": known.client.client_id, "request_uri": pushed.get_json()["request_uri"]}
        return self.app.test_client().get("/oauth/authorize?" + urlencode(asked))

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
        choice = self.choice(changes.get("scope", " ".join((client or self.client).client.scopes)), days=days)
        answer = query_of(interaction.approve(self.hub, handle, self.person(), choice).url)
        return claims_of(answer["response"])["code"] if "response" in answer else answer["code"]

    def post(self, path: str, form: dict[str, str], client: Registered | None = None, **more: Any) -> TestResponse:
        """A back-channel request, authenticated as the client is registered."""
        known = client or self.client
        client_id = known.client.client_id
        if (key := self.keys.get(client_id)) is not None:
            form = self.assertion_of(known) | form
            more["headers"] = self.proof_of(key, "POST", path) | dict(more.get("headers", {}))
        elif known.secret is None:
            form = {"client_id": client_id} | form
        else:
            more.setdefault("auth", (client_id, known.secret))
        return self.app.test_client().post(path, data=form, **more)

    def assertion_of(self, client: Registered, **changes: Any) -> dict[str, str]:
        """The form's part of private_key_jwt."""
        client_id, issuer = client.client.client_id, self.hub.settings.base_url
        now = self.hub.clock()
        signed = self.keys[client_id].assertion(client_id=client_id, issuer=issuer, now=now, **changes)
        return {"client_assertion": signed, "client_assertion_type": ASSERTION_TYPE}

    def proof_of(
        self, key: ClientKey, method: str, path: str, *, access_token: str | None = None, **changes: Any
    ) -> dict[str, str]:
        """A DPoP header with the nonce that the hub would hand out now."""
        now, nonces = self.hub.clock(), self.hub.dpop_nonces
        facts: dict[str, Any] = {"nonce": None if nonces is None else nonces.current(now)}
        url = self.hub.settings.base_url + path.partition("?")[0]
        return {"DPoP": key.proof(method=method, url=url, now=now, access_token=access_token, **(facts | changes))}

    def shown(self, access_token: str, path: str = "/oauth/userinfo", method: str = "GET") -> dict[str, str]:
        """The headers by which whoever owns this token shows it."""
        try:
            jkt = claims_of(access_token).get("cnf", {}).get("jkt")
        except (ValueError, IndexError, AttributeError):
            jkt = None
        key = next((key for key in self.keys.values() if key.thumbprint == jkt), None)
        if key is None:
            return {"Authorization": f"Bearer {access_token}"}
        proof = self.proof_of(key, method, path, access_token=access_token)
        return {"Authorization": f"DPoP {access_token}"} | proof

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
        return self.app.test_client().get("/oauth/userinfo", headers=self.shown(access_token))

    def works(self, access_token: str) -> bool:
        return self.userinfo(access_token).status_code == 200


def claims_of(jwt: str) -> dict[str, Any]:
    """What a token says, unverified."""
    body = jwt.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return found
