"""What hangs on an account, from the bank through a person's consent to an app: over real sockets, by pages alone."""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import requests
from requests_oauth2client import BearerToken

from demo import story
from demo.browser import Browser
from hub.stack import Stack
from tests.web.third_party import ThirdParty

pytestmark = pytest.mark.timeout(150)
SANDBOX_BANKS = ("albion", "cambria", "lorelei")
ASKED = ("accounts:read", "regular_payments:read", "beneficiaries:read", "holders:read")


class _Callback(BaseHTTPRequestHandler):
    """Where the app's people come back to."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html><body>back</body></html>")

    def log_message(self, *_args: Any) -> None:
        pass


@dataclass
class Told:
    """The story so far. ``current`` is at Cambria, which shows everything; ``plain`` at Albion, which shows a part."""

    stack: Stack
    alice: Browser
    app: ThirdParty
    token: BearerToken
    current: str
    plain: str

    def get(self, path: str) -> requests.Response:
        return self.app.get(self.token, path)

    def calls(self, bank: str) -> list[str]:
        answer = requests.get(f"{self.stack.banks[bank]}/_control/requests", timeout=5)
        return [call["path"].rpartition("/")[2] for call in answer.json()["requests"]]


@pytest.fixture(scope="module")
def told(stack: Stack) -> Iterator[Told]:
    callback = HTTPServer(("127.0.0.1", 0), _Callback)
    threading.Thread(target=callback.serve_forever, daemon=True).start()
    redirect_uri = f"http://127.0.0.1:{callback.server_port}/callback"
    alice, dora = Browser(), Browser()
    story.sign_up(alice, stack.url)
    for bank in SANDBOX_BANKS:
        alice.open(f"{stack.url}/connect/{bank}").submit(f"/connect/{bank}")
        alice.submit("submit", {"username": "alice", "password": f"alice-at-{bank}"})
        alice.submit("approve", tick={"account": alice.boxes("account")})
        if bank == "lorelei":
            alice.submit("submit", {"tan": alice.value("demo-tan")})
        story.wait_for_history(alice)
    rows = {row["name"]: row["id"] for row in story.what_alice_sees(alice, stack.url)}
    story.sign_up(dora, stack.url, name="Dora", email="dora@people.example")
    dora.open(f"{stack.url}/developer/new/bank-data").submit(
        "/developer/new/bank-data",
        {"name": "Bill Watch", "redirect_uris": redirect_uri, "proof": "made"},
        tick={"scope": ["openid", *ASKED]},
    )
    app = ThirdParty(stack.url, dora.value("client-id"), dora.value("private-key"), redirect_uri)
    current, plain = rows["Cardiff money"], rows["Bills & coffee"]
    alice.open(app.ask(" ".join(["openid", *ASKED]), nonce="n-1"))
    assert "planned payments, saved payees and contact details" in alice.text
    # Payees and contact details are unticked for both accounts: the app asked for them, and does not get them.
    given = ["accounts:read", "regular_payments:read"]
    ticks = {f"permission:{one}": given for one in (current, plain)}
    alice.submit("consent-approve", tick={"account": [current, plain], **ticks})
    token = app.redeem(next(one for one in reversed(alice.visited) if one.startswith(redirect_uri)))
    yield Told(stack, alice, app, token, current, plain)
    callback.shutdown()


def test_the_person_sees_what_their_bank_has_planned(told: Told) -> None:
    words = re.sub(r"\s+", " ", told.alice.open(f"{told.stack.url}/accounts/{told.current}").text)
    for one in ("What is planned", "Standing order", "Direct debit", "Set for later", "Gwyn Window Cleaning"):
        assert one in words
    assert "Alice O'Connor" in words
    assert "Bridge Street, Cardiff" in words
    assert "Saved payees" in words
    assert "Closing balance" in words


def test_the_app_gets_what_was_ticked_of_the_bank_and_no_number_of_anybody_else(told: Told) -> None:
    orders = told.get(f"/v1/accounts/{told.current}/standing-orders").json()
    assert orders["readings"][0]["state"] == "read"
    assert orders["data"]
    for one in orders["data"]:
        assert one["status"] == "ACTV"
        assert one["next"]["amount"].startswith("-")
        assert one["creditor_name"]
        assert "creditor_account" not in one
    (payment,) = told.get(f"/v1/accounts/{told.current}/scheduled-payments").json()["data"]
    assert (payment["amount"], payment["currency"]) == ("-24.00", "GBP")
    both = told.get("/v1/direct-debits").json()
    assert {one["account_id"] for one in both["readings"]} == {told.current, told.plain}
    assert {one["account_id"] for one in both["data"]} == {told.current, told.plain}


def test_what_the_person_unticked_or_nobody_asked_for_is_refused(told: Told) -> None:
    for path in ("beneficiaries", "holders", "statements", "products"):
        answer = told.get(f"/v1/accounts/{told.current}/{path}")
        assert (answer.status_code, answer.json()["reason"]) == (403, "scope_missing")


def test_each_bank_was_asked_for_what_it_offers_and_for_nothing_else(told: Told) -> None:
    offered = {"standing-orders", "direct-debits", "scheduled-payments", "parties", "product"}
    everything = offered | {"beneficiaries", "statements", "offers"}
    assert everything & set(told.calls("albion")) == offered
    assert everything & set(told.calls("cambria")) == everything - {"offers"}


def test_a_bank_of_another_standard_shows_what_it_has(told: Told) -> None:
    rows = {row["name"]: row["id"] for row in story.what_alice_sees(told.alice, told.stack.url)}
    words = told.alice.open(f"{told.stack.url}/accounts/{rows['Haushalt']}").text
    assert "Standing order" in words
    assert "every month" in words


def test_taking_it_back_shuts_the_app_out_at_once(told: Told) -> None:
    story.revoke(told.alice, told.stack.url)
    assert told.get("/v1/standing-orders").status_code == 403
