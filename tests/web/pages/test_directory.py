"""The directory of banks, for anybody; and that nobody links a bank which is only listed."""

import re
from dataclasses import replace

import msgspec
import pytest
from sqlalchemy import func, select

from hub.models.connection import Connection
from providers.registry import Institution
from tests.web.pages.world import World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def text_of(world: World, path: str) -> str:
    answer = world.app.test_client().get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def names(html: str) -> list[str]:
    return re.findall(r'href="/banks/([a-z0-9_-]+)"', html)


def test_banks_are_found_by_name_country_standard_and_state(world: World) -> None:
    assert names(text_of(world, "/banks?q=hsbc+business")) == ["hsbc_business_gb"]
    assert names(text_of(world, "/banks?q=COBADEFF")) == ["commerzbank_de"]
    assert set(names(text_of(world, "/banks?country=BE&standard=stet"))) == {"beobank_be", "bnp_paribas_fortis_be"}
    assert "albion" in names(text_of(world, "/banks?status=sandbox"))
    assert "No such bank" in text_of(world, "/banks?q=zzzz")


def test_pages_follow_each_other_without_losing_a_bank(world: World) -> None:
    seen: list[str] = []
    path: str | None = "/banks"
    while path:
        html = text_of(world, path)
        seen += names(html)
        further = re.search(r'href="(/banks\?[^"]*)">More banks', html)
        path = further and further[1].replace("&amp;", "&")
    assert sorted(seen) == sorted(world.hub.institutions)


def test_a_real_bank_is_shown_as_unverified_with_what_it_takes_and_its_sources(world: World) -> None:
    html = text_of(world, "/banks/santander_gb")
    assert "Unverified against the live bank" in html
    assert "Not enabled here" in html
    assert "an Open Banking transport certificate (OBWAC)" in html
    assert "api.client_id" in html
    assert "SANTANDER_ReadMe_AIS.md" in html
    assert 'href="/connect/' not in html


def test_a_bank_that_can_be_linked_leads_there(world: World) -> None:
    html = text_of(world, "/banks/albion")
    assert "Can be linked here" in html
    assert 'href="/connect/albion"' in html


def test_a_bank_that_is_only_listed_is_not_offered_and_not_linked(world: World) -> None:
    alice = world.browser()
    assert "HSBC" not in alice.get("/connect?q=hsbc").text
    assert "HSBC" not in alice.get("/status").text
    assert alice.get("/connect/hsbc_gb").status_code == 404
    with world.hub.db.read() as session:
        before = session.scalar(select(func.count()).select_from(Connection))
    alice.get("/connect/albion")
    assert alice.post("/connect/hsbc_gb", {"next": ""}).status_code == 404
    with world.hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Connection)) == before


def test_the_connect_page_offers_only_countries_where_something_can_be_linked(world: World) -> None:
    html = world.browser().get("/connect").text
    assert 'value="DE"' in html
    assert 'value="RO"' not in html


@pytest.mark.parametrize(
    ("query", "status"),
    [("q=%00", 200), ("q=a&q=b", 400), ("country=%3Cscript%3E", 200), ("from=-1", 200), ("from=99999", 200)],
)
def test_odd_questions_are_answered_plainly(world: World, query: str, status: int) -> None:
    answer = world.app.test_client().get(f"/banks?{query}")
    assert answer.status_code == status
    assert "<script>" not in answer.text


def test_an_unknown_bank_is_not_found(world: World) -> None:
    assert world.app.test_client().get("/banks/nowhere").status_code == 404


def test_what_a_file_says_never_becomes_markup(world: World) -> None:
    evil = '"><script>alert(1)</script>'
    content = {"id": "evil", "name": evil, "group": evil, "standard": evil, "version": evil, "country": "GB", "api": {}}
    listing = {"notes": [evil]}
    one = msgspec.convert(content | {"listing": listing, "facts": [{"source": evil, "date": "2022"}]}, Institution)
    world.app.extensions["rialto"] = replace(world.hub, institutions={"evil": one})
    for path in ("/banks", "/banks/evil"):
        assert "<script>alert" not in text_of(world, path)
