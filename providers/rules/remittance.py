"""What the payer wrote, freed of what banks write around it.

Read in this order: the list of lines rather than the one text that is cut at 140, unless that says something else
altogether; the structured reference unless it says the same again; the bank's own additional text only where there is
nothing else. Then made plain (escapes, HTML, runs of spaces), joined where a line goes on in the next, and taken apart
where it is tagged:

    EREF+1234 MREF+M7 CRED+DE98ZZZ SVWZ+Rent May ABWA+The Shop       MT940 field 86 of German banks, SEPA keywords
    /TRTP/SEPA OVERBOEKING/IBAN/NL00BANK/NAME/X/REMI/Rent/EREF/1     the same of Dutch banks
    /Txt/D|RECIBO;IBERDROLA                                          Bankinter
    mandatereference:,creditorid:,remittanceinformation:NR 1         ING
    narrative: ['SHOP', 'CITY'], atmPosName: SHOP                    BNP Paribas Fortis
    End-to-End-Ref.: 1234                                            Commerzbank, Danske
    Naam: X Omschrijving: Huur IBAN: NL00BANK; ?20SVWZ+Rent?32X      providers.rules.labelled

Tags are an allow-list: ``BMW+`` and ``/AB/`` are somebody's words. Every pattern here is linear: fixed words, bounded
repeats, no repeat inside a repeat.
"""

import re
from collections.abc import Iterable, Sequence

import msgspec

from providers import text
from providers.rules import labelled
from providers.rules.narratives import TECHNICAL
from providers.rules.profile import Remittance
from providers.rules.template import book
from providers.rules.told import Told

_MAX_LENGTH = 20_000  # of all lines together; beyond it nothing is joined or taken apart
_MAX_LINES = 500
_LEAST_REPEATED = 6
_USUAL_WIDTHS = (27, 35)  # of MT940 field 86 and of the SEPA texts that were made of it

# what a tag's value is: a bank id's name, or one of the words below
_REMITTANCE, _PARTY, _ULTIMATE, _IBAN, _BIC, _PURPOSE, _DROPPED = (
    "remittance",
    "party",
    "ultimate",
    "iban",
    "bic",
    "purpose",
    "",
)

_SEPA_TAGS = {
    "EREF": "endToEndId", "KREF": "customerReference", "MREF": "mandateId", "CRED": "creditorId", "DEBT": "debtorId",
    "SVWZ": _REMITTANCE, "ABWA": _ULTIMATE, "ABWE": _ULTIMATE, "IBAN": _IBAN, "BIC": _BIC, "PURP": _PURPOSE,
    "COAM": _DROPPED, "OAMT": _DROPPED, "BREF": "bankReference", "RREF": "returnReference", "RCUR": _DROPPED,
    "DBTR": _PARTY, "CDTR": _PARTY, "SQTP": _DROPPED, "REDAT": _DROPPED,
}  # fmt: skip
_SEPA = re.compile(
    r"(?<![A-Za-z])(EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|IBAN|BIC|PURP|COAM|OAMT|BREF|RREF|DBTR|CDTR|SQTP)[+]"
)
_SEPA_COLON = re.compile(r"(?<![A-Za-z])(EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|IBAN|BIC|PURP|COAM|OAMT)[:+] ?")

_SLASH_TAGS = {
    "TRTP": _DROPPED, "IBAN": _IBAN, "BIC": _BIC, "NAME": _PARTY, "REMI": _REMITTANCE, "EREF": "endToEndId",
    "MARF": "mandateId", "CSID": "creditorId", "ORDP": _PARTY, "BENM": _PARTY, "UDTR": _ULTIMATE, "UCRD": _ULTIMATE,
    "PURP": _PURPOSE, "PREF": "paymentInformationId", "KREF": "customerReference", "RTRN": _DROPPED, "ISDT": _DROPPED,
    "INIT": _DROPPED, "ADDR": _DROPPED, "CNTP": _DROPPED, "OCMT": _DROPPED, "CHGS": _DROPPED, "EXCH": _DROPPED,
    "TRCD": _DROPPED, "ID": _DROPPED, "USTD": _DROPPED, "STRD": _DROPPED, "ROC": "customerReference", "SVCL": _DROPPED,
}  # fmt: skip
_SLASH_NAMES = "|".join(_SLASH_TAGS)
_SLASH = re.compile(rf"/({_SLASH_NAMES})/(?:/(?!(?:{_SLASH_NAMES})/))?")  # /BENM//NAME/ are two tags, /REMI//x is one
_SLASH_FIRST = re.compile(r"/(?:TRTP|REMI|EREF|ORDP|BENM|NAME|IBAN|MARF|CSID|ROC|PREF|USTD)/")

