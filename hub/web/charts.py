"""Charts as SVG text, drawn on the server. Pure; classes only, because the CSP allows no style attribute.

The outer drawing has no viewBox, so its words keep their size on every screen; the curve sits in a nested
drawing that stretches. Whoever cannot see it gets a title, a description, and ``table_rows`` for a real
table beside it.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from hub.web.format import long_date, money, short_date
from hub.web.viewmodels import BalanceSeries
from providers.model import Money

# The nested drawing's own units, and where it sits in the outer one (per cent of the outer height).
WIDTH, HEIGHT = 1000, 300
TOP, TALL = 8, 78

Point = tuple[date, Decimal]


def describe(series: BalanceSeries) -> str:
    """The chart in one or two sentences: first, last, lowest and highest day."""
    points = series.points
    if not points:
        return "There are no balances to draw yet."
    first, last = points[0], points[-1]
    if len(points) == 1:
        return f"{_amount(series, first[1])} on {long_date(first[0])}. One day is known so far."
    low, high = min(points, key=lambda p: p[1]), max(points, key=lambda p: p[1])
    if low[1] == high[1]:
        return f"{_amount(series, low[1])} from {long_date(first[0])} to {long_date(last[0])}, without change."
    return (
        f"From {_amount(series, first[1])} on {long_date(first[0])} to {_amount(series, last[1])} on "
        f"{long_date(last[0])}. Lowest {_amount(series, low[1])} on {long_date(low[0])}, "
        f"highest {_amount(series, high[1])} on {long_date(high[0])}."
    )


def table_rows(series: BalanceSeries, *, every_days: int = 7) -> list[tuple[date, Money]]:
    """The last day and, going back from it, one point at least ``every_days`` apart; newest first."""
    rows: list[tuple[date, Money]] = []
    for when, number in reversed(series.points):
        if not rows or rows[-1][0] - when >= timedelta(days=every_days):
            rows.append((when, Money(number, series.currency)))
    return rows


def balance_chart(series: BalanceSeries, *, chart_id: str = "chart") -> Markup:
    """A line over an area, down to zero when zero is in sight. Empty text for no points.

    ``chart_id`` makes the ids of title and description unique on a page. A lone point is drawn as a dot, a
    flat line in mid-height; a zero line appears when a value is negative.
    """
    points = series.points
    if not points:
        return Markup("")
    low, high = _range([value for _, value in points])
    xs, ys = _xs(points), [_y(value, low, high) for _, value in points]
    base = _y(min(max(Decimal(0), low), high), low, high)
    ticks = _ticks(low, high)
    parts = [
        Markup('<title id="{0}-t">Balance in {1}</title><desc id="{0}-d">{2}</desc>').format(
            chart_id, series.currency, describe(series)
        ),
        *(_rule("chart__grid", _y(value, low, high)) for value in ticks),
        *([_rule("chart__zero", base)] if low < 0 < high else []),
        Markup('<svg {} y="{}%" width="100%" height="{}%" viewBox="0 0 {} {}">{}</svg>').format(
            Markup('overflow="visible" preserveAspectRatio="none" x="0"'),
            TOP,
            TALL,
            WIDTH,
            HEIGHT,
            _curve(xs, ys, base),
        ),
        Markup('<circle class="chart__dot" cx="{:.2f}%" cy="{:.2f}%" r="4.5"/>').format(
            xs[-1] / WIDTH * 100, _outer(ys[-1])
        ),
        *(_label(series, value, _y(value, low, high)) for value in ticks),
        _dates(points),
    ]
    return Markup('<svg class="chart" role="img" aria-labelledby="{0}-t {0}-d">{1}</svg>').format(
        chart_id, Markup("").join(parts)
    )


def _amount(series: BalanceSeries, number: Decimal) -> str:
    return money(Money(number, series.currency))


def _range(values: Sequence[Decimal]) -> tuple[Decimal, Decimal]:
    """What the height spans: a tenth of air on both sides; zero joins when it is near, so no wobble looks a
    cliff.
    """
    low, high = min(values), max(values)
    spread = high - low
    if not spread:
        room = abs(high) / 2 or Decimal(1)
        return low - room, high + room
    if low >= 0 and low <= spread * 2:
        return Decimal(0), high + spread / 10
    return low - spread / 10, max(high + spread / 10, Decimal(0) if high <= 0 else high)


def _ticks(low: Decimal, high: Decimal) -> list[Decimal]:
    """Two to five round numbers inside the range: steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / 4
    power = Decimal(1).scaleb(rough.adjusted())
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first = (low / step).to_integral_value(rounding="ROUND_CEILING")
    last = (high / step).to_integral_value(rounding="ROUND_FLOOR")
    return [step * number for number in range(int(first), int(last) + 1)]


