"""Categories and series in words."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from hub.insights.categorise import Because, Categorised
from hub.insights.movement import Movement
from hub.insights.recurring import PriceChange, Series, State
from hub.insights.rhythm import Rhythm
from hub.insights.taxonomy import CATEGORIES, GROUPS
from hub.web.format import long_date, money
from hub.web.viewmodels import CategoryForm, Choice, RegularPage, SeriesRow, Spent
from providers.model import Money

_REASONS = {
    Because.CORRECTED: "You said so for “{}”.",
    Because.OWN_ACCOUNT: "The other account is yours too.",
    Because.TRANSACTION_CODE: "The bank’s code for it says so ({}).",
    Because.PURPOSE: "The payer gave this purpose ({}).",
    Because.MERCHANT_CODE: "The card scheme’s code for this kind of shop says so ({}).",
    Because.MERCHANT: "We know “{}”.",
    Because.OWN_NAME: "“{}” is the name on your account.",
    Because.WORDS: "The entry says “{}”.",
    Because.SIDE: "Nothing in this entry says what it was for.",
}
_RHYTHMS = {
    Rhythm.WEEKLY: "every week",
    Rhythm.FORTNIGHTLY: "every two weeks",
    Rhythm.FOUR_WEEKLY: "every four weeks",
    Rhythm.MONTHLY: "every month",
    Rhythm.TWO_MONTHLY: "every two months",
    Rhythm.QUARTERLY: "every quarter",
    Rhythm.HALF_YEARLY: "every half-year",
    Rhythm.YEARLY: "every year",
}


def category_form(movement: Movement, found: Categorised) -> CategoryForm:
    choices = {
        name: tuple(
            Choice(one.code, one.name, checked=one.code == found.category)
            for one in CATEGORIES.values()
            if one.group == group
        )
        for group, name in GROUPS.items()
    }
    return CategoryForm(
        name=CATEGORIES[found.category].name,
        reason=_REASONS[found.because].format(found.evidence),
        choices=choices if movement.key else {},
        payee=movement.key,
        is_corrected=found.because is Because.CORRECTED,
    )


def spent(by_currency: Mapping[str, Mapping[str, Decimal]], currencies: Iterable[str]) -> tuple[Spent, ...]:
    """In the order of ``currencies``, then the largest first."""
    bars = []
    for currency in currencies:
        groups = by_currency.get(currency, {})
        most = max(groups.values(), default=Decimal(1))
        bars += [
            Spent(GROUPS[group], Money(sum_, currency), max(1, int(sum_ * 100 / most)))
            for group, sum_ in groups.items()
        ]
    return tuple(bars)


def regular_page(found: Iterable[tuple[Series, Categorised]], *, has_accounts: bool) -> RegularPage:
    rows = [(one, _row(one, category)) for one, category in found]
    going = sorted(
        ((one, row) for one, row in rows if row.next_date), key=lambda both: (both[1].next_date, both[1].payee)
    )
    gone = sorted((row for _, row in rows if row.next_date is None), key=lambda row: row.last_date, reverse=True)
    return RegularPage(
        going_out=tuple(row for one, row in going if one.usual_amount < 0),
        coming_in=tuple(row for one, row in going if one.usual_amount > 0),
        ended=tuple(gone),
        has_accounts=has_accounts,
    )


def _row(one: Series, category: Categorised) -> SeriesRow:
    return SeriesRow(
        payee=one.payee,
        category=CATEGORIES[category.category].name,
        rhythm=_RHYTHMS[one.rhythm],
        amount=Money(one.usual_amount, one.currency),
        is_fixed=one.is_fixed,
        next_date=one.next_date,
        last_date=one.last_date,
        latest_id=one.transactions[-1],
        is_early=one.state is State.EARLY,
        changes=tuple(_change(change, one.currency) for change in reversed(one.price_changes)),
    )


def _change(change: PriceChange, currency: str) -> str:
    before, after = (money(Money(abs(amount), currency)) for amount in (change.before, change.after))
    moved = "Up" if abs(change.after) > abs(change.before) else "Down"
    return f"{moved} from {before} to {after} on {long_date(change.day)}"
