"""``rialto web``: the web processes, as a service manager or a container starts them."""

import os
import re
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import click

from hub.observability import figures
from hub.web_server import granian

FOLDER = "rialto-figures-"
_ID = re.compile(r"([0-9]{1,9})-")


@click.command("web")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen. Behind a proxy that ends TLS.")
@click.option("--port", default=8000, show_default=True)
@click.option("--workers", default=max(1, os.cpu_count() or 1), show_default="one a core", help="Processes.")
def web(host: str, port: int, workers: int) -> None:
    """Serve the pages and the API until SIGTERM. The schema must be this release's: rialto db upgrade."""
    command = [sys.executable, *granian(host, port, workers)]
    if figures.SHARED not in os.environ:
        os.environ[figures.SHARED] = fresh_folder(Path(tempfile.gettempdir()))
    os.execv(command[0], command)  # noqa: S606  # our own interpreter; the service manager's signals reach the server


def fresh_folder(inside: Path) -> str:
    """For the figures of this server alone, and empty: what an earlier start counted is over. Those that earlier
    servers left, which are gone, go as well; nothing of ours runs at a server's end."""
    for left in inside.glob(f"{FOLDER}*"):
        with suppress(OSError):  # another start was first
            if left.lstat().st_uid == os.geteuid() and _is_over(left):
                shutil.rmtree(left, ignore_errors=True)
    return tempfile.mkdtemp(prefix=f"{FOLDER}{os.getpid()}-", dir=inside)


def _is_over(folder: Path) -> bool:
    """Whether the server whose id is in its name runs no more; not where there is none."""
    named = _ID.match(folder.name.removeprefix(FOLDER))
    return named is not None and (int(named[1]) == os.getpid() or not _runs(int(named[1])))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
