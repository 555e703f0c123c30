"""Walking a bank's pages without trusting that they end.

Neither standard promises isolation or an end: a next link may lead back, to the same page, or away from the bank.
Every guard raises ContractBroken only after the pages before it were handed out, so the caller keeps them.

Most pages of most readings are what they were some hours ago, byte by byte. Whoever reads them can say by ``knowing``
which ones it has not forgotten, and those are handed out unread. It is said around the walk and not through it: no
standard has to know.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from hashlib import sha256
from typing import Any, Protocol, TypeVar, cast

from requests.utils import parse_header_links

from providers.errors import ContractBroken
from providers.model import Page
from providers.transport import Answer

MAX_PAGES = 10_000


class Linked(Protocol):
    """``next`` is the bank's own link to the following page, absolute or relative; None or empty on the last."""

    @property
    def next(self) -> str | None: ...


P = TypeVar("P", bound=Linked)


Known = Mapping[bytes, str | None]
"""The SHA-256 of an answer -> the link to the next page that is in it."""

_known: ContextVar[Known] = ContextVar("known pages", default={})  # noqa: B039  # nobody writes to it


@contextmanager
def knowing(known: Known) -> Iterator[None]:
    """Steps of a walk inside this block hand out the ``known`` pages of transactions unread."""
    token = _known.set(known)
    try:
        yield
    finally:
        _known.reset(token)


def walk(
    first: str,
    *,
    fetch: Callable[[str], Answer],
    parse: Callable[[bytes], P],
    resolve: Callable[[str, str], str],
    max_pages: int = MAX_PAGES,
    ends_with_itself: bool = False,
) -> Iterator[P]:
    """Parsed pages from ``first`` on. ``resolve(url, link)`` makes a link absolute or refuses it. ``ends_with_itself``:
    at this bank a page that names itself as the next one is the last."""
    url = first
    asked = {first}
    bodies: set[bytes] = set()
    for _ in range(max_pages):
        answer = fetch(url)
        digest = sha256(answer.body).digest()
        if digest in bodies:
            raise ContractBroken("the same page came again", raw=answer.body)
        bodies.add(digest)
        page = _read(answer.body, digest, parse)
        if not page.next and (elsewhere := _in_header(answer)):
            page = cast(P, replace(cast(Any, page), next=elsewhere))
        link = page.next
        yield cast(P, replace(cast(Any, page), link=link)) if isinstance(page, Page) else page
        if not link:
            return
        before, url = url, resolve(url, link)
        if ends_with_itself and url == before:
            return
        if url in asked:
            raise ContractBroken("the next link leads back to a page already read", raw=answer.body)
        asked.add(url)
    raise ContractBroken(f"more than {max_pages} pages")


def _in_header(answer: Answer) -> str | None:
    """The link to the next page where it stands in the header (RFC 8288), as no standard here has it and banks do."""
    given = answer.headers.get("link")
    links = parse_header_links(given) if given else ()
    return next((one["url"] for one in links if "next" in one.get("rel", "").lower().split() and one.get("url")), None)


def _read(body: bytes, digest: bytes, parse: Callable[[bytes], P]) -> P:
    def read() -> P:
        page = parse(body)
        return cast(P, replace(page, digest=digest)) if isinstance(page, Page) else page

    known = _known.get()
    if digest not in known:
        return read()
    return cast(P, Page((), known[digest], digest=digest, unread=cast(Callable[[], Page], read)))
