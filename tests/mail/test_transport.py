"""Mails over a real socket, and into files."""

import socket
import stat
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from hub.mail import message, transport
from hub.mail.templates import Written
from hub.mail.transport import Folder, NotTaken, Smtp
from hub.settings import Settings, SettingsError
from tests.mail.smtp_server import Mailbox, mail_server

SETTINGS = Settings(mail_from="rialto@hub.example")
LONG = "https://hub.example/recover/" + "a" * 43


def letter() -> EmailMessage:
    written = Written("A subject", f"Open this:\n\n{LONG}\n\n.\nA lone dot stood there.\n")
    now = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    return message.compose(SETTINGS, mail_id="id-1", to="alice@people.example", written=written, now=now)


def smtp(box: Mailbox, **more: str) -> Smtp:
    return Smtp("127.0.0.1", box.port, False, **more)


def test_a_mail_arrives_whole_with_its_envelope() -> None:
    with mail_server() as box:
        smtp(box).deliver(letter())
    assert "mail FROM:<rialto@hub.example> size" not in box.said
    assert any(line.lower().startswith("mail from:<rialto@hub.example>") for line in box.said)
    assert [line for line in box.said if line.lower().startswith("rcpt")] == ["rcpt TO:<alice@people.example>"]
    (mail,) = box.mails
    assert LONG in mail.splitlines()
    assert "\n..\nA lone dot" in mail, "SMTP doubles a lone dot: it would end the mail (RFC 5321 4.5.2)"
    assert "From: Rialto <rialto@hub.example>" in mail
    assert "Message-ID: <id-1@127.0.0.1>" in mail
    assert "Auto-Submitted: auto-generated" in mail
    assert "text/plain" in mail
    assert "text/html" not in mail


def test_name_and_password_are_given_where_they_are_set() -> None:
    with mail_server() as box:
        smtp(box, user="post", password="hush").deliver(letter())
    assert any(line.startswith("AUTH PLAIN") for line in box.said)
    assert "hush" not in repr(smtp(box, user="post", password="hush"))


@pytest.mark.parametrize(
    ("answers", "is_final"),
    [
        ({"RCPT": "550 nobody here"}, True),
        ({"RCPT": "450 come back later"}, False),
        ({"MAIL": "451 busy"}, False),
        ({"DATA": "554 no"}, False),
        ({"taken": "452 full"}, False),
        ({"EHLO": "hang up"}, False),
        ({"greeting": "554 go away"}, False),
        ({"RCPT": "hang up"}, False),
    ],
)
def test_a_server_that_does_not_take_it_is_an_error_without_its_words(answers: dict[str, str], is_final: bool) -> None:
    mail = letter()
    with mail_server(answers=answers) as box, pytest.raises(NotTaken) as caught:
        smtp(box).deliver(mail)
    assert caught.value.is_final == is_final
    assert "alice" not in str(caught.value)


def test_a_server_that_says_goodbye_badly_has_taken_it_all_the_same() -> None:
    with mail_server(answers={"QUIT": "hang up"}) as box:
        smtp(box).deliver(letter())
    assert len(box.mails) == 1


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(NotTaken):
            Smtp("127.0.0.1", free.getsockname()[1], False).deliver(letter())


def test_elsewhere_than_here_no_mail_without_encryption(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sits in between can cut STARTTLS out of the offer."""
    with mail_server() as box:
        real = socket.create_connection
        monkeypatch.setattr(
            socket, "create_connection", lambda _address, *a, **k: real(("127.0.0.1", box.port), *a, **k)
        )
        with pytest.raises(NotTaken):
            Smtp("mail.example", 587, False).deliver(letter())
    assert box.mails == []
    assert not [line for line in box.said if line.lower().startswith(("mail", "auth"))]


def test_a_server_that_never_answers_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "TIMEOUT_S", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(NotTaken):
            Smtp("127.0.0.1", silent.getsockname()[1], False).deliver(letter())


def test_without_smtp_a_hub_on_this_machine_writes_files_that_only_its_user_reads(tmp_path: Path) -> None:
    found = transport.of(Settings(data_dir=tmp_path / "var"))
    assert found == Folder(tmp_path / "var" / "mail")
    found.deliver(letter())
    found.deliver(letter())
    (file,) = (tmp_path / "var" / "mail").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    read = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert LONG in read.get_content()


def test_a_folder_that_cannot_be_written_is_tried_later(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("in the way")
    with pytest.raises(NotTaken):
        Folder(tmp_path / "mail").deliver(letter())


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", Smtp("mail.example", 587, False)),
        ("smtps://mail.example/", Smtp("mail.example", 465, True)),
        ("smtp://po%40st:a%2Fb@mail.example:2525", Smtp("mail.example", 2525, False, "po@st", "a/b")),
    ],
)
def test_the_server_is_named_by_one_url(url: str, expected: Smtp) -> None:
    assert transport.of(Settings(smtp_url=url, mail_from="rialto@hub.example")) == expected


@pytest.mark.parametrize(
    ("setting", "given"),
    [
        ("RIALTO_SMTP_URL", {"base_url": "https://hub.example"}),
        ("RIALTO_SMTP_URL", {"smtp_url": "mail.example:25"}),
        ("RIALTO_SMTP_URL", {"smtp_url": "http://mail.example"}),
        ("RIALTO_SMTP_URL", {"smtp_url": "smtp://mail.example:x"}),
        ("RIALTO_MAIL_FROM", {"smtp_url": "smtp://mail.example", "mail_from": ""}),
        ("RIALTO_MAIL_FROM", {"smtp_url": "smtp://mail.example", "mail_from": "Rialto <r@hub.example>"}),
        ("RIALTO_MAIL_FROM", {"smtp_url": "smtp://mail.example", "mail_from": "r@hub.example\nBcc: x@y.example"}),
    ],
)
def test_a_wrong_setting_is_named(setting: str, given: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=setting):
        transport.of(Settings(**({"mail_from": "rialto@hub.example"} | given)))  # type: ignore[arg-type]


def test_the_servers_password_is_not_printed() -> None:
    assert "hush" not in repr(Settings(smtp_url="smtp://post:hush@mail.example"))
