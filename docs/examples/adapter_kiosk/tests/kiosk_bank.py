"""Kiosk Bank itself, as small as it can be, on a real socket: keys, two accounts, pages of two rows, and faults."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

MOVEMENTS: list[dict[str, Any]] = [
    {"id": "m4", "day": None, "amount": "-2.80", "payee": "Coffee Bar"},
    {"id": "m3", "day": "2026-03-03", "amount": "-41.07", "payee": "Grocer", "text": "Card 1234"},
    {"id": "m2", "day": "2026-03-02", "amount": "1500.00", "payee": "Employer", "text": "Salary"},
    {"id": "m1", "day": "2026-03-01", "amount": "-9.99", "payee": "Radio"},
]
ACCOUNTS = [
    {"number": "K1", "iban": "NL91 ABNA 0417 1643 00", "name": "Jar", "currency": "EUR", "balance": "1448.94"},
    {"number": "K2", "iban": "NL20 INGB 0001 2345 67", "name": "Shoebox", "currency": "EUR", "balance": "1448.94"},
]


class Kiosk(ThreadingHTTPServer):
    """``keys`` are those that are good; ``fault`` is what goes wrong, empty for nothing."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.keys: set[str] = set()
        self.fault = ""

    def new_key(self) -> str:
        key = f"key{len(self.keys)}"
        self.keys.add(key)
        return key


class _Handler(BaseHTTPRequestHandler):
    server: Kiosk

    def do_GET(self) -> None:
        address, key = urlsplit(self.path), self.headers.get("X-Key", "")
        match self.server.fault, address.path.split("/"):
            case "down", _:
                self._say(503)
            case "busy", _:
                self._say(429)
            case "no_json", _:
                self._say(200, b"<html>Back soon</html>")
            case _ if key not in self.server.keys:
                self._say(401)
            case _, ["", "accounts"]:
                self._say(200, {"accounts": ACCOUNTS})
            case _, ["", "accounts", "K1" | "K2", "movements"]:
                self._say(200, self._movements(address.path, parse_qs(address.query)))
            case _:
                self._say(404)

    def do_DELETE(self) -> None:
        key = self.headers.get("X-Key", "")
        self._say(204 if key in self.server.keys else 401)
        self.server.keys.discard(key)

    def _movements(self, path: str, query: dict[str, list[str]]) -> dict[str, Any]:
        first, last, page = query["from"][0], query["to"][0], int(query.get("page", ["0"])[0])
        window = [one for one in MOVEMENTS if one["day"] is None or first <= one["day"] <= last]
        link = f"{path}?from={first}&to={last}&page={page + 1}" if (page + 1) * 2 < len(window) else None
        link = {"loop": self.path, "astray": "https://elsewhere.example/next"}.get(self.server.fault, link)
        return {"movements": window[page * 2 : page * 2 + 2], "next": link}

    def _say(self, status: int, body: object = b"") -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:
        return


@contextmanager
def running() -> Iterator[Kiosk]:
    with Kiosk() as bank:
        threading.Thread(target=bank.serve_forever, daemon=True).start()
        try:
            yield bank
        finally:
            bank.shutdown()