_KEYS = {
    "mandatereference": "mandateId", "creditorid": "creditorId", "endtoendid": "endToEndId",
    "remittanceinformation": _REMITTANCE,
}  # fmt: skip
_KEYED = re.compile(r"(?:^|,)(mandatereference|creditorid|endtoendid|remittanceinformation):")
_NARRATIVE_KEYS = {"narrative": _REMITTANCE, "atmPosName": _PARTY}
_NARRATIVE = re.compile(r"(?:^|, ?)([A-Za-z]{3,30}): ?")
_NARRATIVE_FIRST = re.compile(r"(?:narrative|atmPosName): ?")
_QUOTED = re.compile(r"'([^']{0,500})'")

_TXT = re.compile(r"/Txt/(?:[A-Z]\|)?")
_TXT_DEBIT = re.compile(r"/Txt/D\|RECIBO;([^;\n]{1,140})")  # a direct debit names its creditor

# Lines that repeat an id under its German or English name.
_LABELS = {
    "end-to-end-ref.": "endToEndId", "end-to-end-ref": "endToEndId", "endtoendid": "endToEndId",
    "end-to-end-id": "endToEndId", "ende-zu-ende-ref.": "endToEndId", "kundenreferenz": "customerReference",
    "mandatsref": "mandateId", "mandatsreferenz": "mandateId", "mandatsref.": "mandateId", "mandate ref": "mandateId",
    "gläubiger-id": "creditorId", "glaeubiger-id": "creditorId", "creditor id": "creditorId",
}  # fmt: skip
_LABEL = re.compile(r"(?<!\w)(" + "|".join(re.escape(one) for one in _LABELS) + r") ?: ?", re.IGNORECASE)

_ESCAPED = re.compile(r"(?:\\[uU][0-9A-Fa-f]{4})+")
_BREAK = re.compile(r"<br ?/?>|\r\n|\n|\r", re.IGNORECASE)
_IS_ID = re.compile(r"\s*[A-Za-z_-]{0,20}[0-9][A-Za-z0-9_./-]{7,60}\s*")  # N26 links rows by one there


class Written(msgspec.Struct, gc=False):
    """``lines`` for remittance; ``texts`` the same before technical lines went, for who looks for a party or a day.

    ``ids``, ``party``, ``ultimate``, ``iban``, ``purpose`` were lifted out of tags. ``rules`` names what was done.
    """

    lines: list[str]
    place: str
    texts: list[str]
    rules: list[str] = []
    ids: dict[str, str] = {}
    lifted: dict[str, str] = {}
    has_terminal_line: bool = False


def written(told: Told, rules: Remittance, given: Sequence[str | None] | None = None, place: str = "") -> Written:
    """``given``, with its place, is what the bank's own rule found; without it the standard's fields are read."""
    if given is None:
        given, place = _chosen(told)
    if not given:
        return Written([], "", [])
    done: list[str] = []
    lines = _plain(given, rules, done)
    is_sane = len(lines) <= _MAX_LINES and sum(map(len, lines)) <= _MAX_LENGTH
    if is_sane and len(lines) > 1:
        lines = _joined(lines, rules.width, _names(told), done)
    found = Written(lines, place, lines, done)
    if is_sane:
        _take_apart(found)
        _sweep(found, rules)
    return found


