"""Run a bank as a process: the flags that both banks share, the listening line, quick and certain exits."""

import argparse
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from sandbox.clock import skew

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class _QuietHandler(WSGIRequestHandler):
    """Logs no requests: their lines would carry codes and consent ids. Dates its answers by the bank's clock."""

    def log(self, type: str, message: str, *args: object) -> None:
        return

    def date_time_string(self, timestamp: float | None = None) -> str:
        moment = time.time() if timestamp is None else timestamp
        return super().date_time_string(moment + skew.get().total_seconds())


def flags(name: str, default_port: int) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=f"{name}: a partner bank on loopback, for development and tests")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=default_port, help="0: any free port")
    parser.add_argument("--today", type=date.fromisoformat, default=None, help="YYYY-MM-DD; default: real today")
    parser.add_argument("--page-size", type=int, default=100, help="transactions on a page")
    parser.add_argument(
        "--control",
        action="store_true",
        help="serve /_control (faults, calendar, request log, and a page for them)",
    )
    parser.add_argument("--watch-stdin", action="store_true", help="exit when stdin closes")
    return parser


def serve(
    name: str,
    args: argparse.Namespace,
    make_app: Callable[[str], Flask],
    also: Callable[[str], Mapping[str, str]] = lambda _url: MappingProxyType({}),
) -> None:
    """Bind, build the app for the URL that came of it, say so in one line of JSON on stdout, serve for ever.

    ``also``: what else that line says, for the same URL.

    Whoever reaches the control endpoints owns the bank: with them it listens on loopback only, or not at all.
    """
    if args.control and args.host not in LOOPBACK:
        sys.exit("--control is for loopback: leave out --host, or leave out --control")
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # all state is in memory: nothing to put in order
    server = _bind(args.host, args.port)
    url = f"http://{args.host}:{server.server_port}"
    server.app = make_app(url)
    if args.watch_stdin:
        threading.Thread(target=_exit_with_stdin, daemon=True).start()
    print(json.dumps({"name": name, "url": url, **also(url)}), flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        os._exit(0)


def _bind(host: str, port: int) -> BaseWSGIServer:
    return make_server(host, port, Flask("not ready"), threaded=True, request_handler=_QuietHandler)


def _exit_with_stdin() -> None:
    sys.stdin.buffer.read()
    os._exit(0)
