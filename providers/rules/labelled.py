"""Texts in which a bank names each part by a word of its own, and those that are still field 86 of MT940. Data and one
reading of each; providers.rules.remittance says what becomes of the parts.

    SEPA Overboeking | IBAN: NL00BANK | Naam: P. de Vries | Omschrijving: Huur          ABN AMRO, ING, Knab
    Auftraggeber: Muster GmbH Buchungstext: Lohn Mai                                    comdirect
    Nazwa odbiorcy: ANNA NOWAK Rachunek odbiorcy: 27... Tytuł: czynsz                   PKO
    ?00LASTSCHRIFT?20EREF+1?21SVWZ+Beitrag?30GENODEF1?31DE00...?32TSV Musterstadt       German savings banks
"""

import re

REMITTANCE, PARTY, IBAN, BIC, DROPPED = "remittance", "party", "iban", "bic", ""

_WORDS = {
    "Naam": PARTY, "Omschrijving": REMITTANCE, "IBAN": IBAN, "BIC": BIC, "Kenmerk": "endToEndId",
    "Machtiging ID": "mandateId", "Machtiging": "mandateId", "Incassant ID": "creditorId", "Incassant": "creditorId",
    "Datum/Tijd": DROPPED, "Valutadatum": DROPPED,
    "Auftraggeber": PARTY, "Empfänger": PARTY, "Buchungstext": REMITTANCE, "Verwendungszweck": REMITTANCE,
    "Kto/IBAN": IBAN, "BLZ/BIC": BIC,
    "Nazwa odbiorcy": PARTY, "Nazwa nadawcy": PARTY, "Rachunek odbiorcy": IBAN, "Rachunek nadawcy": IBAN,
    "Adres odbiorcy": DROPPED, "Adres nadawcy": DROPPED, "Tytuł": REMITTANCE,
}  # fmt: skip
LABELS = {written: kind for word, kind in _WORDS.items() for written in (word, word.upper())}
_LABEL = re.compile(r"(?<!\S)(" + "|".join(map(re.escape, sorted(LABELS, key=len, reverse=True))) + r") ?: ?")
_FRONT = re.compile(r"(?:SEPA[ \w,/.-]{0,40})?\s*")  # the kind of payment, before the first label

_SUBFIELD = re.compile(r"\?([0-9]{2})")
_IS_FIELD_86 = re.compile(r"(?:[0-9]{3})?\?(?:00|10|20)")
_LINES = frozenset({*(f"{number}" for number in range(20, 30)), "60", "61", "62", "63"})
_WIDTH = 27  # of a subfield; one that is full goes on in the next
_KEYWORD = re.compile(r"[A-Z]{4}[+]")


def labels(whole: str) -> tuple[str, list[re.Match[str]]] | None:
    """``whole`` from its first label on, and the labels in it, if a bank wrote it: it begins with one, and there are
    two or more of which one is the text or the other side. Two different words for a party do not say who is the other
    side, so such a text is left alone."""
    if whole.count(":") < 2:
        return None
    found = list(_LABEL.finditer(whole))
    words = {mark[1].lower() for mark in found}
    kinds = [LABELS[word] for word in {mark[1] for mark in found}]
    if len(words) < 2 or not _FRONT.fullmatch(whole, 0, found[0].start()) or kinds.count(PARTY) > 1:
        return None
    if PARTY not in kinds and REMITTANCE not in kinds:
        return None
    rest = whole[found[0].start() :]
    return rest, list(_LABEL.finditer(rest))


def subfields(whole: str) -> tuple[list[str], dict[str, str]] | None:
    """The lines of the purpose (?20 to ?29, ?60 to ?63), and party, IBAN and BIC (?32 ?33, ?31, ?30); None where
    ``whole`` is no field 86."""
    if not _IS_FIELD_86.match(whole):
        return None
    pieces = _SUBFIELD.split(whole.replace("\n", ""))
    lines: list[str] = []
    said: dict[str, str] = {}
    room = 0
    for number, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        if number in _LINES:
            if room == _WIDTH and not _KEYWORD.match(piece):
                lines[-1] += piece
            elif piece.strip():
                lines.append(piece)
            room = len(piece)
        elif number in ("32", "33"):
            said[PARTY] = f"{said.get(PARTY, '')}{piece}"
        elif number in ("30", "31"):
            said[BIC if number == "30" else IBAN] = piece.strip()
    return lines, said