def _chosen(told: Told) -> tuple[list[str], str]:
    if told.unstructured:
        chosen, places = _unstructured(told)
    else:
        chosen, places = ([told.single], told.single_place) if told.single else ([], "")
    structured = [line for line in told.structured if line]
    if structured:
        if chosen:
            said = text.letters("".join(chosen))
            structured = [line for line in structured if not _is_said(text.letters(line), said)]
            if any(said in text.letters(line) for line in structured):
                chosen, places = [], ""
        if structured:
            chosen = [*chosen, *structured]
            places = f"{places}, {told.structured_place}" if places else told.structured_place
    if told.additional and not any(text.meaningful(line) for line in chosen) and not _IS_ID.fullmatch(told.additional):
        return [told.additional], told.additional_place
    return chosen, places


def _unstructured(told: Told) -> tuple[list[str], str]:
    """The list; the one text where it says more than that; both where it says something else altogether."""
    listed, single = [line for line in told.unstructured if line], told.single
    if not single:
        return listed, told.unstructured_place if listed else ""
    if not listed:
        return [single], told.single_place
    whole, parts = text.letters(single), text.letters("".join(listed))
    if len(whole) > len(parts) and whole.startswith(parts):
        return [single], told.single_place
    if whole[:_LEAST_REPEATED] in parts or _shares_lines(whole, listed):
        return listed, told.unstructured_place
    return [single, *listed], f"{told.single_place}, {told.unstructured_place}"


def _shares_lines(whole: str, listed: Iterable[str]) -> bool:
    """Whether a line of the list, or all of them in another order, stand in the one text."""
    parts = [text.letters(line) for line in listed]
    shared = [part for part in parts if part in whole]
    return len(shared) == len(parts) or any(len(part) >= _LEAST_REPEATED for part in shared)


def _is_said(core: str, said: str) -> bool:
    """Whether a structured text repeats the unstructured one, as a whole or cut short. A few digits may stand in any
    text by chance."""
    return core == said or (len(core) >= _LEAST_REPEATED and core in said)


def _plain(given: Iterable[str | None], rules: Remittance, done: list[str]) -> list[str]:
    lines: list[str] = []
    for value in given:
        if not value:
            continue
        value = text.once_encoded(value)
        if "\\" in value and _ESCAPED.search(value):
            value = _ESCAPED.sub(_unescape, value)
            done.append("unescaped")
        if "&" in value and (plain := text.unescaped(value)) != value:
            value = plain
            done.append("unescaped")
        parts = _BREAK.split(value) if "\n" in value or "\r" in value or "<" in value else [value]
        for separator in rules.separators:
            parts = [piece for part in parts for piece in part.split(separator)]
        for part in parts:
            line = text.meaningful(part)
            if line is not None:
                lines.append(line if line.isascii() and "  " not in line else " ".join(line.split()))
    return lines


def _unescape(found: re.Match[str]) -> str:
    units = bytes.fromhex("".join(found[0].replace("\\U", "\\u").split("\\u")))
    return units.decode("utf-16-be", "ignore")


def _names(told: Told) -> frozenset[str]:
    return frozenset(text.letters(one.name) for one in (told.creditor, told.debtor) if one is not None and one.name)


def _joined(lines: list[str], width: int | None, names: frozenset[str], done: list[str]) -> list[str]:
    """Lines that go on in the next one: of the bank's width (but for a name, which ends where it ends), or cut within
    one of the known labels. Without a rule, a line as wide as MT940's that breaks off between two small letters."""
    longest = max(map(len, lines))
    usual = longest if width is None and longest in _USUAL_WIDTHS else None
    found = [lines[0]]
    room = len(lines[0])
    for line in lines[1:]:
        last = found[-1]
        is_full = room == width or (room == usual and last[-1].islower() and line[0].islower())
        if is_full and text.letters(last) not in names:
            found[-1] = last + line
            done.append("joined_at_width")
        elif _completes_label(last, line):
            found[-1] = last + line
            done.append("joined_at_label")
        elif last.endswith(":") and _LABEL.fullmatch(last):
            found[-1] = f"{last} {line}"
            done.append("joined_at_label")
        else:
            found.append(line)
        room = len(line)
    return found


