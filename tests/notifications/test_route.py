"""Who is told what, once, and never what is over."""

import string

import pytest
from sqlalchemy import delete, select

from hub.context import Hub
from hub.duties import ROUTES
from hub.events.catalogue import Topic, types
from hub.events.dispatcher import dispatch
from hub.events.outbox import emit
from hub.models.notification import Notification
from hub.models.psu import Psu
from hub.notifications import choices, inbox
from hub.notifications.choices import Choice
from tests.conftest import TestClock
from tests.notifications.telling import person, say, told, work

ATTENTION, NEEDS = "connection.attention", "connection.needs_psu"


def test_a_bank_that_wants_to_see_somebody_is_told_to_them_alone_until_they_were_there(hub: Hub) -> None:
    alice, charlie = person(hub, "alice"), person(hub, "charlie")
    say(hub, NEEDS, alice, {"institution_id": "lorelei"}, subject_id="c-1")
    say(hub, NEEDS, alice, {"institution_id": "albion"}, subject_id="c-2")
    assert told(hub, alice) == [(ATTENTION, "c-1", False), (ATTENTION, "c-2", False)]
    assert told(hub, charlie) == []
    with hub.db.read() as session:
        first = inbox.page(hub, session, alice).items[-1]
        assert first.words.title == "Lorelei Bank wants to see you"
        assert first.words.path == "/connections/c-1"
        assert (inbox.unread(session, alice), inbox.unread(session, charlie)) == (2, 0)
    say(hub, "connection.linked", alice, {}, subject_id="c-1")
    assert told(hub, alice) == [(ATTENTION, "c-1", True), (ATTENTION, "c-2", False)]
    with hub.db.read() as session:
        due = session.scalars(select(Notification.subject_id).where(Notification.mail_due)).all()
    assert due == ["c-2"]


def test_another_persons_signal_settles_nothing_of_hers(hub: Hub) -> None:
    alice, charlie = person(hub, "alice"), person(hub, "charlie")
    say(hub, NEEDS, alice, {"institution_id": "lorelei"}, subject_id="c-1")
    say(hub, "connection.linked", charlie, {}, subject_id="c-1")
    assert told(hub, alice) == [(ATTENTION, "c-1", False)]


def test_who_has_gone_stops_nobody_elses_events(hub: Hub) -> None:
    alice, charlie = person(hub, "alice"), person(hub, "charlie")
    with hub.db.write() as session:
        session.execute(delete(Psu).where(Psu.id == charlie))
    say(hub, NEEDS, charlie, {"institution_id": "lorelei"})
    say(hub, NEEDS, "nobody-at-all", {"institution_id": "lorelei"})
    say(hub, NEEDS, alice, {"institution_id": "lorelei"})
    assert len(told(hub, alice)) == 1
    assert dispatch(hub, ()) == 0


def test_an_unusual_payment_is_told_once_whatever_the_bank_repeats(hub: Hub) -> None:
    alice = person(hub, "alice")
    for _ in range(2):
        say(hub, "insight.unusual_debit", alice, {"account_id": "a"}, subject_id="t-1")
    say(hub, "insight.unusual_debit", alice, {"account_id": "a"}, subject_id="t-2")
    assert told(hub, alice) == [("transaction.unusual", "t-1", False), ("transaction.unusual", "t-2", False)]


def test_what_two_people_call_the_same_is_told_to_both(hub: Hub) -> None:
    alice, bob = person(hub, "alice"), person(hub, "bob")
    for one in (alice, bob):
        say(hub, "insight.unusual_debit", one, {"account_id": "a"}, subject_id="order-1")
    assert (len(told(hub, alice)), len(told(hub, bob))) == (1, 1)


def test_what_is_over_by_the_time_it_is_dispatched_is_told_to_nobody(hub: Hub) -> None:
    alice = person(hub, "alice")
    with hub.db.write() as session:
        for kind in (NEEDS, "connection.linked"):
            emit(session, kind, "c-1", now=hub.clock(), psu_id=alice, body={"institution_id": "lorelei"})
        emit(session, "connection.linked", "c-2", now=hub.clock(), psu_id=alice)
        emit(session, NEEDS, "c-2", now=hub.clock(), psu_id=alice, body={"institution_id": "lorelei"})
    dispatch(hub, ROUTES)
    assert told(hub, alice) == [(ATTENTION, "c-2", False)]


def test_what_somebody_chose_decides_where_else_it_goes(hub: Hub) -> None:
    alice, bob = person(hub, "alice"), person(hub, "bob")
    with hub.db.write() as session:
        choices.choose(session, alice, {Topic.ACCESS: Choice(mail=False, push=False)})
        choices.choose(session, alice, {Topic.ACCESS: Choice(mail=False, push=True)})
    for one in (alice, bob):
        say(hub, NEEDS, one, {"institution_id": "lorelei"})
    with hub.db.read() as session:
        rows = session.execute(select(Notification.psu_id, Notification.mail_due, Notification.push_due)).all()
    assert {tuple(row) for row in rows} == {(alice, False, True), (bob, True, True)}


def test_words_hold_only_what_the_event_says_and_nothing_private_leaves_the_hub() -> None:
    for one in types().values():
        if one.notice is None:
            continue
        known = {"bank", "app", "payee", *one.data}
        for text in (one.notice.title, one.notice.text):
            assert {name for _, name, _, _ in string.Formatter().parse(text) if name} <= known, one.type
        assert "{payee}" not in one.notice.title, one.type
        assert {name for _, name, _, _ in string.Formatter().parse(one.notice.path) if name} <= {"subject", *one.data}
        assert one.notice.path.startswith("/"), one.type
        assert one.notice.topic in choices.USUAL


@pytest.mark.parametrize("name", ["{0.__class__}", "{title}", '"><script>', "A\r\nBcc: x"])
def test_a_bank_of_any_name_is_only_a_name(hub: Hub, name: str) -> None:
    alice = person(hub, "alice")
    say(hub, "connection.begun", alice, {"institution_id": name}, subject_id="c-1")
    say(hub, NEEDS, alice, {"institution_id": name})
    with hub.db.read() as session:
        (item,) = inbox.page(hub, session, alice).items
    assert item.words.title == "A bank wants to see you"


def test_a_path_holds_ids_and_nothing_that_leads_elsewhere(hub: Hub, clock: TestClock) -> None:
    alice = person(hub, "alice")
    say(hub, "connection.begun", alice, {"institution_id": "//evil.example/..?x"})
    clock.advance(seconds=601)
    work(hub, "event.timer")
    with hub.db.read() as session:
        (item,) = inbox.page(hub, session, alice).items
    assert item.words.path == "/connect/%2F%2Fevil.example%2F..%3Fx"
