"""A person pastes a token of their own bridge instead of being sent to a bank: over real sockets, to a sandbox."""

import time
from collections.abc import Iterator

import pytest

from providers.registry import adapter_for
from providers.simplefin import adapter as simplefin
from tests.providers.test_simplefin import token
from tests.sandbox.processes import RunningBank, start
from tests.web.pages.world import Browser, World


@pytest.fixture(scope="module")
def bridge() -> Iterator[RunningBank]:
    running = start("sandbox.simplefin", "--control", "--today", "2026-11-23")
    yield running
    running.stop()


@pytest.fixture
def asked(world: World) -> Browser:
    """Charlie, at the page that asks for the token."""
    hub = world.hub
    hub.banks["simplefin"] = adapter_for(hub.institution("simplefin"), hub.tpp)  # type: ignore[attr-defined]
    charlie = world.browser(world.charlie)
    assert "You bring a token" in charlie.get("/connect/simplefin").text
    answer = charlie.post("/connect/simplefin")
    assert answer.status_code == 303, answer.text
    page = charlie.get(answer.headers["Location"])
    assert "SimpleFIN token" in page.text
    assert 'href="https://bridge.simplefin.org/simplefin/create"' in page.text
    return charlie


def settled(browser: Browser, path: str) -> str:
    """The connection's page once the first sync has ended."""
    for _ in range(100):
        text = browser.get(path).text
        if "Fetching now" not in text:
            return text
        time.sleep(0.2)
    raise AssertionError("the first sync does not end")


def step_of(browser: Browser) -> str:
    assert browser.page is not None
    return browser.page.request.path


def test_a_token_links_the_accounts_of_a_bridge(world: World, asked: Browser, bridge: RunningBank) -> None:
    path = step_of(asked)
    done = asked.post(path, {"number": "1", "answer.setup_token": token(bridge, "charlie")})
    assert done.status_code == 303, done.text
    assert "Your bank is linked" in asked.get(done.headers["Location"]).text
    page = settled(asked, done.headers["Location"])
    assert "Everyday Account (0541)" in page
    assert "Up to date" in page
    again = asked.get(path)
    assert again.status_code == 400


def test_a_wrong_token_is_asked_for_again_and_never_shown(world: World, asked: Browser, bridge: RunningBank) -> None:
    path = step_of(asked)
    back = asked.post(path, {"number": "1", "answer.setup_token": "not-a-token"})
    assert back.headers["Location"] == path
    page = asked.get(path)
    assert simplefin.NO_TOKEN in page.text
    assert "not-a-token" not in page.text
    assert 'type="password"' in page.text
    done = asked.post(path, {"number": "2", "answer.setup_token": token(bridge, "charlie")})
    assert done.headers["Location"].startswith("/connections/")


def test_alice_cannot_answer_for_charlie(world: World, asked: Browser, bridge: RunningBank) -> None:
    alice, path = world.browser(), step_of(asked)
    assert alice.get(path).status_code == 400
    alice.get("/import")
    answer = alice.post(path, {"number": "1", "answer.setup_token": token(bridge, "charlie")})
    assert answer.status_code == 400
    assert "Everyday Account (0541)" not in alice.get("/").text


def test_what_the_bridge_has_to_say_stands_on_the_connections_page_as_text(
    world: World, asked: Browser, bridge: RunningBank
) -> None:
    bridge.control("POST", "/errors", {"errors": ["Connection to <b>Albion</b> may need attention"]})
    done = asked.post(step_of(asked), {"number": "1", "answer.setup_token": token(bridge, "charlie")})
    page = settled(asked, done.headers["Location"])
    assert "has something to tell you" in page
    assert "“Connection to &lt;b&gt;Albion&lt;/b&gt; may need attention”" in page
    assert "Up to date" in page
    bridge.control("POST", "/errors", {"errors": []})
