"""A bank that asks on a page of ours: each step answered once, by the person who began, in the browser that began."""

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from hub.connections import attempts, link, service, steps
from hub.connections.state import FailureKind, Status
from hub.models.connection import LinkAttempt
from providers.errors import Refused, Transient
from providers.port import Access, Ask, Field, LinkRequest, LinkStart, LinkState, Psu, Redirect
from tests.connections.scripted import ScriptedBank
from tests.connections.world import BANK, PRESENT, World, one_store, person

NAME = Ask((Field("user", "User name"), Field("way", "Way", "choice", options=(("app", "App"), ("sms", "SMS")))))
CODE = Ask((Field("tan", "Code", "code", max_length=6),), explanation="Look at your phone.")


class AskingBank(ScriptedBank):
    """Asks for a name, then for a code. A wrong code is asked for again."""

    answered: list[Mapping[str, str]]
    then: Redirect | None = None

    def start(self, request: LinkRequest) -> LinkStart:
        self.answered = []
        return LinkStart(NAME, super().start(request).state)

    def advance(self, state: LinkState, answers: Mapping[str, str], *, now: datetime, psu: Psu) -> Access | LinkStart:
        self._enter("advance")
        self.answered.append(answers)
        assert psu == PRESENT
        if "user" in answers:
            return LinkStart(self.then or CODE, state)
        if answers["tan"] != "123456":
            return LinkStart(Ask(CODE.fields, error="That code was not right."), state)
        return Access(state.bank_consent_id, None, now + timedelta(days=180), {"token": "token-0"})


@pytest.fixture
def asking(world: World) -> AskingBank:
    bank = AskingBank()
    world.hub.banks[BANK] = bank  # type: ignore[index]  # a dict behind the Mapping
    return bank


def begin(world: World, **changes: Any) -> str:
    given: dict[str, Any] = {"psu_id": world.alice, "session_hash": "alice-browser", "institution_id": BANK}
    url = link.start(world.hub, **(given | {"return_to": "/", "psu": PRESENT, "now": world.clock()} | changes))
    assert isinstance(url, str)
    assert url.startswith("/connect/step/")
    return url.rpartition("/")[2]


def waiting(world: World, state: str, **changes: Any) -> steps.Asked | None:
    given: dict[str, Any] = {"psu_id": world.alice, "session_hash": "alice-browser", "now": world.clock()}
    return steps.waiting(world.hub, state, **(given | changes))


def answer(
    world: World, state: str, number: int, answers: Mapping[str, str], **changes: Any
) -> str | link.Linked | link.LinkFailed:
    given: dict[str, Any] = {"psu_id": world.alice, "session_hash": "alice-browser", "psu": PRESENT}
    given |= {"now": world.clock(), "number": number}
    return steps.answer(world.hub, state, answers, **(given | changes))


def test_the_bank_asks_twice_and_then_gives_access(world: World, asking: AskingBank) -> None:
    state = begin(world)
    first = waiting(world, state)
    assert first is not None
    assert (first.ask, first.number, first.institution_id) == (NAME, 1, BANK)
    assert answer(world, state, 1, {"user": "alice", "way": "sms"}) == f"/connect/step/{state}"
    second = waiting(world, state)
    assert second is not None
    assert (second.ask, second.number) == (CODE, 2)
    done = answer(world, state, 2, {"tan": "123456"})
    assert isinstance(done, link.Linked)
    assert world.row(done.connection_id).status == Status.READY
    assert asking.answered == [{"user": "alice", "way": "sms"}, {"tan": "123456"}]
    assert waiting(world, state) is None


@one_store
def test_a_wrong_code_is_asked_for_again_and_says_why(world: World, asking: AskingBank) -> None:
    state = begin(world)
    answer(world, state, 1, {"user": "alice"})
    assert answer(world, state, 2, {"tan": "000000"}) == f"/connect/step/{state}"
    again = waiting(world, state)
    assert again is not None
    assert (again.ask.error, again.number) == ("That code was not right.", 3)
    assert isinstance(answer(world, state, 3, {"tan": "123456"}), link.Linked)


@one_store
def test_the_bank_gets_what_it_asked_for_and_nothing_else(world: World, asking: AskingBank) -> None:
    state = begin(world)
    answer(world, state, 1, {"user": "a" * 900, "way": "pigeon", "admin": "1"})
    assert asking.answered == [{"user": "a" * 200, "way": ""}]


