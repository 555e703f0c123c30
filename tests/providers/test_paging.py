"""A walk over pages ends, whatever the pages say, and hands out what it had until then."""

from dataclasses import dataclass

import pytest

from providers.errors import ContractBroken
from providers.paging import MAX_PAGES, walk
from providers.transport import Answer


@dataclass(frozen=True)
class Numbered:
    number: int
    next: str | None


def endless(url: str) -> Answer:
    return Answer(200, {}, url.encode())


def parse(body: bytes) -> Numbered:
    number = int(body)
    return Numbered(number, str(number + 1))


def test_pages_that_never_end_are_stopped_after_the_last_allowed_one() -> None:
    pages = walk("0", fetch=endless, parse=parse, resolve=lambda _, link: link, max_pages=7)
    assert [next(pages).number for _ in range(7)] == list(range(7))
    with pytest.raises(ContractBroken, match="more than 7 pages"):
        next(pages)
    assert MAX_PAGES == 10_000


@pytest.mark.parametrize("link", [None, ""])
def test_no_next_link_is_the_end(link: str | None) -> None:
    pages = list(walk("0", fetch=endless, parse=lambda _: Numbered(0, link), resolve=lambda _, to: to))
    assert pages == [Numbered(0, link)]


def test_a_circle_of_pages_with_new_links_is_seen_by_its_bodies() -> None:
    def two_bodies(url: str) -> Answer:
        return Answer(200, {}, b"even" if int(url) % 2 == 0 else b"odd")

    links = iter(range(1, 100))
    pages = walk("0", fetch=two_bodies, parse=lambda _: Numbered(0, str(next(links))), resolve=lambda _, to: to)
    next(pages)
    next(pages)
    with pytest.raises(ContractBroken, match="same page"):
        next(pages)


@pytest.mark.parametrize(
    ("header", "last"),
    [
        ('<2>; rel="next"', 2),
        ('<0>; rel="first", <2>; rel="Next", <9>; rel="last"', 2),
        ('<0>; rel="prev"', 1),
        ("<", 1),
        ("", 1),
    ],
)
def test_a_next_link_in_the_header_is_followed_where_the_body_has_none(header: str, last: int) -> None:
    def fetch(url: str) -> Answer:
        return Answer(200, {"link": header} if url == "1" else {}, url.encode())

    pages = list(walk("1", fetch=fetch, parse=lambda body: Numbered(int(body), None), resolve=lambda _, to: to))
    assert [page.number for page in pages] == list(range(1, last + 1))
    assert pages[0].next == (str(last) if last > 1 else None), "whoever reads it must see that more comes"
