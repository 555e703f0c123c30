"""The hub's web server as a process that may be killed, and a person's browser that takes consents back through it."""

import html
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import requests

from hub.clock import now
from hub.context import Hub
from hub.errors import Away
from hub.identity import cookies, sessions
from hub.identity.origin import Origin

STARTS_S = 60.0
_TOKEN = re.compile(r'name="csrf_token" value="([^"]*)"')


@dataclass
class Web:
    """``answers``: how many came while it lived."""

    environ: Mapping[str, str]
    folder: Path
    root: Path
    port: int = field(default_factory=lambda: _free_port())
    answers: int = 0
    _running: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Returns when it answers."""
        with (self.folder / "web.log").open("ab") as log:
            command = [sys.executable, "-m", "hub.cli", "web", "--port", str(self.port), "--workers", "1"]
            self._running = subprocess.Popen(
                command, cwd=self.root, env=self.environ, stdout=log, stderr=log, start_new_session=True
            )
        until = time.monotonic() + STARTS_S
        while time.monotonic() < until:
            try:
                if requests.get(f"{self.url}/livez", timeout=2).ok:
                    return
            except requests.RequestException:
                time.sleep(0.05)
        raise AssertionError((self.folder / "web.log").read_text()[-2000:])

    def signal(self, number: signal.Signals) -> None:
        """To all of its processes; waits for the end of the first."""
        if self._running is not None:
            _signal_group(self._running, number)
            self._running.wait(30)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)

    def stop(self) -> None:
        self.signal(signal.SIGTERM)


AWAY = Away.kind.status


@dataclass
class Browser:
    """One person who is logged in."""

    web: Web
    session: requests.Session

    @classmethod
    def of(cls, hub: Hub, web: Web, psu_id: str) -> "Browser":
        with hub.db.write() as session:
            origin = Origin("127.0.0.1", "Firefox")
            secret = sessions.start(session, psu_id, amr=("pwd",), origin=origin, now=now(), settings=hub.settings)
        browser = requests.Session()
        browser.trust_env = False
        browser.cookies.set(cookies.session_name(hub.settings), secret, domain="127.0.0.1")
        return cls(web, browser)

    def takes_back(self, consent_id: str) -> bool:
        """Whether the hub said so; False where it, or its database, died on the way, and nobody knows."""
        try:
            page = self.session.get(f"{self.web.url}/consents/{consent_id}", timeout=10)
            if page.status_code == AWAY:
                return False
            found = _TOKEN.search(page.text)
            assert found, page.text
            answer = self.session.post(
                f"{self.web.url}/consents/{consent_id}/revoke",
                data={"csrf_token": html.unescape(found[1])},
                headers={"Sec-Fetch-Site": "same-origin"},
                allow_redirects=False,
                timeout=10,
            )
        except requests.RequestException:
            return False
        if answer.status_code == AWAY:
            return False
        assert answer.status_code == 303, answer.text
        self.web.answers += 2
        return True


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.poll() is None:
        os.killpg(process.pid, number)


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port
