"""Told and Rules make a Transaction: the one place where every standard's rows become the hub's words.

    engine = Engine(rules, account, zone=zone)      once per answer
    engine.transaction(told)                        once per row; raises BrokenRow for a row without a sound amount

What each step did is in the provenance: ``place`` as the bank names it, then `` by rule`` where a rule made more of it
than the standard says. Fields that held something unreadable are named under ``unread``; no optional field costs
the row.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from typing import Any

import msgspec
from msgspec import structs

from providers import amount, text
from providers.identify import identifier
from providers.model import (
    NO_DETAILS,
    Account,
    AccountType,
    Card,
    Details,
    Exchange,
    Identifier,
    Money,
    Party,
    Scheme,
    Status,
    Transaction,
)
from providers.rules import amounts, days, parties, remittance
from providers.rules.merchant import merchant
from providers.rules.narratives import CARD_ALONE
from providers.rules.profile import NO_RULES, Ids, Rules
from providers.rules.told import Told
from providers.transaction_codes import Codes, codes

# A row's own word for its state, whatever list it stands in. ISO 20022 EntryStatus1Code, UK OBEntryStatus1Code, STET.
STATUSES = {
    "book": Status.BOOKED, "booked": Status.BOOKED, "posted": Status.BOOKED, "completed": Status.BOOKED,
    "pdng": Status.PENDING, "pending": Status.PENDING, "authorised": Status.PENDING, "authorized": Status.PENDING,
    "authorization": Status.PENDING, "othr": Status.PENDING, "reserved": Status.PENDING, "hold": Status.PENDING,
    "futr": Status.FUTURE, "future": Status.FUTURE, "scheduled": Status.FUTURE,
    "info": Status.INFORMATION, "information": Status.INFORMATION,
    "rjct": Status.REJECTED, "rejected": Status.REJECTED, "declined": Status.REJECTED, "canc": Status.REJECTED,
    "cancelled": Status.REJECTED, "canceled": Status.REJECTED, "reverted": Status.REJECTED, "failed": Status.REJECTED,
}  # fmt: skip

_CARD_FAMILIES = ("-CCRD-", "-MCRD-")
_MAX_REPEATED = 160


class Engine:
    """The rules of one bank for the rows of one account. ``account`` tells what is the holder's own; without it the
    engine knows no own side. ``zone`` is the bank's, for moments without an offset. ``inverted``: this answer says of
    itself that positive is money out (Berlin Group debitAccounting)."""

    def __init__(
        self, rules: Rules = NO_RULES, account: Account | None = None, *, zone: tzinfo = UTC, inverted: bool = False
    ) -> None:
        if inverted:
            rules = structs.replace(rules, amounts=structs.replace(rules.amounts, inverted=True))
        self._rules = rules
        self._own: frozenset[Identifier] = frozenset(account.identifiers if account else ())
        self._kind = account.type if account else AccountType.OTHER
        self._currency = account.currency if account else None
        self._country = next((one.value[:2] for one in self._own if one.scheme is Scheme.IBAN), "")
        self._zone = zone
        self._statuses = STATUSES | {word.lower(): status for word, status in rules.pending.statuses.items()}

    @property
    def currency(self) -> str | None:
        """The account's, for rows that leave it out."""
        return self._currency

    def transaction(self, told: Told) -> Transaction:
        rules = self._rules
        places: dict[str, str] = {}
        raw = _Raw(told.raw)
        if rules.dates.booking or rules.dates.value or rules.dates.moment:
            told = _redated(told, rules, raw)
        told.status = self._status(told, places)
        number, rule = amounts.signed(told, rules.amounts, self._kind)
        places["money"] = _by(told.money_place, rule)

        given = raw.texts(rules.remittance.fields)
        written = (
            remittance.written(told, rules.remittance, *given) if given else remittance.written(told, rules.remittance)
        )
        texts = written.texts
        money = amount.money(number, told.currency, f"{told.money_place}.currency")
        exchange = told.exchange
        if rules.amounts.billed and (real := amounts.billed(texts, rules.amounts, self._currency)):
            exchange = replace(exchange or Exchange(), instructed=money, source_currency=money.currency)
            exchange = replace(exchange, target_currency=real.currency)
            money = Money(real.number if number > 0 else real.number.copy_negate(), real.currency)
            places["money"] = f"{written.place} by billed_amount"

        dated = days.of_row(told, rules.dates, texts, self._zone)
        places.update(dated.places)
        other = self._other_side(told, number < 0, written, raw)
        lines = _payers_words(written, other)
        if rules.pending.placeholder_texts and told.status is Status.PENDING:
            other, lines = _NOBODY, []
        if other.place:
            places["counterparty"] = other.place
        if lines:
            places["remittance"] = _by(written.place, ", ".join(dict.fromkeys(written.rules)))
        found = codes(told.code, told.proprietary_code, is_credit=number > 0, country=self._country)
        self._note_codes(told, found, places)
        category = text.meaningful(told.merchant_category_code)
        if category is not None:
            places["merchant_category_code"] = told.merchant_category_place
        if told.balance_after is not None:
            places["balance_after"] = told.balance_after_place
        if told.unread or dated.unread:
            places["unread"] = ", ".join((*told.unread, *dated.unread))
        card = self._card(told, other, found.iso, dated.card, places)
        return Transaction(
            status=told.status,
            money=money,
            booking_date=dated.booking,
            value_date=dated.value,
            transaction_datetime=dated.moment,
            counterparty=other.party,
            remittance=tuple(lines),
            bank_ids=_bank_ids(told, written, rules.ids),
            bank_transaction_code=found.iso,
            proprietary_code=found.proprietary,
            merchant_category_code=category,
            balance_after=told.balance_after,
            details=self._details(told, number < 0, written, other.party, exchange, card, places),
            provenance=places,
            raw=told.raw,
        )

    def _status(self, told: Told, places: dict[str, str]) -> Status:
        if told.status_word is not None:
            place, word = told.status_word
            found = self._statuses.get(word.lower()) if word else None
            if found is not None:
                places["status"] = place
                return found
        places["status"] = told.status_place
        return told.status

    def _other_side(self, told: Told, outgoing: bool, written: remittance.Written, raw: "_Raw") -> "_Other":
        rules = self._rules.parties
        party, place = parties.other_side(told, outgoing, self._own)
        for path in rules.fields:
            name = parties.said(raw.text(path))
            if name is not None:
                party, place = Party(name, party.account, party.agent), path
                break
        if party.name is not None and not parties.is_nobody(party.name, rules):
            shorter = parties.without_prefix(party.name, rules) or party.name
            shop = parties.without_processor(shorter)
            if shop is not None:
                return _Other(Party(shop, party.account, party.agent), _by(place, "processor_prefix"))
            if shorter is not party.name:
                return _Other(Party(shorter, party.account, party.agent), _by(place, "name_prefix"))
            return _Other(party, place)
        account = party.account or parties.lifted_account(written.lifted.get("iban"), self._own)
        name, rule, in_line = written.lifted.get("party"), "tagged_party", None
        if name is None and (in_line := parties.from_texts(written.texts, told.additional, rules)) is not None:
            name, rule = in_line.name, in_line.rule
        if name is None and len(written.lines) == 1:
            if written.has_terminal_line:
                name, rule = written.lines[0], "beside_terminal_line"
            elif party.name is not None and CARD_ALONE.fill(party.name, party.name.lower()) is not None:
                name, rule = written.lines[0], "beside_card_number"
        if name is not None:
            shown = Party(parties.without_processor(name) or name, account, party.agent)
            in_additional = in_line is not None and in_line.in_additional
            place = _by(told.additional_place if in_additional else written.place, rule)
            if in_line is None:
                return _Other(shown, place)
            return _Other(shown, place, in_line.line, in_line.blanks)
        if account is not party.account:
            return _Other(Party(None, account, party.agent), _by(written.place, "tagged_party"))
        if account is None and party.agent is None:
            return _NOBODY
        side = told.creditor if outgoing else told.debtor
        return _Other(Party(None, account, party.agent), place if side is None else side.account_place)

    def _note_codes(self, told: Told, found: Codes, places: dict[str, str]) -> None:
        if found.iso:
            from_own = found.rule and not found.from_code
            places["bank_transaction_code"] = _by(told.proprietary_place if from_own else told.code_place, found.rule)
        if found.proprietary:
            theirs = told.proprietary_code is not None and text.meaningful(told.proprietary_code) is not None
            places["proprietary_code"] = told.proprietary_place if theirs else told.code_place

    def _details(
        self,
        told: Told,
        outgoing: bool,
        written: remittance.Written,
        party: Party,
        exchange: Exchange | None,
        card: Card | None,
        places: dict[str, str],
    ) -> Details:
        ultimate = parties.party_of(told.ultimate_creditor if outgoing else told.ultimate_debtor)
        if ultimate is None and (name := parties.said(written.lifted.get("ultimate"))):
            ultimate = Party(name)
            places["ultimate"] = _by(written.place, "tagged_party")
        if ultimate is not None and ultimate.name == party.name:
            ultimate = None
        found = Details(
            ultimate=ultimate,
            purpose=text.meaningful(told.purpose or written.lifted.get("purpose")),
            additional=text.clean(told.additional),
            card=card,
            exchange=exchange,
            charges=told.charges,
            is_reversal=told.is_reversal,
            batch_size=told.batch_size,
            statement_references=tuple(told.statement_references),
            is_mutable=told.is_mutable,
        )
        return NO_DETAILS if found == NO_DETAILS else found

    def _card(
        self, told: Told, other: "_Other", iso: str | None, pan: str | None, places: dict[str, str]
    ) -> Card | None:
        """The card's own facts, and the merchant's name as a person would write it. A row is a card's if its fields or
        its code say so, or a text with a card number or a day of purchase in it does."""
        pan = other.blanks.get("card") or pan
        is_card_text = pan is not None or "date" in other.blanks
        if told.card is None and not is_card_text and not (iso and iso[4:10] in _CARD_FAMILIES):
            return None
        card = told.card or Card()
        if pan is not None and card.masked_pan is None:
            card = replace(card, masked_pan=identifier(Scheme.MASKED_PAN, pan).value)
        descriptor = card.merchant_name or other.party.name
        if descriptor is None:
            return None if card == Card() else card
        found = merchant(descriptor)
        place = "card.merchant_name" if card.merchant_name else other.place.partition(" by ")[0]
        places["merchant_name"] = _by(place, "merchant_name")
        return replace(
            card, merchant_name=found.name, city=card.city or found.city, country=card.country or found.country
        )


