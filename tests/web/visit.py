"""A real Chromium in front of real processes, and the steps that a person takes in it."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright

from hub.stack import Stack
from tests.web.third_party import ThirdParty

PASSWORD = "the-bridge-of-sighs"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 15_000


def executable() -> str | None:
    """Where this machine keeps its Chromium, None if it has none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=executable(), args=FLAGS)


@dataclass
class Callback:
    """The app's own address: remembers the last answer that a browser brought, and at which address."""

    url: str
    came_back_to: str = ""
    answer: dict[str, str] = field(default_factory=dict)


@contextmanager
def callback() -> Iterator[Callback]:
    """An app on loopback that says thank you."""
    here = Callback("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/callback":
                here.came_back_to = f"{here.url}?{parts.query}"
                here.answer = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self.send_response(200 if parts.path == "/callback" else 204)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            if parts.path == "/callback":
                self.wfile.write(b"<!doctype html><title>The app</title><link rel='icon' href='data:,'><h1>Thanks</h1>")

        def log_message(self, *_arguments: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.url = f"http://127.0.0.1:{server.server_port}/callback"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Visit:
    """One person in one window. ``complaints`` is what the browser objected to, ``strayed`` what left loopback."""

    page: Page
    stack: Stack
    complaints: list[str] = field(default_factory=list)
    strayed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self._asked(request.url))

    def _heard(self, message: ConsoleMessage) -> None:
        expected = "Failed to load resource: the server responded with a status of 4"  # an error page, on purpose
        if message.type in {"error", "warning"} and not message.text.startswith(expected):
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _asked(self, url: str) -> None:
        if urlsplit(url).scheme != "data" and urlsplit(url).hostname not in {"127.0.0.1", "localhost"}:
            self.strayed.append(url)

    def go(self, path: str) -> None:
        self.page.goto(self.stack.url + path)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).first.click()

    def sign_up(self, email: str) -> None:
        self.go("/register")
        self.page.fill("#name", "Alice O'Connor")
        self.page.fill("#email", email)
        self.page.fill("#password", PASSWORD)
        self.page.click("#submit")
        self.page.wait_for_url(self.stack.url + "/")

    def link_albion(self) -> None:
        """UK Open Banking: a login at the bank, accounts picked there."""
        self.go("/connect")
        self.page.get_by_role("link", name="Albion Bank").click()
        self.press("Continue to Albion Bank")
        self._log_in_at_bank("alice-at-albion")
        self._tick_all()
        self.page.click("#approve")
        self._until_read()

    def link_lorelei(self) -> None:
        """Berlin Group: the same, with a TAN."""
        self.go("/connect/lorelei")
        self.press("Continue to Lorelei Bank")
        self._log_in_at_bank("alice-at-lorelei")
        self._tick_all()
        self.page.click("#approve")
        self.page.fill("#tan", self.page.inner_text("#demo-tan"))
        self.page.click("#submit")
        self._until_read()

    def _log_in_at_bank(self, password: str) -> None:
        self.page.fill("#username", "alice")
        self.page.fill("#password", password)
        self.page.click("#submit")

    def _tick_all(self) -> None:
        self.page.wait_for_selector("#approve")
        for box in self.page.locator('input[name="account"]').all():
            box.check()

    def _until_read(self) -> None:
        """The connection's page reloads itself while the first sync runs."""
        self.page.wait_for_url(f"{self.stack.url}/connections/*")
        self.page.get_by_text("Up to date", exact=True).wait_for()

    def register_app(self, redirect_uri: str) -> ThirdParty:
        """An app that sees accounts, with the key that the page makes and shows once."""
        self.go("/developer/new")
        self.page.click("#for-bank-data")
        self.page.fill("#name", "Budget Buddy")
        self.page.fill("#redirect_uris", redirect_uri)
        self.press("Register")
        client_id, key = self.page.input_value("#client-id"), self.page.input_value("#private-key")
        return ThirdParty(self.stack.url, client_id, key, redirect_uri)

    def ask(self, app: ThirdParty, **more: str) -> None:
        """The app sends the person to the hub."""
        scope = "openid accounts:read balances:read transactions:read"
        self.page.goto(app.ask(scope, purpose="To show where your money goes, month by month", **more))
