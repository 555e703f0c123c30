"""Months by their names, in the languages of Europe's banks: English, German, French, Spanish, Italian, Dutch, Nordic,
Portuguese and Polish."""

# The first letters, as far as they name one month only.
_STARTS = (
    "jan ene gen sty", "feb fev fév lut", "mar mär mrt maa mrz", "apr abr avr kwi", "may mai mei maj mag",
    "jun giu cze juin", "jul lug lip juil", "aug ago aoû aou sie", "sep set wrz", "oct okt out ott paź paz", "nov lis",
    "dec dez dic dés déc gru",
)  # fmt: skip
_MONTHS = {start: number for number, starts in enumerate(_STARTS, 1) for start in starts.split()}


def month(name: str) -> int:
    """1 to 12 by the name or its beginning, of three letters at least; 0 for what is no month."""
    name = name.casefold()
    return _MONTHS.get(name[:4]) or _MONTHS.get(name[:3], 0)
