"""The worker's thread for mail: answer those who forgot their password, send what is due."""

import logging
import threading

from hub.context import Hub
from hub.identity import recovery
from hub.mail import sender
from hub.mail.transport import Transport

log = logging.getLogger(__name__)
POLL_S = 1.0


def run(hub: Hub, transport: Transport, stopping: threading.Event) -> None:
    """Until ``stopping`` is set; an error is logged and the next round tries again."""
    while not stopping.is_set():
        try:
            recovery.answer_requests(hub)
            sender.send_due(hub, transport)
        except Exception as error:  # the database may be away for a while
            log.error("the mail worker stumbled", extra={"error": type(error).__name__})
        stopping.wait(POLL_S)
