"""What a way of logging in amounts to: tables."""

import itertools

import pytest

from hub.identity.assurance import ACRS, acr_of, passkey_amr, satisfies, together

ONE, TWO, PHR = ACRS


@pytest.mark.parametrize(
    ("steps", "amr", "acr"),
    [
        ([["pwd"]], ("pwd",), ONE),
        ([["fed"]], ("fed",), ONE),
        ([["pwd"], ["otp"]], ("pwd", "otp", "mfa"), TWO),
        ([["fed"], ["otp"]], ("fed", "otp", "mfa"), TWO),
        ([passkey_amr(synced=True)], ("swk", "user", "mfa"), PHR),
        ([passkey_amr(synced=False)], ("hwk", "user", "mfa"), PHR),
        ([["pwd"], passkey_amr(synced=False)], ("pwd", "hwk", "user", "mfa"), PHR),
        ([["fed"], passkey_amr(synced=True)], ("fed", "swk", "user", "mfa"), PHR),
        ([["pwd"], ["pwd"]], ("pwd",), ONE),
        ([["pwd"], ["fed"]], ("pwd", "fed"), ONE),  # two things that are known are one factor
    ],
)
def test_the_steps_of_a_login_and_what_they_amount_to(steps: list[list[str]], amr: tuple[str, ...], acr: str) -> None:
    assert together(*steps) == amr
    assert acr_of(amr) == acr


@pytest.mark.parametrize("amr", [(), ("otp",), ("hwk",), ("swk", "user"), ("unheard-of",), ("kba", "sms", "tel")])
def test_one_thing_alone_is_one_factor_whatever_it_is(amr: tuple[str, ...]) -> None:
    assert acr_of(amr) == ONE


def test_the_stronger_satisfies_the_weaker_and_never_the_other_way() -> None:
    for (i, acr), (j, wanted) in itertools.product(enumerate(ACRS), repeat=2):
        assert satisfies(acr, wanted) == (i >= j)


@pytest.mark.parametrize("other", ["", "0", "phrh", "PHR", "urn:mace:incommon:iap:silver"])
def test_an_unknown_value_is_never_satisfied_and_satisfies_nothing(other: str) -> None:
    for acr in ACRS:
        assert not satisfies(acr, other)
        assert not satisfies(other, acr)
    assert not satisfies(other, other)
