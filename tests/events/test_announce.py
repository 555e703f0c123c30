"""What is announced reaches everybody once: inboxes, mail for who wants it, every app that listens."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from hub.app import create_app
from hub.cli import main
from hub.context import Hub
from hub.duties import ROUTES
from hub.errors import BadInput, Conflict
from hub.events import announce
from hub.events.announce import Announcement, To
from hub.events.catalogue import Topic
from hub.events.dispatcher import dispatch
from hub.mail import sender
from hub.models.psu import Psu
from hub.models.webhook import WebhookMessage
from hub.notifications import choices, everyone, inbox
from hub.notifications.choices import Choice
from hub.webhooks import endpoints
from tests.conftest import TestClock
from tests.mail.letters import Letterbox
from tests.notifications.telling import person, work
from tests.race import at_once
from tests.registered import registered

TERMS = "https://hub.example/terms"
NEWS = Announcement("terms", "New terms from January", "The fee goes away.", TERMS, date(2027, 1, 1))


def announced(hub: Hub, one: Announcement = NEWS) -> str:
    with hub.db.write() as session:
        made = announce.make(session, one, now=hub.clock())
    dispatch(hub, ROUTES)
    return made


def unread(hub: Hub, psu_id: str) -> int:
    with hub.db.read() as session:
        return inbox.unread(session, psu_id)


def mailed(hub: Hub) -> list[str]:
    for _ in range(10):
        work(hub, everyone.QUEUE)
    box = Letterbox()
    sender.send_due(hub, box)
    return sorted(f"{one['To']}: {one['Subject']}" for one in box.mails)


def test_people_see_it_until_they_read_it_and_who_comes_later_does_not(hub: Hub, clock: TestClock) -> None:
    alice, bob = person(hub, "alice"), person(hub, "bob")
    clock.advance(seconds=1)
    announcement_id = announced(hub)
    clock.advance(seconds=1)
    newcomer = person(hub, "newcomer")
    assert [unread(hub, one) for one in (alice, bob, newcomer)] == [1, 1, 0]
    with hub.db.write() as session:
        (item,) = inbox.page(hub, session, alice).items
        assert (item.words.title, item.words.text, item.is_read) == (NEWS.title, NEWS.text, False)
        path = inbox.opened(hub, session, alice, item.id, hub.clock())
        assert path == f"/announcements/{announcement_id}"
    assert [unread(hub, one) for one in (alice, bob)] == [0, 1]
    with hub.db.write() as session:
        inbox.read_all(session, bob, clock())
    assert unread(hub, bob) == 0
    clock.advance(seconds=1)
    announced(hub, replace(NEWS, title="Another"))
    assert [unread(hub, one) for one in (alice, bob, newcomer)] == [1, 1, 1]
    text = create_app(hub).test_client().get(path).text
    assert "The fee goes away." in text
    assert 'href="https://hub.example/terms"' in text


def test_mail_goes_once_to_whoever_proved_an_address_and_did_not_choose_otherwise(
    hub: Hub, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(everyone, "BATCH", 2)
    people = [person(hub, f"p{number}") for number in range(5)]
    person(hub, "unproved", is_verified=False)
    with hub.db.write() as session:
        choices.choose(session, people[2], {Topic.SERVICE: Choice(mail=False, push=False)})
        choices.choose(session, people[3], {Topic.MONEY: Choice(mail=False, push=False)})
    odd = person(hub, "odd")
    with hub.db.write() as session:
        session.get_one(Psu, odd).email = "no address of today's form"
    clock.advance(seconds=1)
    announced(hub)
    clock.advance(seconds=1)
    person(hub, "later")
    assert mailed(hub) == [f"p{number}@people.example: {NEWS.title}" for number in (0, 1, 3, 4)]
    assert mailed(hub) == []


def listening(hub: Hub, owner: str, wanted: tuple[str, ...]) -> None:
    """One more app, with an endpoint that wants these types."""
    with hub.db.write() as session:
        back = ["https://app.example/back"]
        made = registered(session, owner_psu_id=owner, redirect_uris=back, scopes=["openid"], now=hub.clock())
        session.flush()
        endpoints.make(
            hub, session, made.client.client_id, url="http://127.0.0.1:9/hook", wanted=wanted, now=hub.clock()
        )


def test_every_app_that_listens_is_told_and_about_nobody(hub: Hub) -> None:
    owner = person(hub, "owner")
    for wanted in ((), ("announcement.published",), ("consent.ended",)):
        listening(hub, owner, wanted)
    with hub.db.read() as session:
        assert announce.reach(session) == announce.Reach(1, 1, 2)
    announced(hub)
    with hub.db.read() as session:
        bodies = [json.loads(body) for body in session.scalars(select(WebhookMessage.body))]
    assert len(bodies) == 2
    assert all("subject" not in body for body in bodies)
    assert bodies[0]["data"]["valid_from"] == "2027-01-01"


def test_apps_alone_are_told_where_it_concerns_nobody_else(hub: Hub, clock: TestClock) -> None:
    owner = person(hub, "owner")
    for wanted in ((), ("announcement.for_apps",), ("announcement.published",)):
        listening(hub, owner, wanted)
    clock.advance(seconds=1)
    with hub.db.write() as session:
        assert announce.reach(session, To.APPS) == announce.Reach(0, 0, 2)
        announce.make(session, replace(NEWS, about="version"), now=hub.clock(), to=To.APPS)
    dispatch(hub, ROUTES)
    with hub.db.read() as session:
        bodies = [json.loads(body) for body in session.scalars(select(WebhookMessage.body))]
    assert [(one["type"], one["data"]["about"]) for one in bodies] == [("announcement.for_apps", "version")] * 2
    assert unread(hub, owner) == 0
    assert mailed(hub) == []


def test_two_who_announce_the_same_at_once_announce_it_once(hub: Hub) -> None:
    def one() -> bool:
        try:
            with hub.db.write() as session:
                announce.make(session, NEWS, now=hub.clock())
        except Conflict:
            return False
        return True

    assert sorted(at_once(3, one)) == [False, False, True]


@pytest.mark.parametrize(
    "wrong",
    [
        {"about": "gossip"},
        {"title": ""},
        {"title": "two\nlines"},
        {"title": "x" * 121},
        {"text": "x" * 1001},
        {"url": "javascript:alert(1)"},
        {"url": "http://hub.example/"},
        {"url": "https://"},
        {"url": "https://["},
        {"url": "https://a\n.example/"},
        {"url": "https://a .example/"},
    ],
)
def test_what_could_not_be_shown_or_followed_is_refused(hub: Hub, wrong: dict[str, Any]) -> None:
    with hub.db.write() as session, pytest.raises(BadInput):
        announce.make(session, replace(NEWS, **wrong), now=hub.clock())


def test_the_command_shows_before_it_sends(hub: Hub, clock: TestClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.commands.events.hub_of_environ", lambda: hub)
    alice = person(hub, "alice")
    clock.advance(seconds=1)

    def run(*more: str) -> Result:
        told = ["events", "announce", "--about", "version", "--title", "Version 2", "--text", "Faster.", *more]
        return CliRunner().invoke(main, told)

    shown = run()
    assert (shown.exit_code, "people: 1" in shown.output, "nothing was sent" in shown.output) == (0, True, True)
    dispatch(hub, ROUTES)
    with hub.db.read() as session:
        assert inbox.page(hub, session, alice).items == []
    assert "/announcements/" in run("--yes").output
    repeated = run("--yes")
    assert (repeated.exit_code, "--again" in repeated.output) == (1, True)
    dispatch(hub, ROUTES)
    with hub.db.read() as session:
        assert [one.words.title for one in inbox.page(hub, session, alice).items] == ["Version 2"]
    assert "/announcements/" in run("--yes", "--again").output
    dispatch(hub, ROUTES)
    assert unread(hub, alice) == 2
    assert run("--url", "ftp://x").exit_code == 1
    for_apps = run("--to", "apps")
    assert (for_apps.exit_code, "people: 0" in for_apps.output) == (0, True)
    assert run("--to", "apps", "--yes").output.endswith("sent\n")
    assert "announcement.published" in CliRunner().invoke(main, ["events", "types"]).output
