"""One fact, one text."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.canonical import encode, moment, plain, plain_decimal
from consent.model import Permission
from tests.consent.people import T0


@dataclass(frozen=True)
class Pair:
    one: int
    two: frozenset[str]


FORMS: list[tuple[Any, str]] = [
    (None, "null"),
    (True, "true"),
    (1, "1"),
    ("é", '"é"'),
    (Permission.EMAIL, '"email"'),
    (Decimal("10.50"), '"10.5"'),
    (date(2026, 2, 3), '"2026-02-03"'),
    (datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC), '"2026-02-03T04:05:06.000000Z"'),
    (datetime(2026, 2, 3, 1, tzinfo=timezone(timedelta(hours=2))), '"2026-02-02T23:00:00.000000Z"'),
    ({"b": 1, "a": [1, (2, 3)]}, '{"a":[1,[2,3]],"b":1}'),
    (MappingProxyType({"a": MappingProxyType({})}), '{"a":{}}'),
    (frozenset({"z", "a", "é"}), '["a","z","é"]'),
    (Pair(1, frozenset({"y", "x"})), '{"one":1,"two":["x","y"]}'),
]


@pytest.mark.parametrize(("value", "text"), FORMS)
def test_each_value_has_this_text(value: Any, text: str) -> None:
    assert encode(value) == text.encode()


@pytest.mark.parametrize("value", [1.5, float("nan"), b"bytes", object(), Pair, {1: "number for a key"}, [0.0]])
def test_what_has_no_one_text_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        encode(value)


@pytest.mark.parametrize("value", [T0.replace(tzinfo=None), Decimal("NaN"), Decimal("Infinity"), "\ud800"])
def test_a_value_of_the_right_kind_that_means_nothing_is_refused(value: Any) -> None:
    with pytest.raises(ValueError):
        encode(value)


DECIMALS = [
    ("10", "10"),
    ("10.00", "10"),
    ("1E+1", "10"),
    ("0.10", "0.1"),
    ("-0.00", "0"),
    ("0E+5", "0"),
    ("100", "100"),
    ("-12.340", "-12.34"),
    ("12345678901234567890123456789012345.1", "12345678901234567890123456789012345.1"),
]


@pytest.mark.parametrize(("number", "text"), DECIMALS)
def test_a_number_has_one_text_however_it_was_written(number: str, text: str) -> None:
    assert plain_decimal(Decimal(number)) == text


@given(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20),
)
def test_two_numbers_share_a_text_only_if_they_are_equal(one: Decimal, other: Decimal) -> None:
    assert (plain_decimal(one) == plain_decimal(other)) == (one == other)
    assert Decimal(plain_decimal(one)) == one


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_moment_has_the_same_length_and_reads_back(at: datetime) -> None:
    assert len(moment(at)) == 27
    assert datetime.fromisoformat(moment(at)) == at


json_trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(json_trees)
def test_canonical_json_reads_back_as_what_it_was_and_is_written_again_the_same(tree: Any) -> None:
    data = encode(tree)
    assert json.loads(data) == tree == plain(tree)
    assert encode(json.loads(data)) == data
