"""By mail and in browsers: once, to whom it belongs, and again where a push service was away."""

import threading
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from hub.context import Hub
from hub.errors import BadInput, NotFound
from hub.identity.sessions import Person
from hub.ids import new_id
from hub.jobs.crew import Crew
from hub.mail import sender
from hub.models.job import Job
from hub.models.notification import Notification, PushSubscription
from hub.models.psu import Psu, PsuSession
from hub.notifications import mail
from hub.notifications.push import deliver, subscriptions
from hub.notifications.push.subscriptions import Address
from hub.outbound.fetch import Limits, Outbound
from tests.conftest import TestClock
from tests.mail.letters import Letterbox
from tests.notifications.push_service import Device, device
from tests.notifications.telling import person, say, work
from tests.outbound.server import Answer

NEEDS = "connection.needs_psu"


def logged_in(hub: Hub, psu_id: str) -> Person:
    now, sid = hub.clock(), new_id()
    with hub.db.write() as session:
        session.add(
            PsuSession(
                id_hash=sid,
                sid=sid,
                psu_id=psu_id,
                created_at=now,
                auth_time=now,
                acr="",
                amr=[],
                last_seen_at=now,
                expires_at=now + timedelta(days=1),
                user_agent="",
                ip_address="",
            )
        )
    return Person(psu_id, "", "", "", now, now, now, sid, "", ())


def takes(hub: Hub, who: Person, browser: Device) -> str:
    return subscriptions.add(hub, who, browser.address, device="Firefox", now=hub.clock())


def letters(hub: Hub) -> list[str]:
    box = Letterbox()
    sender.send_due(hub, box)
    return [f"{one['To']}: {one['Subject']}" for one in box.mails]


def test_what_gathers_in_a_minute_is_one_mail_and_never_two(hub: Hub, clock: TestClock) -> None:
    alice = person(hub, "alice")
    say(hub, NEEDS, alice, {"institution_id": "lorelei"}, subject_id="c-1")
    work(hub, mail.QUEUE)
    assert letters(hub) == []
    clock.advance(seconds=61)
    work(hub, mail.QUEUE)
    work(hub, mail.QUEUE)
    assert letters(hub) == ["alice@people.example: Lorelei Bank wants to see you"]
    for number in range(3):
        say(hub, NEEDS, alice, {"institution_id": "albion"}, subject_id=f"d-{number}")
    clock.advance(seconds=61)
    work(hub, mail.QUEUE)
    assert letters(hub) == ["alice@people.example: Albion Bank wants to see you, and 2 more"]


def test_an_address_of_an_older_form_costs_nothing_but_its_mail(hub: Hub, clock: TestClock) -> None:
    alice = person(hub, "alice")
    with hub.db.write() as session:
        session.execute(update(Psu).where(Psu.id == alice).values(email="of another time"))
    say(hub, NEEDS, alice, {"institution_id": "lorelei"})
    clock.advance(seconds=61)
    work(hub, mail.QUEUE)
    with hub.db.read() as session:
        assert session.scalars(select(Job)).all() == []
        assert session.scalars(select(Notification.id).where(Notification.mail_due)).all() == []


def test_an_address_that_nobody_proved_gets_no_mail(hub: Hub, clock: TestClock) -> None:
    mallory = person(hub, "mallory", is_verified=False)
    say(hub, NEEDS, mallory, {"institution_id": "lorelei"})
    clock.advance(seconds=61)
    work(hub, mail.QUEUE)
    assert letters(hub) == []


def test_what_was_seen_before_the_minute_is_over_is_not_mailed(hub: Hub, clock: TestClock) -> None:
    alice = person(hub, "alice")
    say(hub, NEEDS, alice, {"institution_id": "lorelei"}, subject_id="c-1")
    say(hub, "connection.linked", alice, {}, subject_id="c-1")
    clock.advance(seconds=61)
    work(hub, mail.QUEUE)
    assert letters(hub) == []


def test_each_browser_of_hers_is_told_a_line_that_only_it_can_open(hub: Hub) -> None:
    alice, charlie = person(hub, "alice"), person(hub, "charlie")
    with device() as phone, device() as desk, device() as stranger:
        for browser in (phone, desk):
            takes(hub, logged_in(hub, alice), browser)
        takes(hub, logged_in(hub, charlie), stranger)
        say(hub, NEEDS, alice, {"institution_id": "lorelei"}, subject_id="c-1")
        work(hub, deliver.QUEUE)
        work(hub, deliver.QUEUE)
        (seen,) = phone.seen
        assert seen["title"] == "Lorelei Bank wants to see you"
        assert seen["path"] == "/connections/c-1"
        assert (len(desk.seen), stranger.seen) == (1, [])
        headers = phone.site.asked[0].headers
        assert headers["content-encoding"] == "aes128gcm"
        assert headers["topic"] == seen["tag"]
        assert headers["authorization"].startswith("vapid t=")
        assert b"Lorelei" not in phone.site.asked[0].body


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_forgotten(hub: Hub, status: int) -> None:
    alice = person(hub, "alice")
    with device(status) as gone, device() as there:
        takes(hub, logged_in(hub, alice), gone)
        kept = takes(hub, logged_in(hub, alice), there)
        say(hub, NEEDS, alice, {"institution_id": "lorelei"})
        work(hub, deliver.QUEUE)
    with hub.db.read() as session:
        assert session.scalars(select(PushSubscription.id)).all() == [kept]


