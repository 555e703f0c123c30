"""What happens, step by step, through the pages and the API that everybody uses. Nothing here reaches behind them."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from demo.browser import Browser
from hub.stack import Stack

ROOT = Path(__file__).resolve().parent.parent
EMAIL, PASSWORD = "alice@people.example", "the-bridge-of-sighs"
SHARED = ("Bills & coffee", "Plastic", "Haushalt")  # of Alice's accounts, those that the app gets
SCOPES = ["openid", "profile", "offline_access", "accounts:read", "balances:read", "transactions:read"]


@dataclass
class ThirdPartyApp:
    """examples/app.py as a process of its own, with the credentials that the developer was given once."""

    hub_url: str
    port: int
    folder: Path
    client_id: str = ""
    private_key: str = field(default="", repr=False)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        key = self.folder / "nest-egg.jwk.json"
        with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(self.private_key)
        environ = os.environ | {"RIALTO_URL": self.hub_url, "CLIENT_ID": self.client_id, "CLIENT_KEY": str(key)}
        with (self.folder / "nest-egg.log").open("a") as log:
            command = [sys.executable, str(ROOT / "examples/app.py"), "--port", str(self.port)]
            self._process = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
        for _ in range(200):
            try:
                requests.get(self.url, timeout=1)
                return
            except requests.ConnectionError:
                time.sleep(0.05)
        raise RuntimeError("the example app did not start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()


def sign_up(person: Browser, hub_url: str, *, name: str = "Alice", email: str = EMAIL) -> None:
    """Register, and log in once: everything after this needs no other password of the hub."""
    person.open(f"{hub_url}/register")
    person.submit("password", {"name": name, "email": email, "password": PASSWORD})
    if person.has("login"):
        person.submit("submit", {"email": email, "password": PASSWORD})


def link_albion(person: Browser, hub_url: str) -> None:
    """UK Open Banking: log in at the bank, pick the accounts there."""
    person.open(f"{hub_url}/connect/albion").submit("/connect/albion")
    person.submit("submit", {"username": "alice", "password": "alice-at-albion"})
    person.submit("approve", tick={"account": person.boxes("account")})


def link_lorelei(person: Browser, hub_url: str) -> None:
    """Berlin Group: log in at the bank, pick the accounts, confirm with a TAN."""
    person.open(f"{hub_url}/connect/lorelei").submit("/connect/lorelei")
    person.submit("submit", {"username": "alice", "password": "alice-at-lorelei"})
    person.submit("approve", tick={"account": person.boxes("account")})
    person.submit("submit", {"tan": person.value("demo-tan")})


def wait_for_history(person: Browser, timeout_s: float = 30) -> None:
    """The connection's page reloads itself while the first sync runs; so do we."""
    deadline = time.monotonic() + timeout_s
    while person.is_waiting:
        if time.monotonic() > deadline:
            raise RuntimeError(f"still syncing: {person.text[:300]}")
        time.sleep(0.3)
        person.open(person.url)


def what_alice_sees(person: Browser, hub_url: str) -> list[dict[str, str]]:
    """Her home page, read as she reads it: bank, account and balance, row by row."""
    person.open(f"{hub_url}/")
    bank, rows = "", []
    for href, pieces in person.anchors:
        if href.startswith("/connections/") and pieces:
            bank = pieces[0]
        elif href.startswith("/accounts/"):
            balance = next((piece for piece in pieces if any(sign in piece for sign in "£€$")), "")
            account_id = href.removeprefix("/accounts/")
            rows.append({"id": account_id, "bank": bank, "name": pieces[0], "balance": balance})
    return rows


def register_app(developer: Browser, hub_url: str, app: ThirdPartyApp) -> None:
    developer.open(f"{hub_url}/developer/new/bank-data")
    developer.submit(
        "/developer/new/bank-data",
        {"name": "Nest Egg", "redirect_uris": f"{app.url}/callback", "proof": "made"},
        tick={"scope": SCOPES},
    )
    app.client_id, app.private_key = developer.value("client-id"), developer.value("private-key")


def allow(person: Browser, app: ThirdPartyApp, account_ids: list[str]) -> None:
    """From the app to the consent screen, tick these accounts, allow, back to the app."""
    person.open(f"{app.url}/login")
    person.submit("consent-approve", tick={"account": account_ids})


def revoke(person: Browser, hub_url: str) -> None:
    person.open(f"{hub_url}/consents")
    action = next(form for form in person.actions if form.endswith("/revoke"))
    person.submit(action)


def what_the_app_sees(person: Browser, app: ThirdPartyApp) -> tuple[int, dict[str, Any]]:
    return person.json(f"{app.url}/data.json")


def stack(folder: Path, say: Any) -> Stack:
    return Stack(data_dir=folder, sandbox=("albion", "lorelei"), say=say)
