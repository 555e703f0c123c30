"""A yes that no client has fetched yet lasts no longer than the session that gave it; and who ends everything at the
moment of an answer or an exchange ends what comes of it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from werkzeug.test import TestResponse

from hub.errors import Conflict
from hub.identity import addresses, lasting_access, mailed_links, sessions
from hub.identity.mailed_links import Purpose
from hub.identity.origin import UNKNOWN
from hub.models.psu import PsuSession
from hub.oauth import granting, interaction
from hub.oauth.clients import Registered
from hub.oauth.grants import first_tokens
from tests.conftest import TestClock
from tests.oauth.elsewhere import poll, start, television, type_code
from tests.oauth.test_ciba import app as app  # a fixture
from tests.oauth.test_ciba import begin as ask_by_backchannel
from tests.oauth.test_ciba import handle as approval
from tests.oauth.test_ciba import poll as poll_backchannel
from tests.oauth.world import World, query_of
from tests.race import Halfway, meanwhile


@dataclass
class Question:
    """What Alice is asked: ``handle`` is of the consent page, ``fetch`` what the client does with the answer's URL."""

    world: World
    client: Registered
    handle: str
    fetch: Callable[[str], TestResponse]
    refusal: str

    def yes(self) -> str:
        choice = self.world.choice(" ".join(self.client.client.scopes))
        return interaction.approve(self.world.hub, self.handle, self.world.person(), choice).url

    def is_lost(self, url: str) -> bool:
        answer = self.fetch(url)
        return answer.status_code == 400 and answer.get_json()["error"] == self.refusal


def by_code(world: World) -> Question:
    handle = world.handle()
    return Question(
        world, world.client, handle, lambda url: world.redeem(query_of(url)["code"]), refusal="invalid_grant"
    )


def by_device(world: World) -> Question:
    tv = television(world)
    told = start(world, tv).get_json()
    handle = type_code(world, told["user_code"])
    return Question(world, tv, handle, lambda _: poll(world, tv, told["device_code"]), refusal="expired_token")


@pytest.fixture(params=[by_code, by_device])
def question(request: pytest.FixtureRequest, world: World) -> Question:
    made: Question = request.param(world)
    return made


# --- the end of the session -----------------------------------------------------------------------


def _this_one(world: World) -> None:
    sessions.revoke(world.hub, world.person().session_hash, psu_id=world.alice, origin=UNKNOWN, now=world.hub.clock())


def _from_another(world: World) -> None:
    sessions.revoke_one(world.hub, world.person(), world.person().sid, origin=UNKNOWN, now=world.hub.clock())


def _everywhere(world: World) -> None:
    sessions.revoke_all(world.hub, world.person(), origin=UNKNOWN, now=world.hub.clock())


def _taken_back(world: World) -> None:
    """The address was changed by a thief, and its owner presses the link."""
    now = world.hub.clock()
    old = "old@people.example"
    with world.hub.db.write() as session:
        link = mailed_links.make(world.hub, session, Purpose.UNDO, psu_id=world.alice, address=old, ttl_s=3600, now=now)
    addresses.undo_change(world.hub, link.url.rpartition("/")[2], origin=UNKNOWN, now=now)


@pytest.mark.parametrize("end", [_this_one, _from_another, _everywhere, _taken_back])
def test_a_yes_ends_with_the_session_that_gave_it(question: Question, end: Callable[[World], None]) -> None:
    url = question.yes()
    end(question.world)
    assert question.is_lost(url)


def test_a_yes_is_over_for_a_host_whose_clock_lags_as_well(question: Question, clock: TestClock) -> None:
    clock.advance(seconds=60)
    url = question.yes()
    _everywhere(question.world)
    clock.advance(seconds=-8)
    assert question.is_lost(url)


def test_what_was_fetched_before_stays(question: Question) -> None:
    """The person said yes to offline access; whoever means to end that as well changes the password."""
    tokens = question.fetch(question.yes()).get_json()
    _everywhere(question.world)
    assert question.world.refresh(tokens["refresh_token"], question.client).status_code == 200