@one_store
def test_a_form_that_is_sent_again_does_not_answer_the_next_step(world: World, asking: AskingBank) -> None:
    state = begin(world)
    answer(world, state, 1, {"user": "alice"})
    assert answer(world, state, 1, {"user": "alice"}) == f"/connect/step/{state}"
    assert len(asking.answered) == 1
    assert isinstance(answer(world, state, 2, {"tan": "123456"}), link.Linked)


def test_of_two_forms_sent_at_once_one_is_heard(world: World, asking: AskingBank) -> None:
    state = begin(world)
    answer(world, state, 1, {"user": "alice"})
    barrier = threading.Barrier(2)
    outcomes: list[object] = []

    def post() -> None:
        barrier.wait()
        outcomes.append(answer(world, state, 2, {"tan": "123456"}))

    threads = [threading.Thread(target=post) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(isinstance(one, link.Linked) for one in outcomes) == 1
    assert asking.steps().count("advance") == 2


def test_charlie_sees_nothing_of_alices_step_and_burns_it_by_answering(world: World, asking: AskingBank) -> None:
    state = begin(world)
    charlie = person(world.hub, "charlie")
    assert waiting(world, state, psu_id=charlie) is None
    assert waiting(world, state, session_hash="another-browser") is None
    refused = answer(world, state, 1, {"user": "x"}, psu_id=charlie, session_hash="charlies-browser")
    assert refused == link.LinkFailed(None, attempts.FOREIGN)
    assert asking.answered == []
    assert asking.revoked == ["bank-consent-1"]
    assert waiting(world, state) is None


@one_store
def test_a_step_waits_no_longer_than_a_link_may_take(world: World, asking: AskingBank) -> None:
    state = begin(world)
    world.clock.at += timedelta(seconds=world.hub.settings.link_attempt_ttl_s)
    assert waiting(world, state) is None
    assert isinstance(answer(world, state, 1, {"user": "alice"}), link.LinkFailed)
    assert asking.answered == []


@one_store
@pytest.mark.parametrize(
    ("error", "kind"), [(Refused("no"), FailureKind.REFUSED), (Transient("down"), FailureKind.BANK_UNAVAILABLE)]
)
def test_what_the_bank_refuses_ends_the_attempt(
    world: World, asking: AskingBank, error: Exception, kind: FailureKind
) -> None:
    state = begin(world)
    asking.errors["advance"] = error
    outcome = answer(world, state, 1, {"user": "alice"})
    assert isinstance(outcome, link.LinkFailed)
    assert outcome.kind is kind
    assert waiting(world, state) is None


@one_store
def test_after_an_answer_the_bank_may_still_want_the_person_on_its_own_page(world: World, asking: AskingBank) -> None:
    state = begin(world)
    asking.then = Redirect(f"http://bank.example/sca?state={state}")
    assert answer(world, state, 1, {"user": "alice"}) == asking.then.url
    assert waiting(world, state) is None
    assert isinstance(world.come_back(state), link.Linked)


@one_store
def test_a_form_for_a_visit_to_the_bank_changes_nothing(world: World) -> None:
    state = world.begin()
    assert isinstance(answer(world, state, 1, {}), link.LinkFailed)
    assert isinstance(world.come_back(state), link.Linked)


@one_store
def test_a_bank_that_sends_the_person_nowhere_after_an_answer_is_stopped(world: World, asking: AskingBank) -> None:
    state = begin(world)
    asking.then = Redirect("javascript:alert(1)")
    outcome = answer(world, state, 1, {"user": "alice"})
    assert isinstance(outcome, link.LinkFailed)
    assert outcome.kind is FailureKind.CONTRACT_BROKEN


@one_store
def test_who_disconnects_while_the_bank_thinks_is_not_linked(world: World, asking: AskingBank) -> None:
    state = begin(world)
    answer(world, state, 1, {"user": "alice"})
    asked = waiting(world, state)
    assert asked is not None

    def leave(step: str, _key: str) -> None:
        if step == "advance":
            service.disconnect(world.hub, world.alice, asked.connection_id, now=world.clock())

    asking.hook = leave
    outcome = answer(world, state, 2, {"tan": "123456"})
    assert isinstance(outcome, link.LinkFailed)
    assert outcome.why == link.GONE
    assert asking.revoked == ["bank-consent-1"]


@one_store
def test_neither_answers_nor_the_question_lie_in_the_open(world: World, asking: AskingBank) -> None:
    state = begin(world)
    answer(world, state, 1, {"user": "alice-at-the-bank"})
    with world.hub.db.read() as session:
        attempt = session.scalars(select(LinkAttempt)).one()
    assert b"Look at your phone" not in attempt.link_state_sealed
    assert state.encode() not in attempt.link_state_sealed
