"""A line of text with blanks: ``CARTE {date} {payee} CB*{any}``. The only pattern language that data may use.

Regular expressions in data would let one careless file hang the hub, since they can take exponential time. A template
cannot: each blank takes as little as lets the next fixed part follow and is never tried again (an atomic group), so
a match costs at most the length of the text times the length of the template, and both are bounded.

    {payee} {text} {any}   anything, at least one character ({any}: or none), as little as possible
    {word} {number}        without a space; digits only
    {date}                 31.12.2026 31/12/26 31-12 2026-12-31 31DEC 31 DEC 26: day before month, or year first
    {ymd} {yymmdd} {dashed} {ddmmyy} {ddmm}   20261231 261231 26-12-31 311226 3112
    {time}                 13:37 13:37:59 13.37 13H37
    {amount} {currency}    -1.234,56 and the like; three capitals
    {rate}                 1.0842 or 1,0842
    {card}                 a card number, masked or not
    [one|another]          either of these texts, the longest that fits
    a space                any white space, at least one, with the end of a line ("|", where lines are joined) or not

Case does not matter. A template fits from the start of a line; one that begins with {any} fits anywhere. What stands
behind it does not matter, except where a whole name or line is meant (placeholders, clutter).
"""

import re
from functools import lru_cache
from itertools import pairwise

MAX_TEXT_LENGTH = 1_000  # of a line; what is longer is read as far as this
MAX_TEMPLATE_LENGTH = 200
_MAX_BLANK_LENGTH = 280

_FREE = {"payee": 1, "text": 1, "any": 0}
_TYPED = {
    "word": r"\S{1,80}+",
    "number": r"[0-9]{1,40}+",
    "date": r"(?:[0-9]{4}[-./][0-9]{2}[-./][0-9]{2}|[0-9]{1,2}[./-][0-9]{1,2}(?:[./-](?:[0-9]{4}|[0-9]{2})?)?"
    r"|[0-9]{1,2}[ -]?[A-Za-z]{3}(?:[ -]?(?:[0-9]{4}|[0-9]{2})\b)?)",
    "ymd": r"[0-9]{8}",
    "yymmdd": r"[0-9]{6}(?![0-9])",
    "dashed": r"[0-9]{2}-[01][0-9]-[0-3][0-9](?![0-9-])",
    "ddmmyy": r"[0-9]{6}(?![0-9])",
    "ddmm": r"[0-9]{4}(?![0-9])",
    "time": r"[0-9]{1,2}[:.HhUu][0-9]{2}(?:[:.][0-9]{2})?",
    "amount": r"[+-]?[0-9][0-9.,']{0,24}",
    "currency": r"[A-Z]{3}",
    "rate": r"[0-9]{1,9}(?:[.,][0-9]{1,12})?",
    "card": r"[0-9Xx*•.#]{4,25}(?: [0-9Xx*•#]{4}(?![0-9]|[./-][0-9])){0,4}",
}
_UNNAMED = frozenset({"any", "word", "number"})  # these may stand twice: what is in them is not given back
_PART = re.compile(r"\{(?P<blank>[a-z]+)\}|\[(?P<either>[^\[\]{}]+)\]|(?P<space>\s+)|(?P<literal>[^\s\[\]{}]+)")


class Template:
    """A compiled template."""

    __slots__ = ("_pattern", "anywhere", "prefixes", "source")

    def __init__(self, source: str) -> None:
        self.source = source
        parts = _parts(source)
        self.prefixes = _wordings(*parts[0])  # one of them is in front, in lower case
        self.anywhere = () if self.prefixes else _longest(parts)  # or one of them is somewhere
        self._pattern = re.compile(_pattern(parts), re.IGNORECASE | re.DOTALL)

    def fill(self, text: str, lowered: str | None = None) -> dict[str, str] | None:
        """What stands in the blanks, or None if the text does not fit. ``lowered`` is ``text.lower()``, if at hand."""
        if not self._may_fit(text.lower() if lowered is None else lowered):
            return None
        found = self._pattern.match(text, 0, MAX_TEXT_LENGTH)
        if found is None:
            return None
        return {name: value.strip() for name, value in found.groupdict().items() if value}

    def covers(self, text: str, lowered: str) -> bool:
        """Whether nothing stands behind what fits."""
        return self._may_fit(lowered) and self._pattern.fullmatch(text) is not None

    def _may_fit(self, lowered: str) -> bool:
        if self.prefixes:
            return lowered.startswith(self.prefixes)
        return any(wording in lowered for wording in self.anywhere)


