"""A mail belongs to the change it tells of, goes out at least once, and leaves no link behind."""

import logging
from email.message import EmailMessage

import pytest
from sqlalchemy import select

from hub import mail
from hub.context import Hub
from hub.errors import BadInput
from hub.mail import Template, outbox, sender, templates
from hub.mail.transport import NotTaken
from hub.models.mail import Mail
from hub.sweeping import sweep_all
from tests.conftest import TestClock
from tests.mail.letters import Letterbox
from tests.race import at_once
from tests.stored import everything

LINK = "http://127.0.0.1:8000/recover/0f9a8e7d6c5b4a39"
ALICE = "alice@people.example"


def write(hub: Hub, to: str = ALICE) -> str:
    with hub.db.write() as session:
        return mail.send(
            hub, session, to=to, template=Template.RESET, psu_id=None, now=hub.clock(), link=LINK, until="noon"
        )


def rows(hub: Hub) -> list[tuple[str, int, bool]]:
    with hub.db.read() as session:
        found = session.scalars(select(Mail).order_by(Mail.created_at, Mail.id))
        return [(row.state, row.attempts, row.message_sealed is None) for row in found]


class Refusing:
    def __init__(self, *, is_final: bool = False) -> None:
        self.tries = 0
        self.is_final = is_final

    def deliver(self, mail: EmailMessage) -> None:
        self.tries += 1
        raise NotTaken("TryLater", is_final=self.is_final)


def test_a_mail_is_sent_once_and_its_text_is_gone(hub: Hub) -> None:
    write(hub)
    box = Letterbox()
    assert sender.send_due(hub, box) == 1
    assert sender.send_due(hub, box) == 0
    (sent,) = box.mails
    assert sent["To"] == ALICE
    assert LINK in sent.get_content().splitlines()
    assert rows(hub) == [("sent", 1, True)]


def test_no_mail_of_a_change_that_did_not_happen(hub: Hub) -> None:
    def a_change_that_breaks_off() -> None:
        with hub.db.write() as session:
            mail.send(hub, session, to=ALICE, template=Template.CHANGE_UNDONE, psu_id=None, now=hub.clock(), at="noon")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        a_change_that_breaks_off()
    assert rows(hub) == []


def test_the_link_is_neither_in_the_rows_nor_in_the_log(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    write(hub)
    with hub.db.read() as session:
        stored = everything(session)
    sender.send_due(hub, Refusing())
    hub.clock.advance(seconds=61)  # type: ignore[attr-defined]  # a TestClock
    sender.send_due(hub, Letterbox())
    assert "a mail was not taken" in caplog.text
    assert "a mail was sent" in caplog.text
    for text in (stored, caplog.text):
        assert "0f9a8e7d6c5b4a39" not in text
    assert ALICE not in caplog.text


def test_a_mail_that_is_not_taken_is_tried_later_and_later_and_then_given_up(hub: Hub, clock: TestClock) -> None:
    write(hub)
    refusing = Refusing()
    for number, pause in enumerate(sender.PAUSES_S, 1):
        sender.send_due(hub, refusing)
        assert refusing.tries == number
        clock.advance(seconds=pause - 1)
        sender.send_due(hub, refusing)
        assert refusing.tries == number, "not before its time"
        clock.advance(seconds=1)
    sender.send_due(hub, refusing)
    assert refusing.tries == len(sender.PAUSES_S)
    assert rows(hub) == [("dead", len(sender.PAUSES_S), True)]


def test_a_recipient_that_will_never_be_taken_is_given_up_at_once(hub: Hub) -> None:
    write(hub)
    sender.send_due(hub, Refusing(is_final=True))
    assert rows(hub) == [("dead", 1, True)]


def test_a_worker_that_dies_with_a_mail_in_its_hands_loses_none(hub: Hub, clock: TestClock) -> None:
    class Dying:
        def deliver(self, mail: EmailMessage) -> None:
            raise MemoryError

    write(hub)
    with pytest.raises(MemoryError):
        sender.send_due(hub, Dying())
    assert sender.send_due(hub, Letterbox()) == 0
    clock.advance(seconds=sender.LEASE_S)
    assert sender.send_due(hub, Letterbox()) == 1


def test_many_workers_send_each_mail_once(hub: Hub) -> None:
    for _ in range(12):
        write(hub)
    box = Letterbox()
    assert sum(at_once(6, lambda: sender.send_due(hub, box))) == 12
    assert len({mail["Message-ID"] for mail in box.mails}) == len(box.mails) == 12


def test_a_mail_that_was_moved_to_another_row_does_not_open(hub: Hub) -> None:
    first, second = write(hub), write(hub, "bob@people.example")
    with hub.db.write() as session:
        stolen = session.get_one(Mail, first).message_sealed
        session.get_one(Mail, second).message_sealed = stolen
    box = Letterbox()
    sender.send_due(hub, box)
    assert [mail["To"] for mail in box.mails] == [ALICE]
    assert sorted(rows(hub)) == [("dead", 1, True), ("sent", 1, True)]


@pytest.mark.parametrize(
    "to",
    [
        "alice@people.example\r\nBcc: all@people.example",
        "alice@people.example\nX: y",
        "alice@people.example, charlie@people.example",
        '"a\r\nb"@people.example',
        "Alice <alice@people.example>",
        "alice@localhost",
        "",
    ],
)
def test_nothing_but_one_plain_address_becomes_a_recipient(hub: Hub, to: str) -> None:
    with pytest.raises(BadInput):
        write(hub, to)
    assert rows(hub) == []


@pytest.mark.parametrize("value", ["noon\r\nBcc: x@y.example", "a\x00b", "x" * 501, "\u2028"])
def test_a_value_is_one_short_piece_of_a_line(value: str) -> None:
    with pytest.raises(ValueError):
        templates.write(Template.CHANGE_UNDONE, {"at": value})


_NAMES = ("what", "link", "until", "at", "new_address", "provider", "effective", "removed", "kept")
_OF_NOTICES = ("title", "more", "settings")


@pytest.mark.parametrize("template", Template)
def test_every_mail_is_short_plain_and_whole(template: Template) -> None:
    values = dict.fromkeys(_NAMES + _OF_NOTICES, "VALUE")
    written = templates.write(template, values)
    assert "$" not in written.body
    assert written.subject.isprintable()
    assert written.subject.isascii()
    assert len(written.subject) <= 70
    assert max(map(len, written.body.splitlines())) <= 100
    assert len(written.body) < 1200


def test_mails_that_are_over_are_swept(hub: Hub, clock: TestClock) -> None:
    write(hub)
    sender.send_due(hub, Letterbox())
    clock.advance(days=6)
    write(hub)
    dict(sweep_all(hub, clock()))
    assert len(rows(hub)) == 2
    clock.advance(days=1)
    dict(sweep_all(hub, clock()))
    assert rows(hub) == [(outbox.DUE, 0, False)]
