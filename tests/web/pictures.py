"""The pictures of the documentation, taken from the running product: ``python -m tests.web.pictures``."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import ViewportSize, sync_playwright

from hub.stack import Stack
from tests.web.visit import Visit, callback, executable, launch

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
SIZE = ViewportSize(width=1280, height=800)
MOST_BYTES = 200_000
NAMES = ("home", "consent", "accounts")


def take(folder: Path = FOLDER) -> list[Path]:
    """The start page, a consent screen, and the accounts to choose on it, as Alice sees them with two banks linked."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        callback() as app,
        Stack(data_dir=Path(data), sandbox=("albion", "lorelei")).up() as stack,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        context = browser.new_context(viewport=SIZE, color_scheme="light", reduced_motion="reduce")
        visit = Visit(context.new_page(), stack)
        visit.sign_up("alice@people.example")
        visit.link_albion()
        visit.link_lorelei()
        third_party = visit.register_app(app.url)
        visit.go("/")
        visit.page.screenshot(path=folder / "home.png")
        visit.ask(third_party)
        visit.page.get_by_role("heading", name="Budget Buddy asks").wait_for()
        visit.page.screenshot(path=folder / "consent.png")
        visit.page.locator('input[name="account"]').first.check()
        visit.page.get_by_text("Which accounts?").evaluate("legend => legend.scrollIntoView()")
        visit.page.screenshot(path=folder / "accounts.png")
        browser.close()
    return [folder / f"{name}.png" for name in NAMES]


if __name__ == "__main__":
    if executable() is None:
        sys.exit("no Chromium was found on this machine")
    for path in take():
        size = path.stat().st_size
        print(f"{path}: {size} bytes")
        if size > MOST_BYTES:
            sys.exit(f"{path} is larger than {MOST_BYTES} bytes")
