"""The demo's story over real sockets, and what may never be found in the logs afterwards."""

import json
import time
from collections.abc import Iterator

import pytest
import requests
from sqlalchemy import select

from demo import story
from demo.browser import Browser
from hub.context import Hub, build
from hub.models.connection import Connection
from hub.settings import from_environ
from hub.stack import Stack, free_port
from tests.web.third_party import ThirdParty

pytestmark = pytest.mark.timeout(180)
SANDBOX_BANKS = ("albion", "lorelei")


class Told:
    """The story so far: told once, looked at by several tests."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.alice, self.dora = Browser(), Browser()
        self.app = story.ThirdPartyApp(hub_url=stack.url, port=free_port(), folder=stack.data_dir)
        story.sign_up(self.alice, stack.url)
        story.link_albion(self.alice, stack.url)
        story.wait_for_history(self.alice)
        story.link_lorelei(self.alice, stack.url)
        story.wait_for_history(self.alice)
        story.sign_up(self.dora, stack.url, name="Dora", email="dora@people.example")
        story.register_app(self.dora, stack.url, self.app)
        self.app.start()
        self.everything = story.what_alice_sees(self.alice, stack.url)
        self.shared = [row["id"] for row in self.everything if row["name"] in story.SHARED]
        story.allow(self.alice, self.app, self.shared)
        self.status, self.seen = story.what_the_app_sees(self.alice, self.app)


@pytest.fixture(scope="module")
def told(stack: Stack) -> Iterator[Told]:
    made = Told(stack)
    yield made
    made.app.stop()


def hub_beside(stack: Stack) -> Hub:
    """Another look into the same database, with the same keys."""
    return build(from_environ(stack.child_environ()))


def test_one_login_shows_both_banks(told: Told) -> None:
    assert {row["bank"] for row in told.everything} == {"Albion Bank", "Lorelei Bank"}
    assert len(told.everything) >= 6


def test_the_app_sees_exactly_the_chosen_accounts_of_both_banks(told: Told) -> None:
    assert told.status == 200
    accounts = told.seen["accounts"]
    assert sorted(one["id"] for one in accounts) == sorted(told.shared)
    assert len(accounts) == 3
    assert {one["institution_id"] for one in accounts} == {"albion", "lorelei"}
    assert {one["account_id"] for one in told.seen["transactions"]} <= {one["id"] for one in accounts}
    assert len(told.seen["transactions"]) == 10


def test_nothing_secret_is_in_any_log_even_at_debug(told: Told) -> None:
    hub = hub_beside(told.stack)
    secrets = {story.PASSWORD, json.loads(told.app.private_key)["d"], "alice-at-albion", "alice-at-lorelei"}
    secrets |= {cookie.value or "" for browser in (told.alice, told.dora) for cookie in browser.cookies}
    with hub.db.read() as session:
        for row in session.scalars(select(Connection)):
            assert row.access_sealed is not None
            opened = hub.sealer.open(row.access_sealed, f"connection.access:{row.id}").decode()
            secrets |= {word for word in opened.replace('"', " ").replace(",", " ").split() if len(word) > 30}
    secrets |= told.alice.seen_parameters("code", "state", "nonce", "code_challenge")
    secrets = {word for word in secrets if len(word) >= 10}
    assert len(secrets) > 12
    for name in ("web", "worker"):
        log = told.stack.log(name)
        assert len(log) > 100, "the log is there to be looked at"
        assert "stumbled" not in log
        found = [word for word in secrets if word in log]
        assert found == [], name


def test_an_ordinary_client_library_gets_a_token_by_discovery(told: Told) -> None:
    """requests_oauth2client, told nothing but the issuer, its key and the person's browser."""
    app = ThirdParty(told.stack.url, told.app.client_id, told.app.private_key, f"{told.app.url}/callback")
    told.alice.open(app.ask("openid accounts:read", nonce="n-1"))
    if told.alice.has("consent-approve"):
        told.alice.submit("consent-approve", tick={"account": told.alice.boxes("account")[:1]})
    back = next(one for one in reversed(told.alice.visited) if one.startswith(f"{told.app.url}/callback"))
    token = app.redeem(back)
    assert token.token_type == "DPoP"
    assert token.id_token is not None
    answer = app.get(token, "/v1/accounts")
    assert answer.status_code == 200
    assert answer.json()["data"]
    stolen = requests.get(
        f"{told.stack.url}/v1/accounts", headers={"Authorization": f"Bearer {token.access_token}"}, timeout=5
    )
    assert stolen.status_code == 401


def test_revoked_means_shut_out_and_the_person_sees_it(told: Told) -> None:
    story.revoke(told.alice, told.stack.url)
    while any(action.endswith("/revoke") for action in told.alice.open(f"{told.stack.url}/consents").actions):
        story.revoke(told.alice, told.stack.url)
    began = time.monotonic()
    status, refused = story.what_the_app_sees(told.alice, told.app)
    assert status == 403
    assert refused["error"]
    assert time.monotonic() - began < 5


def test_the_hub_comes_back_with_everything_after_its_processes_were_killed(told: Told) -> None:
    for part in ("web", "worker"):
        told.stack.kill(part)
        told.stack.start_again(part)
    assert story.what_alice_sees(told.alice, told.stack.url) == told.everything