def _wordings(kind: str, value: str) -> tuple[str, ...]:
    """The fixed texts that this part stands for, in lower case; none for a blank or a space."""
    if kind == "either":
        return tuple(one.lower() for one in value.split("|"))
    return (value.lower(),) if kind == "literal" else ()


def _longest(parts: list[tuple[str, str]]) -> tuple[str, ...]:
    """The fixed part that is least likely to stand in a text by chance."""
    return max((_wordings(*part) for part in parts), key=lambda found: min(map(len, found), default=0))


def _parts(source: str) -> list[tuple[str, str]]:
    """Raises ValueError for a template that says nothing definite."""
    if not source.strip() or len(source) > MAX_TEMPLATE_LENGTH:
        raise ValueError(f"a template has 1 to {MAX_TEMPLATE_LENGTH} characters")
    found: list[tuple[str, str]] = []
    at = 0
    text = source.strip()
    while at < len(text):
        part = _PART.match(text, at)
        if part is None or part.lastgroup is None:
            raise ValueError(f"template {source!r}: a brace or bracket without its other half")
        found.append((part.lastgroup, part[part.lastgroup]))
        at = part.end()
    names = [value for kind, value in found if kind == "blank"]
    for name in names:
        if name not in _FREE and name not in _TYPED:
            raise ValueError(f"template {source!r}: there is no blank {{{name}}}")
        if name not in _UNNAMED and names.count(name) > 1:
            raise ValueError(f"template {source!r}: {{{name}}} stands twice")
    solid = [part for part in found if part[0] != "space"]
    for one, other in pairwise(solid):
        if one[0] == other[0] == "blank" and one[1] in _FREE and other[1] in _FREE:
            raise ValueError(f"template {source!r}: nothing tells {{{one[1]}}} from {{{other[1]}}}")
    if all(kind == "blank" and value in _FREE for kind, value in solid):
        raise ValueError(f"template {source!r}: it would fit every text")
    return found


def _pattern(parts: list[tuple[str, str]]) -> str:
    """The parts from the last to the first, each free blank in one atomic group with the fixed parts after it."""
    pattern = ""
    fixed = ""
    for at in range(len(parts) - 1, -1, -1):
        kind, value = parts[at]
        if kind == "blank" and value in _FREE:
            least = _FREE[value]
            group = "(?:" if value == "any" else f"(?P<{value}>"
            if fixed or pattern:
                pattern = f"(?>{group}.{{{least},{_MAX_BLANK_LENGTH}}}?){fixed}){pattern}"
            else:
                pattern = f"{group}.{{{least},{_MAX_BLANK_LENGTH}}})"
            fixed = ""
        else:
            fixed = _fixed(kind, value) + fixed
    return fixed + pattern


def _fixed(kind: str, value: str) -> str:
    if kind == "space":
        return r"\s{1,40}+(?:\|\s{1,40}+)?"
    if kind == "either":
        longest_first = sorted(value.split("|"), key=len, reverse=True)
        return "(?>" + "|".join(re.escape(one).replace(r"\ ", r"\s{1,40}") for one in longest_first) + ")"
    if kind == "literal":
        return re.escape(value)
    return _TYPED[value] if value in _UNNAMED else f"(?P<{value}>(?>{_TYPED[value]}))"


class Book:
    """Templates that are tried one after the other. A text that none of them can fit costs one look at it."""

    __slots__ = ("_anywhere", "_prefixes", "templates")

    def __init__(self, *sources: str) -> None:
        self.templates = tuple(template(source) for source in sources)
        self._prefixes = tuple(one for made in self.templates for one in made.prefixes)
        self._anywhere = tuple(dict.fromkeys(one for made in self.templates for one in made.anywhere))

    def may_fit(self, lowered: str) -> bool:
        if lowered.startswith(self._prefixes):
            return True
        for wording in self._anywhere:  # noqa: SIM110  (a generator would cost more than the loop)
            if wording in lowered:
                return True
        return False

    def fill(self, text: str, lowered: str) -> dict[str, str] | None:
        """What the first template that fits has in its blanks; None if none fits."""
        if self.may_fit(lowered):
            for one in self.templates:
                found = one.fill(text, lowered)
                if found is not None:
                    return found
        return None

    def covers(self, text: str, lowered: str) -> bool:
        """Whether one of them fits the whole text."""
        return self.may_fit(lowered) and any(one.covers(text, lowered) for one in self.templates)


@lru_cache(maxsize=1024)
def book(sources: tuple[str, ...]) -> Book:
    return Book(*sources)


@lru_cache(maxsize=4096)
def template(source: str) -> Template:
    """The compiled template; ValueError says what is wrong with it."""
    return Template(source)
