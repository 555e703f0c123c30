"""The balance chart, drawn from every odd series a bank can produce."""

import re
import xml.etree.ElementTree as ET
from datetime import date, timedelta
from decimal import Decimal

import pytest

from hub.web import charts
from hub.web.viewmodels import BalanceSeries

SVG = "{http://www.w3.org/2000/svg}"
START = date(2026, 8, 25)


def series(*numbers: str, currency: str = "EUR") -> BalanceSeries:
    return BalanceSeries(currency, tuple((START + timedelta(days=n), Decimal(v)) for n, v in enumerate(numbers)))


def drawn(data: BalanceSeries) -> ET.Element:
    return ET.fromstring(
        str(charts.balance_chart(data)).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    )


def heights(chart: ET.Element) -> list[float]:
    line = next(path for path in chart.iter(f"{SVG}path") if path.get("class") == "chart__line")
    return [float(y) for y in re.findall(r"(?:V|^M\S+ )(-?[\d.]+)", line.get("d") or "")]


ODD = {
    "one point": series("5"),
    "two days": series("5", "7"),
    "flat": series("9", "9", "9"),
    "flat zero": series("0", "0"),
    "negative": series("-3", "-50.25", "-1"),
    "through zero": series("-3", "4", "-1", "10"),
    "tiny": series("0.01", "0.02"),
    "huge": series("999999999999.99", "-1000000000000.01"),
    "same day twice": BalanceSeries("EUR", ((START, Decimal(1)), (START, Decimal(2)))),
    "unknown currency": series("1", "2", currency="<b>"),
    "far from zero": series("10000", "10001", "10000.5"),
}


def test_no_points_draw_nothing_and_say_so() -> None:
    assert charts.balance_chart(series()) == ""
    assert charts.describe(series()) == "There are no balances to draw yet."
    assert charts.table_rows(series()) == []


@pytest.mark.parametrize("name", ODD)
def test_every_odd_series_becomes_a_well_formed_drawing_inside_its_frame(name: str) -> None:
    chart = drawn(ODD[name])
    assert len(list(chart.iter(f"{SVG}circle"))) == 1
    for element in chart.iter():
        assert "style" not in element.attrib
        for key in ("y", "y1", "y2", "cy"):
            if element.get(key, "0").endswith("%"):
                assert 0 <= float(element.attrib[key][:-1]) <= 100
    if len(ODD[name].points) > 1:
        assert all(0 <= y <= charts.HEIGHT for y in heights(chart))


@pytest.mark.parametrize("name", ODD)
def test_the_drawing_is_named_and_described_for_those_who_cannot_see_it(name: str) -> None:
    chart = drawn(ODD[name])
    assert chart.get("role") == "img"
    ids = {element.get("id") for element in chart.iter() if element.get("id")}
    assert set((chart.get("aria-labelledby") or "").split()) == ids
    assert (chart.findtext(f"{SVG}desc") or "") == charts.describe(ODD[name])


@pytest.mark.parametrize("name", ODD)
def test_the_grid_has_a_few_round_lines(name: str) -> None:
    lines = [line for line in drawn(ODD[name]).iter(f"{SVG}line") if line.get("class") == "chart__grid"]
    assert 1 <= len(lines) <= 6


def test_a_flat_line_lies_in_the_middle() -> None:
    assert set(heights(drawn(series("9", "9", "9")))) == {charts.HEIGHT / 2}


def test_more_money_is_drawn_higher() -> None:
    low, high = heights(drawn(series("1", "8")))
    assert high < low


@pytest.mark.parametrize(("numbers", "seen"), [(("-1", "2"), 1), (("1", "2"), 0), (("-2", "-1"), 0)])
def test_a_zero_line_appears_when_the_balance_crosses_it(numbers: tuple[str, ...], seen: int) -> None:
    zeros = [line for line in drawn(series(*numbers)).iter(f"{SVG}line") if line.get("class") == "chart__zero"]
    assert len(zeros) == seen


def test_a_balance_stays_until_the_next_booking() -> None:
    assert "H500.0 V" in charts.balance_chart(series("1", "5", "2"))


def test_the_description_names_first_last_lowest_and_highest() -> None:
    assert charts.describe(series("5", "-2", "9", "7")) == (
        "From €5.00 on 25 August 2026 to €7.00 on 28 August 2026. "
        "Lowest \u2212€2.00 on 26 August 2026, highest €9.00 on 27 August 2026."
    )


def test_the_table_goes_back_week_by_week_from_the_last_day() -> None:
    rows = charts.table_rows(series(*map(str, range(20))))
    assert [(when, money.number) for when, money in rows] == [
        (START + timedelta(days=n), Decimal(n)) for n in (19, 12, 5)
    ]
