"""The counterparty of a row: from its fields, else from tags in its text, else from the texts that banks make.

The order is what is sure before what is likely: a name in a field that names somebody; a name in a tag (NAME, ORDP);
a name that a template finds; the only line beside a terminal's line or a card's number. Each says its place and rule.
"""

from collections.abc import Collection, Mapping

import msgspec

from providers.model import Identifier, Party
from providers.rules import parties
from providers.rules.days import DAY_BLANKS
from providers.rules.fields import Fields
from providers.rules.narratives import CARD_ALONE, CARD_FRONT
from providers.rules.places import by
from providers.rules.profile import Parties
from providers.rules.remittance import Written
from providers.rules.told import Told
from providers.text import letters

_MAX_REPEATED = 160  # a longer line says more than who the other side is


class OtherSide(msgspec.Struct, frozen=True, gc=False):
    """The other side, its place, and the text that named it with what else stood there."""

    party: Party
    place: str = ""
    line: str = ""
    blanks: Mapping[str, str] = {}


NOBODY = OtherSide(parties.NOBODY_KNOWN)


def other_side(
    told: Told,
    written: Written,
    fields: Fields,
    rules: Parties,
    *,
    outgoing: bool,
    own: Collection[Identifier],
    by_card: bool = False,
) -> OtherSide:
    """``by_card``: a text says that a card paid."""
    party, place = parties.other_side(told, outgoing, own)
    for path in rules.fields:
        name = parties.said(fields.text(path))
        if name is not None:
            party, place = Party(name, party.account, party.agent), path
            if (found := parties.from_texts([name], None, rules)) is not None:
                return OtherSide(
                    Party(found.name, party.account, party.agent), by(path, found.rule), name, found.blanks
                )
            break
    if party.name is not None and not parties.is_nobody(party.name, rules):
        return _named(party, party.name, place, rules, by_card)
    account = party.account or parties.lifted_account(written.lifted.get("iban"), own)
    found = _in_text(told, written, rules, party.name)
    if found is not None:
        name = parties.without_processor(found.name) or found.name
        place = by(told.additional_place if found.in_additional else written.place, found.rule)
        return OtherSide(Party(name, account, party.agent), place, found.line, found.blanks)
    if account is not party.account:
        return OtherSide(Party(None, account, party.agent), by(written.place, "tagged_party"))
    if account is None and party.agent is None:
        return NOBODY
    side = told.creditor if outgoing else told.debtor
    if side is not None and party.name is not None:
        place = side.account_place
    return OtherSide(Party(None, account, party.agent), place)


def _named(party: Party, name: str, place: str, rules: Parties, by_card: bool) -> OtherSide:
    """A name without what its bank or a payment company put in front of it."""
    shorter = parties.without_prefix(name, rules) or name
    if by_card and shorter.startswith(CARD_FRONT):
        shorter = parties.said(shorter.removeprefix(CARD_FRONT)) or shorter
    shop = parties.without_processor(shorter)
    if shop is not None:
        return OtherSide(Party(shop, party.account, party.agent), by(place, "processor_prefix"))
    if shorter != name:
        return OtherSide(Party(shorter, party.account, party.agent), by(place, "name_prefix"))
    return OtherSide(party, place)


def _in_text(told: Told, written: Written, rules: Parties, placeholder: str | None) -> parties.FromText | None:
    tagged = parties.said(written.lifted.get("party"))
    if tagged is not None:
        return parties.FromText(tagged, "tagged_party")
    found = parties.from_texts(written.texts, told.additional, rules)
    if found is not None or len(written.lines) != 1:
        return found
    line = parties.said(written.lines[0])
    if line is None:
        return None
    if written.has_terminal_line:
        return parties.FromText(line, "beside_terminal_line")
    if placeholder is not None and CARD_ALONE.covers(placeholder, placeholder.lower()):
        return parties.FromText(line, "beside_card_number")
    return None


def payers_words(written: Written, other: OtherSide) -> list[str]:
    """The lines without what only says once more who the other side is, where other lines are left."""
    lines = written.lines
    if words := other.blanks.get("text"):
        written.rules.append("payers_words")
        return [words if line == other.line else line for line in lines]
    party = other.party
    if len(lines) < 2 or party is parties.NOBODY_KNOWN:
        return lines
    known = {letters(one) for one in (party.name, party.account.value if party.account else None, party.agent) if one}
    if other.line and "card" not in other.blanks and DAY_BLANKS.isdisjoint(other.blanks):
        known.add(letters(other.line))
    kept = [line for line in lines if len(line) > _MAX_REPEATED or letters(line) not in known]
    if not kept or len(kept) == len(lines):
        return lines
    written.rules.append("party_repeated")
    return kept