def _xs(points: Sequence[Point]) -> list[float]:
    start, days = points[0][0], (points[-1][0] - points[0][0]).days
    if not days:
        return [WIDTH / 2] * len(points)
    return [(when - start).days / days * WIDTH for when, _ in points]


def _y(value: Decimal, low: Decimal, high: Decimal) -> float:
    return float((high - value) / (high - low)) * HEIGHT


def _outer(y: float) -> float:
    """A height of the nested drawing as per cent of the outer one."""
    return TOP + y / HEIGHT * TALL


def _curve(xs: Sequence[float], ys: Sequence[float], base: float) -> Markup:
    """Steps, not slopes: a balance stays where it is until the next booking."""
    if len(xs) == 1:
        return Markup("")
    steps = " ".join(f"H{x:.1f} V{y:.1f}" for x, y in zip(xs[1:], ys[1:], strict=True))
    line = f"M{xs[0]:.1f} {ys[0]:.1f} {steps}"
    return Markup(
        '<path class="chart__area" d="{0} V{1:.1f} H{2:.1f} Z"/>'
        '<path class="chart__line" vector-effect="non-scaling-stroke" d="{0}"/>'
    ).format(line, base, xs[0])


def _rule(css_class: str, y: float) -> Markup:
    height = f"{_outer(y):.2f}%"
    return Markup('<line class="{}" x1="0" x2="100%" y1="{}" y2="{}"/>').format(css_class, height, height)


def _label(series: BalanceSeries, value: Decimal, y: float) -> Markup:
    text = _amount(series, value).removesuffix(".00")
    return Markup('<text class="chart__label" x="0" y="{:.2f}%" dy="-4">{}</text>').format(_outer(y), text)


def _dates(points: Sequence[Point]) -> Markup:
    first, last = points[0][0], points[-1][0]
    middle = first + (last - first) / 2
    marks = [(0, "start", first), (50, "middle", middle), (100, "end", last)]
    if (last - first).days < 2:
        marks = [(50, "middle", last)] if first == last else [marks[0], marks[2]]
    return Markup("").join(
        Markup('<text class="chart__label" x="{}%" y="98%" text-anchor="{}">{}</text>').format(
            x, anchor, short_date(when)
        )
        for x, anchor, when in marks
    )


def uptime_chart(days: Sequence[float | None], *, chart_id: str, name: str) -> Markup:
    """A bar for each day: how much of its height is filled says which share of the calls was answered, and a day
    without calls is a stub. Empty text for no days."""
    if not days:
        return Markup("")
    width = 100 / len(days)
    bars = Markup("").join(_day_bar(share, at * width, width) for at, share in enumerate(days))
    return Markup(
        '<svg class="uptime" role="img" aria-labelledby="{0}-t {0}-d"><title id="{0}-t">{1}, day by day</title>'
        '<desc id="{0}-d">{2}</desc>{3}</svg>'
    ).format(chart_id, name, describe_days(days), bars)


def describe_days(days: Sequence[float | None]) -> str:
    """The days in a sentence."""
    known = [share for share in days if share is not None]
    if not known:
        return f"No calls in the last {len(days)} days."
    whole = sum(share >= 1 for share in known)
    return (
        f"Called on {len(known)} of the last {len(days)} days; all calls were answered on {whole} of them, "
        f"and {min(known):.1%} on the worst."
    )


def _day_bar(share: float | None, x: float, width: float) -> Markup:
    if share is None:
        kind, height = "none", 12.0
    else:
        kind = "good" if share >= 0.99 else "warn" if share >= 0.9 else "bad"
        height = max(12.0, share * 100)
    return Markup('<rect class="uptime__{}" x="{:.2f}%" y="{:.1f}%" width="{:.2f}%" height="{:.1f}%"/>').format(
        kind, x, 100 - height, width * 0.7, height
    )


FILTERS: dict[str, Callable[..., Any]] = {
    "balance_chart": balance_chart,
    "balance_summary": describe,
    "balance_rows": table_rows,
    "uptime_chart": uptime_chart,
}