def test_what_a_push_service_says_besides_its_status_does_not_matter(hub: Hub, clock: TestClock) -> None:
    alice = person(hub, "alice")
    with device() as talks:
        talks.site.answer = Answer(201, b"x" * 200_000, {"Content-Encoding": "gzip"})
        takes(hub, logged_in(hub, alice), talks)
        say(hub, NEEDS, alice, {"institution_id": "lorelei"})
        for _ in range(2):
            work(hub, deliver.QUEUE)
            clock.advance(seconds=3600)
        assert len(talks.seen) == 1


def test_a_person_whose_browsers_hang_leaves_threads_to_others(hub: Hub) -> None:
    """Anybody may name addresses of their own as browsers."""
    others_are_told = threading.Event()

    def hangs() -> Answer:
        return Answer(201 if others_are_told.wait(5) else 500, b"")

    def answers() -> Answer:
        others_are_told.set()
        return Answer(201, b"")

    mallory, alice = logged_in(hub, person(hub, "mallory")), logged_in(hub, person(hub, "alice"))
    with ExitStack() as stack:
        for who, count, answer in ((mallory, 3, hangs), (alice, 1, answers)):
            for _ in range(count):
                talks = stack.enter_context(device())
                talks.site.answer = answer
                takes(hub, who, talks)
            say(hub, NEEDS, who.psu_id, {"institution_id": "lorelei"})
        Crew(hub, [replace(deliver.KIND, threads=3)]).run_once()
        with hub.db.read() as session:
            assert None not in session.scalars(select(PushSubscription.last_taken_at)).all()


def test_a_push_service_that_is_away_is_asked_again_and_at_last_left(hub: Hub, clock: TestClock) -> None:
    alice = person(hub, "alice")
    with device(503) as away:
        takes(hub, logged_in(hub, alice), away)
        say(hub, NEEDS, alice, {"institution_id": "lorelei"}, subject_id="c-1")
        work(hub, deliver.QUEUE)
        away.site.answer = Answer(201, b"", {})
        clock.advance(seconds=60)
        work(hub, deliver.QUEUE)
        assert [one["path"] for one in away.seen] == ["/connections/c-1"] * 2
        assert away.seen[0]["tag"] == away.seen[1]["tag"]
        away.site.answer = Answer(503, b"", {})
        say(hub, NEEDS, alice, {"institution_id": "lorelei"}, subject_id="c-2")
        for _ in range(12):
            work(hub, deliver.QUEUE)
            clock.advance(seconds=3600)
        assert len(away.seen) == 2 + len(deliver.TRIES_S) + 1
    with hub.db.read() as session:
        assert session.scalars(select(Job).where(Job.queue == deliver.QUEUE)).all() == []


def test_a_browser_that_is_away_costs_the_others_nothing_and_what_is_new_is_told_at_once(
    hub: Hub, clock: TestClock
) -> None:
    alice = person(hub, "alice")
    with device(503) as away, device() as there:
        for browser in (away, there):
            takes(hub, logged_in(hub, alice), browser)
        say(hub, NEEDS, alice, {"institution_id": "lorelei"}, subject_id="c-1")
        for _ in range(6):
            work(hub, deliver.QUEUE)
            clock.advance(seconds=300)
        assert [one["path"] for one in there.seen] == ["/connections/c-1"]
        away.site.answer = Answer(201, b"", {})
        say(hub, NEEDS, alice, {"institution_id": "lorelei"}, subject_id="c-2")
        work(hub, deliver.QUEUE)
        assert [one["path"] for one in there.seen] == ["/connections/c-1", "/connections/c-2"]
        assert away.seen[-1]["path"] == "/connections/c-2"


def test_what_was_seen_meanwhile_is_not_pushed_and_neither_is_what_came_before_the_browser(hub: Hub) -> None:
    alice = person(hub, "alice")
    say(hub, NEEDS, alice, {"institution_id": "lorelei"}, subject_id="old")
    with device() as browser:
        takes(hub, logged_in(hub, alice), browser)
        say(hub, NEEDS, alice, {"institution_id": "lorelei"}, subject_id="c-1")
        say(hub, "connection.linked", alice, {}, subject_id="c-1")
        work(hub, deliver.QUEUE)
        assert browser.seen == []


