"""One person's life with an account, in a browser without JavaScript, with a second hub as the provider: sign up,
verify, change the address, forget the password, link a login elsewhere, use it, unlink it.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests.conftest import absent
from tests.flows.two_hubs import TwoHubs, two_hubs
from tests.web.visit import PASSWORD, PATIENCE_MS, executable, launch

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
ALICE, NEW, LAGOON = "alice@people.example", "alice@lagoon.example", "alice@upstream.example"
SECOND_PASSWORD = "the-bridge-of-straw"


@pytest.fixture(scope="module")
def hubs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoHubs]:
    if executable() is None:
        absent("browser", "no Chromium was found on this machine")
    with two_hubs(tmp_path_factory.mktemp("hubs")) as running:
        yield running


@pytest.fixture(scope="module")
def chromium(hubs: TwoHubs) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go, to be looked at."""
    folder = tmp_path_factory.getbasetemp() / "pictures"
    folder.mkdir(exist_ok=True)
    return folder


def sign_up(page: Page, base: str, email: str) -> None:
    page.goto(f"{base}/register")
    page.fill("#name", "Alice Andersen")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.click("#submit")
    page.wait_for_url(f"{base}/")


def log_in(page: Page, base: str, email: str, password: str) -> None:
    page.fill("#login", email)
    page.fill("#password", password)
    page.click("#submit")


def log_out(page: Page, base: str) -> None:
    page.goto(f"{base}/logout")
    page.click("#logout-confirm")
    page.get_by_role("heading", name="You are logged out").wait_for()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()


def test_a_whole_life_of_an_account(hubs: TwoHubs, chromium: Browser, pictures: Path) -> None:
    size = ViewportSize(width=390, height=844)
    context = chromium.new_context(viewport=size, java_script_enabled=False, color_scheme="dark")
    page, home = context.new_page(), hubs.home_url
    page.set_default_timeout(PATIENCE_MS)

    sign_up(page, home, ALICE)
    page.goto(f"{home}/account")
    page.locator("#not-verified").wait_for()
    page.goto(hubs.mailed_link(ALICE, "/account/email/verify/"))
    page.screenshot(path=pictures / "life-verify.png")
    page.click("#submit")
    page.get_by_text("Your e-mail address is verified").wait_for()

    page.goto(f"{home}/account/email")
    page.fill("#email", NEW)
    page.click("#submit")
    page.goto(hubs.mailed_link(NEW, "/account/email/confirm/"))
    page.screenshot(path=pictures / "life-change.png")
    page.click("#submit")
    page.get_by_text("Your e-mail address is changed").wait_for()
    assert hubs.mailed_link(ALICE, "/email/undo/")

    log_out(page, home)
    page.goto(f"{home}/login")
    page.click("#forgot")
    page.fill("#email", NEW)
    page.click("#submit")
    page.get_by_role("heading", name="Look at your mail").wait_for()
    page.screenshot(path=pictures / "life-recover.png")
    page.goto(hubs.mailed_link(NEW, "/recover/"))
    page.fill("#new_password", SECOND_PASSWORD)
    page.click("#submit")
    log_in(page, home, NEW, SECOND_PASSWORD)
    page.wait_for_url(f"{home}/")

    page.goto(f"{home}/account/logins")
    press(page, "Link")
    page.wait_for_url(f"{hubs.upstream_url}/login**")
    page.goto(f"{hubs.upstream_url}/register")  # the person has no account there yet
    sign_up(page, hubs.upstream_url, LAGOON)
    page.goto(f"{home}/account/logins")
    press(page, "Link")
    page.wait_for_url(f"{hubs.upstream_url}/login**")  # signed in there, and asked all the same
    log_in(page, hubs.upstream_url, LAGOON, PASSWORD)
    page.click("#consent-approve")
    page.get_by_role("heading", name="Link Lagoon Mobility to your account?").wait_for()
    page.get_by_text(LAGOON).wait_for()
    page.screenshot(path=pictures / "life-link.png", full_page=True)
    page.click("#link-yes")
    page.get_by_text("From now on you can log in that way too").wait_for()
    page.screenshot(path=pictures / "life-logins.png", full_page=True)

    log_out(page, home)
    page.goto(f"{home}/login?next=/account")
    page.screenshot(path=pictures / "life-login.png", full_page=True)
    page.click("#with-lagoon")
    page.wait_for_url(f"{home}/account")
    page.get_by_text("Logged in with another provider: Lagoon Mobility").first.wait_for()
    page.screenshot(path=pictures / "life-account.png", full_page=True)

    page.goto(f"{home}/account/logins")
    press(page, "Unlink")
    page.get_by_text("Unlinked. Your other devices are logged out").wait_for()
    log_out(page, home)
    page.goto(f"{home}/login")
    page.click("#with-lagoon")
    page.get_by_role("heading", name="Your login with Lagoon Mobility is new here").wait_for()
    page.screenshot(path=pictures / "life-newcomer.png", full_page=True)
    assert page.input_value("#email") == LAGOON
    page.fill("#email", "second@people.example")
    page.click("#submit")
    page.get_by_text("Your account is ready").wait_for()
    page.goto(f"{home}/account/password")
    page.wait_for_url(f"{home}/account/password/set")
    context.close()


def test_no_link_and_no_code_is_in_any_log(hubs: TwoHubs) -> None:
    """At debug level, after the story above."""
    folder = hubs.home.data_dir / "mail"
    tokens = {
        word.rpartition("/")[2] for file in folder.glob("*.eml") for word in file.read_text().split() if "/" in word
    }
    secrets = {token for token in tokens if len(token) == 43}
    assert len(secrets) >= 4
    for name in ("web", "worker"):
        log = hubs.home.log(name)
        assert len(log) > 100
        assert [secret for secret in secrets if secret in log] == []
        assert "code=" not in log
        assert "stumbled" not in log
