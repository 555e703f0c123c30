"""A mail as RFC 5322 text. Headers hold our own constants and ids, a checked address, and a subject of one printable
line (hub.mail.templates)."""

from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from urllib.parse import urlsplit

from hub.mail.templates import Written
from hub.settings import Settings

NOBODY = "rialto@localhost.localdomain"
"""Who writes the mails that go to a folder only."""


def compose(settings: Settings, *, mail_id: str, to: str, written: Written, now: datetime) -> EmailMessage:
    """``to`` is an ASCII dot-atom address (hub.identity.particulars), so it cannot carry a second header.

    The Message-ID is the outbox row's: a mail that is sent twice, because a worker died in between, is one mail to a
    good mail program.
    """
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"] = Address("Rialto", addr_spec=settings.mail_from or NOBODY)
    mail["To"] = Address(addr_spec=to)
    mail["Subject"] = written.subject
    mail["Date"] = now
    mail["Message-ID"] = f"<{mail_id}@{urlsplit(settings.base_url).hostname}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notes in return
    # Lines end as they are: a link that was folded or quoted would not open where nothing undoes it. Banks and apps
    # have names beyond ASCII, and those need a mail program that does.
    mail.set_content(written.body, cte="7bit" if written.body.isascii() else "quoted-printable")
    return mail