def test_a_session_that_was_ended_adds_no_browser(hub: Hub) -> None:
    who = logged_in(hub, person(hub, "alice"))
    with hub.db.write() as session:
        session.execute(update(PsuSession).where(PsuSession.sid == who.sid).values(revoked_at=hub.clock()))
    with device() as browser, pytest.raises(BadInput):
        takes(hub, who, browser)


def test_what_no_try_mends_is_not_tried_again_and_other_browsers_are_told(hub: Hub, clock: TestClock) -> None:
    alice = person(hub, "alice")
    with device(413) as refuses, device() as takes_it:
        for browser in (refuses, takes_it):
            takes(hub, logged_in(hub, alice), browser)
        say(hub, NEEDS, alice, {"institution_id": "lorelei"})
        for _ in range(2):
            work(hub, deliver.QUEUE)
            clock.advance(seconds=3600)
        assert (len(refuses.seen), len(takes_it.seen)) == (1, 1)


def test_who_logs_out_of_a_browser_is_not_written_to_there(hub: Hub) -> None:
    alice = person(hub, "alice")
    with device() as library, device() as home:
        at_the_library = logged_in(hub, alice)
        takes(hub, at_the_library, library)
        takes(hub, logged_in(hub, alice), home)
        say(hub, "session.ended", alice, {}, subject_id=at_the_library.sid)
        say(hub, NEEDS, alice, {"institution_id": "lorelei"})
        work(hub, deliver.QUEUE)
        assert (library.seen, len(home.seen)) == ([], 1)


def test_a_browser_belongs_to_whoever_gave_it_last_and_is_removed_by_them_alone(hub: Hub) -> None:
    alice, charlie = person(hub, "alice"), person(hub, "charlie")
    with device() as shared:
        takes(hub, logged_in(hub, alice), shared)
        theirs = takes(hub, logged_in(hub, charlie), shared)
        say(hub, NEEDS, alice, {"institution_id": "lorelei"})
        work(hub, deliver.QUEUE)
        assert shared.seen == []
    with hub.db.write() as session, pytest.raises(NotFound):
        subscriptions.remove(session, alice, theirs)
    with hub.db.write() as session:
        subscriptions.remove(session, charlie, theirs)


def test_the_eleventh_browser_takes_the_place_of_the_one_that_took_nothing_for_longest(
    hub: Hub, clock: TestClock
) -> None:
    who = logged_in(hub, person(hub, "alice"))
    with device() as browser:
        made = []
        for number in range(subscriptions.MOST):
            made.append(_at(hub, who, browser, number))
            clock.advance(seconds=1)
        with hub.db.write() as session:
            session.execute(
                update(PushSubscription).where(PushSubscription.id == made[0]).values(last_taken_at=hub.clock())
            )
        made.append(_at(hub, who, browser, 10))
    with hub.db.read() as session:
        assert {row.id for row in subscriptions.of(session, who.psu_id)} == set(made) - {made[1]}


def _at(hub: Hub, who: Person, browser: Device, number: int) -> str:
    there = Address(f"{browser.address.endpoint}/{number}", browser.address.p256dh, browser.address.auth)
    return subscriptions.add(hub, who, there, device="", now=hub.clock())


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example/x",
        "https://user:word@push.example/x",
        "ftp://push.example/x",
        "/x",
        "",
        "https://push.example/" + "x" * 1000,
        "https://push.exämple/",
    ],
)
def test_an_address_that_this_hub_does_not_call_is_refused(hub: Hub, endpoint: str) -> None:
    public = replace(hub, settings=replace(hub.settings, base_url="https://hub.example"))
    who = logged_in(hub, person(hub, "alice"))
    with device() as browser:
        there = Address(endpoint, browser.address.p256dh, browser.address.auth)
    with pytest.raises(BadInput):
        subscriptions.add(public, who, there, device="", now=hub.clock())


def test_an_address_inside_is_never_called(hub: Hub, clock: TestClock) -> None:
    """Whoever names an address of the operator's network as their browser reaches nothing; and since a moment without
    names looks the same, nobody loses a browser by it."""
    alice = person(hub, "alice")
    public = replace(hub, settings=replace(hub.settings, base_url="https://hub.example"))
    inside = Outbound(public.settings, limits=Limits(), resolver=lambda _host, _port: ["10.0.0.7"])
    public.__dict__["messenger"] = inside
    with device() as browser:
        there = Address("https://push.example/x", browser.address.p256dh, browser.address.auth)
        subscriptions.add(public, logged_in(hub, alice), there, device="", now=hub.clock())
        say(hub, NEEDS, alice, {"institution_id": "lorelei"})
        for _ in range(6):
            work(public, deliver.QUEUE)
            clock.advance(seconds=3600)
        assert browser.site.asked == []
    with hub.db.read() as session:
        assert len(session.scalars(select(PushSubscription.id)).all()) == 1
        assert session.scalars(select(Job).where(Job.queue == deliver.QUEUE)).all() == []
