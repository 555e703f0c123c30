"""The table of moves and the words for every state."""

import itertools

import pytest

from hub.connections.state import MOVES, SYNCABLE, FailureKind, Happening, IllegalMove, Status, move, sources_of
from hub.connections.wording import WORDS, describe, why_link_failed

ALL = list(itertools.product(Status, Happening))


@pytest.mark.parametrize(("status", "happening"), ALL)
def test_what_the_table_does_not_list_cannot_happen(status: Status, happening: Happening) -> None:
    if (status, happening) in MOVES:
        assert move(status, happening) is MOVES[status, happening]
    else:
        with pytest.raises(IllegalMove):
            move(status, happening)


@pytest.mark.parametrize("happening", Happening)
def test_a_disconnected_connection_never_comes_back(happening: Happening) -> None:
    assert (Status.REVOKED, happening) not in MOVES


def test_every_living_state_can_be_left_and_be_linked_again() -> None:
    living = frozenset(Status) - {Status.REVOKED}
    assert sources_of(Happening.DISCONNECTED) == living
    assert sources_of(Happening.LINKED) == living


def test_only_linking_brings_back_a_connection_that_needs_the_psu() -> None:
    ways_out = {happening for (status, happening) in MOVES if status is Status.NEEDS_PSU}
    assert ways_out == {Happening.LINKED, Happening.DISCONNECTED}


def test_the_bank_is_read_only_when_it_is_our_turn_or_the_banks() -> None:
    assert set(SYNCABLE) == {Status.READY, Status.NEEDS_ASPSP}


@pytest.mark.parametrize(("status", "kind"), list(itertools.product(Status, [None, *FailureKind])))
def test_every_state_is_told_in_plain_words(status: Status, kind: FailureKind | None) -> None:
    words = describe(status, kind, bank="Lorelei {bank} Bank")
    assert words.title
    assert "Lorelei {bank} Bank" in words.title + words.explanation + words.advice or kind is FailureKind.HUB_ERROR
    shown = f"{words.title} {words.explanation} {words.advice}".lower()
    for jargon in ("consent_", "aspsp", "psu", "token", "sca", "error", "http"):
        assert jargon not in shown.replace("lorelei {bank} bank", "")


@pytest.mark.parametrize("status", [Status.LINKING, Status.NEEDS_PSU])
def test_when_it_is_the_persons_turn_they_are_told_what_to_do(status: Status) -> None:
    for listed, kind in WORDS:
        if listed is status:
            assert WORDS[listed, kind].advice


@pytest.mark.parametrize("kind", FailureKind)
def test_a_failed_link_says_why_and_that_nothing_changed(kind: FailureKind) -> None:
    assert why_link_failed(kind, bank="Albion", is_renewal=False).endswith("Nothing was linked.")
    assert why_link_failed(kind, bank="Albion", is_renewal=True).endswith("The link is as it was before.")
