"""Find a bank, go there, come back, renew, leave."""

import base64
import json
from datetime import timedelta

import pytest

from hub.connections.state import FailureKind
from hub.sync.verdict import READ_ALL
from providers.errors import Refused, Transient
from tests.connections.scripted import ScriptedBank
from tests.web.pages.world import Browser, World, query_of


def go(world: World, browser: Browser, next_path: str = "") -> str:
    """To the bank; returns the state that must come back."""
    browser.get(f"/connect/lorelei?next={next_path}")
    answer = browser.post("/connect/lorelei", {"next": next_path})
    assert answer.status_code == 303, answer.text
    assert answer.headers["Location"].startswith("http://bank.example/authorise?state=")
    return query_of(answer.headers["Location"])["state"]


def test_banks_are_found_by_name_and_country(world: World) -> None:
    alice = world.browser()
    assert "Albion Bank" in alice.get("/connect").text
    assert "Albion Bank" not in alice.get("/connect?q=lore").text
    assert "Lorelei Bank" in alice.get("/connect?q=LORE").text
    assert "Lorelei Bank" not in alice.get("/connect?country=GB").text
    assert "No bank by that name" in alice.get("/connect?q=zzz").text
    assert 'href="/connect/albion?next=/consent/x"' in alice.get("/connect?next=/consent/x").text
    assert alice.get("/connect/no-such-bank").status_code == 404


def test_a_person_links_a_bank_and_finds_its_accounts(world: World, bank: ScriptedBank) -> None:
    charlie = world.browser(world.charlie)
    state = go(world, charlie)
    assert bank.requests[0].psu.user_agent
    back = charlie.get(f"/connections/callback?state={state}&code=abc")
    assert back.status_code == 303
    page = charlie.get(back.headers["Location"])
    assert "Your bank is linked" in page.text
    assert "Account 1" in page.text
    assert "Up to date" in page.text
    home = charlie.get("/").text
    assert "€200.00" in home


def test_the_way_back_leads_to_where_it_began(world: World) -> None:
    charlie = world.browser(world.charlie)
    request = world.ask()
    empty = charlie.get(request)
    assert "You have no bank linked yet" in empty.text
    assert 'id="consent-approve" type="submit" name="decision" value="approve" disabled' in empty.text
    state = go(world, charlie, request)
    assert charlie.get(f"/connections/callback?state={state}&code=abc").headers["Location"] == request
    assert "Account 1" in charlie.get(request).text


def test_a_return_in_another_browser_links_nothing_for_anybody(world: World) -> None:
    alice, charlie = world.browser(), world.browser(world.charlie)
    nobody = world.app.test_client()
    for elsewhere in (alice, nobody):
        state = go(world, charlie)
        returned = elsewhere.get(f"/connections/callback?state={state}&code=abc")
        assert returned.status_code == 400
        assert "begun in another browser" in returned.text
        assert charlie.get(f"/connections/callback?state={state}&code=abc").status_code == 400


def test_a_return_works_once_and_only_as_the_bank_wrote_it(world: World) -> None:
    alice, charlie = world.browser(), world.browser(world.charlie)
    state = go(world, charlie)
    twice = charlie.get(f"/connections/callback?state={state}&state=other&code=abc")
    assert twice.status_code == 400
    assert charlie.get(f"/connections/callback?state={state}&code=abc").status_code == 303
    assert "was used already" in charlie.get(f"/connections/callback?state={state}&code=abc").text
    assert alice.get("/connections/callback?code=abc").status_code == 400


def test_an_answer_that_only_a_script_can_read_is_sent_on_by_one(world: World) -> None:
    page = world.browser().get("/connections/callback")
    assert page.status_code == 200
    assert '<script src="/static/bank_return.js"></script>' in page.text


def test_a_signed_answer_finds_its_link_by_the_state_inside_it(world: World) -> None:
    alice, charlie = world.browser(), world.browser(world.charlie)
    state = go(world, charlie)
    inside = base64.urlsafe_b64encode(json.dumps({"state": state}).encode()).decode().rstrip("=")
    for strange in ("x", "", "e30.e30.c", "e30.*.c", "e30.W10.c"):
        assert "does not belong to a link" in charlie.get(f"/connections/callback?response={strange}").text
    assert "begun in another browser" in alice.get(f"/connections/callback?response=e30.{inside}.c").text
    assert charlie.get(f"/connections/callback?state={state}&code=abc").status_code == 400


