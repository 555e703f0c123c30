"""The whole product in a real browser, with and without JavaScript: one person, two banks, one app."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ViewportSize, sync_playwright

from hub.stack import Stack
from tests.conftest import absent
from tests.web.visit import Callback, Visit, callback, executable, launch

pytestmark = pytest.mark.browser
DESK, PHONE = ViewportSize(width=1280, height=800), ViewportSize(width=390, height=844)
SMALL = ViewportSize(width=360, height=700)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if executable() is None:
        absent("browser", "no Chromium was found on this machine")
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def stack(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(data_dir=tmp_path_factory.mktemp("stack"), sandbox=("albion", "lorelei")).up() as running:
        yield running


@pytest.fixture(scope="module")
def app() -> Iterator[Callback]:
    with callback() as listening:
        yield listening


@pytest.fixture
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go, to be looked at."""
    folder = tmp_path_factory.getbasetemp() / "pictures"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.mark.parametrize("scripts", [False, True], ids=["without-javascript", "with-javascript"])
def test_a_person_links_two_banks_lets_an_app_see_one_account_and_stops_it(
    chromium: Browser, stack: Stack, app: Callback, pictures: Path, scripts: bool
) -> None:
    context = chromium.new_context(viewport=DESK, java_script_enabled=scripts)
    visit = Visit(context.new_page(), stack)
    page = visit.page
    visit.sign_up(f"alice-{scripts}@people.example")
    page.get_by_text("Link your first bank").wait_for()
    visit.link_albion()
    visit.link_lorelei()

    visit.go("/")
    assert page.locator("svg.chart").count() >= 2
    page.get_by_role("heading", name="What you have").wait_for()
    page.get_by_role("link", name="Bills & coffee").first.click()
    page.wait_for_url("**/accounts/*")
    everything = page.locator('a[href^="/transactions/"]').count()
    page.get_by_text("Search and filter").click()
    page.select_option("#direction", "in")
    visit.press("Show")
    page.wait_for_url("**direction=in")
    assert 0 < page.locator('a[href^="/transactions/"]').count() < everything
    page.locator('a[href^="/transactions/"]').first.click()
    page.get_by_text("What the bank says, and where").wait_for()

    third_party = visit.register_app(app.url)
    page.screenshot(path=pictures / "credentials.png", full_page=True)
    visit.ask(third_party)
    page.get_by_role("heading", name="Budget Buddy asks to sign you in").wait_for()
    assert page.locator('input[name="account"]:checked').count() == 0
    if scripts:
        visit.press("Select all")
        assert page.locator('input[name="account"]:not(:checked)').count() == 0
        visit.press("Clear all")
    page.click("#consent-approve")  # nothing is ticked: the page comes back and says so
    page.locator("#consent-error").wait_for()
    page.screenshot(path=pictures / "consent-error.png")
    page.locator('input[name="account"]').first.check()
    page.click("#consent-approve")
    page.wait_for_url(f"{app.url}?*")
    token = third_party.redeem(app.came_back_to)
    assert len(third_party.get(token, "/v1/accounts").json()["data"]) == 1

    visit.go("/consents")
    page.get_by_text("1 time, last").wait_for()
    page.screenshot(path=pictures / "who-sees-what.png", full_page=True)
    page.get_by_role("link", name="Details and receipt").click()
    page.get_by_text("Chain checked: unbroken").wait_for()
    page.screenshot(path=pictures / "receipt.png", full_page=True)
    visit.go("/consents")
    visit.press("Stop access now")
    page.get_by_text("Access ended").wait_for()
    assert third_party.get(token, "/v1/accounts").status_code == 403

    visit.go("/account")
    page.get_by_role("link", name="Log out here").click()
    page.click("#logout-confirm")
    page.get_by_role("heading", name="You are logged out").wait_for()
    assert visit.complaints == []
    assert visit.strayed == []
    context.close()


def test_every_page_fits_a_small_phone_and_is_drawn_in_the_dark(
    chromium: Browser, stack: Stack, app: Callback, pictures: Path
) -> None:
    context = chromium.new_context(viewport=SMALL)
    visit = Visit(context.new_page(), stack)
    page = visit.page
    visit.sign_up("phone@people.example")
    visit.link_albion()
    third_party = visit.register_app(app.url)
    visit.ask(third_party)
    request = page.url.removeprefix(stack.url)
    visit.go("/")
    account = page.locator('a[href^="/accounts/"]').first.get_attribute("href") or ""
    connection = page.locator('a[href^="/connections/"]').first.get_attribute("href") or ""
    visit.go(account)
    transaction = page.locator('a[href^="/transactions/"]').first.get_attribute("href") or ""
    paths = [
        *("/", account, transaction, connection, f"{connection}/disconnect", "/connect", "/connect/lorelei", request),
        *(
            "/consents",
            "/account",
            "/account/email",
            "/account/password",
            "/recover",
            "/developer",
            "/developer/new",
            "/developer/new/bank-data",
            f"/developer/apps/{third_party.client_id}",
        ),
        *("/developer/guide", "/docs/api", "/docs/problems", "/status", "/logout", "/no-such-page"),
    ]
    for path in paths:
        visit.go(path)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} is {wide} px wider than a small phone"
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        grounds = set()
        for path in paths:
            visit.go(path)
            grounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
            for size, viewport in (("desk", DESK), ("phone", PHONE)):
                page.set_viewport_size(viewport)
                name = re.sub(r"[^a-z]+", "-", re.sub(r"[0-9a-f]{8}-[0-9a-f-]+|consent/.*", "x", path)).strip("-")
                page.screenshot(path=pictures / f"{name or 'home'}-{size}-{scheme}.png", full_page=size == "phone")
        assert len(grounds) == 1
        lightness = sum(map(int, re.findall(r"\d+", grounds.pop())[:3]))
        assert (lightness > 600) == (scheme == "light")
    assert visit.complaints == []
    assert visit.strayed == []
    context.close()
