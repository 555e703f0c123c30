"""Logging in at another provider, through the pages: which way each browser is sent, and what it may do there."""

import html
import re
from dataclasses import fields
from typing import Any

import pytest
from werkzeug.test import TestResponse

from hub.app import create_app
from hub.context import Hub
from hub.identity.passwords import hash_password
from hub.models.factor import Totp
from hub.models.psu import Psu
from hub.upstream.provider import Provider
from tests.conftest import TestClock
from tests.mail.letters import delivered, link_in
from tests.people import PASSWORD
from tests.upstream import op as scripted
from tests.upstream.conftest import declared
from tests.upstream.op import Op, query
from tests.web.pages.world import Browser, World

CALLBACK = "/login/with/lagoon/callback"
_ONWARD = re.compile(r'http-equiv="refresh" content="0; url=([^"]*)"')


@pytest.fixture
def place(world: World, clock: TestClock) -> Any:
    with scripted.provider(clock) as op:
        parts = {field.name: getattr(world.hub, field.name) for field in fields(Hub)}
        hub = Hub(**(parts | {"upstreams": {"lagoon": Provider(declared(op))}}))
        world.hub = hub
        world.app = create_app(hub)
        yield world, op


def onward(answer: TestResponse) -> str:
    """Where the page leads by itself."""
    assert answer.status_code == 200, answer.text
    found = _ONWARD.search(answer.text)
    assert found, answer.text
    return html.unescape(found[1])


def trip(browser: Browser, op: Op, page: str, form: dict[str, str], subject: str = "sub-of-alice") -> str:
    """From a page with a form out to the provider and back; where the browser is led then."""
    url = onward(browser.post(page, form))
    assert url.startswith(f"{op.url}/authorize?")
    return onward(browser.get(f"{CALLBACK}?{query(op.authorize(url, subject))}"))


def test_somebody_new_makes_an_account_and_comes_to_where_they_wanted(place: tuple[World, Op]) -> None:
    world, op = place
    dora = world.stranger()
    assert "Continue with Lagoon Mobility" in dora.get("/login?next=/consents").text
    assert trip(dora, op, "/login/with/lagoon", {"next": "/consents"}) == "/login/upstream"
    assert "is new here" in dora.get("/login/upstream").text
    taken = dora.post("/login/upstream", {"name": "Dora", "email": "alice@people.example"})
    assert taken.status_code == 422
    assert "We cannot use this e-mail address" in taken.text
    made = dora.post("/login/upstream", {"name": "Dora", "email": "dora@people.example"})
    assert made.headers["Location"] == "/consents"
    shown = dora.get("/account").text
    assert "None. You log in at another provider" in shown
    assert 'id="not-verified"' in shown
    assert dora.get("/account/password").headers["Location"] == "/account/password/set"

    again = world.stranger()
    again.get("/login?next=/consents")
    assert trip(again, op, "/login/with/lagoon", {"next": "/consents"}) == "/consents"
    assert "Logged in with another provider: Lagoon Mobility" in again.get("/account").text


def test_linking_through_the_login_and_unlinking(place: tuple[World, Op]) -> None:
    world, op = place
    _give_password(world)
    alice = world.stranger()
    alice.get("/login")
    assert trip(alice, op, "/login/with/lagoon", {"next": ""}) == "/login/upstream"
    confirm = "/account/logins/confirm"
    assert alice.get(confirm).status_code == 303, "nobody is signed in yet"
    alice.get(f"/login?fresh=1&next={confirm}")
    logged_in = alice.post("/login", {"email": "alice@people.example", "password": PASSWORD, "next": confirm})
    assert logged_in.headers["Location"] == confirm
    page = alice.get(confirm).text
    assert "Link Lagoon Mobility to your account?" in page
    assert "alice@people.example" in page
    assert alice.post(confirm, {"decision": "yes"}).headers["Location"] == "/account/logins"
    shown = alice.get("/account/logins").text
    login_id = re.findall(r'name="login" value="([^"]+)"', shown)[0]
    alice.get("/account/logins")
    assert alice.post("/account/logins/unlink", {"login": login_id}).status_code == 303
    assert "Unlinked" in alice.get("/account/logins").text


def _give_password(world: World) -> None:
    password_hash = hash_password(PASSWORD)
    with world.hub.db.write() as session:
        session.get_one(Psu, world.alice).password_hash = password_hash


def test_a_no_links_nothing(place: tuple[World, Op]) -> None:
    world, op = place
    alice = world.browser()
    alice.get("/account/logins")
    assert trip(alice, op, "/account/logins/link", {"provider": "lagoon"}) == "/account/logins/confirm"
    alice.get("/account/logins/confirm")
    alice.post("/account/logins/confirm", {"decision": "no"})
    assert "None." in alice.get("/account/logins").text
    assert alice.get("/account/logins/confirm").headers["Location"] == "/account/logins"


def test_linking_needs_a_recent_login_here(place: tuple[World, Op]) -> None:
    world, op = place
    alice = world.browser()
    alice.get("/account/logins")
    trip(alice, op, "/account/logins/link", {"provider": "lagoon"})
    world.clock.advance(seconds=601)
    answer = alice.get("/account/logins/confirm")
    assert "fresh=1" in answer.headers["Location"]
    alice.get("/account")
    assert "fresh=1" in alice.post("/account/logins/confirm", {"decision": "yes"}).headers["Location"]


