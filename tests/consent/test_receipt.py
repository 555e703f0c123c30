"""The record: full, chained, and unable to change unseen."""

import json
from dataclasses import FrozenInstanceError, fields, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.decide import Allowed, Ask, Denied, decide, for_owner
from consent.lifecycle import Event, Moved, move
from consent.model import Actor, Consent, Permission, Status
from consent.receipt import (
    FIRST_PREVIOUS_HASH,
    PROPOSE,
    READ,
    Broken,
    Intact,
    Receipt,
    dumps,
    loads,
    record,
    record_read,
    verify,
)
from consent.wording import WORDING_VERSION, Shown, screen
from tests.consent.people import ALICE, CLIENT, DAY, EVERYTHING, JOINT, T0, consent

NOW = T0 + timedelta(hours=1)
ASK = Ask(CLIENT, ALICE, Permission.BALANCES_READ, frozenset({"openid", "balances:read"}))


def shown_for(made: Consent) -> Shown:
    return screen(
        "Budget Buddy",
        EVERYTHING,
        purpose="Für Alice",
        account_count=1,
        history_from=made.history_from,
        valid_until=made.valid_until,
    )


def moved(before: Consent, event: Event, actor: Actor, **picked: Any) -> Consent:
    result = move(before, event, actor=actor, now=NOW, **picked)
    assert isinstance(result, Moved)
    return result.consent


def story() -> list[Receipt]:
    """Alice is asked, says yes, is read from, is denied, and revokes."""
    asked = consent(Status.RECEIVED)
    given = moved(asked, Event.AUTHORISE, Actor.PSU, accounts={JOINT: {Permission.BALANCES_READ}})
    ended = moved(given, Event.REVOKE, Actor.PSU)
    first = record(None, None, asked, event=PROPOSE, actor=Actor.CLIENT, at=T0)
    second = record(first, asked, given, event=Event.AUTHORISE, actor=Actor.PSU, at=NOW, shown=shown_for(given))
    third = record_read(second, given, ASK, decide(given, ASK, NOW), at=NOW)
    fourth = record(third, given, ended, event=Event.REVOKE, actor=Actor.PSU, at=NOW + DAY)
    fifth = record_read(fourth, ended, ASK, decide(ended, ASK, NOW + DAY), at=NOW + DAY)
    return [first, second, third, fourth, fifth]


STORY = story()


def test_a_whole_story_verifies() -> None:
    assert verify(STORY) == Intact(5, STORY[-1].hash)
    assert verify(STORY, head=STORY[-1].hash) == Intact(5, STORY[-1].hash)
    assert [receipt.sequence for receipt in STORY] == [1, 2, 3, 4, 5]
    assert [receipt.event for receipt in STORY] == [PROPOSE, "authorise", READ, "revoke", READ]
    assert STORY[0].previous_hash == FIRST_PREVIOUS_HASH == "0" * 64


def test_an_empty_chain_is_intact_unless_it_should_not_be_empty() -> None:
    assert verify([]) == Intact(0, FIRST_PREVIOUS_HASH)
    assert verify([], head=STORY[0].hash) == Broken(1, "the chain does not end where it should")


def test_a_hash_is_sha256_over_the_canonical_rest_of_the_receipt() -> None:
    content = json.loads(dumps(STORY[1]))
    stated = content.pop("hash")
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert sha256(text.encode()).hexdigest() == stated


def test_a_yes_is_recorded_in_full_with_the_words_it_was_said_to() -> None:
    body = json.loads(dumps(STORY[1]))["body"]
    assert body["before"]["status"] == "received"
    after = body["after"]
    assert after["accounts"] == {JOINT: ["balances:read"]}
    assert (after["status"], after["psu_id"], after["client_id"]) == ("valid", ALICE, CLIENT)
    assert (after["history_from"], after["valid_until"]) == ("2026-01-01", "2026-05-24T09:30:00.000000Z")
    assert after["requested"] == sorted(EVERYTHING)
    words = body["shown"]
    assert (words["language"], words["version"]) == ("en", WORDING_VERSION)
    assert words["headline"].startswith("Budget Buddy asks to sign you in, and to see your name")
    assert words["purpose"] == "In their own words: “Für Alice”"
    assert words["summary"] == "For 1 account, history since 1 Jan 2026, until 24 May 2026."
    assert words["items"][0]["title"] == "A way to recognise you"
    assert "You can stop this at any time." in words["limits"]