@dataclass(frozen=True, slots=True)
class _Other:
    """The other side, its place, and the text that named it with what else stood there."""

    party: Party
    place: str = ""
    line: str = ""
    blanks: Mapping[str, str] = field(default_factory=dict)


_NOBODY = _Other(parties.NOBODY_KNOWN)


class _Raw:
    """The bank's own row as JSON, decoded only where a rule names a field of it."""

    __slots__ = ("_raw", "_row")

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._row: Any = None

    def text(self, path: str) -> str | None:
        return next(iter(self._values(path)), None)

    def texts(self, paths: Sequence[str]) -> tuple[list[str], str] | None:
        """Every text under ``paths``, and the places that had one; None where no rule names a path or none has."""
        found: list[str] = []
        places: list[str] = []
        for path in paths:
            here = list(self._values(path))
            if here:
                found += here
                places.append(path)
        return (found, ", ".join(places)) if found else None

    def _values(self, path: str) -> Iterable[str]:
        if self._row is None:
            try:
                self._row = msgspec.json.decode(self._raw)
            except (msgspec.MsgspecError, RecursionError):
                self._row = {}
        value = self._row
        for step in path.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str) and one.strip():
                yield one
            elif isinstance(one, int) and not isinstance(one, bool):
                yield str(one)


def _redated(told: Told, rules: Rules, raw: _Raw) -> Told:
    for name in ("booking", "value", "moment"):
        paths = getattr(rules.dates, name)
        if paths:
            setattr(told, name, tuple((path, raw.text(path)) for path in paths) + getattr(told, name))
    return told


