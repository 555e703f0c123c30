"""acr_values and the claims parameter, as what the login must or should be."""

from typing import Any

import pytest

from hub.identity.assurance import ACRS, ONE_FACTOR, PHISHING_RESISTANT, TWO_FACTOR
from hub.oauth.wanted_acr import Wanted, wanted_acr

ESSENTIAL = {"id_token": {"acr": {"essential": True, "values": ["phr", TWO_FACTOR, "urn:theirs"]}}}


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        ({}, Wanted()),
        ({"claims": None, "acr_values": None}, Wanted()),
        ({"acr_values": ["phr", ONE_FACTOR, "phr"]}, Wanted((), ("phr", ONE_FACTOR))),
        ({"claims": {"id_token": {"acr": {"values": ["phr"]}}}, "acr_values": ["1"]}, Wanted((), ("phr", "1"))),
        ({"claims": ESSENTIAL, "acr_values": ["1"]}, Wanted(("phr", TWO_FACTOR, "urn:theirs"), ("1",))),
    ],
)
def test_a_request_wants(facts: dict[str, Any], wanted: Wanted) -> None:
    assert wanted_acr(facts) == wanted


@pytest.mark.parametrize(
    ("wanted", "login", "met_by", "possible"),
    [
        (Wanted(), None, set(ACRS), True),
        (Wanted(voluntary=("1", "phr")), PHISHING_RESISTANT, set(ACRS), True),
        (Wanted(voluntary=("1", "2")), None, set(ACRS), True),
        (Wanted(essential=("phr", TWO_FACTOR)), TWO_FACTOR, {TWO_FACTOR, PHISHING_RESISTANT}, True),
        (Wanted(essential=("phr",), voluntary=(ONE_FACTOR,)), PHISHING_RESISTANT, {PHISHING_RESISTANT}, True),
        (Wanted(essential=("urn:theirs",)), None, set(), False),
    ],
)
def test_what_is_essential_decides_and_what_is_voluntary_only_steers(
    wanted: Wanted, login: str | None, met_by: set[str], possible: bool
) -> None:
    assert wanted.login == login
    assert {acr for acr in ACRS if wanted.met_by(acr)} == met_by
    assert wanted.possible is possible


def test_a_wish_that_nobody_here_knows_asks_nothing_more_of_the_person() -> None:
    assert Wanted(voluntary=("1", "2")).wish_met_by(ONE_FACTOR)
    assert not Wanted(voluntary=("1", TWO_FACTOR)).wish_met_by(ONE_FACTOR)
    assert Wanted(voluntary=("phr", ONE_FACTOR)).wish_met_by(ONE_FACTOR)
