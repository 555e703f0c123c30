"""Who stands on the other side of a row. Never the account holder: a debit that names only its debtor names nobody."""

import re
from collections.abc import Collection, Iterable

from providers import text
from providers.identify import identifier
from providers.model import Identifier, Party, Scheme
from providers.rules.narratives import NOBODY, PAYEES, PROCESSORS
from providers.rules.profile import Parties
from providers.rules.template import template
from providers.rules.told import Named, Told

NOBODY_KNOWN = Party()

# "SUMUP *BAKERY", "SQ *CAFE", "PAYPAL *SHOP", "CCV*BAR": the star makes it a card scheme's descriptor
_PROCESSED = re.compile(r"(?:" + "|".join(re.escape(one) for one in PROCESSORS) + r") ?\*+ ?(?=\S)", re.IGNORECASE)
_MAX_NAME_LENGTH = 140  # ISO 20022 Max140Text


def other_side(told: Told, outgoing: bool, own: Collection[Identifier]) -> tuple[Party, str]:
    """The party of the row's own fields and its place: the creditor of a debit, the debtor of a credit; the ultimate
    party where only that is named; the merchant where the bank names one beside them."""
    side, ultimate = (told.creditor, told.ultimate_creditor) if outgoing else (told.debtor, told.ultimate_debtor)
    if side is not None and side.account is not None and side.account in own:
        side = None
    account, agent = (side.account, side.agent) if side is not None else (None, None)
    for one in (told.merchant, side, ultimate):
        if one is not None and (name := said(one.name)) is not None:
            return Party(name, account, agent), one.place
    if side is not None and (account or agent):
        return Party(None, account, agent), side.account_place
    return NOBODY_KNOWN, ""


def said(name: str | None) -> str | None:
    """A name that names somebody, in one line, as long as a name can be."""
    if name is None:
        return None
    found = text.meaningful(name)
    if found is None:
        return None
    if "  " in found or len(found) > _MAX_NAME_LENGTH:
        found = " ".join(found.split())[:_MAX_NAME_LENGTH]
    return found


def is_nobody(name: str, rules: Parties) -> bool:
    lowered = name.lower()
    return any(template(one).fill(name, lowered) for one in (*NOBODY, *rules.placeholders))


def from_texts(lines: Iterable[str], rules: Parties) -> tuple[str, str] | None:
    """A name out of the lines, and the rule that found it: the bank's own templates, then the ones all banks share."""
    sources = (("text", rules.texts), ("known_text", PAYEES if rules.known_texts else ()))
    kept = [(line, line.lower()) for line in lines]
    for rule, templates in sources:
        for source in templates:
            made = template(source)
            for line, lowered in kept:
                found = made.fill(line, lowered)
                name = said(found.get("payee")) if found else None
                if name is not None and not is_nobody(name, rules):
                    return name, rule
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
