"""Starting a hub on this machine: what it takes from outside, and what it leaves behind."""

import re
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from hub.cli import DEMO_PEOPLE, seed_people
from hub.clock import now
from hub.context import Hub
from hub.outbound.fetch import Outbound, Unreachable
from hub.settings import from_environ
from hub.stack import ROOT, SANDBOX, Stack, StackError, free_port
from hub.tls import authority
from tests.outbound.server import serving


def test_a_sandbox_never_writes_into_a_database_that_happens_to_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://production")
    monkeypatch.setenv("RIALTO_MASTER_KEYS", "k:secret")
    environ = Stack(data_dir=tmp_path, port=1).child_environ()
    assert "DATABASE_URL" not in environ
    assert "RIALTO_MASTER_KEYS" not in environ
    assert environ["RIALTO_DATA_DIR"] == str(tmp_path)
    assert Stack(data_dir=tmp_path, port=1, sandbox=()).child_environ()["DATABASE_URL"] == "postgresql://production"


def test_a_hub_shows_the_banks_of_a_developers_folder_beside_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With sandbox banks too: files write into nobody's database. Every other setting is said to be passed over."""
    for name, value in {
        "RIALTO_INSTITUTIONS": "/mine",
        "RIALTO_EVENT_TYPES": "/types",
        "RIALTO_CODE_TTL_S": "9",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    for sandbox in ((), ("albion",)):
        stack = Stack(data_dir=tmp_path, port=1, sandbox=sandbox)
        environ = stack.child_environ()
        assert environ["RIALTO_INSTITUTIONS"] == f"{tmp_path / 'institutions'}:/mine"
        assert environ["RIALTO_EVENT_TYPES"] == "/types"
        assert "RIALTO_CODE_TTL_S" in (stack.passed_over() if sandbox else environ)


def test_a_port_that_is_taken_is_said_and_not_replaced(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        stack = Stack(data_dir=tmp_path, port=other.getsockname()[1])
        with pytest.raises(StackError, match="is taken"), stack.up():
            pass


def test_demo_people_are_seeded_once_however_often_a_hub_starts(hub: Hub) -> None:
    for _ in range(8):  # more often than a network may try a taken address
        seed_people(hub)
    assert len(DEMO_PEOPLE) == 3


@pytest.mark.timeout(60)
def test_serving_names_each_banks_control_page_and_no_child_outlives_the_hub(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "hub.cli", "serve", "--sandbox", "--port", str(port), "--data", str(tmp_path)]
    serve = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    assert serve.stdout is not None
    told = []
    for line in serve.stdout:
        told.append(line)
        if "is open at" in line:
            break
    controls = re.findall(r"http://\S+/_control", "".join(told))
    shown = [urllib.request.urlopen(url, timeout=10).read().decode() for url in controls]
    assert len(shown) == len(SANDBOX)
    assert all(": control</h1>" in page for page in shown)
    assert f"logs: {tmp_path / 'web.log'}" in "".join(told)
    assert re.search(r"works once at \S+/connect/lagoon: [A-Za-z0-9+/]{40,}", "".join(told))
    for _ in range(2):  # even if the signal comes twice
        serve.send_signal(signal.SIGTERM)
        time.sleep(0.05)
    serve.wait(20)
    deadline = time.monotonic() + 5
    while (left := _of(tmp_path)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []


def _of(folder: Path) -> list[str]:
    """Processes that were started for this data folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"RIALTO_DATA_DIR={folder}".encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def test_a_development_hub_with_tls_calls_apps_that_its_own_authority_vouches_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their keys and their logout endpoints, at https://localhost; nobody else learns to trust that authority."""
    settings = from_environ(Stack(data_dir=tmp_path, port=1, tls=True).child_environ())
    files = authority.server_files(tmp_path, now=now())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    with serving(tls=context) as site:
        url = f"https://localhost:{site.port}/jwks"
        assert Outbound(settings).get_json(url, max_bytes=10).status == 200
        without = from_environ(Stack(data_dir=tmp_path, port=1).child_environ())
        with pytest.raises(Unreachable, match="certificate"):
            Outbound(without).get_json(url, max_bytes=10)
    monkeypatch.setenv("RIALTO_OUTBOUND_CA_FILE", "/mine.pem")
    mine = Stack(data_dir=tmp_path, port=1, tls=True, sandbox=()).child_environ()
    assert mine["RIALTO_OUTBOUND_CA_FILE"] == "/mine.pem"
