"""A stranger's web server, on a real socket of this machine."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Answer:
    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Site:
    """``answer`` may be changed at any time. ``asked``: what came, in order."""

    port: int = 0
    answer: Answer | Callable[[], Answer] = field(default_factory=Answer)
    asked: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/there"


@contextmanager
def serving(answer: Answer | Callable[[], Answer] | None = None, tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    site = Site(answer=answer or Answer())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            site.asked.append(Asked(self.command, self.path, headers, body))
            given = site.answer if isinstance(site.answer, Answer) else site.answer()
            self.send_response(given.status)
            for name, value in ({"Content-Length": str(len(given.body))} | given.headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(given.body)

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """A caller that hangs up is no error here."""

    server = Server(("127.0.0.1", 0), Handler)
    site.port = server.server_port
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def dripping(first: bytes, drop: bytes, every_s: float) -> Iterator[int]:
    """A port that answers ``first`` and then ``drop`` again and again, slowly; nothing at all where both are empty."""
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def run() -> None:
        try:
            caller, _ = listening.accept()
            with caller:
                caller.recv(65_536)
                caller.sendall(first)
                while not over.wait(every_s):
                    caller.sendall(drop)
        except OSError:
            return  # the caller hung up, or nobody called

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        over.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()
