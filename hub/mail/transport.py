"""The ways out: SMTP, or for a hub on this machine files in the data folder."""

import contextlib
import os
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from hub.db import in_transaction
from hub.identity import particulars
from hub.settings import LOOPBACK, Settings, SettingsError

TIMEOUT_S = 10
_PORTS = {"smtp": 587, "smtps": 465}


class NotTaken(Exception):
    """The mail did not go out. ``is_final``: this recipient will not be taken later either."""

    def __init__(self, why: str, *, is_final: bool = False) -> None:
        super().__init__(why)
        self.is_final = is_final


class Transport(Protocol):
    def deliver(self, mail: EmailMessage) -> None:
        """Raises NotTaken."""


@dataclass(frozen=True, slots=True)
class Folder:
    """Writes ``<mail id>.eml`` into ``path``, readable by this user only: what `make serve` has instead of SMTP."""

    path: Path

    def deliver(self, mail: EmailMessage) -> None:
        try:
            self._write(mail)
        except OSError as error:
            raise NotTaken(type(error).__name__) from None

    def _write(self, mail: EmailMessage) -> None:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = str(mail["Message-ID"]).strip("<>").partition("@")[0]
        fresh = self.path / f".{name}"
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(mail.as_bytes())
        fresh.rename(self.path / f"{name}.eml")  # whole or not at all


@dataclass(frozen=True, slots=True)
class Smtp:
    """One connection a mail. Anywhere but on this machine the connection is encrypted and the server's name checked."""

    host: str
    port: int
    is_tls_from_the_start: bool
    user: str = ""
    password: str = field(default="", repr=False)

    def deliver(self, mail: EmailMessage) -> None:
        if in_transaction():
            raise RuntimeError("mails are sent outside of transactions")
        try:
            with contextlib.closing(self._connect()) as server:
                server.ehlo()
                self._encrypt(server)
                if self.user:
                    server.login(self.user, self.password)
                server.send_message(mail)
                with contextlib.suppress(smtplib.SMTPException, OSError):
                    server.quit()  # it was taken already
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _text in error.recipients.values()]
            raise NotTaken("SMTPRecipientsRefused", is_final=all(code >= 500 for code in codes)) from None
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise NotTaken(type(error).__name__) from None  # the type only: a server's answer may repeat the mail

    def _connect(self) -> smtplib.SMTP:
        if self.is_tls_from_the_start:
            return smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT_S, context=ssl.create_default_context())
        return smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_S)

    def _encrypt(self, server: smtplib.SMTP) -> None:
        """STARTTLS, or no mail: whoever sits in between may have cut the offer out (RFC 8314 4.1)."""
        if self.is_tls_from_the_start or (self.host in LOOPBACK and not server.has_extn("starttls")):
            return
        server.starttls(context=ssl.create_default_context())
        server.ehlo()


def of(settings: Settings) -> Transport:
    """Raises SettingsError if mails cannot be sent with these settings."""
    if settings.smtp_url is not None:
        if not settings.mail_from or particulars.sought_address(settings.mail_from) != settings.mail_from:
            raise SettingsError("RIALTO_MAIL_FROM is the sender's address in lower case, such as rialto@hub.example")
        return _smtp(settings.smtp_url)
    if settings.local:
        return Folder(settings.data_dir / "mail")
    raise SettingsError("RIALTO_SMTP_URL must be set for a public hub, such as smtp://user:password@mail.example:587")


def _smtp(url: str) -> Smtp:
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        parts, port = urlsplit(""), None
    if not parts.hostname or port is None or parts.path.strip("/") or parts.query or parts.scheme not in _PORTS:
        raise SettingsError(
            "RIALTO_SMTP_URL is smtp://[user:password@]host[:587] or smtps://[user:password@]host[:465]"
        )
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Smtp(parts.hostname, port, parts.scheme == "smtps", user, password)
