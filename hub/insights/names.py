"""Categories by names and words: well-known merchants (merchants.json), and what people and companies write in the
languages of Europe (words.json). Both files are data anybody may add to; a test holds them to the taxonomy.

Looked up by runs of whole words, the longest wins ("tesco mobile" before "tesco"). Merchants are looked for in the
payee's name only, words also in the text beside it.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from hub.insights.movement import words

_HERE = Path(__file__).parent

Runs = Mapping[str, tuple[tuple[tuple[str, ...], str], ...]]  # first word -> (run, category), the longest first


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``words`` say ``in_`` of money in and ``out`` of money out; None: nothing."""

    in_: str | None = msgspec.field(name="in")
    out: str | None
    words: tuple[str, ...]


MERCHANTS = msgspec.json.decode((_HERE / "merchants.json").read_bytes(), type=dict[str, tuple[str, ...]])
WORDS = msgspec.json.decode((_HERE / "words.json").read_bytes(), type=tuple[Line, ...])


def _runs(named: Iterable[tuple[str, str]]) -> Runs:
    found: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for name, category in named:
        run = words(name)
        found.setdefault(run[0], []).append((run, category))
    return {first: tuple(sorted(runs, key=lambda one: -len(one[0]))) for first, runs in found.items()}


_BY_MERCHANT = _runs((name, category) for category, listed in MERCHANTS.items() for name in listed)
_BY_WORDS_IN = _runs((name, line.in_) for line in WORDS if line.in_ for name in line.words)
_BY_WORDS_OUT = _runs((name, line.out) for line in WORDS if line.out for name in line.words)


def by_merchant(payee: str) -> tuple[str, str] | None:
    """(category, the name found in ``payee``)."""
    return _longest(words(payee), _BY_MERCHANT)


def by_words(text: str, *, is_in: bool) -> tuple[str, str] | None:
    """(category, the words found in ``text``); other words count for money in than for money out."""
    return _longest(words(text), _BY_WORDS_IN if is_in else _BY_WORDS_OUT)


def _longest(told: tuple[str, ...], table: Runs) -> tuple[str, str] | None:
    """Of equally long ones the first in the text."""
    best: tuple[tuple[str, ...], str] | None = None
    for start, word in enumerate(told):
        for run, category in table.get(word, ()):
            if best is not None and len(run) <= len(best[0]):
                break
            if told[start : start + len(run)] == run:
                best = run, category
                break
    return None if best is None else (best[1], " ".join(best[0]))
