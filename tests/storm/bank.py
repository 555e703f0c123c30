"""A Berlin Group bank on a socket, whose accounts grow while they are read."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MONEY = {"amount": "-12.30", "currency": "EUR"}


class GrowingBank:
    """One account for each consent: its IBAN ends in what the consent's name hashes to. ``per_s`` new rows a second.
    While ``drips`` is set, it sends its answers a byte a second."""

    def __init__(self, per_s: float) -> None:
        self.url = ""
        self._per_s = per_s
        self._began = time.monotonic()
        self._stopped: int | None = None
        self.drips = threading.Event()

    @property
    def rows(self) -> int:
        """How many transactions each account has now."""
        return self._stopped or 1 + int((time.monotonic() - self._began) * self._per_s)

    def stop_growing(self) -> int:
        self._stopped = self.rows
        return self._stopped

    def answer(self, path: str, consent_id: str) -> dict[str, Any]:
        iban = iban_of(consent_id)
        kind = path.partition("?")[0].rpartition("/")[2]
        if kind == "accounts":
            return {"accounts": [{"resourceId": "r", "iban": iban, "currency": "EUR"}]}
        if kind == "balances":
            money = {"amount": f"{self.rows}.00", "currency": "EUR"}
            return {"balances": [{"balanceType": "closingBooked", "balanceAmount": money}]}
        day = datetime.now(UTC).date().isoformat()
        booked = [{"transactionId": f"{n}", "bookingDate": day, "transactionAmount": MONEY} for n in range(self.rows)]
        return {"account": {"iban": iban}, "transactions": {"booked": booked}}


def iban_of(consent_id: str) -> str:
    """Shaped like one; nobody checks the digits."""
    return f"DE89{int(consent_id.encode().hex(), 16) % 10**18:018}"


class Quiet(ThreadingHTTPServer):
    request_queue_size = 128  # many come at once

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that was killed in the middle is what a storm is about."""


@contextmanager
def growing_bank(per_s: float = 2.0) -> Iterator[GrowingBank]:
    here = GrowingBank(per_s)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            time.sleep(0.02)
            body = json.dumps(here.answer(self.path, self.headers["Consent-ID"])).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            for byte in body:
                if not here.drips.is_set():
                    break
                self.wfile.write(bytes([byte]))
                body = body[1:]
                time.sleep(1)
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = Quiet(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()
