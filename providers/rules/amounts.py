"""What a row's number means: which way the money went, and how much of it in the account's own currency."""

from collections.abc import Iterable
from contextlib import suppress
from decimal import Decimal

from providers import amount
from providers.model import AccountType, Money, Status
from providers.rows import BrokenRow
from providers.rules.profile import Amounts, Inverted
from providers.rules.template import template
from providers.rules.told import Told


def signed(told: Told, rules: Amounts, kind: AccountType) -> tuple[Decimal, str]:
    """The number from the holder's side, and the name of the rule that turned it ("" if none did).

    Raises BrokenRow where sign and indicator contradict each other and no rule says which one counts.
    """
    number = told.number
    if rules.sign == "parties":
        out, inward = told.creditor is not None, told.debtor is not None
        if out is inward:
            return number, ""
        return (number.copy_negate() if out and number else number), "sign_by_parties"
    direction = None if rules.sign == "number" else told.direction
    rule = ""
    if direction is not None:
        if rules.sign == "indicator":
            number, rule = number.copy_abs(), "indicator_alone"
        if direction < 0 and number > 0:
            number = number.copy_negate()
        elif direction > 0 and number < 0:
            raise BrokenRow(f"{told.money_place} is negative, beside a credit indicator")
    elif rules.pending_unsigned and told.status is Status.PENDING and number > 0:
        number, rule = number.copy_negate(), "pending_unsigned"
    if is_inverted(rules.inverted, kind):
        number, rule = number.copy_negate() if number else number, "inverted_sign"
    return number, rule


def is_inverted(rule: Inverted, kind: AccountType) -> bool:
    return rule if isinstance(rule, bool) else kind in rule


def billed(lines: Iterable[str], rules: Amounts, currency: str | None) -> Money | None:
    """The amount in the account's currency where only a text tells it. The sign in the text is not believed."""
    for source in rules.billed:
        for line in lines:
            found = template(source).fill(line)
            if found is None:
                continue
            with suppress(BrokenRow):
                number = amount.exact_text(found["amount"], source)
                return amount.money(number.copy_abs(), found.get("currency", currency or "").upper(), source)
    return None
