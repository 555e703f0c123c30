"""``rialto web``: the web processes, as a service manager or a container starts them."""

import os
import sys
import tempfile

import click

from hub.observability import figures
from hub.web_server import granian


@click.command("web")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen. Behind a proxy that ends TLS.")
@click.option("--port", default=8000, show_default=True)
@click.option("--workers", default=max(1, os.cpu_count() or 1), show_default="one a core", help="Processes.")
def web(host: str, port: int, workers: int) -> None:
    """Serve the pages and the API until SIGTERM. The schema must be this release's: rialto db upgrade."""
    command = [sys.executable, *granian(host, port, workers)]
    if figures.SHARED not in os.environ:  # of ours alone, and empty: what an earlier start counted is over
        os.environ[figures.SHARED] = tempfile.mkdtemp(prefix="rialto-figures-")
    os.execv(command[0], command)  # noqa: S606  # our own interpreter; the service manager's signals reach the server
