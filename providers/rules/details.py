"""What only some banks tell of a row: the card and its merchant, the party behind the party, and the rest."""

import re
from contextlib import suppress
from functools import lru_cache

from msgspec import structs

from providers import amount, text
from providers.identify import identifier
from providers.model import NO_DETAILS, Card, Details, Exchange, Party, Scheme
from providers.rows import BrokenRow
from providers.rules import parties
from providers.rules.days import DAY_BLANKS
from providers.rules.merchant import merchant
from providers.rules.narratives import BEHIND, EXCHANGED, SERVICES
from providers.rules.other_side import OtherSide
from providers.rules.places import by
from providers.rules.remittance import Written
from providers.rules.told import Told

_CARD_FAMILIES = ("-CCRD-", "-MCRD-")
# 4974XXXXXXXX1234, 4246xx1234, ****1234, XXXX 1234, 5179 XXXX XXXX 1234, 6703 42XX XXXX X012 3
_MASKED = re.compile(
    r"(?<![0-9A-Za-z*])(?:[0-9]{4,6}(?:[Xx*•#]{2,10}|[.]{4,8})[0-9]{3,4}"
    r"|[0-9]{4} [0-9Xx*•]{4} [Xx*•]{4} [Xx*•]{0,3}[0-9]{1,4}(?: [0-9])?"
    r"|(?:CB|cb)?[Xx*•#]{3,16} ?[0-9]{4}|CB\*[0-9]{4})(?![0-9A-Za-z])"
)


def details(
    told: Told,
    written: Written,
    other: OtherSide,
    *,
    outgoing: bool,
    exchange: Exchange | None,
    card: Card | None,
    places: dict[str, str],
) -> Details:
    found_at = dict(told.places)
    ultimate = _ultimate(told, written, other, outgoing, found_at)
    if exchange is None and (exchange := _exchanged(written, outgoing)) is not None:
        found_at["exchange"] = by(written.place, "exchange_in_text")
    purpose = text.word(told.purpose)
    if purpose is None and (purpose := written.lifted.get("purpose")) is not None:
        found_at["purpose"] = by(written.place, "tagged_purpose")
    if not (ultimate or purpose or card or exchange or told.additional or told.charges or told.has_more):
        return NO_DETAILS
    found = Details(
        ultimate=ultimate,
        purpose=purpose,
        additional=text.clean(told.additional),
        card=card,
        exchange=exchange,
        charges=told.charges,
        is_reversal=told.is_reversal,
        batch_size=told.batch_size,
        statement_references=tuple(told.statement_references),
        is_mutable=told.is_mutable,
    )
    found_at.setdefault("additional", told.additional_place)
    for name, place in found_at.items():
        if place and getattr(found, name, None):
            places.setdefault(f"details.{name}", place)
    return found


def _ultimate(told: Told, written: Written, other: OtherSide, outgoing: bool, found_at: dict[str, str]) -> Party | None:
    """Who stands behind the other side: by a field, by a tag of the text, by a payment service's own words."""
    named = told.ultimate_creditor if outgoing else told.ultimate_debtor
    ultimate = parties.party_of(named)
    if named is not None and ultimate is not None:
        found_at["ultimate"] = named.place
    elif name := parties.said(written.lifted.get("ultimate")):
        ultimate, found_at["ultimate"] = Party(name), by(written.place, "tagged_party")
    elif name := _behind_service(written, other.party.name):
        ultimate, found_at["ultimate"] = Party(name), by(written.place, "behind_service")
    return None if ultimate is not None and ultimate.name == other.party.name else ultimate


def _exchanged(written: Written, outgoing: bool) -> Exchange | None:
    """What was paid in another currency than the euro, where a line tells it with the rate."""
    for line in written.lines:
        found = EXCHANGED.fill(line, line.lower())
        if not found or found["currency"].upper() == "EUR":
            continue
        with suppress(BrokenRow):
            number = amount.exact_text(found["amount"], "text").copy_abs()
            rate = amount.exact_text(found["rate"].replace(",", "."), "text")
            money = amount.money(number.copy_negate() if outgoing and number else number, found["currency"], "text")
            return Exchange(money.currency, "EUR", "EUR", rate, money)
    return None


def _behind_service(written: Written, name: str | None) -> str | None:
    """The shop that a payment service names in its text."""
    if name is None or not _is_service(name):
        return None
    whole = " ".join(written.lines)
    found = BEHIND.fill(whole, whole.lower())
    return parties.said(found["payee"]) if found else None


@lru_cache(maxsize=4096)
def _is_service(name: str) -> bool:
    lowered = name.lower()
    return any(service in lowered for service in SERVICES)


def _number_in(written: Written, iso: str | None) -> str | None:
    """A masked card number in the text of a row that the bank calls a card's, or calls nothing."""
    if iso is not None and iso[4:10] not in _CARD_FAMILIES:
        return None
    return next((found[0] for line in written.texts if (found := _MASKED.search(line)) is not None), None)


def card_of(
    told: Told, written: Written, other: OtherSide, iso: str | None, pan: str | None, places: dict[str, str]
) -> Card | None:
    """The card's own facts, and the merchant's name as a person would write it. A row is a card's if its fields or its
    code say so, or a text with a card number or a day of purchase in it does. ``pan`` stood beside such a day."""
    pan = other.blanks.get("card") or pan or _number_in(written, iso)
    is_card_text = pan is not None or not DAY_BLANKS.isdisjoint(other.blanks)
    if told.card is None and not is_card_text and not (iso and iso[4:10] in _CARD_FAMILIES):
        return None
    card = told.card or Card()
    if pan is not None and card.masked_pan is None:
        card = structs.replace(card, masked_pan=identifier(Scheme.MASKED_PAN, pan).value)
        places["details.card"] = by(written.place or told.additional_place, "card_in_text")
    descriptor = card.merchant_name or other.party.name
    if descriptor is None:
        return None if card == Card() else card
    found = merchant(descriptor)
    place = told.places.get("card", "") if card.merchant_name else other.place.partition(" by ")[0]
    places["details.card"] = by(place, "merchant_name")
    return structs.replace(
        card, merchant_name=found.name, city=card.city or found.city, country=card.country or found.country
    )
