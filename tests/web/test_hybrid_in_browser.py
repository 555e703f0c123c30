"""A bank that answers behind the #, in a real browser: linked with JavaScript, and said plainly without."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from hub.stack import Stack
from tests.conftest import absent
from tests.web.visit import Visit, executable, launch

pytestmark = pytest.mark.browser


class HybridStack(Stack):
    """The stack, its Albion Bank asked for ``code id_token``."""

    def _write_institution(self, institution_id: str, url: str) -> None:
        super()._write_institution(institution_id, url)
        if institution_id == "albion":
            path = self.data_dir / "institutions" / "albion.json"
            document = json.loads(path.read_text())
            document["api"]["authorize"] = {"response_type": "code id_token"}
            path.write_text(json.dumps(document))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if executable() is None:
        absent("browser", "no Chromium was found on this machine")
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


def test_a_bank_that_answers_behind_the_fragment_is_linked_where_scripts_run(chromium: Browser, tmp_path: Path) -> None:
    with HybridStack(data_dir=tmp_path / "hub", sandbox=("albion",)).up() as stack:
        context = chromium.new_context()
        visit = Visit(context.new_page(), stack)
        visit.sign_up("alice@people.example")
        visit.link_albion()
        assert visit.complaints == []
        assert "#" not in visit.page.url
        context.close()

        context = chromium.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(f"{stack.url}/connections/callback#state=x&code=y")
        page.get_by_text("JavaScript on for this site").wait_for()
        context.close()
