"""Web push in a real browser: the worker speaks for the whole hub, and a browser that says no is told what to do."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from hub.stack import Stack
from tests.conftest import absent
from tests.web.visit import Visit, executable, launch

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if executable() is None:
        absent("browser", "no Chromium is installed")
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def stack(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(data_dir=tmp_path_factory.mktemp("push"), sandbox=()).up() as running:
        yield running


def test_a_browser_that_may_not_show_notifications_is_told_so_and_the_worker_has_the_whole_hub(
    chromium: Browser, stack: Stack
) -> None:
    context = chromium.new_context()
    visit = Visit(context.new_page(), stack)
    visit.sign_up("pusher@people.example")
    visit.go("/account/notifications")
    page = visit.page
    scope = page.evaluate("navigator.serviceWorker.register('/push-worker.js').then((worker) => worker.scope)")
    assert scope == f"{stack.url}/"
    page.get_by_role("button", name="Use this browser").click()
    page.get_by_text("This browser does not let us show notifications").wait_for()
    page.get_by_label("Day").fill("24")
    page.get_by_label("Month").select_option("November")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved").wait_for()
    assert page.get_by_label("Day").input_value() == "24"
    context.close()
