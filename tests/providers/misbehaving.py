"""A bank on a real socket that does exactly what a test tells it to, byte by byte."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Behaviour = Callable[[socket.socket, str], None]


@dataclass
class Bank:
    """``url`` is its origin; ``requests`` are the heads of the requests it was sent, in order."""

    url: str
    requests: list[str] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [head.split(" ")[1] for head in self.requests]


def answer(body: bytes, *, status: str = "200 OK", **headers: str) -> bytes:
    lines = {"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def say(*answers: bytes) -> Behaviour:
    """The answers in turn; the last one for ever."""
    waiting = list(answers)

    def behave(connection: socket.socket, _: str) -> None:
        connection.sendall(waiting.pop(0) if len(waiting) > 1 else waiting[0])

    return behave


def drip(data: bytes, *, pause_s: float, stop: threading.Event) -> Behaviour:
    """One byte at a time, each in good time, the whole never."""

    def behave(connection: socket.socket, _: str) -> None:
        for at in range(len(data)):
            connection.sendall(data[at : at + 1])
            if stop.wait(pause_s):
                return

    return behave


@contextmanager
def running(behave: Behaviour) -> Iterator[Bank]:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    bank = Bank(f"http://127.0.0.1:{listener.getsockname()[1]}")
    over = threading.Event()

    def attend(connection: socket.socket) -> None:
        with connection:
            connection.settimeout(5)
            try:
                head = b""
                while b"\r\n\r\n" not in head:
                    received = connection.recv(65536)
                    if not received:
                        return
                    head += received
                bank.requests.append(head.decode("latin-1"))
                behave(connection, bank.requests[-1])
            except OSError:
                return  # the caller hung up, as several tests want it to

    def listen() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            threading.Thread(target=attend, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield bank
    finally:
        over.set()
        thread.join(2)
        listener.close()
