"""Every date shape seen at real banks, and nothing that is not a date."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from providers.dates import calendar_day, moment
from providers.rows import BrokenRow

BERLIN = ZoneInfo("Europe/Berlin")

DAYS = [
    ("2026-03-01", date(2026, 3, 1)),
    ("2026-03-01T23:30:00+00:00", date(2026, 3, 1)),
    ("2026-07-05T23:30:00+01:00", date(2026, 7, 5)),
    ("2018-07-30T00:00Z", date(2018, 7, 30)),
    ("01-03-2026", date(2026, 3, 1)),
    ("01.03.2026", date(2026, 3, 1)),
    ("20260301", date(2026, 3, 1)),
    ("2026/03/01", date(2026, 3, 1)),
    ("2026-03-01+01:00", date(2026, 3, 1)),
    ("01-03-2026 10:15", date(2026, 3, 1)),
    ("1772323200", date(2026, 3, 1)),
    ("  2026-03-01 ", date(2026, 3, 1)),
    ("2026-3-1", date(2026, 3, 1)),
    ("1-3-2026", date(2026, 3, 1)),
    ("2026-03-01T", date(2026, 3, 1)),
    ("1 March 2026", date(2026, 3, 1)),
    ("Sun, 01 Mar 2026 00:00:00 GMT", date(2026, 3, 1)),
    ("Mar 1, 2026", date(2026, 3, 1)),
    ("1. März 2026", date(2026, 3, 1)),
    ("01 mars 2026", date(2026, 3, 1)),
    ("1 déc. 2026", date(2026, 12, 1)),
    ("01-maj-26", date(2026, 5, 1)),
    ("1 juil. 2026 10:15", date(2026, 7, 1)),
    ("/Date(1772323200000)/", date(2026, 3, 1)),
    ("/Date(1772323200000+0100)/", date(2026, 3, 1)),
    ("", None),
    ("   ", None),
    (None, None),
]

MOMENTS = [
    ("2026-03-01T10:00:00Z", datetime(2026, 3, 1, 10, tzinfo=UTC)),
    ("2026-03-01T10:00:00.123Z", datetime(2026, 3, 1, 10, 0, 0, 123000, tzinfo=UTC)),
    ("2026-03-01T10:00:00.123456789Z", datetime(2026, 3, 1, 10, 0, 0, 123456, tzinfo=UTC)),
    ("2026-03-01T10:00:00+0100", datetime(2026, 3, 1, 9, tzinfo=UTC)),
    ("2026-03-01T10:00:00+01", datetime(2026, 3, 1, 9, tzinfo=UTC)),
    ("2026-03-01T10:00:00-05:30", datetime(2026, 3, 1, 15, 30, tzinfo=UTC)),
    ("2018-04-06T00:00Z", datetime(2018, 4, 6, tzinfo=UTC)),
    ("2026-07-01T10:00:00", datetime(2026, 7, 1, 8, tzinfo=UTC)),
    ("2026-07-01", datetime(2026, 7, 1, tzinfo=UTC)),
    ("20260701T100000Z", datetime(2026, 7, 1, 10, tzinfo=UTC)),
    ("01.07.2026 10:00:30", datetime(2026, 7, 1, 8, 0, 30, tzinfo=UTC)),
    ("2026-07-01T10:00:00Z[UTC]", datetime(2026, 7, 1, 10, tzinfo=UTC)),
    ("1782900000123", datetime(2026, 7, 1, 10, 0, 0, 123000, tzinfo=UTC)),
    ("", None),
    (None, None),
]

PLACEHOLDERS = ["0001-01-01", "9999-12-31", "31.12.9999", "0001-01-01T00:00:00+14:00", "1900-01-01T00:00:00Z"]
NOT_DATES = [
    "2025-13-45",
    "2026-02-30",
    "yesterday",
    "26-03-01",
    "1 Foo 2026",
    "20261301",
    "2026-03-01X",
    "٢٠٢٦-٠٣-٠١",
    "0000-01-01",
]
IMPOSSIBLE = ["2026-03-01T25:00:00Z", "2026-03-01T10:61", "2026-03-01T10:00+99"]
NOT_MOMENTS = [*NOT_DATES, *IMPOSSIBLE]


@pytest.mark.parametrize("text", PLACEHOLDERS)
def test_the_ends_of_the_calendar_are_no_days(text: str) -> None:
    assert calendar_day(text, "bookingDate") is None
    assert moment(text, "valueDate", zone=UTC) is None


@pytest.mark.parametrize(("text", "day"), DAYS)
def test_a_booking_day_is_the_day_the_bank_wrote(text: str | None, day: date | None) -> None:
    assert calendar_day(text, "bookingDate") == day


@pytest.mark.parametrize(("text", "expected"), MOMENTS)
def test_a_moment_is_utc_and_the_banks_zone_counts_only_without_an_offset(text: str | None, expected: object) -> None:
    assert moment(text, "DateTime", zone=BERLIN) == expected


@pytest.mark.parametrize("text", NOT_DATES)
def test_what_is_no_day_breaks_the_row(text: str) -> None:
    with pytest.raises(BrokenRow, match="bookingDate"):
        calendar_day(text, "bookingDate")


@pytest.mark.parametrize("text", NOT_MOMENTS)
def test_what_is_no_moment_breaks_the_row(text: str) -> None:
    with pytest.raises(BrokenRow, match="DateTime"):
        moment(text, "DateTime", zone=BERLIN)
