"""A client's notification endpoint on loopback, over a real socket (CIBA Core 1.0 10.2)."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Call:
    path: str
    headers: dict[str, str]
    document: Any


@dataclass
class Notified:
    """``calls`` in the order in which they came."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    answer: tuple[int, bytes, str] = (204, b"", "")

    def answers_with(self, status: int, body: bytes, *, location: str = "") -> None:
        self.answer = (status, body, location)

    @property
    def paths(self) -> list[str]:
        return [call.path for call in self.calls]


@contextmanager
def notified() -> Iterator[Notified]:
    here = Notified()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            here.calls.append(Call(self.path, dict(self.headers.items()), json.loads(body)))
            status, said, location = here.answer
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_arguments: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.url = f"http://127.0.0.1:{server.server_port}/ping"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()
