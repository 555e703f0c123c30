"""A whole hub on one machine: web server, worker, and for development the sandbox banks, as child processes.

Every child is stopped with its parent: SIGTERM, then SIGKILL for its whole group. If the parent itself is killed
outright only the sandbox banks notice (they watch their standard input); hub and worker go on serving.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from hub.clock import now
from hub.observability import figures
from hub.settings import SHIPPED_INSTITUTIONS
from hub.tls import authority
from hub.web_server import granian

ROOT = Path(__file__).resolve().parent.parent
START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 5
PORT, TLS_PORT = 8000, 8443
OPERATOR = "alice@people.example"  # of a hub with sandbox banks
FOR_TRYING = ("RIALTO_EVENT_TYPES", "RIALTO_INSTITUTIONS")  # what a hub with sandbox banks takes from outside
SANDBOX = {
    "albion": ("sandbox.uk", 8101),
    "lorelei": ("sandbox.berlin", 8102),
    "melusine": ("sandbox.stet", 8103),
    "bunyip": ("sandbox.au", 8104),
    "iara": ("sandbox.br", 8105),
    "cambria": ("sandbox.uk", 8110),
    "lagoon": ("sandbox.simplefin", 8108),
}
OWN_FLAGS = {"albion": ("--bank", "albion"), "cambria": ("--bank", "cambria"), "lagoon": ("--token-for", "alice")}
KNOW_NO_TPP = frozenset({"lorelei", "lagoon"})  # the others want our redirect URI and our keys


class StackError(Exception):
    """A part did not come up. The message says which and shows the end of what it printed."""


@dataclass
class Stack:
    """``url`` answers once ``up()`` has yielded. ``banks`` maps institution id to the sandbox bank's address,
    ``setup_tokens`` to the token that a bridge made for Alice; it works once.

    ``sandbox`` names the sandbox banks to start: all of them, some, or none, which makes it a hub like any other.

    With ``tls`` the hub ends TLS itself, with certificates of its own making, and asks clients for theirs. ``host`` is
    what it is called without: passkeys work at the name ``localhost`` and at no IP address.
    """

    data_dir: Path
    port: int = 0
    tls: bool = False
    host: str = "127.0.0.1"
    web_workers: int = 2
    sandbox: tuple[str, ...] = tuple(SANDBOX)
    sandbox_flags: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    say: Callable[[str], None] = lambda _line: None
    banks: dict[str, str] = field(default_factory=dict)
    setup_tokens: dict[str, str] = field(default_factory=dict, repr=False)
    _children: dict[str, subprocess.Popen[str]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}" if self.tls else f"http://{self.host}:{self.port}"

    @property
    def ca_file(self) -> Path:
        """What clients of a hub with ``tls`` must trust."""
        return authority.trusted_certificate(self.data_dir.resolve())

    def child_environ(self) -> dict[str, str]:
        """What the children, and anybody who wants to look into the same database, are started with.

        A sandbox takes no setting from outside but those that name files of a developer's: demo people with a printed
        password must never land in the database that somebody's DATABASE_URL happens to name.
        """
        left = {"PYTHONDONTWRITEBYTECODE", *self.passed_over()}
        kept = {name: value for name, value in os.environ.items() if name not in left}
        trusted = self._trusted() if self.tls else {}
        if self.sandbox:
            kept["RIALTO_OPERATORS"] = OPERATOR
        if "RIALTO_OUTBOUND_CA_FILE" in kept:
            trusted.pop("RIALTO_OUTBOUND_CA_FILE", None)
        ours = (self.data_dir / "institutions").resolve()
        return {
            **kept,
            **trusted,
            "RIALTO_BASE_URL": self.url,
            "RIALTO_DATA_DIR": str(self.data_dir.resolve()),
            "RIALTO_INSTITUTIONS": os.pathsep.join(filter(None, (str(ours), kept.get("RIALTO_INSTITUTIONS")))),
            **self.environ,
        }

    def passed_over(self) -> tuple[str, ...]:
        """The names of the settings that stand outside and are not taken."""
        named = sorted(name for name in os.environ if name.startswith(("RIALTO_", "DATABASE_URL")))
        return tuple(name for name in named if name not in FOR_TRYING) if self.sandbox else ()

    def _trusted(self) -> dict[str, str]:
        """Whom a development hub with TLS believes: who issues its clients' certificates; and who issued its own, where
        it calls apps on this machine (for their keys, or of a logout).
        """
        folder, moment = self.data_dir.resolve(), now()
        authority.server_files(folder, now=moment)
        return {
            "RIALTO_CLIENT_CA_FILE": str(authority.client_authority(folder, now=moment)),
            "RIALTO_OUTBOUND_CA_FILE": str(self.ca_file),
        }

    @contextlib.contextmanager
    def up(self) -> Iterator["Stack"]:
        """Start everything, in order; stop everything, whatever happens."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        (self.data_dir / "institutions").mkdir(exist_ok=True)
        if self.port and not _is_free(self.port):
            raise StackError(f"port {self.port} is taken: stop what listens there, or choose another port")
        self.port = self.port or free_port()
        try:
            if self.sandbox:
                self._start_sandbox()
            self.say("preparing the database")
            self._run("migrate", "-m", "hub.cli", "db", "upgrade")
            self.say(f"starting the hub at {self.url}")
            self._spawn("worker", "-m", "hub.cli", "worker")
            self._open_web()
            self._await_web()
            yield self
        finally:
            self._stop()

    def wait(self) -> None:
        """Until a part dies (StackError) or the process is interrupted."""
        while True:
            time.sleep(0.5)
            for name, child in self._children.items():
                if child.poll() is not None:
                    raise StackError(f"{name} stopped with code {child.returncode}:\n{self._tail(name)}")

    def pid(self, name: str) -> int:
        """The process of one part."""
        return self._children[name].pid

    def kill(self, name: str) -> None:
        """SIGKILL one part, for tests of what survives."""
        _kill_group(self._children[name])
        self._children[name].wait()

    def start_again(self, name: str) -> None:
        """Bring a killed ``web`` or ``worker`` back."""
        if name == "worker":
            self._spawn(name, "-m", "hub.cli", "worker")
        else:
            self._open_web()
            self._await_web()

    def log(self, name: str) -> str:
        """Everything a part has printed so far."""
        return (self.data_dir / f"{name}.log").read_text(errors="replace")

    def _open_web(self) -> None:
        """Its processes count together, in files that begin empty."""
        folder = self.data_dir.resolve() / "figures"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        self._spawn("web", *self._web(), more={figures.SHARED: str(folder)})

    def _web(self) -> tuple[str, ...]:
        if not self.tls:
            return granian("127.0.0.1", self.port, self.web_workers)
        files = authority.server_files(self.data_dir.resolve(), now=now())
        address = ("-m", "hub.tls.server", "--port", str(self.port))
        return (*address, "--certificate", str(files.certificate), "--key", str(files.key))

    def _start_sandbox(self) -> None:
        """All at once, for each takes a second to come up; then each is asked where it listens."""
        # A bank fetches our keys, over TLS where we have it.
        trust = {"REQUESTS_CA_BUNDLE": str(self.ca_file)} if self.tls else {}
        children = {}
        for institution_id in self.sandbox:
            module, usual_port = SANDBOX[institution_id]
            flags = [*self.sandbox_flags, "--watch-stdin"]
            port = usual_port if self.port in (PORT, TLS_PORT) and _is_free(usual_port) else 0
            flags += ["--port", str(port), *OWN_FLAGS.get(institution_id, ())]
            if institution_id not in KNOW_NO_TPP:
                flags += ["--redirect-uri", f"{self.url}/connections/callback"]
                flags += ["--client-jwks-uri", f"{self.url}/.well-known/tpp-jwks.json"]
            if module == "sandbox.au":
                flags += ["--recipient-base-uri", self.url]
            children[institution_id] = self._spawn(institution_id, "-m", module, *flags, announces=True, more=trust)
        for institution_id, child in children.items():
            line = child.stdout.readline() if child.stdout else ""
            try:
                told: dict[str, str] = json.loads(line)
                url = told["url"]
            except (ValueError, KeyError) as error:
                raise StackError(f"{institution_id} did not start:\n{self._tail(institution_id)}") from error
            self.banks[institution_id] = url
            if "setup_token" in told:
                self.setup_tokens[institution_id] = told["setup_token"]
            self._write_institution(institution_id, url)
            self.say(f"{institution_id} opens at {url}")

    def _write_institution(self, institution_id: str, url: str) -> None:
        """The shipped catalogue entry, moved to where this sandbox bank listens."""
        shipped = json.loads((SHIPPED_INSTITUTIONS / f"{institution_id}.json").read_text())
        usual = f"http://127.0.0.1:{SANDBOX[institution_id][1]}"
        moved = json.loads(json.dumps(shipped).replace(usual, url))
        (self.data_dir / "institutions" / f"{institution_id}.json").write_text(json.dumps(moved, indent=2))

    def _spawn(
        self, name: str, *arguments: str, announces: bool = False, more: Mapping[str, str] = MappingProxyType({})
    ) -> subprocess.Popen[str]:
        with (self.data_dir / f"{name}.log").open("a") as log:
            child = subprocess.Popen(  # noqa: S603  # our own interpreter, our own modules
                [sys.executable, *arguments],
                cwd=ROOT,
                env={**self.child_environ(), **more},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if announces else log,
                stderr=log,
                text=True,
                start_new_session=True,  # a group of its own, so that a web server's workers go with it
            )
        self._children[name] = child
        return child

    def _run(self, name: str, *arguments: str) -> None:
        child = self._spawn(name, *arguments)
        code = child.wait(START_TIMEOUT_S)
        del self._children[name]
        if code != 0:
            raise StackError(f"{name} failed:\n{self._tail(name)}")

    def _await_web(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        trust = ssl.create_default_context(cafile=self.ca_file) if self.tls else None
        while time.monotonic() < deadline:
            if self._children["web"].poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/livez", timeout=1, context=trust) as answer:  # noqa: S310
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise StackError(f"the hub did not come up:\n{self._tail('web')}")

    def _tail(self, name: str) -> str:
        return "\n".join(self.log(name).splitlines()[-15:])

    def _stop(self) -> None:
        with _undisturbed():
            self._stop_children()

    def _stop_children(self) -> None:
        for child in self._children.values():
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(signal.SIGTERM)
        for child in self._children.values():
            try:
                child.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                _kill_group(child)
                child.wait()
            _kill_group(child)  # a server that is stopped while it starts leaves workers behind
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
        self._children.clear()


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """A second SIGTERM or Ctrl-C must not break the cleanup off and leave children behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {name: signal.signal(name, signal.SIG_IGN) for name in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _kill_group(child: subprocess.Popen[str]) -> None:
    """SIGKILL for the child, if it still runs, and whatever it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
