"""E-mail to people. ``outbox.send`` writes a row in the caller's transaction; the worker's ``sender`` delivers it.

Plain text, short, no picture, no tracking. A mail is a letter to one address that was typed by somebody, so nothing
that a stranger can choose (a name, a browser's claim) is repeated in it.
"""

from hub.mail.outbox import send
from hub.mail.templates import Template

__all__ = ["Template", "send"]
