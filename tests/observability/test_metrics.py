"""Figures: nobody strange reads them, several processes count as one, and no label is a stranger's word."""

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from hub.app import create_app
from hub.context import Hub
from hub.events.dispatcher import dispatch
from hub.events.outbox import emit
from hub.jobs.crew import Crew
from hub.models.event import Stream
from hub.observability import figures
from hub.settings import Settings, SettingsError
from hub.stack import free_port
from providers.interaction import Call
from tests.jobs.workshop import Carver, ask

TOKEN = "a-token-of-more-than-twenty"  # the test's own


def read(text: str) -> dict[str, float]:
    return {
        f"{sample.name}{sorted(sample.labels.values())}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.mark.parametrize(
    ("base_url", "hops", "token", "given", "peer", "status"),
    [
        ("http://127.0.0.1:8000", 0, None, "", "127.0.0.1", 200),
        ("http://127.0.0.1:8000", 0, None, "", "192.0.2.1", 404),
        ("http://127.0.0.1:8000", 1, None, "", "127.0.0.1", 404),  # a proxy speaks for anybody
        ("https://hub.example", 0, None, "", "127.0.0.1", 404),
        ("https://hub.example", 0, TOKEN, "", "127.0.0.1", 404),
        ("https://hub.example", 0, TOKEN, "Bearer wrong-token-of-some-length", "127.0.0.1", 404),
        ("https://hub.example", 0, TOKEN, "Bearer \xe9", "127.0.0.1", 404),
        ("https://hub.example", 0, TOKEN, f"Bearer {TOKEN}", "192.0.2.1", 200),
        ("http://127.0.0.1:8000", 0, TOKEN, "", "127.0.0.1", 404),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_may_read_the_figures(
    hub: Hub, base_url: str, hops: int, token: str | None, given: str, peer: str, status: int
) -> None:
    settings = replace(hub.settings, base_url=base_url, trusted_proxy_hops=hops, metrics_token=token)
    client = create_app(replace(hub, settings=settings)).test_client()
    headers = {"Authorization": given} if given else {}
    answer = client.get("/metrics", base_url=base_url, headers=headers, environ_base={"REMOTE_ADDR": peer})
    assert answer.status_code == status
    assert (b"rialto_jobs" in answer.data) == (status == 200)


def test_a_short_token_is_refused_and_none_is_shown() -> None:
    with pytest.raises(SettingsError, match="RIALTO_METRICS_TOKEN"):
        Settings(metrics_token="short")
    assert TOKEN not in repr(Settings(metrics_token=TOKEN))


def test_the_figures_say_what_was_done_and_what_stands(hub: Hub) -> None:
    client = create_app(hub).test_client()
    client.get("/v1/accounts")
    client.get("/nowhere/a-strangers-word")
    hub.recorder.heard(Call("albion", "GET", "/accounts", "failed", "HTTP 503", "", 700, "read"))
    hub.figures.webhook("unreachable")
    ask(hub, "one")
    Crew(hub, [Carver([]).kind()]).run_once()
    ask(hub, "two")
    with hub.db.write() as session:
        for number in range(3):
            emit(session, "consent.revoked", f"subject-{number}", now=hub.clock(), psu_id=None)
        session.add(Stream(name="reader", position=1, moved_at=None))
    dispatch(hub, ())
    answer = client.get("/metrics")
    found = read(answer.text)
    assert found["rialto_request_seconds_count['401', 'api.accounts']"] == 1
    assert found["rialto_request_seconds_count['404', 'none']"] == 1
    assert "strangers" not in answer.text
    assert found["rialto_bank_call_seconds_count['albion', 'failed', 'read']"] == 1
    assert found["rialto_bank_call_seconds_sum['albion', 'failed', 'read']"] == 0.7
    assert found["rialto_webhook_attempts_total['unreachable']"] == 1
    assert found["rialto_job_seconds_count['carving', 'ok']"] == 1
    assert found["rialto_jobs['carving', 'due']"] == 1
    head = found["rialto_event_head[]"]
    assert head >= 3
    assert found["rialto_event_lag['reader']"] == head - 1
    assert found["rialto_db_connections_in_use['read']"] >= 0


def test_several_web_processes_count_as_one(tmp_path: Path) -> None:
    shared, port = tmp_path / "figures", free_port()
    shared.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RIALTO_", "DATABASE_URL"))}
    environ = {
        **kept,
        "RIALTO_DATA_DIR": str(tmp_path),
        "RIALTO_BASE_URL": f"http://127.0.0.1:{port}",
        figures.SHARED: str(shared),
    }
    run = {"env": environ, "check": True, "timeout": 60}
    subprocess.run([sys.executable, "-m", "hub.cli", "db", "upgrade"], **run)  # type: ignore[call-overload]
    web = ("-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "2")
    more = ("--blocking-threads", "2", "--no-ws", "wsgi:app")
    server = subprocess.Popen([sys.executable, *web, *more], env=environ, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    try:
        answered = _ask_until_both_processes_answered(url, shared)
        assert {_answered(url) for _ in range(6)} == {answered}
    finally:
        _end(server)


def _ask_until_both_processes_answered(url: str, shared: Path) -> int:
    """How many requests were answered; each came over a connection of its own, so that both processes get some."""
    answered, deadline = 0, time.monotonic() + 60
    while len({path.stem.rpartition("_")[2] for path in shared.glob("histogram_*.db")}) < 2 or answered < 20:
        assert time.monotonic() < deadline, "the hub did not come up"
        try:
            answered += requests.get(f"{url}/livez", timeout=5, headers={"Connection": "close"}).ok
        except requests.RequestException:
            time.sleep(0.1)
    return answered


def _answered(url: str) -> float:
    text = requests.get(f"{url}/metrics", timeout=5, headers={"Connection": "close"}).text
    line = re.search(r'rialto_request_seconds_count\{endpoint="health.livez",status="200"\} (\S+)', text)
    return float(line[1]) if line else 0.0


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
