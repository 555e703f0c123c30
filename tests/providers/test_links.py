"""Where the next page is, however a bank writes its links: one that is not seen is a page that is lost in silence."""

import json
from typing import Any

import pytest

from providers.au_cdr import normalize as au_cdr
from providers.berlin_group import normalize as berlin_group
from providers.br_openfinance import cards
from providers.br_openfinance import normalize as br_openfinance
from providers.links import following, target
from providers.stet import normalize as stet
from providers.uk_obie import normalize as uk_obie

NEXT: list[Any] = [
    {"next": "/p2"},
    {"next": {"href": "/p2"}},
    {"next": [{"href": "/p2"}, {"href": "/p3"}]},
    {"next": {"href": {"href": "/p2"}}},
    {"next": {"uri": "/p2"}},
    {"Next": {"Url": " /p2 "}},
    [{"rel": "self", "href": "/p1"}, {"rel": "Next", "href": "/p2"}],
    [{"next": {"href": "/p2"}}],
    {"self": {"href": "/p1"}, "next": {"href": "/p2"}},
]
NOWHERE: list[Any] = [
    None,
    "none",
    7,
    [],
    {},
    {"next": None},
    {"next": ""},
    {"next": "null"},
    {"next": {}},
    {"next": []},
    {"next": {"href": ""}},
    {"next": {"href": None}},
    {"next": {"href": 7}},
    {"self": "/p1", "next": {"href": "/p1"}},
    [{"rel": "last", "href": "/p9"}],
]
PAGES: list[tuple[Any, dict[str, Any]]] = [
    (berlin_group, {"transactions": {"booked": []}}),
    (stet, {"transactions": []}),
    (uk_obie, {"Data": {"Transaction": []}}),
    (au_cdr, {"data": {"transactions": []}}),
    (br_openfinance, {"data": []}),
    (cards, {"data": []}),
]


@pytest.mark.parametrize("links", NEXT)
def test_the_next_page_is_found(links: Any) -> None:
    assert following(links) == "/p2"


@pytest.mark.parametrize("links", NOWHERE)
def test_what_is_no_link_leads_nowhere(links: Any) -> None:
    assert following(links) is None


@pytest.mark.parametrize("name", ["links", "_links"])
@pytest.mark.parametrize(("standard", "page"), PAGES)
def test_every_standard_finds_it(standard: Any, page: dict[str, Any], name: str) -> None:
    for links, url in ((NEXT[1], "/p2"), (NEXT[6], "/p2"), ([], None), ("none", None)):
        assert standard.transactions(json.dumps(page | {name: links}).encode()).next == url


def test_a_report_has_links_of_its_own() -> None:
    for report in ({"booked": [], "_links": {"Next": "/p2"}}, {"booked": [], "links": NEXT[6]}):
        assert berlin_group.transactions(json.dumps({"transactions": report}).encode()).next == "/p2"


def test_other_links_are_found_by_their_names() -> None:
    assert target({"download": {"href": "/all"}, "next": "/p2"}, "download") == "/all"
