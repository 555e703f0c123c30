"""A client's name as people will read it: one line that cannot pretend to be another (RFC 7591 5, Unicode TR 36)."""

import unicodedata

MAX_LENGTH = 100
_LOOKALIKES = frozenset({"LATIN", "CYRILLIC", "GREEK", "COPTIC", "ARMENIAN", "CHEROKEE", "LISU"})
"""Alphabets whose letters pass for each other. Japanese, say, may mix as it does."""
_MAX_MARKS = 2


def fault(name: str) -> str | None:
    """Why the name cannot be shown, None if it can.

    Not printable are controls and line breaks, and also the invisible and direction-turning characters (Unicode Cf).
    """
    if not name.strip() or len(name) > MAX_LENGTH or not name.isprintable():
        return f"A name is one line of 1 to {MAX_LENGTH} visible characters."
    if any(sign.isalpha() and unicodedata.normalize("NFKC", sign) != sign for sign in name):
        return "A name is written in ordinary letters, not in their typographic variants."
    if any(len(_alphabets(word) & _LOOKALIKES) > 1 for word in name.split()):
        return "A word of the name mixes alphabets whose letters look alike."
    if _most_marks(name) > _MAX_MARKS:
        return "A letter of the name carries too many marks."
    return None


def _alphabets(word: str) -> set[str]:
    return {unicodedata.name(sign, "?").split()[0] for sign in word if sign.isalpha()}


def _most_marks(name: str) -> int:
    most = run = 0
    for sign in unicodedata.normalize("NFD", name):
        run = run + 1 if unicodedata.combining(sign) else 0
        most = max(most, run)
    return most
