"""Which of a bank's balances is the balance: current, available, credit left. Pure.

Banks give one balance or six, and the same word means different things at different banks. What is stored is every
balance under its type; what is shown is chosen here, by a list of types in which the best stands first:

    chosen = choose(balances, account_type=AccountType.CARD, rules=institution.rules.balances, currency="EUR")
    chosen.current.money, chosen.current.reason      # None where no balance says it: missing is not zero

The ledger calls ``choose`` where it shows an account; nothing of the choice needs to be stored.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from functools import lru_cache

from providers.model import AccountType, Balance, BalanceType, Money
from providers.rules.profile import NO_RULES, Balances

# The names that standards have for ISO 20022 ExternalBalanceType1Code, without regard to case and separators:
# Berlin Group balanceType, UK OBBalanceType1Code ("Cleared" has no ISO code: booked, less what may still bounce),
# Consumer Data Standards currentBalance and availableBalance.
_WORDS = {
    "closingbooked": BalanceType.CLOSING_BOOKED,
    "closingcleared": BalanceType.CLOSING_BOOKED,
    "closingavailable": BalanceType.CLOSING_AVAILABLE,
    "expected": BalanceType.EXPECTED,
    "forwardavailable": BalanceType.FORWARD_AVAILABLE,
    "information": BalanceType.INFORMATION,
    "interimavailable": BalanceType.INTERIM_AVAILABLE,
    "interimbooked": BalanceType.INTERIM_BOOKED,
    "interimcleared": BalanceType.INTERIM_BOOKED,
    "openingavailable": BalanceType.OPENING_AVAILABLE,
    "openingbooked": BalanceType.OPENING_BOOKED,
    "openingcleared": BalanceType.OPENING_BOOKED,
    "previouslyclosedbooked": BalanceType.PREVIOUSLY_CLOSED_BOOKED,
    "currentbalance": BalanceType.INTERIM_BOOKED,
    "availablebalance": BalanceType.INTERIM_AVAILABLE,
    "current": BalanceType.INTERIM_BOOKED,
    "booked": BalanceType.INTERIM_BOOKED,
    "available": BalanceType.INTERIM_AVAILABLE,
} | {kind.value.lower(): kind for kind in BalanceType}

# The best first. Booked before available, because available may hold an overdraft that nobody asked for; a bank's word
# without an ISO code stands beside the codes. On a card, what is available is credit and never the balance.
CURRENT = ("ITBD", "CLBD", "XPCD", "VALU", "PRCD", "OPBD", "INFO", "ITAV", "CLAV", "OTHR")
CURRENT_ON_CARDS = ("ITBD", "CLBD", "XPCD", "VALU", "PRCD", "OPBD", "INFO", "nonInvoiced", "OTHR")
AVAILABLE = ("ITAV", "CLAV", "FWAV", "authorised", "XPCD", "ITBD", "CLBD")
CREDIT_LEFT_ON_CARDS = ("ITAV", "CLAV", "FWAV", "OPAV", "authorised")
_EVERY_TYPE = "*"


@dataclass(frozen=True, slots=True)
class Choice:
    """``reason`` is for people: which balance, by whose list. ``balance`` is None where the money was worked out."""

    money: Money
    reason: str
    balance: Balance | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """``current``: what is booked, negative is debt. ``available``: what can be spent, None on a card. ``credit_left``:
    what can still be drawn on a card or a credit line. ``credit_limit``: positive. Each None where nobody says it."""

    current: Choice | None = None
    available: Choice | None = None
    credit_left: Choice | None = None
    credit_limit: Choice | None = None


@lru_cache(maxsize=1024)
def balance_type(word: str) -> BalanceType:
    """The type that a bank's own word means; OTHER where it has no ISO code (authorised, nonInvoiced)."""
    return _WORDS.get(_core(word), BalanceType.OTHER)


def choose(
    balances: Iterable[Balance],
    *,
    account_type: AccountType = AccountType.OTHER,
    currency: str | None = None,
    rules: Balances = NO_RULES.balances,
) -> Chosen:
    """``currency``: only balances in it count (a multicurrency account has one for each); None takes all.

    The bank's own lists come before the common ones, and one for the account's type before one for every type.
    """
    known = [one for one in balances if currency is None or one.money.currency == currency]
    is_card = account_type is AccountType.CARD
    common_current = CURRENT_ON_CARDS if is_card else CURRENT
    left = _first(known, rules.credit_left, "the bank's own list of credit left")
    if left is None and is_card and not rules.available:
        left = _first(known, CREDIT_LEFT_ON_CARDS, "the common list of credit left")
    others = [one for one in known if left is None or one is not left.balance]
    current = _first(others, *_list_for(account_type, rules.current, common_current, "current"))
    available = None
    if not is_card or rules.available:
        available = _first(others, *_list_for(account_type, rules.available, AVAILABLE, "available"))
    limit = _limit(known)
    if left is None and is_card and limit is not None and current is not None:
        left = _worked_out(limit.money, current.money)
    return Chosen(current, available, left, limit)


def _list_for(
    kind: AccountType, own: Mapping[str, Sequence[str]], common: Sequence[str], name: str
) -> tuple[Sequence[str], str]:
    for key in (kind.value, _EVERY_TYPE):
        if key in own:
            return own[key], f"the bank's own list of {name} balances"
    return common, f"the common list of {name} balances"


def _first(known: Sequence[Balance], wanted: Sequence[str], whose: str) -> Choice | None:
    for word in wanted:
        if " " in word:
            if (total := _total(known, word.split())) is not None:
                return Choice(total, f"{word}, by {whose}")
            continue
        found = [one for one in known if word == one.type.value or _core(word) == _core(one.source_label)]
        if found:
            best = max(found, key=_preference)
            return Choice(best.money, f"{best.source_label or best.type.value}, by {whose}", best)
    return None


def _total(known: Sequence[Balance], parts: Sequence[str]) -> Money | None:
    """``-expected +nonInvoiced``: the sum of balances, each with its sign; None where one of them is not there."""
    taken = [(part[0], _first(known, [part[1:]], "")) for part in parts]
    found = [(sign, choice.money) for sign, choice in taken if choice is not None]
    if len(found) < len(parts) or len({money.currency for _, money in found}) != 1:
        return None
    with localcontext(prec=60):
        total = sum(((-1 if sign == "-" else 1) * money.number for sign, money in found), Decimal(0))
    return Money(total, found[0][1].currency)


def _preference(one: Balance) -> tuple[bool, datetime]:
    """Of several balances of one type: the one without the credit line, then the youngest."""
    return one.credit_line_included is not True, one.as_of or datetime.min.replace(tzinfo=UTC)


def _limit(known: Iterable[Balance]) -> Choice | None:
    for one in known:
        if one.credit_limit is not None:
            return Choice(one.credit_limit, f"stated beside {one.source_label or one.type.value}", one)
    return None


def _worked_out(limit: Money, current: Money) -> Choice | None:
    if limit.currency != current.currency:
        return None
    with localcontext(prec=60):  # nothing is rounded: both have at most 36 digits
        return Choice(Money(limit.number + current.number, limit.currency), "the credit limit less the debt")


def _core(word: str) -> str:
    return "".join(letter for letter in word.lower() if letter.isalnum())
