"""A bank that wants the PSU twice: each return leads on once, in the browser that began, and only in its order."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from hub.connections import attempts, link, service, steps
from hub.connections.state import FailureKind, Status
from hub.hashing import secret_hash
from hub.models.connection import LinkAttempt
from providers.errors import Transient
from providers.port import Access, Ask, Field, LinkRequest, LinkStart, LinkState, Psu, Redirect
from tests.connections.scripted import ScriptedBank
from tests.connections.world import BANK, PRESENT, World, one_store, person

CODE = Ask((Field("tan", "Code", "code"),))


class TwiceBank(ScriptedBank):
    """Wants a login first, then the consent; each visit is answered by the right callback alone."""

    is_new = True
    asks = False

    def start(self, request: LinkRequest) -> LinkStart:
        started = super().start(request)
        return LinkStart(started.step, LinkState("", request.redirect_uri, request.state, request.nonce, {"v": "0"}))

    def finish(self, state: LinkState, callback: Mapping[str, str], *, now: datetime, psu: Psu) -> Any:
        self._enter("finish")
        assert callback["state"] == state.state
        if state.bank_consent_id:
            return Access(state.bank_consent_id, None, None, {"token": state.data["token"]})
        onward = state.onward({"token": "token-0"}) if self.is_new else state
        assert onward.nonce != state.nonce or not self.is_new
        onward = LinkState("consent-2", onward.redirect_uri, onward.state, onward.nonce, onward.data)
        return LinkStart(CODE if self.asks else Redirect(f"{self.url}?state={onward.state}&visit=2"), onward)

    def advance(self, state: LinkState, answers: Mapping[str, str], *, now: datetime, psu: Psu) -> Access | LinkStart:
        self._enter("advance")
        return Access(state.bank_consent_id, None, None, {"token": state.data["token"]})

    def revoke(self, access: Access) -> None:
        super().revoke(access)
        self.used.append(access)


@pytest.fixture
def twice(world: World) -> TwiceBank:
    bank = TwiceBank()
    world.hub.banks[BANK] = bank  # type: ignore[index]  # a dict behind the Mapping
    return bank


def back(world: World, state: str, **changes: Any) -> str | link.Linked | link.LinkFailed:
    given: dict[str, Any] = {"params": {"state": state, "code": "abc"}, "session_hash": "alice-browser"}
    given |= {"psu_id": world.alice, "psu": PRESENT, "now": world.clock()}
    return link.callback(world.hub, **(given | changes))


def state_of(address: object) -> str:
    assert isinstance(address, str), address
    return parse_qs(urlsplit(address).query)["state"][0]


def test_two_visits_under_two_states_make_one_link(world: World, twice: TwiceBank) -> None:
    first = world.begin()
    second = state_of(back(world, first))
    assert second != first
    done = back(world, second)
    assert isinstance(done, link.Linked)
    assert done.return_to == "/consents/request"
    assert world.row(done.connection_id).status == Status.READY
    for spent in (first, second):
        assert back(world, spent) == link.LinkFailed(done.connection_id, attempts.ALREADY_USED)
    assert twice.steps().count("finish") == 2


def test_a_return_that_is_sent_again_opens_no_second_way_and_spoils_none(world: World, twice: TwiceBank) -> None:
    first = world.begin()
    second = state_of(back(world, first))
    assert isinstance(back(world, first), link.LinkFailed)
    assert isinstance(back(world, second), link.Linked)
    assert twice.steps().count("finish") == 2


def test_the_second_visit_is_bound_to_the_same_browser_as_the_first(world: World, twice: TwiceBank) -> None:
    second = state_of(back(world, world.begin()))
    charlie = person(world.hub, "charlie")
    foreign = back(world, second, psu_id=charlie, session_hash="charlies-browser")
    assert foreign == link.LinkFailed(None, attempts.FOREIGN)
    assert [one.data for one in twice.used] == [{"token": "token-0"}]  # what ends it at the bank is what was given
    assert twice.revoked == ["consent-2"]
    assert isinstance(back(world, second), link.LinkFailed)


@one_store
def test_a_second_visit_waits_no_longer_than_a_link_may_take(world: World, twice: TwiceBank) -> None:
    second = state_of(back(world, world.begin()))
    world.clock.advance(seconds=world.hub.settings.link_attempt_ttl_s)
    late = back(world, second)
    assert isinstance(late, link.LinkFailed)
    assert twice.steps().count("finish") == 1


class Killed(BaseException):
    """The process dies."""


def test_a_crash_between_the_visits_costs_the_attempt_and_not_the_link(
    world: World, twice: TwiceBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = world.begin()

    def die(*_args: object, **_given: object) -> None:
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(link, "hand_on", die)
        with pytest.raises(Killed):
            back(world, first)
    again = back(world, first)
    assert isinstance(again, link.LinkFailed)
    assert again.connection_id is not None
    second = state_of(back(world, world.begin(renew=again.connection_id)))
    done = back(world, second)
    assert isinstance(done, link.Linked)
    assert done.connection_id == again.connection_id


@one_store
def test_a_bank_that_fails_between_the_visits_says_so(world: World, twice: TwiceBank) -> None:
    twice.errors["finish"] = Transient("down")
    failed = back(world, world.begin())
    assert isinstance(failed, link.LinkFailed)
    assert failed.kind is FailureKind.BANK_UNAVAILABLE


def test_who_disconnects_between_the_visits_is_not_linked_by_the_second(world: World, twice: TwiceBank) -> None:
    second = state_of(back(world, world.begin()))
    with world.hub.db.read() as session:
        connection_id = session.scalars(select(LinkAttempt.connection_id)).first()
    assert connection_id is not None
    service.disconnect(world.hub, world.alice, connection_id, now=world.clock())
    assert isinstance(back(world, second), link.LinkFailed)
    assert world.row(connection_id).status == Status.REVOKED


@one_store
def test_an_adapter_that_goes_on_under_a_known_state_is_stopped(world: World, twice: TwiceBank) -> None:
    twice.is_new = False
    failed = back(world, world.begin())
    assert isinstance(failed, link.LinkFailed)
    assert failed.kind is FailureKind.CONTRACT_BROKEN


@one_store
def test_the_second_step_may_be_a_question_on_a_page_of_ours(world: World, twice: TwiceBank) -> None:
    twice.asks = True
    address = back(world, world.begin())
    assert isinstance(address, str)
    state = address.removeprefix(f"{link.STEP_PATH}/")
    given: dict[str, Any] = {"psu_id": world.alice, "session_hash": "alice-browser", "now": world.clock()}
    asked = steps.waiting(world.hub, state, **given)
    assert asked is not None
    assert (asked.ask, asked.number) == (CODE, 2)
    done = steps.answer(world.hub, state, {"tan": "1"}, number=2, psu=PRESENT, **given)
    assert isinstance(done, link.Linked)


@one_store
def test_neither_state_nor_token_lies_in_the_open_between_the_visits(world: World, twice: TwiceBank) -> None:
    second = state_of(back(world, world.begin()))
    with world.hub.db.read() as session:
        rows = {one.state_hash: one for one in session.scalars(select(LinkAttempt))}
    kept = rows[secret_hash(second)]
    assert kept.used_at is None
    assert b"token-0" not in kept.link_state_sealed
    assert second.encode() not in kept.link_state_sealed
