"""Which balance is shown, and why; missing is not zero."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from providers.balances import Chosen, balance_type, choose
from providers.model import AccountType, Balance, BalanceType, Money
from providers.rules.profile import Balances


def one(word: str, number: str, currency: str = "EUR", **more: object) -> Balance:
    return Balance(balance_type(word), Money(Decimal(number), currency), source_label=word, **more)  # type: ignore[arg-type]


def shown(chosen: Chosen) -> tuple[str | None, str | None, str | None]:
    return tuple(  # type: ignore[return-value]
        None if choice is None else str(choice.money.number)
        for choice in (chosen.current, chosen.available, chosen.credit_left)
    )


WORDS = [
    ("closingBooked", BalanceType.CLOSING_BOOKED),
    ("CLOSING_BOOKED", BalanceType.CLOSING_BOOKED),
    ("CLBD", BalanceType.CLOSING_BOOKED),
    ("InterimCleared", BalanceType.INTERIM_BOOKED),
    ("PREVIOUSLY_CLOSED_BOOKED", BalanceType.PREVIOUSLY_CLOSED_BOOKED),
    ("openingAvailable", BalanceType.OPENING_AVAILABLE),
    ("availableBalance", BalanceType.INTERIM_AVAILABLE),
    ("VALU", BalanceType.VALUE_DATED),
    ("authorised", BalanceType.OTHER),
    ("", BalanceType.OTHER),
]


@pytest.mark.parametrize(("word", "kind"), WORDS)
def test_the_words_of_all_standards_are_one_iso_code(word: str, kind: BalanceType) -> None:
    assert balance_type(word) is kind


CURRENT_ACCOUNTS = [
    # booked before available: available may hold an overdraft
    ([one("ITAV", "1250.00"), one("ITBD", "-50.00")], ("-50.00", "1250.00", None)),
    ([one("interimAvailable", "2000.00"), one("closingBooked", "321.09")], ("321.09", "2000.00", None)),
    ([one("expected", "55.55")], ("55.55", "55.55", None)),
    ([one("openingBooked", "7")], ("7", None, None)),
    ([one("authorised", "70"), one("closingBooked", "30")], ("30", "70", None)),
    ([one("information", "9")], ("9", None, None)),
    ([], (None, None, None)),
]


@pytest.mark.parametrize(("balances", "expected"), CURRENT_ACCOUNTS)
def test_an_account_shows_what_is_booked_and_what_can_be_spent(
    balances: list[Balance], expected: tuple[str | None, ...]
) -> None:
    assert shown(choose(balances, account_type=AccountType.CURRENT)) == expected


def test_on_a_card_what_is_available_is_credit_and_not_the_balance() -> None:
    card = [one("expected", "-120.00"), one("interimAvailable", "1880.00")]
    assert shown(choose(card, account_type=AccountType.CARD)) == ("-120.00", None, "1880.00")
    assert shown(choose(card[1:], account_type=AccountType.CARD)) == (None, None, "1880.00")


def test_credit_left_is_worked_out_from_the_limit_where_the_bank_does_not_say_it() -> None:
    card = [one("interimBooked", "-120.10", credit_limit=Money(Decimal("2000"), "EUR"))]
    chosen = choose(card, account_type=AccountType.CARD)
    assert chosen.credit_left is not None
    assert (str(chosen.credit_left.money.number), chosen.credit_left.balance) == ("1879.90", None)
    assert chosen.credit_limit is not None
    assert chosen.credit_limit.money == Money(Decimal("2000"), "EUR")


def test_of_two_of_one_type_the_one_without_the_credit_line_then_the_youngest() -> None:
    march, april = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
    rows = [
        one("expected", "1500", credit_line_included=True, as_of=april),
        one("expected", "400", credit_line_included=False, as_of=march),
        one("expected", "500", credit_line_included=False, as_of=april),
    ]
    assert shown(choose(rows)) == ("500", "500", None)


def test_only_balances_in_the_accounts_currency_count() -> None:
    rows = [one("closingBooked", "20", "USD"), one("closingBooked", "30", "EUR")]
    assert shown(choose(rows, currency="EUR"))[0] == "30"
    assert shown(choose(rows, currency="CHF"))[0] is None


def test_a_banks_own_list_comes_first_and_the_one_for_the_type_before_the_one_for_all() -> None:
    rules = Balances(current={"*": ("XPCD",), "CARD": ("nonInvoiced",)}, available={"*": ("authorised",)})
    rows = [one("interimBooked", "1"), one("expected", "2"), one("nonInvoiced", "3"), one("authorised", "4")]
    assert shown(choose(rows, rules=rules)) == ("2", "4", None)
    card = choose(rows, account_type=AccountType.CARD, rules=rules)
    assert shown(card) == ("3", "4", None)
    assert card.current is not None
    assert card.current.reason == "nonInvoiced, by the bank's own list of current balances"


def test_a_bank_whose_available_is_credit_left_on_any_account() -> None:
    rows = [one("expected", "-59"), one("interimAvailable", "9941")]
    assert shown(choose(rows, rules=Balances(credit_left=("ITAV",)))) == ("-59", "-59", "9941")


def test_a_sum_is_a_balance_only_where_all_of_it_is_there() -> None:
    rules = Balances(current={"*": ("-expected +nonInvoiced", "XPCD")})
    both = [one("expected", "1000.00"), one("nonInvoiced", "-250.00")]
    assert shown(choose(both, rules=rules))[0] == "-1250.00"
    assert shown(choose(both[:1], rules=rules))[0] == "1000.00"
    assert shown(choose([both[0], one("nonInvoiced", "1", "USD")], rules=rules))[0] == "1000.00"
    with pytest.raises(ValueError, match="sign"):
        Balances(current={"*": ("expected nonInvoiced",)})


def test_a_list_for_a_type_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="account type"):
        Balances(current={"GIRO": ("CLBD",)})