def test_a_victim_who_is_sent_an_attackers_return_is_neither_logged_in_nor_linked(place: tuple[World, Op]) -> None:
    world, op = place
    attacker, victim = world.stranger(), world.browser()
    attacker.get("/login")
    url = onward(attacker.post("/login/with/lagoon", {"next": ""}))
    brought = f"{CALLBACK}?{query(op.authorize(url, 'sub-of-attacker'))}"
    assert victim.get(brought).status_code == 400
    assert victim.get("/account/logins/confirm").headers["Location"] == "/account/logins"
    assert attacker.get(brought).status_code == 400, "and the attacker cannot go on either"
    unsuspecting = world.stranger()
    assert unsuspecting.get(brought).status_code == 400
    assert unsuspecting.get("/account").status_code == 303


def test_a_login_elsewhere_opens_one_account_at_a_time(place: tuple[World, Op]) -> None:
    world, op = place
    dora = world.stranger()
    dora.get("/login")
    trip(dora, op, "/login/with/lagoon", {"next": ""}, "sub-of-dora")
    dora.get("/login/upstream")
    dora.post("/login/upstream", {"name": "Dora", "email": "dora@people.example"})
    alice = world.browser()
    alice.get("/account/logins")
    url = onward(alice.post("/account/logins/link", {"provider": "lagoon"}))
    answer = alice.get(f"{CALLBACK}?{query(op.authorize(url, 'sub-of-dora'))}")
    assert answer.status_code == 400
    assert "opens another account" in answer.text
    assert "dora" not in answer.text


def test_what_comes_next_may_need_more_than_one_factor(place: tuple[World, Op]) -> None:
    world, op = place
    dora = world.stranger()
    dora.get("/login")
    form = {"next": "/consents", "acr": "urn:rialto:acr:two-factor"}
    trip(dora, op, "/login/with/lagoon", form)
    dora.get("/login/upstream")
    made = dora.post("/login/upstream", {"name": "Dora", "email": "dora@people.example"})
    assert made.headers["Location"].startswith("/step-up?next=%2Fconsents&acr=")


def test_a_provider_that_is_not_declared_is_not_there(place: tuple[World, Op]) -> None:
    world, _op = place
    nobody = world.stranger()
    nobody.get("/login")
    assert nobody.post("/login/with/nowhere", {"next": ""}).status_code == 404
    assert nobody.get("/login/with/nowhere/callback?state=x").status_code == 404
    assert nobody.get("/login/upstream").headers["Location"] == "/login"


def test_a_provider_that_is_away_leaves_the_other_ways(place: tuple[World, Op]) -> None:
    world, op = place
    op.answers["/.well-known/openid-configuration"] = (503, b"", {})
    nobody = world.stranger()
    nobody.get("/login")
    answer = nobody.post("/login/with/lagoon", {"next": ""})
    assert answer.status_code == 400
    assert "Lagoon Mobility does not answer" in answer.text


def test_lost_second_factors_from_page_to_page(world: World) -> None:
    _give_password(world)
    with world.hub.db.write() as session:
        session.get_one(Psu, world.alice).email_verified_at = world.clock()
        session.add(Totp(psu_id=world.alice, seed_sealed=b"", last_step=0, created_at=world.clock()))
    alice, form = world.stranger(), {"email": "alice@people.example", "password": PASSWORD, "next": ""}
    assert alice.get("/recover/factors").headers["Location"] == "/login"
    alice.get("/login")
    assert alice.post("/login", form).headers["Location"] == "/login/second"
    assert 'href="/recover/factors"' in alice.get("/login/second").text
    assert "72 hours" in alice.get("/recover/factors").text
    assert alice.post("/recover/factors").headers["Location"] == "/recover/factors"
    assert 'id="waiting"' in alice.get("/recover/factors").text
    token = link_in(delivered(world.hub), "alice@people.example", "/recover/factors/keep/")
    owner = world.stranger()
    assert "Keep the second step?" in owner.get(f"/recover/factors/keep/{token}").text
    assert 'id="waiting"' in alice.get("/recover/factors").text, "opening the link is not enough"

    world.clock.advance(seconds=72 * 3600)
    alice.get("/login")
    alice.post("/login", form)
    assert "The wait is over" in alice.get("/recover/factors").text
    assert alice.post("/recover/factors").headers["Location"] == "/login"
    alice.get("/login")
    assert alice.post("/login", form).headers["Location"] == "/"
    assert "Second step removed after the wait" in alice.get("/account").text


def test_the_cookie_of_a_trip_is_a_secret_and_is_taken_away_at_the_end(place: tuple[World, Op]) -> None:
    world, op = place
    dora = world.stranger()
    dora.get("/login")
    left = dora.post("/login/with/lagoon", {"next": ""})
    (cookie,) = [one for one in left.headers.getlist("Set-Cookie") if one.startswith("rialto_upstream=")]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    dora.get(f"{CALLBACK}?{query(op.authorize(onward(left)))}")
    dora.get("/login/upstream")
    made = dora.post("/login/upstream", {"name": "Dora", "email": "dora@people.example"})
    assert any(one.startswith("rialto_upstream=;") for one in made.headers.getlist("Set-Cookie"))