def test_a_reading_is_recorded_with_what_was_given_or_why_not() -> None:
    given, denied = (json.loads(dumps(STORY[place]))["body"] for place in (2, 4))
    asked = {
        "client_id": CLIENT,
        "psu_id": ALICE,
        "permission": "balances:read",
        "scopes": ["balances:read", "openid"],
        "account_id": None,
    }
    assert given == {"ask": asked, "outcome": "allowed", "account_ids": [JOINT], "since": "2026-01-01"}
    assert denied == {"ask": asked, "outcome": "denied", "reason": "revoked"}


# ---- nothing changes unseen

CHANGES: dict[str, Any] = {
    "consent_id": "consent-2",
    "sequence": 7,
    "at": NOW + timedelta(microseconds=1),
    "actor": "hub",
    "event": "expire",
    "body": {},
    "previous_hash": "f" * 64,
    "hash": "f" * 64,
}


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("name", CHANGES)
def test_no_part_of_any_receipt_changes_unseen(place: int, name: str) -> None:
    assert set(CHANGES) == {part.name for part in fields(Receipt)}
    forged = [*STORY]
    forged[place] = replace(forged[place], **{name: CHANGES[name]})
    result = verify(forged)
    assert isinstance(result, Broken)
    assert result.at_sequence == place + 1


@given(st.integers(0, 4), st.data())
def test_no_single_byte_of_a_stored_receipt_changes_unseen(place: int, data: st.DataObject) -> None:
    stored = bytearray(dumps(STORY[place]))
    at = data.draw(st.integers(0, len(stored) - 1))
    stored[at] ^= data.draw(st.integers(1, 255))
    assert _is_broken(place, bytes(stored))


def test_no_single_bit_of_one_stored_receipt_changes_unseen() -> None:
    stored = dumps(STORY[0])
    for at in range(len(stored)):
        for bit in range(8):
            assert _is_broken(0, stored[:at] + bytes([stored[at] ^ 1 << bit]) + stored[at + 1 :])


def _is_broken(place: int, stored: bytes) -> bool:
    try:
        forged = loads(stored)
    except ValueError:
        return True
    return isinstance(verify([*STORY[:place], forged, *STORY[place + 1 :]]), Broken)


@given(st.permutations(range(5)))
def test_no_order_but_the_true_one_verifies(order: list[int]) -> None:
    result = verify([STORY[place] for place in order])
    assert isinstance(result, Intact) == (order == sorted(order))


def test_a_receipt_rewritten_with_a_right_hash_of_its_own_breaks_the_next_link() -> None:
    forged = record(None, None, consent(Status.RECEIVED, purpose="Another"), event=PROPOSE, actor=Actor.CLIENT, at=T0)
    assert verify([forged]) == Intact(1, forged.hash)
    assert verify([forged, *STORY[1:]]) == Broken(2, "it does not follow the receipt before it")


@pytest.mark.parametrize("gone", range(4))
def test_a_receipt_cut_out_is_missed(gone: int) -> None:
    result = verify(STORY[:gone] + STORY[gone + 1 :])
    assert result == Broken(gone + 1, "a receipt is missing, doubled or out of order")


def test_a_chain_that_lost_its_end_is_broken_only_where_the_head_is_known() -> None:
    assert verify(STORY[:3]) == Intact(3, STORY[2].hash)
    assert verify(STORY[:3], head=STORY[-1].hash) == Broken(4, "the chain does not end where it should")


def test_a_receipt_of_another_consent_does_not_fit_in() -> None:
    other = record(None, None, consent(Status.RECEIVED, id="consent-2"), event=PROPOSE, actor=Actor.CLIENT, at=T0)
    foreign = replace(other, sequence=2)
    assert verify([STORY[0], foreign]) == Broken(2, "it belongs to another consent")


@pytest.mark.parametrize("change", [{"body": {"float": 1.5}}, {"at": T0.replace(tzinfo=None)}, {"actor": "\ud800"}])
def test_a_row_that_no_receipt_can_hold_is_broken_not_an_error(change: dict[str, Any]) -> None:
    assert verify([replace(STORY[0], **change)]) == Broken(1, "it holds what no receipt can hold")


# ---- keeping and loading


