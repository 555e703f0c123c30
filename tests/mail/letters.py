"""What a test reads in the mails that the hub wrote."""

import re
from dataclasses import dataclass, field
from email.message import EmailMessage

from hub.context import Hub
from hub.identity import recovery
from hub.mail import sender


@dataclass
class Letterbox:
    """A transport that keeps the mails."""

    mails: list[EmailMessage] = field(default_factory=list)

    def deliver(self, mail: EmailMessage) -> None:
        self.mails.append(mail)


def delivered(hub: Hub) -> list[EmailMessage]:
    """What is sent now, in no certain order; the requests for a new password are answered first."""
    box = Letterbox()
    recovery.answer_requests(hub)
    sender.send_due(hub, box)
    return box.mails


def link_in(mails: list[EmailMessage], to: str, path: str) -> str:
    """The token behind ``path`` in the one mail to ``to`` that has such a link."""
    found = [
        match[1]
        for mail in mails
        if mail["To"] == to
        for match in re.finditer(rf"https?://[^/\s]+{re.escape(path)}([\w-]+)", mail.get_content())
    ]
    assert len(found) == 1, (to, path, [(mail["To"], mail["Subject"]) for mail in mails])
    return str(found[0])
