"""Field 86 without subfields: one text, in which some banks name the other side and the purpose by words of their own.

/CNTP/NL32INGB0000012345/INGBNL2A/J JANSEN/UTRECHT//REMI/USTD//HUUR/     ING; other /TAGS/ are the engine's
SEPA OVERBOEKING                 IBAN: NL46ABNA0499998748  NAAM: X       ABN AMRO, Knab: columns, or lines
911 TRANSAKCJA; Z RACH.: 5611...; OD: JAN NOWAK; TYT.: CZYNSZ;           mBank
"""

import re
from dataclasses import dataclass, field

from providers.files import accounts
from providers.model import Identifier

_LONG_LINE = 60  # a text that fills its line goes on in the next one without a space
_COUNTERPARTY = re.compile(r"/CNTP/([^/]{0,40})/([^/]{0,11})/([^/]{0,140})/([^/]{0,70})/?")
_KIND_OF_TEXT = re.compile(r"/REMI/(?:USTD/{1,2}|STRD/(?:CUR/|ISO/)?)")
_CLOSING = re.compile(r"(?<!/BENM)(?<!/ORDP)(?<!/REMI)(?<!/NAME)/{1,4}(?=/[A-Z]{2,4}/)")  # not where nothing is said
_NAME, _ACCOUNT, _BIC, _TEXT, _DROPPED = "name", "account", "bic", "text", ""
_KEYS = {
    "IBAN": _ACCOUNT, "REK": _ACCOUNT, "Z RACH.": _ACCOUNT, "NA RACH.": _ACCOUNT, "BIC": _BIC,
    "NAAM": _NAME, "NAME": _NAME, "OD": _NAME, "DLA": _NAME,
    "OMSCHRIJVING": _TEXT, "DESCRIPTION": _TEXT, "TYT.": _TEXT, "MITTEILUNGEN": _TEXT,
    "KENMERK": "endToEndId", "BETALINGSKENM.": "transactionReference", "MACHTIGING": "mandateId",
    "INCASSANT": "creditorId", "TNR": "accountServicerReference", "ID IPH": _DROPPED, "LAND": _DROPPED,
}  # fmt: skip
_KEY = re.compile(r"(?:^|\n|;\s*|/| {2,})(" + "|".join(map(re.escape, _KEYS)) + r"): *")
_SPACES = re.compile(r"\s+")


@dataclass(slots=True)
class Said:
    """``lines`` are what is left for the remittance."""

    lines: list[str]
    name: str | None = None
    account: Identifier | None = None
    bic: str | None = None
    ids: dict[str, str] = field(default_factory=dict)


def read(text: str) -> Said:
    lines = [line for line in text.split("\n") if line.strip()]
    if lines and lines[0].lstrip().startswith("/"):
        return _tags("".join(line if len(line) >= _LONG_LINE else line + " " for line in lines).strip())
    keys = list(_KEY.finditer(text))
    if len({key[1] for key in keys} - {"TNR", "ID IPH"}) >= 2:
        return _keyed(text, keys)
    return Said([line.strip() for line in lines])


def _tags(whole: str) -> Said:
    """ING closes each value with a stroke and names the counterparty in one tag of four parts."""
    found = _COUNTERPARTY.search(whole)
    said = Said([])
    if found is not None:
        whole = f"{whole[: found.start()]}{whole[found.end() :]}"
        said.name, said.bic = _plain(found[3]), _plain(found[2])
        said.account = accounts.other_party(found[1])
    whole = _CLOSING.sub("", _KIND_OF_TEXT.sub("/REMI/", whole)).rstrip("/ ")
    whole = whole if whole.startswith("/") or not found else f"/{whole}"
    said.lines = [whole] if whole.strip("/ ") else []
    return said


def _keyed(text: str, keys: list[re.Match[str]]) -> Said:
    said = Said([])
    front = _plain(text[: keys[0].start()])
    for key, following in zip(keys, [*keys[1:], None], strict=True):
        value = text[key.end() : following.start() if following else len(text)].strip(" ;/\n")
        kind, plain = _KEYS[key[1]], _plain(value)
        if plain is None:
            continue
        if kind == _NAME:
            said.name = said.name or _plain(value.partition("\n")[0].partition("  ")[0])
        elif kind == _ACCOUNT:
            said.account = said.account or accounts.other_party(plain.replace(" ", ""))
        elif kind == _BIC:
            said.bic = plain
        elif kind == _TEXT:
            said.lines.append(plain)
        elif kind:
            said.ids.setdefault(kind, plain)
    said.lines = said.lines or ([front] if front else [])
    return said


def _plain(text: str) -> str | None:
    return _SPACES.sub(" ", text).strip() or None