def test_no_at_the_bank_is_said_plainly_and_is_no_error(world: World, bank: ScriptedBank) -> None:
    charlie = world.browser(world.charlie)
    state = go(world, charlie, "/consents")
    bank.errors["finish"] = Refused("access_denied", step="finish", code="access_denied")
    page = charlie.get(f"/connections/callback?state={state}&error=access_denied")
    assert page.status_code == 200
    assert "you chose not to give access" in page.text
    assert 'href="/consents"' in page.text


def test_a_bank_that_does_not_answer_is_said_plainly(world: World, bank: ScriptedBank) -> None:
    bank.errors["start"] = Transient("timed out at http://10.0.0.1/secret", step="start")
    charlie = world.browser(world.charlie)
    charlie.get("/connect/lorelei")
    page = charlie.post("/connect/lorelei", {"next": ""})
    assert page.status_code == 422
    assert "does not answer at the moment" in page.text
    assert "10.0.0.1" not in page.text


def test_renewing_goes_to_the_bank_and_comes_back_to_the_connection(world: World) -> None:
    alice = world.browser()
    world.set_connection(world.lorelei, status="needs_psu", failure_kind="consent_ended")
    home = alice.get("/")
    assert "Renew at Lorelei Bank" in home.text
    assert "http://127.0.0.1:8102" in home.headers["Content-Security-Policy"]
    shown = alice.get(f"/connections/{world.lorelei}")
    assert "asks you to confirm" in shown.text
    answer = alice.post(f"/connections/{world.lorelei}/renew")
    state = query_of(answer.headers["Location"])["state"]
    back = alice.get(f"/connections/callback?state={state}&code=abc")
    assert back.headers["Location"] == f"/connections/{world.lorelei}"


def test_disconnecting_names_the_apps_and_then_leaves(world: World) -> None:
    alice = world.browser()
    assert "No app sees them today" in alice.get(f"/connections/{world.albion}/disconnect").text
    world.consent(world.current, browser=alice)
    assert "Budget Buddy" in alice.get(f"/connections/{world.albion}/disconnect").text
    assert "Budget Buddy" not in alice.get(f"/connections/{world.lorelei}/disconnect").text
    assert alice.post(f"/connections/{world.albion}/disconnect").headers["Location"] == "/"
    assert "The bank is disconnected" in alice.get("/").text
    assert alice.get(f"/connections/{world.albion}/disconnect").status_code == 303
    assert alice.post(f"/connections/{world.albion}/renew", token=_token(alice)).status_code == 409


def test_a_sync_that_runs_shows_how_far_it_is(world: World) -> None:
    until = world.clock.advance(seconds=0)
    world.set_connection(world.albion, sync_owner="x", sync_until=until.replace(hour=23))
    text = world.browser().get(f"/connections/{world.albion}").text
    assert '<meta http-equiv="refresh" content="3">' in text
    assert "of 2 accounts" in text


@pytest.mark.parametrize("kind", FailureKind)
def test_a_bank_that_was_read_in_part_is_not_called_up_to_date(world: World, kind: FailureKind) -> None:
    world.set_connection(world.albion, failure_kind=kind.value, status="ready")
    alice = world.browser()
    everything = "Everything this bank gives us is here"
    text, home = alice.get(f"/connections/{world.albion}").text, alice.get("/").text
    assert ("Not all was read" in text, "Not all was read" in home) == (kind not in READ_ALL,) * 2
    assert everything not in text, "what was amiss takes its place"
    world.set_connection(world.albion, failure_kind=None)
    assert everything in alice.get(f"/connections/{world.albion}").text


def test_a_bank_that_waits_for_its_person_does_not_name_a_later_day_as_well(world: World) -> None:
    later = world.clock() + timedelta(days=100)
    world.set_connection(world.albion, access_until=later, status="ready")
    assert "The bank asks again" in world.browser().get(f"/connections/{world.albion}").text
    world.set_connection(world.albion, status="needs_psu", failure_kind="consent_ended")
    text = world.browser().get(f"/connections/{world.albion}").text
    assert "The bank asks again" not in text
    assert "Renew at" in text


def test_the_status_page_tells_of_banks_and_of_nobody(world: World) -> None:
    text = world.stranger().get("/status").text
    assert "Healthy" in text
    assert "alice" not in text.lower()


def _token(browser: Browser) -> str:
    browser.get("/account")
    return browser.token
