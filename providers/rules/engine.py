"""Told and Rules make a Transaction: the one place where every standard's rows become the hub's words.

    engine = Engine(rules, account, zone=zone)      once per answer
    engine.transaction(told)                        once per row; raises BrokenRow for a row without a sound amount

What each step did is in the provenance: ``place`` as the bank names it, then `` by rule`` where a rule made more of it
than the standard says. Fields that held something unreadable are named under ``unread``; no optional field costs
the row.
"""

from collections.abc import Sequence
from datetime import UTC, tzinfo

from msgspec import structs

from providers import amount, text
from providers.model import Account, AccountType, Exchange, Identifier, Money, Scheme, Status, Transaction
from providers.rules import amounts, days, remittance
from providers.rules.details import card_of, details
from providers.rules.fields import Fields
from providers.rules.other_side import NOBODY, other_side, payers_words
from providers.rules.places import by
from providers.rules.profile import NO_RULES, Ids, Rules
from providers.rules.told import Placed, Told
from providers.transaction_codes import Codes, codes

# A row's own word for its state, whatever list it stands in. ISO 20022 EntryStatus1Code, UK OBEntryStatus1Code, STET.
STATUSES = {
    "book": Status.BOOKED, "booked": Status.BOOKED, "posted": Status.BOOKED, "completed": Status.BOOKED,
    "settled": Status.BOOKED, "cleared": Status.BOOKED, "executed": Status.BOOKED, "done": Status.BOOKED,
    "pdng": Status.PENDING, "pending": Status.PENDING, "authorised": Status.PENDING, "authorized": Status.PENDING,
    "authorization": Status.PENDING, "othr": Status.PENDING, "reserved": Status.PENDING, "hold": Status.PENDING,
    "futr": Status.FUTURE, "future": Status.FUTURE, "scheduled": Status.FUTURE,
    "info": Status.INFORMATION, "information": Status.INFORMATION,
    "rjct": Status.REJECTED, "rejected": Status.REJECTED, "declined": Status.REJECTED, "canc": Status.REJECTED,
    "cancelled": Status.REJECTED, "canceled": Status.REJECTED, "reverted": Status.REJECTED, "failed": Status.REJECTED,
}  # fmt: skip


INVERTED_BY_ANSWER = "inverted_answer"
"""In the provenance of an amount whose sign the answer turned, not the bank's rules: no row tells that by itself."""