def _by(place: str, rule: str) -> str:
    return f"{place} by {rule}" if rule else place


def _payers_words(written: remittance.Written, other: _Other) -> list[str]:
    """The lines without what only says once more who the other side is, where other lines are left."""
    lines = written.lines
    if words := other.blanks.get("text"):
        written.rules.append("payers_words")
        return [words if line == other.line else line for line in lines]
    party = other.party
    if len(lines) < 2 or party is parties.NOBODY_KNOWN:
        return lines
    known = {_core(one) for one in (party.name, party.account.value if party.account else None, party.agent) if one}
    if other.line and "date" not in other.blanks and "card" not in other.blanks:
        known.add(_core(other.line))
    kept = [line for line in lines if len(line) > _MAX_REPEATED or _core(line) not in known]
    if not kept or len(kept) == len(lines):
        return lines
    written.rules.append("party_repeated")
    return kept


def _core(line: str) -> str:
    return "".join(letter for letter in line.casefold() if letter.isalnum())


def _bank_ids(told: Told, written: remittance.Written, rules: Ids) -> dict[str, str]:
    """The ids that say something and have their bank's shape; tags of the text add what no field gave."""
    found = text.identifiers(told.bank_ids)
    for name, value in written.ids.items():
        found.setdefault(name, value)
    for name in rules.distrusted:
        found.pop(name, None)
    for name, shape in rules.shapes.items():
        given = found.get(name, "")
        if (shape.lengths and len(given) not in shape.lengths) or given.startswith(shape.never):
            found.pop(name, None)
    return found