def _completes_label(last: str, line: str) -> bool:
    """ "End-to-En" and "d-Ref.: 1" are one line that was cut in the middle of a word."""
    if len(last) > 20 or ":" not in line[:20]:
        return False
    label = f"{last}{line[: line.index(':')]}".strip().lower()
    return label in _LABELS and last.lower() not in _LABELS


def _take_apart(found: Written) -> None:
    whole = "\n".join(found.lines)
    if "?" in whole and (fields := labelled.subfields(whole)) is not None:
        found.lines, lifted = fields
        found.lifted |= {kind: plain for kind, value in lifted.items() if (plain := text.meaningful(value)) is not None}
        found.texts = found.lines
        found.rules.append("subfields")
        whole = "\n".join(found.lines)
    if "+" in whole and (marks := list(_SEPA.finditer(whole))):
        _by_tags(found, whole, marks, _SEPA_TAGS, "sepa_tags")
    elif (named := labelled.labels(whole)) is not None:
        _by_tags(found, *named, labelled.LABELS, "labelled")
    elif ":" in whole and len(marks := list(_SEPA_COLON.finditer(whole))) > 1:
        _by_tags(found, whole, marks, _SEPA_TAGS, "sepa_tags")
    elif whole.startswith("/"):
        if _TXT.match(whole):
            if (debit := _TXT_DEBIT.match(whole)) is not None:
                found.lifted[_PARTY] = debit[1]
            parts = [" ".join(_TXT.sub("", line).replace(";", " ").split()) for line in found.lines]
            found.lines = found.texts = [part for part in parts if part]
            found.rules.append("txt_marker")
        elif _SLASH_FIRST.match(whole):
            _by_tags(found, whole, list(_SLASH.finditer(whole)), _SLASH_TAGS, "slash_tags")
    elif ":" in whole:
        if _KEYED.match(whole):
            _by_tags(found, whole, list(_KEYED.finditer(whole)), _KEYS, "keyed_text")
        elif _NARRATIVE_FIRST.match(whole):
            _by_tags(found, whole, list(_NARRATIVE.finditer(whole)), _NARRATIVE_KEYS, "keyed_text")


def _by_tags(found: Written, whole: str, marks: list[re.Match[str]], tags: dict[str, str], rule: str) -> None:
    lines = [line for line in whole[: marks[0].start()].split("\n") if line.strip(" ,")]
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        value = whole[mark.end() : following.start() if following else len(whole)].strip(" ,")
        kind = tags.get(mark[1], _DROPPED)
        quoted = _QUOTED.findall(value) if value.startswith("['") else ()
        if kind == _REMITTANCE:
            lines += quoted or value.split("\n")
        elif kind:
            plain = text.meaningful(" ".join(value.split()))
            if plain is not None:
                (found.lifted if kind in (_PARTY, _ULTIMATE, _IBAN, _BIC, _PURPOSE) else found.ids).setdefault(
                    kind, plain
                )
    found.lines = [line for part in lines if (line := text.meaningful(" ".join(part.split()))) is not None]
    found.texts = found.lines
    found.rules.append(rule)


def _sweep(found: Written, rules: Remittance) -> None:
    """Lines without meaning go; what a label names becomes an id."""
    kept: dict[str, None] = {}
    technical: list[str] = []
    for line in found.lines:
        if ":" in line and (label := _LABEL.search(line)):
            value, _, rest = line[label.end() :].partition(" ")
            if text.meaningful(value) is not None:
                found.ids.setdefault(_LABELS[label[1].lower()], value)
            found.rules.append("labels")
            line = " ".join(f"{line[: label.start()]} {rest}".split())
            if not line:
                continue
        lowered = line.lower()
        if rules.clutter and book(rules.clutter).covers(line, lowered):
            found.rules.append("clutter")
            continue
        for prefix in rules.prefixes:
            if lowered.startswith(prefix.lower()) and (rest := line[len(prefix) :].strip()):
                line = rest
                found.rules.append("prefix")
                break
        if TECHNICAL.covers(line, lowered):
            technical.append(line)
            continue
        kept[line] = None
    found.texts = [*kept, *technical]
    found.has_terminal_line = bool(technical)
    if kept and technical:
        found.rules.append("technical_lines")
    found.lines = list(kept) or technical
