"""A mail server on loopback that takes, refuses, breaks off or trickles, and remembers what it was told."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast


@dataclass
class Mailbox:
    """``answers`` overrides the answer to a command by its first word; ``offers`` are EHLO's extensions."""

    port: int = 0
    answers: dict[str, str] = field(default_factory=dict)
    offers: tuple[str, ...] = ("AUTH PLAIN",)
    said: list[str] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    mailbox: Mailbox


class _Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        box = cast("_Server", self.server).mailbox
        self._say(box.answers.get("greeting", "220 here"))
        for raw in self.rfile:
            line = raw.decode().rstrip("\r\n")
            box.said.append(line)
            word = line.split(" ")[0].split(":")[0].upper()
            if (answer := box.answers.get(word)) is not None:
                if answer == "hang up":
                    return
                self._say(answer)
            elif word == "EHLO":
                lines = ["here", *box.offers]
                self._say("\r\n".join(f"250{'-' if one is not lines[-1] else ' '}{one}" for one in lines))
            elif word == "DATA":
                self._say("354 go on")
                box.mails.append(self._read_mail())
                self._say(box.answers.get("taken", "250 taken"))
            elif word == "QUIT":
                self._say("221 bye")
                return
            elif word == "AUTH":
                self._say("235 fine")
            else:
                self._say("250 fine")

    def _read_mail(self) -> str:
        lines = []
        for raw in self.rfile:
            line = raw.decode().rstrip("\r\n")
            if line == ".":
                break
            lines.append(line)
        return "\n".join(lines)

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")


@contextmanager
def mail_server(**given: object) -> Iterator[Mailbox]:
    box = Mailbox(**given)  # type: ignore[arg-type]  # the fields above
    with _Server(("127.0.0.1", 0), _Talk) as server:
        server.mailbox = box
        box.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield box
        finally:
            server.shutdown()
