"""A statement brought as a file, in a real browser, with and without JavaScript."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ViewportSize, sync_playwright

from hub.stack import Stack
from tests.conftest import absent
from tests.web.visit import Visit, executable, launch

pytestmark = pytest.mark.browser
PHONE = ViewportSize(width=375, height=812)
CSV = "Datum;Empfänger;Verwendungszweck;Betrag\n15.03.2024;Café Florian;Kaffee;-3,50\n14.03.2024;Lagune;Lohn;1.000,00\n"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if executable() is None:
        absent("browser", "no Chromium was found on this machine")
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.mark.parametrize("scripts", [False, True], ids=["without-javascript", "with-javascript"])
def test_a_person_brings_a_table_corrects_it_and_finds_it_in_what_they_have(
    chromium: Browser, tmp_path: Path, scripts: bool
) -> None:
    table = tmp_path / "Umsätze.csv"
    table.write_text(CSV, "cp1252")
    context = chromium.new_context(viewport=PHONE, java_script_enabled=scripts, color_scheme="dark")
    with Stack(data_dir=tmp_path / "hub", sandbox=("albion",)).up() as stack:
        visit = Visit(context.new_page(), stack)
        page = visit.page
        visit.sign_up("alice@people.example")
        page.get_by_role("link", name="Import a statement").click()
        page.set_input_files("#file", table)
        visit.press("Show what is in it")
        page.get_by_text("Café Florian", exact=True).wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        page.fill("#currency", "EUR")
        page.fill("#name-0", "Haushalt")
        visit.press("Look again")
        page.get_by_text("−€3.50").wait_for()
        visit.press("Import")
        page.get_by_text("2 rows were read, 2 of them new").wait_for()
        page.get_by_role("link", name="See Haushalt").click()
        page.get_by_text("Café Florian").first.wait_for()
        visit.go("/")
        page.get_by_role("heading", name="Imported files").wait_for()
        assert visit.complaints == []
        assert visit.strayed == []
    context.close()