class Engine:
    """The rules of one bank for the rows of one account. ``account`` tells what is the holder's own; without it the
    engine knows no own side. ``zone`` is the bank's, for moments without an offset. ``inverted``: this answer says of
    itself that positive is money out (Berlin Group debitAccounting)."""

    def __init__(
        self, rules: Rules = NO_RULES, account: Account | None = None, *, zone: tzinfo = UTC, inverted: bool = False
    ) -> None:
        self._turned = structs.replace(rules.amounts, inverted=True) if inverted else None
        self._rules = rules
        self._own: frozenset[Identifier] = frozenset(account.identifiers if account else ())
        self._kind = account.type if account else AccountType.OTHER
        self._currency = account.currency if account else None
        self._country = next((one.value[:2] for one in self._own if one.scheme is Scheme.IBAN), "")
        self._zone = zone
        self._has_own_days = bool(rules.dates.booking or rules.dates.value or rules.dates.moment)
        self._statuses = STATUSES | {word.lower(): status for word, status in rules.pending.statuses.items()}

    @property
    def currency(self) -> str | None:
        """The account's, for rows that leave it out."""
        return self._currency

    @property
    def reads_card(self) -> bool:
        """Whether the account is a card's, and each row of it a card's row."""
        return self._kind is AccountType.CARD

    def transaction(self, told: Told) -> Transaction:
        rules, fields = self._rules, Fields(told.raw)
        places: dict[str, str] = {}
        told.status = self._status(told, places)
        says_itself = told.direction is not None and rules.amounts.sign != "number"
        turned = None if says_itself else self._turned  # a row that says debit is one, however its answer writes debits
        number, rule = amounts.signed(told, turned or rules.amounts, self._kind)
        if rule and turned is not None:
            rule = INVERTED_BY_ANSWER
        places["money"] = by(told.money_place, rule)
        given, place = (rules.remittance.fields and fields.texts(rules.remittance.fields)) or (None, "")
        written = remittance.written(told, rules.remittance, given, place)
        money = amount.money(number, told.currency, f"{told.money_place}.currency")
        money, exchange = self._billed(told, money, written, places)
        outgoing = number < 0
        if self._has_own_days:
            self._redate(told, fields)
        dated = days.of_row(told, rules.dates, written.texts, self._zone)
        by_card = dated.places.get("transaction_datetime", "").endswith("day_in_text")
        other = other_side(told, written, fields, rules.parties, outgoing=outgoing, own=self._own, by_card=by_card)
        if other.blanks:
            dated = days.beside_payee(dated, told.code, other.blanks, other.place, self._zone)
        lines = payers_words(written, other)
        if rules.pending.placeholder_texts and told.status is Status.PENDING:
            other, lines = NOBODY, []
        found = codes(told.code, told.proprietary_code, is_credit=number > 0, country=self._country)
        category = _category(told.merchant_category_code)

        places.update(dated.places)
        if other.place:
            places["counterparty"] = other.place
        if lines:
            rules_of_text = ", ".join(dict.fromkeys(written.rules)) if written.rules else ""
            places["remittance"] = by(written.place, rules_of_text)
        if found.iso or found.proprietary:
            _note_codes(told, found, places)
        if category is not None:
            places["merchant_category_code"] = told.merchant_category_place
        if told.balance_after is not None:
            places["balance_after"] = told.balance_after_place
        if told.unread or dated.unread:
            places["unread"] = ", ".join((*told.unread, *dated.unread))
        card = card_of(told, written, other, found.iso, dated.card, places)
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
            details=details(told, written, other, outgoing=outgoing, exchange=exchange, card=card, places=places),
            provenance=places,
            raw=told.raw,
        )

    def _status(self, told: Told, places: dict[str, str]) -> Status:
        if told.status_word is not None:
            place, word = told.status_word
            found = self._statuses.get(word.strip().lower()) if word else None
            if found is not None:
                places["status"] = place
                return found
        places["status"] = told.status_place
        return told.status

    def _billed(
        self, told: Told, money: Money, written: remittance.Written, places: dict[str, str]
    ) -> tuple[Money, Exchange | None]:
        """What was billed, where a rule finds it in a text; the amount of the field is then the one before exchange."""
        rules = self._rules.amounts
        found = amounts.billed(written.texts, rules, self._currency) if rules.billed else None
        if found is None:
            return money, told.exchange
        told.places = {"exchange": told.money_place} | told.places
        places["money"] = by(written.place, "billed_amount")
        before = told.exchange or Exchange()
        exchange = Exchange(money.currency, found.currency, before.unit_currency, before.rate, money)
        number = found.number.copy_negate() if money.number < 0 and found.number else found.number
        return Money(number, found.currency), exchange

    def _redate(self, told: Told, fields: Fields) -> None:
        """The bank's own fields for its days before the standard's."""
        rules = self._rules.dates
        told.booking = _placed(rules.booking, fields, told.booking)
        told.value = _placed(rules.value, fields, told.value)
        told.moment = _placed(rules.moment, fields, told.moment)


def _placed(paths: Sequence[str], fields: Fields, standard: tuple[Placed, ...]) -> tuple[Placed, ...]:
    return (*((path, fields.text(path)) for path in paths), *standard) if paths else standard


def _category(given: str | int | None) -> str | None:
    """ISO 18245 has four digits; a bank that keeps a number loses the zero in front (742 is 0742)."""
    code = text.word(given)
    return code.zfill(4) if code is not None and len(code) == 3 and code.isdigit() else code


def _note_codes(told: Told, found: Codes, places: dict[str, str]) -> None:
    if found.iso:
        from_own = found.rule and not found.from_code
        places["bank_transaction_code"] = by(told.proprietary_place if from_own else told.code_place, found.rule)
    if found.proprietary:
        theirs = text.word(told.proprietary_code) is not None
        places["proprietary_code"] = told.proprietary_place if theirs else told.code_place


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
