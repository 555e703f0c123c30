"""Money, days and masks in words."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from hub.web import format
from hub.web.viewmodels import TransactionRow
from providers.model import Money

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def m(number: str, currency: str = "EUR") -> Money:
    return Money(Decimal(number), currency)


@pytest.mark.parametrize(
    ("amount", "signed", "text"),
    [
        (m("1200"), False, "€1,200.00"),
        (m("1200"), True, "+€1,200.00"),
        (m("-12.5"), False, "\u2212€12.50"),
        (m("-12.5"), True, "\u2212€12.50"),
        (m("0"), True, "€0.00"),
        (m("-0.00"), True, "€0.00"),
        (m("1.005", "GBP"), False, "£1.005"),
        (m("1200", "JPY"), False, "JP¥1,200"),
        (m("1.000", "BHD"), False, "BHD\u00a01.000"),
        (m("12E3", "PLN"), False, "PLN\u00a012,000.00"),
        (m("5", "POINTS"), True, "+POINTS\u00a05.00"),
    ],
)
def test_money_is_exact_and_its_sign_stands_before_everything(amount: Money, signed: bool, text: str) -> None:
    assert format.money(amount, signed=signed) == text


def test_money_follows_the_readers_language() -> None:
    assert format.money(m("-1200.5"), locale="de_DE") == "\u22121.200,50\u00a0€"


@pytest.mark.parametrize(("number", "word"), [("1", "in"), ("-1", "out"), ("0.00", "zero"), ("-0", "zero")])
def test_direction_is_the_holders(number: str, word: str) -> None:
    assert format.direction(m(number)) == word


@pytest.mark.parametrize(
    ("days_ago", "text"),
    [
        (0, "Today"),
        (1, "Yesterday"),
        (-1, "Tomorrow"),
        (2, "Saturday 21 November"),
        (326, "Thursday 1 January"),
        (327, "31 December 2025"),
    ],
)
def test_a_day_is_said_as_people_say_it(days_ago: int, text: str) -> None:
    assert format.day(NOW.date() - timedelta(days=days_ago), NOW) == text


@pytest.mark.parametrize(
    ("elapsed", "text"),
    [
        (timedelta(seconds=-30), "just now"),
        (timedelta(days=-2), "on 25 November 2026"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=23), "23 hours ago"),
        (timedelta(hours=24), "yesterday"),
        (timedelta(days=2), "2 days ago"),
        (timedelta(days=7), "on 16 November"),
        (timedelta(days=400), "on 19 October 2025"),
    ],
)
def test_as_of_says_how_old_a_figure_is(elapsed: timedelta, text: str) -> None:
    assert format.ago(NOW - elapsed, NOW) == text


@pytest.mark.parametrize(
    ("remaining", "text"),
    [
        (timedelta(0), "over"),
        (timedelta(seconds=20), "1 minute left"),
        (timedelta(minutes=12), "12 minutes left"),
        (timedelta(hours=3, minutes=59), "3 hours left"),
        (timedelta(days=1), "1 day left"),
        (timedelta(days=50, hours=5), "50 days left"),
    ],
)
def test_what_is_left_never_promises_more_than_there_is(remaining: timedelta, text: str) -> None:
    assert format.left(NOW + remaining, NOW) == text


def test_moments_are_shown_in_utc_and_say_so() -> None:
    rome = timezone(timedelta(hours=1))
    assert format.moment(datetime(2026, 11, 23, 0, 30, tzinfo=rome)) == "22 November 2026, 23:30 UTC"


@pytest.mark.parametrize(
    "say", [format.moment, lambda value: format.ago(value, NOW), lambda value: format.left(value, NOW)]
)
def test_a_naive_moment_is_refused(say: Callable[[datetime], str]) -> None:
    with pytest.raises(ValueError, match="aware"):
        say(NOW.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("identifier", "text"),
    [
        ("DE89 3704 0044 0532 0130 00", "DE•• •••• 3000"),
        ("gb33bukb20201555555555", "GB•• •••• 5555"),
        ("20-15-55 55555678", "•••• 5678"),
        ("1234567", "••••"),
        ("", "••••"),
    ],
)
def test_a_mask_shows_four_signs_at_most_of_the_number(identifier: str, text: str) -> None:
    assert format.masked(identifier) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [("Albion Bank", "AB"), ("cassa di risparmio", "CD"), ("N26", "N"), ("  ", "?"), ("É-Bank", "ÉB")],
)
def test_a_mark_has_one_or_two_letters(name: str, text: str) -> None:
    assert format.initials(name) == text


@pytest.mark.parametrize("value", ["red", "#fff", "#12345g", '#123456"', "", "#123456\n"])
def test_only_a_plain_colour_reaches_an_attribute(value: str) -> None:
    assert format.colour(value) == format.HOUSE_COLOUR


@pytest.mark.parametrize("background", ["#000000", "#ffffff", "#7a1f3d", "#e0b040", "#808080", "#ff0000", "nonsense"])
def test_letters_on_any_bank_colour_can_be_read(background: str) -> None:
    # Large bold letters that repeat the name beside them: WCAG 1.4.3 asks 3:1 of large text.
    assert format.contrast(format.ink_on(background), format.colour(background)) >= 3


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://user@app.example:8443/x", "app.example"),
        ("http://127.0.0.1/cb", "127.0.0.1"),
        ("https://rialto.example@evil.example/", "evil.example"),
        ("https://\u0430pple.example/", "xn--pple-43d.example"),
        ("https://[", ""),
        ("https://a..b/", ""),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("", ""),
    ],
)
def test_only_web_addresses_have_a_host_to_show(url: str, text: str) -> None:
    assert format.host(url) == text


def test_rows_are_grouped_by_day_in_the_order_given() -> None:
    days = [None, date(2026, 11, 2), date(2026, 11, 2), date(2026, 11, 1)]
    rows = [TransactionRow(str(n), day, "", "", m("1")) for n, day in enumerate(days)]
    assert [(day, len(group)) for day, group in format.by_day(rows)] == [
        (None, 1),
        (date(2026, 11, 2), 2),
        (date(2026, 11, 1), 1),
    ]


def test_a_banks_record_keeps_every_digit_as_it_was_written() -> None:
    text = '{"amount":10.00,"big":12345678901234567890.10,"n":1e5,"list":[true,null,"é"],"none":{},"empty":[]}'
    shown = format.pretty_json(text)
    for part in (
        '"amount": 10.00,',
        '"big": 12345678901234567890.10,',
        '"n": 1e5,',
        '"é"',
        '"none": {}',
        '"empty": []',
    ):
        assert part in shown


@pytest.mark.parametrize("text", ["<Document/>", "", "[" * 100_000])
def test_a_record_that_is_not_json_is_shown_as_it_is(text: str) -> None:
    assert format.pretty_json(text) == text
