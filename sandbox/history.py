"""A year of every account's life, told day by day: the same person and first day always give the same story.

Each day draws from its own seed, so a longer story only adds days; what has happened never changes.
"""

import calendar
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256

from sandbox.habits import HABITS, Habits, Monthly
from sandbox.merchants import RATES, Merchant
from sandbox.people import BY_KEY, Account, BankName, iban_at
from sandbox.rows import Foreign, Kind, Row
from sandbox.words import WORDS

HISTORY_DAYS = 365
FEE_ABROAD = Decimal("0.0275")
CENT = Decimal("0.01")


def tell(first_today: date, until: date) -> dict[str, list[Row]]:
    """Every account's rows from a year before ``first_today`` to ``until`` (both days included), oldest first."""
    story = _Story(first_today)
    day = first_today - timedelta(days=HISTORY_DAYS)
    while day <= until:
        story.live(day)
        day += timedelta(days=1)
    return story.rows


def next_working_day(day: date) -> date:
    """``day``, or the Monday after it; bank holidays are not known here."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)


def digits(seed: str, length: int) -> str:
    """``length`` decimal digits that depend on ``seed`` only."""
    return str(int(sha256(seed.encode()).hexdigest(), 16))[-length:].zfill(length)


def _stranger_iban(name: str, bank: BankName) -> str:
    lengths = {BankName.ALBION: 8, BankName.CAMBRIA: 8, BankName.MELUSINE: 11}
    return iban_at(bank, digits(name, lengths.get(bank, 10)))


def _money(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


class _Story:
    def __init__(self, first_today: date) -> None:
        self.anchor = first_today
        self.start = first_today - timedelta(days=HISTORY_DAYS)
        self.rows: dict[str, list[Row]] = {key: [] for key in BY_KEY}
        self._count: dict[tuple[str, date], int] = defaultdict(int)

    def live(self, day: date) -> None:
        for key, habits in HABITS.items():
            account = BY_KEY[key]
            if day == self.start and habits.opening_cents:
                self._add(
                    account,
                    Row(
                        "",
                        day,
                        _money(habits.opening_cents),
                        Kind.OPENING,
                        account.holder,
                        WORDS[account.bank].brought_forward,
                    ),
                )
            for habit in habits.monthly:
                if self._is_due(habit, day):
                    self._pay(account, habit, day)
            self._happen_once(account, habits, day)
            if habits.pays_card and day == next_working_day(day.replace(day=20)):
                self._pay_card(account, BY_KEY[habits.pays_card], day)
            for visit in self._visits(account, habits, day):
                self._shop(account, day, *visit)
            if habits.interest_basis_points and day.day == calendar.monthrange(day.year, day.month)[1]:
                self._earn(account, habits.interest_basis_points, day)

    def _add(self, account: Account, row: Row) -> None:
        """Put ``row`` into the account's story, with a key of its own and its amount in whole cents."""
        self._count[account.key, row.on] += 1
        key = f"{row.on:%Y%m%d}-{self._count[account.key, row.on]:02d}"
        self.rows[account.key].append(replace(row, key=key, amount=row.amount.quantize(CENT, ROUND_HALF_UP)))

    def _is_due(self, habit: Monthly, day: date) -> bool:
        if not (0 <= day.day - habit.day <= 2 or day.day <= 2):
            return False  # a wish moves by two days at most; said first because it is asked twenty thousand times
        # A day at the end of a month may move into the next one: look at this month's wish and at last month's.
        wishes = {day.replace(day=habit.day), (day.replace(day=1) - timedelta(days=1)).replace(day=habit.day)}
        return any(next_working_day(wish) == day and wish.month % habit.every_months == 0 for wish in wishes)

    def _pay(self, account: Account, habit: Monthly, day: date) -> None:
        months_ago = (self.anchor.year - day.year) * 12 + self.anchor.month - day.month
        risen = bool(habit.rises_to_cents) and months_ago < habit.rises_months_ago
        amount = _money(habit.rises_to_cents if risen else habit.cents)
        end_to_end_id = f"{habit.kind[:2].upper()}{digits(f'{account.key}{habit.text}{day}', 14)}"
        if not habit.to:
            mandate = habit.kind is Kind.DIRECT_DEBIT
            self._add(
                account,
                Row(
                    "",
                    day,
                    amount,
                    habit.kind,
                    habit.counterparty,
                    habit.text,
                    mcc=habit.mcc,
                    counterparty_iban="" if habit.mcc else _stranger_iban(habit.counterparty, account.bank),
                    end_to_end_id="" if habit.mcc else end_to_end_id,
                    mandate_id=f"M{digits(habit.counterparty + account.key, 9)}" if mandate else "",
                    creditor_id=f"DE98ZZZ{digits(habit.counterparty, 11)}" if mandate else "",
                ),
            )
            return
        other = BY_KEY[habit.to]
        self._add(
            account,
            Row(
                "",
                day,
                amount,
                habit.kind,
                habit.counterparty,
                habit.text,
                counterparty_iban=other.iban,
                end_to_end_id=end_to_end_id,
            ),
        )
        self._add(
            other,
            Row(
                "",
                day,
                _money(habit.arrives_cents) if habit.arrives_cents else -amount,
                Kind.TRANSFER_IN,
                account.holder,
                habit.text,
                counterparty_iban=account.iban,
                end_to_end_id=end_to_end_id,
            ),
        )

    def _happen_once(self, account: Account, habits: Habits, day: date) -> None:
        for event in habits.once:
            if day != self.anchor - timedelta(days=event.days_ago):
                continue
            for _ in range(event.times):
                by_transfer = event.kind in (Kind.TRANSFER_IN, Kind.TRANSFER_OUT)
                self._add(
                    account,
                    Row(
                        "",
                        day,
                        _money(event.cents),
                        event.kind,
                        event.counterparty,
                        event.text,
                        mcc=event.mcc,
                        twin=event.times > 1,
                        counterparty_iban=_stranger_iban(event.counterparty, account.bank) if by_transfer else "",
                        end_to_end_id="NOTPROVIDED" if by_transfer else "",
                    ),
                )

    def _pay_card(self, account: Account, card: Account, day: date) -> None:
        words = WORDS[account.bank]
        last_month = (day.replace(day=1) - timedelta(days=1)).replace(day=1)
        owed = -sum(
            (
                row.amount
                for row in self.rows[card.key]
                if row.on.replace(day=1) == last_month and row.kind is not Kind.TRANSFER_IN
            ),
            Decimal(0),
        )
        if owed > 0:
            self._add(
                account,
                Row(
                    "",
                    day,
                    -owed,
                    Kind.DIRECT_DEBIT,
                    words.name,
                    words.card_paid,
                    mandate_id=f"M{digits(card.key, 9)}",
                    end_to_end_id=f"CC{digits(f'{card.key}{day}', 14)}",
                ),
            )
            self._add(
                card,
                Row(
                    "",
                    day,
                    owed,
                    Kind.TRANSFER_IN,
                    account.holder,
                    words.card_thanks,
                    end_to_end_id=f"CC{digits(f'{card.key}{day}', 14)}",
                ),
            )

    def _visits(self, account: Account, habits: Habits, day: date) -> Iterator[tuple[Merchant, Decimal, int]]:
        """(where, how much in the account's currency, days until booked) of the day's purchases."""
        # A seed of its own for each day; random here is for variety, nothing is secret.
        dice = random.Random(f"{account.key}:{day}")
        if not habits.shops:
            return
        slow = True
        for _ in range(dice.choices(range(len(habits.visits)), habits.visits)[0]):
            shop = dice.choices(habits.shops, [shop.weight for shop in habits.shops])[0]
            cents = dice.randint(shop.least, shop.most)
            settles_after_days = 0
            if shop.kind is Kind.CASH:
                cents = cents // 1000 * 1000
            elif slow:
                # One purchase of the day takes its time: two or three rows are pending on any day.
                settles_after_days, slow = (3 if day.toordinal() % 3 == 0 else 2), False
            yield shop, _money(cents), settles_after_days

    def _shop(self, account: Account, day: date, shop: Merchant, cost: Decimal, settles_after_days: int) -> None:
        foreign = None
        if shop.abroad:
            rate = Decimal(RATES[account.currency, shop.abroad])
            foreign = Foreign(shop.abroad, (cost * rate).quantize(CENT, ROUND_HALF_UP), rate)
        self._add(
            account,
            Row(
                "",
                day,
                -cost,
                shop.kind,
                shop.name,
                shop.line,
                mcc=shop.mcc,
                settles_after_days=settles_after_days,
                foreign=foreign,
            ),
        )
        if foreign:
            words = WORDS[account.bank]
            self._add(
                account,
                Row(
                    "",
                    day,
                    -(cost * FEE_ABROAD),
                    Kind.FEE,
                    words.name,
                    words.fee_abroad,
                    settles_after_days=settles_after_days,
                ),
            )

    def _earn(self, account: Account, basis_points: int, day: date) -> None:
        balance = sum((row.amount for row in self.rows[account.key]), Decimal(0))
        words = WORDS[account.bank]
        self._add(
            account,
            Row(
                "",
                day,
                balance * basis_points / 120_000,
                Kind.INTEREST,
                words.name,
                words.interest,
            ),
        )