def test_the_end_of_another_session_takes_back_nothing(question: Question) -> None:
    url, world = question.yes(), question.world
    now = world.hub.clock()
    sessions.revoke_others(world.hub, world.person(), origin=UNKNOWN, now=now)
    sessions.revoke(world.hub, world.person(world.bob).session_hash, psu_id=world.bob, origin=UNKNOWN, now=now)
    assert question.fetch(url).status_code == 200


def test_a_yes_by_the_backchannel_ends_with_its_session(world: World, app: Registered) -> None:
    auth_req_id = ask_by_backchannel(world, app)
    choice = world.choice(" ".join(app.client.scopes))
    interaction.approve(world.hub, approval(world), world.person(), choice)
    _this_one(world)
    assert poll_backchannel(world, app, auth_req_id).get_json()["error"] == "expired_token"


def test_nothing_is_answered_in_a_session_that_is_over(question: Question) -> None:
    _this_one(question.world)
    with pytest.raises(Conflict):
        question.yes()
    with pytest.raises(Conflict):
        interaction.deny(question.world.hub, question.handle, question.world.person())


# --- at the same moment ---------------------------------------------------------------------------


def _shut_out(world: World, then: Callable[[], None] = lambda: None) -> None:
    """As a change of the password does it: this session goes on under a new secret, what lasts is over."""
    person, now = world.person(), world.hub.clock()
    with world.hub.db.write() as session:
        sessions.end(session, person.psu_id, PsuSession.id_hash != person.session_hash, now=now)
        assert sessions.reissue(session, person, amr=("pwd",), now=now, settings=world.hub.settings) is not None
        lasting_access.revoke(session, person.psu_id, now=now)
        then()


def test_a_refresh_token_that_is_just_being_made_ends_with_all_the_others(
    question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, halfway = question.yes(), Halfway()
    monkeypatch.setattr(first_tokens, "prepare", halfway.before(first_tokens.prepare))
    answer, _ = meanwhile(halfway, lambda: question.fetch(url), lambda: _shut_out(question.world))
    assert answer.status_code == 200, answer.text
    refreshed = question.world.refresh(answer.get_json()["refresh_token"], question.client)
    assert (refreshed.status_code, refreshed.get_json()["error"]) == (400, "invalid_grant")


def test_an_exchange_that_comes_while_everything_ends_finds_nothing(question: Question) -> None:
    url, halfway = question.yes(), Halfway()
    _, lost = meanwhile(halfway, lambda: _shut_out(question.world, halfway), lambda: question.is_lost(url))
    assert lost


def test_an_exchange_and_the_end_of_its_session_do_not_wait_for_each_other(
    question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the end of the sessions and the end of what lasts; a database would break such a knot by failing one."""
    url, halfway = question.yes(), Halfway()
    monkeypatch.setattr(lasting_access, "revoke", halfway.before(lasting_access.revoke))
    _, lost = meanwhile(halfway, lambda: _taken_back(question.world), lambda: question.is_lost(url))
    assert lost


@pytest.mark.parametrize("end", [_this_one, _everywhere, _shut_out, _taken_back])
def test_a_yes_that_is_just_being_given_ends_with_its_session(
    question: Question, end: Callable[[World], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    halfway = Halfway()
    monkeypatch.setattr(granting, "give", halfway.before(granting.give))
    url, _ = meanwhile(halfway, question.yes, lambda: end(question.world))
    assert question.is_lost(url)


def test_a_yes_that_comes_while_its_session_is_renewed_to_shut_somebody_out_is_none(question: Question) -> None:
    """Both hold the old secret: the owner, who changes the password, and the thief, who answers."""
    halfway = Halfway()

    def thief() -> str:
        try:
            return question.yes()
        except Conflict:
            return ""

    _, url = meanwhile(halfway, lambda: _shut_out(question.world, halfway), thief)
    assert url == ""