@pytest.mark.parametrize("receipt", STORY)
def test_a_receipt_reads_back_as_what_it_was(receipt: Receipt) -> None:
    back = loads(dumps(receipt))
    assert back == receipt
    assert hash(back) == hash(receipt)
    assert dumps(back) == dumps(receipt)


def test_a_receipt_rebuilt_from_columns_verifies() -> None:
    rows = [json.loads(dumps(receipt)) | {"at": receipt.at} for receipt in STORY]
    assert verify(Receipt(**row) for row in rows) == Intact(5, STORY[-1].hash)


GOOD = dumps(STORY[0])
MALFORMED = [
    b"",
    b"[]",
    b"{}",
    b"null",
    b'"text"',
    b"\xff",
    b"[" * 100_000,
    GOOD + b" ",
    b" " + GOOD,
    GOOD.replace(b'"sequence":1', b'"sequence":"1"'),
    GOOD.replace(b'"sequence":1', b'"sequence":1.0'),
    GOOD.replace(b'"sequence":1', b'"sequence":1,"sequence":1'),
    GOOD.replace(b'"sequence":1', b'"sequence":1,"zzz":1'),
    GOOD.replace(b"000000Z", b"000000"),
    GOOD.replace(b'"actor":"client"', b'"actor":null'),
    GOOD.replace(b'"actor":"client"', b'"actor":"\\ud800"'),
    GOOD.replace(b'"before":null', b'"before":NaN'),
]


@pytest.mark.parametrize("data", MALFORMED, ids=range(len(MALFORMED)))
def test_bytes_that_dumps_did_not_make_are_no_receipt(data: bytes) -> None:
    with pytest.raises(ValueError):
        loads(data)


def test_a_receipt_cannot_be_changed() -> None:
    receipt: Any = STORY[1]
    with pytest.raises(FrozenInstanceError):
        receipt.actor = "hub"
    with pytest.raises(TypeError):
        receipt.body["after"]["accounts"]["acc-charlie"] = ()
    with pytest.raises(AttributeError):
        receipt.body["after"]["requested"].append("payments:write")


# ---- what cannot have happened is not recorded

ASKED = consent(Status.RECEIVED)
GIVEN = consent()
IMPOSSIBLE: list[tuple[Receipt | None, Consent | None, Consent, str]] = [
    (None, None, ASKED, Event.AUTHORISE),
    (STORY[0], None, ASKED, PROPOSE),
    (STORY[0], ASKED, GIVEN, Event.REVOKE),
    (STORY[0], ASKED, GIVEN, "authorize"),
    (STORY[0], consent(Status.REVOKED), GIVEN, Event.RESUME),
    (STORY[0], ASKED, consent(id="consent-2"), Event.AUTHORISE),
    (STORY[0], GIVEN, consent(Status.RECEIVED), PROPOSE),
]


@pytest.mark.parametrize(("previous", "before", "after", "event"), IMPOSSIBLE)
def test_a_move_that_cannot_have_happened_is_not_recorded(
    previous: Receipt | None, before: Consent | None, after: Consent, event: str
) -> None:
    with pytest.raises(ValueError, match="no such move"):
        record(previous, before, after, event=event, actor=Actor.HUB, at=NOW, shown=shown_for(after))


def test_a_yes_without_its_words_is_not_recorded() -> None:
    with pytest.raises(ValueError, match="with the words"):
        record(STORY[0], ASKED, GIVEN, event=Event.AUTHORISE, actor=Actor.PSU, at=NOW)


def test_one_consents_move_is_not_recorded_in_anothers_chain() -> None:
    stranger = consent(id="consent-2")
    ended = moved(stranger, Event.REVOKE, Actor.PSU)
    with pytest.raises(ValueError, match="belongs to one consent"):
        record(STORY[0], stranger, ended, event=Event.REVOKE, actor=Actor.PSU, at=NOW)


@pytest.mark.parametrize("foreign", [decide(consent(id="consent-2"), ASK, NOW), for_owner(ALICE, [JOINT])])
def test_a_reading_that_this_consent_did_not_allow_is_not_recorded_as_its_own(
    foreign: Allowed | Denied,
) -> None:
    with pytest.raises(ValueError, match="not allowed by this consent"):
        record_read(STORY[0], GIVEN, ASK, foreign, at=NOW)
