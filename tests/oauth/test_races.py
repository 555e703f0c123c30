"""Many at once, on both stores, with real threads: exactly one winner."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from sqlalchemy import func, select

from hub.errors import Conflict, NotFound
from hub.models.consent import ConsentRow
from hub.models.oauth import AuthorizationCode, RefreshToken
from hub.oauth.grants.refresh_token import RETRIES
from hub.oauth.interaction import approve, deny, open_request
from tests.oauth.world import NATIVE_CALLBACK, World, query_of

Result = TypeVar("Result")


def at_once(jobs: Sequence[Callable[[], Result]]) -> list[Result]:
    barrier = threading.Barrier(len(jobs))

    def run(job: Callable[[], Result]) -> Result:
        barrier.wait()
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def test_of_fifty_redemptions_of_one_code_one_succeeds_and_the_reuse_ends_the_grant(world: World) -> None:
    code = world.code()
    answers = at_once([lambda: world.redeem(code)] * 50)
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 49
    assert {answer.get_json()["error"] for answer in answers if answer.status_code == 400} == {"invalid_grant"}
    (winner,) = (answer.get_json() for answer in answers if answer.status_code == 200)
    # A race and a theft look alike from here; RFC 6749 4.1.2 decides for safety.
    assert not world.works(winner["access_token"])
    with world.hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(RefreshToken)) == 1


def test_a_wrong_verifier_in_a_crowd_takes_nothing_from_the_right_one(world: World) -> None:
    code = world.code()
    answers = at_once([lambda: world.redeem(code, code_verifier="w" * 43)] * 9 + [lambda: world.redeem(code)])
    assert [answer.status_code for answer in answers] == [400] * 9 + [200]
    assert world.works(answers[-1].get_json()["access_token"])


def test_of_many_answers_to_one_request_one_counts(world: World) -> None:
    handle = world.handle()

    def yes() -> str:
        try:
            return approve(world.hub, handle, world.person(), world.choice()).url
        except Conflict:
            return ""

    def no() -> str:
        try:
            return deny(world.hub, handle, world.person()).url
        except Conflict:
            return ""

    answers = [answer for answer in at_once([yes, no] * 8) if answer]
    assert len(answers) == 1
    given = 1 if "code" in query_of(answers[0]) else 0
    with world.hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(ConsentRow)) == given
        assert session.scalar(select(func.count()).select_from(AuthorizationCode)) == given


def test_of_two_people_who_open_one_request_at_once_one_gets_it(world: World) -> None:
    handle = world.handle()

    def opens(psu_id: str) -> bool:
        try:
            open_request(world.hub, handle, world.person(psu_id))
        except NotFound:
            return False
        return True

    people = (world.alice, world.bob, world.charlie)
    assert sorted(at_once([partial(opens, psu_id) for psu_id in people])) == [False, False, True]


def test_of_fifty_answers_to_pages_of_one_pushed_request_one_counts(world: World) -> None:
    pushed = world.push().get_json()["request_uri"]
    asked = {"client_id": world.client.client.client_id, "request_uri": pushed}
    browser = world.app.test_client()
    pages = [browser.get("/oauth/authorize", query_string=asked).headers["Location"] for _ in range(50)]
    handles = [page.removeprefix("/consent/") for page in pages]
    assert len(set(handles)) == 50

    def yes(handle: str) -> str:
        try:
            return approve(world.hub, handle, world.person(), world.choice()).url
        except Conflict:
            return ""

    answers = [answer for answer in at_once([partial(yes, handle) for handle in handles]) if answer]
    assert len(answers) == 1
    with world.hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(AuthorizationCode)) == 1


def test_one_assertion_and_one_proof_of_fifty_are_taken_once(world: World) -> None:
    form = {"grant_type": "client_credentials"} | world.assertion_of(world.client)
    key = world.keys[world.client.client.client_id]
    headers = world.proof_of(key, "POST", "/oauth/token")
    answers = at_once([lambda: world.app.test_client().post("/oauth/token", data=form, headers=headers)] * 50)
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 49


def test_fifty_refreshes_at_once_leave_one_line_and_end_nothing(world: World) -> None:
    first = world.tokens(world.native, redirect_uri=NATIVE_CALLBACK)["refresh_token"]
    answers = at_once([lambda: world.refresh(first, world.native)] * 50)
    successors = [answer.get_json()["refresh_token"] for answer in answers if answer.status_code == 200]
    assert 1 <= len(successors) <= 1 + RETRIES
    jobs = [lambda token=token: world.refresh(token, world.native).status_code for token in successors]
    assert sorted(at_once(jobs)) == [200] + [400] * (len(successors) - 1)


def test_refreshes_at_once_leave_one_line(world: World) -> None:
    first = world.tokens(world.native, redirect_uri=NATIVE_CALLBACK)["refresh_token"]
    answers = at_once([lambda: world.refresh(first, world.native)] * 4)
    assert [answer.status_code for answer in answers] == [200] * 4  # retries, as far as the hub can tell
    successors = [answer.get_json()["refresh_token"] for answer in answers]
    jobs = [lambda token=token: world.refresh(token, world.native).status_code for token in successors]
    assert sorted(at_once(jobs)) == [200, 400, 400, 400]


def test_confidential_refreshes_at_once_all_succeed(world: World) -> None:
    token = world.tokens()["refresh_token"]
    assert {answer.status_code for answer in at_once([lambda: world.refresh(token)] * 8)} == {200}
