"""What stands at the hub's TLS port, and a client that says exactly what it wants: name, versions, suites, source."""

import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.context import Hub
from hub.stack import ROOT, free_port
from hub.tls.authority import Files, server_files, trusted_certificate
from hub.tls.server import serve
from tests.certificates import SERVER, Authority, alternative
from tests.tls.mirror import with_mirror

NGINX_CONF = ROOT / "docs" / "operating" / "nginx.conf"
PATIENCE_S = 20
NAME, MTLS_NAME = "hub.example", "mtls.hub.example"


@dataclass(frozen=True)
class Front:
    """``port`` speaks TLS. ``name`` is where people come, ``mtls_name`` where client certificates are asked for."""

    port: int
    ca_file: Path
    name: str
    mtls_name: str
    http_port: int | None = None
    hub_port: int | None = None


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def seen(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


def trusting(front: Front, certificate: tuple[Path, Path] | None = None) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=front.ca_file)
    if certificate is not None:
        made.load_cert_chain(*certificate)
    return made


def ask(
    front: Front,
    path: str,
    *,
    name: str | None = None,
    server_name: str | None = None,
    certificate: tuple[Path, Path] | None = None,
    context: ssl.SSLContext | None = None,
    headers: Mapping[str, str] | None = None,
    method: str = "GET",
) -> Answer:
    """``name`` is the host asked for; ``server_name``, if it differs, the one in the handshake."""
    name = name or front.name
    raw = socket.create_connection(("127.0.0.1", front.port), timeout=PATIENCE_S)
    with (context or trusting(front, certificate)).wrap_socket(raw, server_hostname=server_name or name) as secured:
        return _exchange(secured, name, method, path, headers)


def ask_plainly(
    port: int, path: str, *, source: str = "127.0.0.1", headers: Mapping[str, str] | None = None, method: str = "GET"
) -> Answer:
    """Without TLS, straight to ``port``, from another address of this machine if it is to be another peer."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S, source_address=(source, 0)) as raw:
        return _exchange(raw, f"127.0.0.1:{port}", method, path, headers)


def _exchange(over: socket.socket, host: str, method: str, path: str, headers: Mapping[str, str] | None) -> Answer:
    connection = http.client.HTTPConnection(host)
    connection.sock = over
    connection.putrequest(method, path, skip_host=True)
    for header, value in {"Host": host, "Connection": "close", **(headers or {})}.items():
        connection.putheader(header, value)
    connection.endheaders()
    response = connection.getresponse()
    return Answer(response.status, {k.lower(): v for k, v in _joined(response.getheaders())}, response.read())


def _joined(headers: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """A header that was sent twice shows."""
    for name in {name for name, _ in headers}:
        yield name, ", ".join(value for other, value in headers if other.lower() == name.lower())


def nginx() -> str | None:
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


@contextmanager
def behind_nginx(folder: Path, trusted: Authority, environ: Mapping[str, str]) -> Iterator[Front]:
    """The shipped configuration in front of a real hub, with nothing changed but ports and paths."""
    issuer = Authority("Test web CA")
    (folder / "ca.pem").write_text(issuer.issued.pem)
    (folder / "client-authorities.pem").write_text(trusted.issued.pem)
    for stem, name in (("hub", NAME), ("mtls", MTLS_NAME)):
        issuer.issue(name, alternative(dns=name), usage=SERVER).write(folder, stem)
    front = Front(free_port(), folder / "ca.pem", NAME, MTLS_NAME, free_port(), free_port())
    (folder / "nginx.conf").write_text(_moved(folder, front))
    (folder / "temporary").mkdir()
    granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--no-ws"]
    commands = {
        "hub": [*granian, "--port", str(front.hub_port), "tests.tls.mirror:app"],
        "nginx": [str(nginx()), "-c", str(folder / "nginx.conf"), "-p", str(folder), "-g", "daemon off;"],
    }
    settings = {
        "RIALTO_BASE_URL": f"https://{NAME}",
        "RIALTO_MTLS_BASE_URL": f"https://{MTLS_NAME}",
        "RIALTO_TRUSTED_PROXY_HOPS": "1",
        "RIALTO_TRUSTED_PROXIES": "127.0.0.1",
        "RIALTO_DATA_DIR": str(folder),
        **environ,
    }
    with _running(commands, settings, folder):
        _await(lambda: ask(front, "/livez").status == 200, folder)
        yield front


def _moved(folder: Path, front: Front) -> str:
    text = NGINX_CONF.read_text()
    temporary = "".join(
        f"    {kind}_temp_path {folder}/temporary/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    for shipped, here in {
        "user www-data;": "user root;" if os.getuid() == 0 else "",
        "pid /run/nginx.pid;": f"pid {folder}/nginx.pid;",
        "/var/log/nginx/": f"{folder}/",
        "/etc/rialto/tls/": f"{folder}/",
        "listen 80 ": f"listen 127.0.0.1:{front.http_port} ",
        "listen 443 ssl": f"listen 127.0.0.1:{front.port} ssl",
        "        listen [::]:80 default_server;\n": "",
        "        listen [::]:443 ssl default_server;\n": "",
        "        listen [::]:443 ssl;\n": "",
        "server 127.0.0.1:8000;": f"server 127.0.0.1:{front.hub_port};",
        "http {\n": "http {\n" + temporary,
    }.items():
        assert shipped in text, shipped
        text = text.replace(shipped, here)
    return text


@contextmanager
def own_server(folder: Path, hub: Hub) -> Iterator[Front]:
    """What `make serve TLS=1` runs, with the mirror in it."""
    port, now = free_port(), datetime.now(UTC)
    files: Files = server_files(folder, now=now)
    server = serve(with_mirror(hub), "127.0.0.1", port, files)
    server.prepare()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield Front(port, trusted_certificate(folder), "localhost", "localhost")
    finally:
        server.stop()
        thread.join(PATIENCE_S)


@contextmanager
def _running(commands: Mapping[str, list[str]], environ: Mapping[str, str], folder: Path) -> Iterator[None]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RIALTO_", "DATABASE_URL"))}
    children = []
    try:
        for name, command in commands.items():
            with (folder / f"{name}.out").open("w") as out:
                children.append(subprocess.Popen(command, cwd=ROOT, env={**kept, **environ}, stdout=out, stderr=out))
        yield
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait(PATIENCE_S)


def _await(condition: Any, folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except OSError:
            time.sleep(0.1)
    told = "\n".join(path.read_text() for path in folder.glob("*.out"))
    raise AssertionError(f"it did not come up:\n{told}")
