"""The whole hub as an OpenID provider, seen from outside: browsers, clients and forms, over its own addresses only."""

import html
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hub.app import create_app
from hub.context import Hub
from hub.identity import sessions
from hub.identity.origin import Origin
from hub.models.client import Client
from tests.conftest import TestClock
from tests.oauth.world import VERIFIER, s256
from tests.people import person
from tests.registered import registered

CALLBACK = "https://shop.example/callback"
GOODBYE = "https://shop.example/goodbye"
SCOPE = "openid profile email offline_access"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]*)"')
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
_ACTION = re.compile(r'<form[^>]* method="post" action="([^"]+)"')


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query, keep_blank_values=True).items()}


@dataclass
class Browser:
    """One browser. It follows nothing by itself."""

    client: FlaskClient

    def get(self, path: str, **query: str) -> TestResponse:
        return self.client.get(path + ("?" + urlencode(query) if query else ""))

    def press(self, page: TestResponse, button: str, **changes: str) -> TestResponse:
        """Send the form that holds the button with this id, with all its hidden fields."""
        form = next(one for one in re.findall(r"<form\b.*?</form>", page.text, re.S) if f'id="{button}"' in one)
        action = _ACTION.search(form)
        assert action, form
        fields = {html.unescape(name): html.unescape(value) for name, value in _HIDDEN.findall(form)}
        return self.client.post(html.unescape(action[1]), data=fields | changes)


@dataclass
class App:
    """A registered client."""

    client: Client
    secret: str

    @property
    def id(self) -> str:
        return self.client.client_id


@dataclass
class Provider:
    hub: Hub
    clock: TestClock
    flask: Flask = field(init=False)
    alice: str = field(init=False)
    bob: str = field(init=False)
    shop: App = field(init=False)

    def __post_init__(self) -> None:
        self.flask = create_app(self.hub)
        self.alice, self.bob = person(self.hub, "Alice"), person(self.hub, "Bob")
        self.shop = self.register(post_logout_redirect_uris=[GOODBYE])

    def register(self, name: str = "Shop", **metadata: Any) -> App:
        with self.hub.db.write() as session:
            made = registered(
                session,
                owner_psu_id=self.bob,
                name=name,
                site_uri=None,
                redirect_uris=[CALLBACK],
                public=False,
                scopes=SCOPE.split(),
                description="",
                now=self.hub.clock(),
            )
            alg = metadata.pop("id_token_signed_response_alg", None)
            if alg is not None:
                made.client.id_token_signed_response_alg = alg
            made.client.registration = metadata
        assert made.secret is not None
        return App(made.client, made.secret)

    def stranger(self) -> Browser:
        """A browser in which nobody is signed in."""
        return Browser(self.flask.test_client())

    def browser(self, psu_id: str | None = None) -> Browser:
        """A browser in which Alice, or this person, is signed in."""
        with self.hub.db.write() as session:
            secret = sessions.start(
                session,
                psu_id or self.alice,
                amr=("pwd",),
                origin=Origin("192.0.2.7", "test"),
                now=self.hub.clock(),
                settings=self.hub.settings,
            )
        browser = self.stranger()
        browser.client.set_cookie("rialto_session", secret)
        return browser

    def ask(self, browser: Browser, app: App | None = None, **changes: str) -> TestResponse:
        facts = {
            "response_type": "code",
            "client_id": (app or self.shop).id,
            "redirect_uri": CALLBACK,
            "scope": "openid",
            "state": "st4te",
            "nonce": "n0nce",
            "code_challenge": s256(),
            "code_challenge_method": "S256",
        }
        return browser.get("/oauth/authorize", **(facts | changes))

    def code(self, browser: Browser, app: App | None = None, **changes: str) -> str:
        """Through the consent page if the hub shows it."""
        response = self.ask(browser, app, **changes)
        if response.headers["Location"].startswith("/consent/"):
            response = browser.get(response.headers["Location"])
        if response.status_code == 200:
            response = browser.press(response, "consent-approve", decision="approve")
        assert response.headers["Location"].startswith(CALLBACK), response.headers["Location"]
        return query_of(response.headers["Location"])["code"]

    def sign_in(self, browser: Browser, app: App | None = None, **changes: str) -> dict[str, Any]:
        """The token endpoint's answer."""
        answer = self.redeem(self.code(browser, app, **changes), app)
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.get_json()
        return tokens

    def redeem(self, code: str, app: App | None = None) -> TestResponse:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
        return self.token(form, app)

    def token(self, form: dict[str, str], app: App | None = None) -> TestResponse:
        known = app or self.shop
        return self.stranger().client.post("/oauth/token", data=form, auth=(known.id, known.secret))

    def is_signed_in(self, browser: Browser) -> bool:
        return browser.get("/account").status_code == 200

    def silent(self, browser: Browser, app: App | None = None) -> dict[str, str]:
        """What a request with prompt=none is answered."""
        return query_of(self.ask(browser, app, prompt="none").headers["Location"])
