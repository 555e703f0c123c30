"""A relying party's back-channel logout endpoint, on a real socket of this machine."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from hub.oauth import backchannel
from hub.outbound.fetch import Outbound
from hub.settings import Settings


@dataclass
class Receiver:
    """``answers`` are the statuses to give, in order, the last one again and again. ``got``: (content type, form)."""

    url: str = ""
    answers: list[int] = field(default_factory=lambda: [200])
    delay_s: float = 0
    got: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)

    @property
    def tokens(self) -> list[str]:
        return [form["logout_token"][0] for _, form in self.got]


@contextmanager
def receiving(**facts: Any) -> Iterator[Receiver]:
    made = Receiver(**facts)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            made.got.append((self.headers["Content-Type"], parse_qs(body)))
            time.sleep(made.delay_s)
            status = made.answers.pop(0) if len(made.answers) > 1 else made.answers[0]
            self.send_response(status)
            if status in {301, 302, 303, 307, 308}:
                self.send_header("Location", made.url + "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}/backchannel"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


post = backchannel.by(Outbound(Settings()))
"""What the worker sends with, in a hub that may call its own machine."""
