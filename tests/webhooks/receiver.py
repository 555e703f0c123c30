"""An app's receiver on a real socket: it verifies as the Standard Webhooks text says, with no code of ours."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Got:
    headers: dict[str, str]
    body: bytes
    path: str = ""

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def is_signed_by(self, secret: str) -> bool:
        """``secret`` as it was shown: whsec_..."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        content = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        right = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        return f"v1,{right}" in self.headers["webhook-signature"].split(" ")


Answer = tuple[int, dict[str, str]]


@dataclass
class Receiver:
    """``answer`` decides of each call; ``got`` is all that came. While ``hangs`` is set it takes what comes and says
    nothing; while ``drips`` is, its answer begins and does not end. ``body``: of every answer."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    answer: Callable[[Got], Answer] = lambda _got: (204, {})
    body: bytes = b""
    hangs: threading.Event = field(default_factory=threading.Event)
    drips: threading.Event = field(default_factory=threading.Event)


class Quiet(ThreadingHTTPServer):
    request_queue_size = 128  # many come at once

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that was killed in the middle comes again."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    here, lock = Receiver(), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got = Got({name.lower(): value for name, value in self.headers.items()}, body, self.path)
            with lock:
                here.got.append(got)
            status, headers = here.answer(got)
            while here.hangs.is_set():
                time.sleep(0.1)
            self.send_response(status)
            while here.drips.is_set():
                self.send_header("X-Drop", "1")
                self.flush_headers()
                time.sleep(0.5)  # slow enough to meet the bound of time before that of the number of headers
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(here.body)))
            self.end_headers()
            self.wfile.write(here.body)

        def log_message(self, *_: object) -> None:
            pass

    server = Quiet(("127.0.0.1", 0), Handler)
    here.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()
