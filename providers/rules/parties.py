"""Who stands on the other side of a row. Never the account holder: a debit that names only its debtor names nobody."""

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

import msgspec

from providers import text
from providers.identify import identifier
from providers.model import Identifier, Party, Scheme
from providers.rules.narratives import NOBODY, PAYEES, PROCESSORS
from providers.rules.profile import Parties
from providers.rules.template import book
from providers.rules.told import Named, Told

NOBODY_KNOWN = Party()

# "SUMUP *BAKERY", "SQ *CAFE", "PAYPAL *SHOP", "CCV*BAR": the star makes it a card scheme's descriptor
_PROCESSED = re.compile(r"(?:" + "|".join(re.escape(one) for one in PROCESSORS) + r") ?\*+ ?(?=\S)", re.IGNORECASE)
_MAX_NAME_LENGTH = 140  # ISO 20022 Max140Text


def other_side(told: Told, outgoing: bool, own: Collection[Identifier]) -> tuple[Party, str]:
    """The party of the row's own fields and its place: the creditor of a debit, the debtor of a credit; the ultimate
    party where only that is named; the merchant where the bank names one beside them. Where the holder's own account
    stands on that side, as in a payment that came back, it is the side opposite that has another account."""
    side, ultimate = (told.creditor, told.ultimate_creditor) if outgoing else (told.debtor, told.ultimate_debtor)
    if side is not None and (side.account in own if side.account is not None else _is_holder(side, told, outgoing)):
        side = _opposite(side, told, outgoing, own)
    account, agent = (side.account, side.agent) if side is not None else (None, None)
    for one in (told.merchant, side, ultimate):
        if one is not None and (name := said(one.name)) is not None:
            return Party(name, account, agent), one.place
    if side is not None and (account or agent):
        return Party(None, account, agent), side.account_place
    return NOBODY_KNOWN, ""


def _opposite(side: Named, told: Told, outgoing: bool, own: Collection[Identifier]) -> Named | None:
    """An account of another scheme could be the holder's, by a number that is not known."""
    other = told.debtor if outgoing else told.creditor
    if side.account is None or other is None or other.account is None or other.account in own:
        return None
    return other if other.account.scheme is side.account.scheme else None


def _is_holder(side: Named, told: Told, outgoing: bool) -> bool:
    """A side without an account that has the name of the other one: the bank wrote the holder into both."""
    holder = told.debtor if outgoing else told.creditor
    return holder is not None and bool(side.name) and holder.name == side.name


@lru_cache(maxsize=4096)  # the same few people and shops, row after row
def said(name: str | None) -> str | None:
    """A name that names somebody, in one line, as long as a name can be."""
    if name is None:
        return None
    found = text.meaningful(text.unescaped(name) if "&" in name else name)
    if found is None:
        return None
    if "  " in found or len(found) > _MAX_NAME_LENGTH:
        found = " ".join(found.split())[:_MAX_NAME_LENGTH].rstrip()
    return found


def is_nobody(name: str, rules: Parties) -> bool:
    return _stands_for_nobody(name, rules.placeholders)


@lru_cache(maxsize=4096)
def _stands_for_nobody(name: str, placeholders: tuple[str, ...]) -> bool:
    lowered = name.lower()
    return NOBODY.covers(name, lowered) or (bool(placeholders) and book(placeholders).covers(name, lowered))


def without_prefix(name: str, rules: Parties) -> str | None:
    """``name`` without what this bank puts in front of names; None where nothing stands there."""
    lowered = name.lower()
    for prefix in rules.prefixes:
        if lowered.startswith(prefix.lower()):
            return said(name[len(prefix) :])
    return None


class FromText(msgspec.Struct, frozen=True, gc=False):
    """``line`` is where it stood. ``blanks``: what else stood there (date, card, the payer's own text).
    ``in_additional``: the line is the bank's own additional text."""

    name: str
    rule: str
    line: str = ""
    in_additional: bool = False
    blanks: Mapping[str, str] = {}


def from_texts(lines: Sequence[str], additional: str | None, rules: Parties) -> FromText | None:
    """A name out of the texts: by the bank's own templates, then by common ones; each sees a line, then all as one."""
    texts = [*lines, additional] if additional and additional not in lines else lines
    kept = [(text, text.lower()) for text in texts]
    if len(lines) > 1:
        joined = " | ".join(lines)
        kept.append((joined, joined.lower()))
    known = PAYEES if rules.known_texts else book(())
    for rule, made in (("text", book(rules.texts)), ("known_text", known)):
        if not any(made.may_fit(lowered) for _, lowered in kept):
            continue
        for one in made.templates:
            for line, lowered in kept:
                found = one.fill(line, lowered)
                name = said(found.get("payee", "").partition(" | ")[0]) if found else None
                if found is not None and name is not None and not is_nobody(name, rules):
                    return FromText(name, rule, line, line is additional, found)
    return None


def without_processor(name: str) -> str | None:
    """The shop behind "SUMUP *SHOP"; None where the name has no such front."""
    if "*" not in name:
        return None
    found = _PROCESSED.match(name)
    return name[found.end() :].strip() if found else None


def lifted_account(iban: str | None, own: Collection[Identifier]) -> Identifier | None:
    """An IBAN that stood in a tag of the text, if it is one and not the holder's."""
    if iban is None:
        return None
    found = identifier(Scheme.IBAN, iban)
    return found if found.scheme is Scheme.IBAN and found not in own else None


def party_of(named: Named | None) -> Party | None:
    """The ultimate party, if it says anything."""
    if named is None:
        return None
    name = said(named.name)
    return Party(name, named.account, named.agent) if name or named.account else None
