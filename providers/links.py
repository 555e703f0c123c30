"""Where a bank's hypertext links lead, in whichever of the shapes banks write them. Pure.

An object of links by their names (Berlin Group, STET, UK Open Banking), or a list of links that name their relation; a
link is a text, an object with its target, or a list of which the first counts.
"""

from collections.abc import Iterator
from typing import Any

from providers import text
from providers.rows import core

_TARGETS = ("href", "uri", "url")


def following(links: Any) -> str | None:
    """Where the next page is. A page that names itself as its next one is the last."""
    found = target(links, "next")
    return None if found == target(links, "self") else found


def target(links: Any, name: str) -> str | None:
    """Where the link ``name`` leads; None where there is none, or what is there says nothing (``""``, ``"null"``)."""
    return next((found for link in _called(links, name) if (found := _target(link)) is not None), None)


def _called(links: Any, name: str) -> Iterator[Any]:
    for one in links if isinstance(links, list) else (links,):
        if not isinstance(one, dict):
            continue
        members = {core(given): value for given, value in one.items()}
        relation = members.get("rel")
        if isinstance(relation, str) and relation.lower() == name:
            yield one
        yield members.get(name)


def _target(link: Any) -> str | None:
    if isinstance(link, list):
        return _target(link[0]) if link else None
    if isinstance(link, dict):
        members = {core(given): value for given, value in link.items()}
        return next((found for one in _TARGETS if (found := _target(members.get(one))) is not None), None)
    return text.meaningful(link) if isinstance(link, str) else None
