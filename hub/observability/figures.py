"""What is counted of this process for Prometheus, and what stands in the database when it is asked for.

With PROMETHEUS_MULTIPROC_DIR in the environment the processes that share it answer for each other
(docs/decisions/0013-figures.md). No label holds what a stranger chose: endpoints and statuses, ids of institutions,
names of queues.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import Engine, event, func, select

from hub import partitions
from hub.jobs import overview
from hub.models.event import Stream
from hub.models.mail import Mail
from hub.models.signal import DeadSignal
from hub.models.webhook import WebhookMessage
from hub.observability import heartbeat
from providers.interaction import Call

if TYPE_CHECKING:
    from hub.context import Hub

SHARED = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_REQUEST_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_CALL_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_JOB_S = (0.01, 0.1, 0.5, 1, 5, 15, 60, 300)


class Figures:
    """One per process (that it is one matters only where files are shared); safe from any thread."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        made: dict[str, Any] = {"registry": self.registry, "namespace": "rialto"}
        self._requests = Histogram(
            "request_seconds", "Requests answered.", ["endpoint", "status"], buckets=_REQUEST_S, **made
        )
        self._calls = Histogram(
            "bank_call_seconds",
            "Exchanges with banks.",
            ["institution", "family", "outcome"],
            buckets=_CALL_S,
            **made,
        )
        self._jobs = Histogram("job_seconds", "Jobs ended.", ["queue", "outcome"], buckets=_JOB_S, **made)
        self._webhooks = Counter("webhook_attempts", "Webhooks sent.", ["outcome"], **made)
        self._mails = Counter("mails", "Mails handed over.", ["outcome"], **made)
        self._replica = Counter("replica_reads", "Reads that a replica was asked for.", ["outcome"], **made)
        self._pool = Gauge(
            "db_connections_in_use", "Of this hub's pools.", ["pool"], multiprocess_mode="livesum", **made
        )

    def request(self, endpoint: str | None, status: int, took_s: float) -> None:
        self._requests.labels(endpoint or "none", str(status)).observe(took_s)

    def call(self, call: Call) -> None:
        self._calls.labels(call.institution_id, call.family, call.outcome).observe(call.took_ms / 1000)

    def job(self, queue: str, outcome: str, took_s: float) -> None:
        self._jobs.labels(queue, outcome).observe(took_s)

    def webhook(self, outcome: str) -> None:
        self._webhooks.labels(outcome).inc()

    def mail(self, outcome: str) -> None:
        self._mails.labels(outcome).inc()

    def replica(self, outcome: str) -> None:
        self._replica.labels(outcome).inc()

    def watch(self, name: str, engine: Engine) -> None:
        """Count the connections that are out of this engine's pool."""
        gauge = self._pool.labels(name)
        event.listen(engine, "checkout", lambda *_: gauge.inc())
        event.listen(engine, "checkin", lambda *_: gauge.dec())


class Standing(Collector):
    """What the database says at this moment."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        now = self._hub.clock()
        with self._hub.db.read() as session:
            queues = overview.queues(session, now)
            streams = session.execute(select(Stream.name, Stream.position)).all()
            webhooks = session.execute(select(WebhookMessage.state, func.count()).group_by(WebhookMessage.state)).all()
            alive = heartbeat.alive(session, now)
            given_up = session.scalar(select(func.count()).select_from(DeadSignal)) or 0
            mails = session.execute(select(Mail.state, func.count()).group_by(Mail.state)).all()
        jobs = GaugeMetricFamily("rialto_jobs", "Jobs by what they wait for.", labels=["queue", "state"])
        late = GaugeMetricFamily("rialto_job_late_seconds", "How long the oldest due job waits.", labels=["queue"])
        for one in queues:
            for state in ("running", "due", "later", "failing", "dead"):
                jobs.add_metric([one.name, state], getattr(one, state))
            late.add_metric([one.name], one.late_s)
        yield jobs
        yield late
        processes = GaugeMetricFamily("rialto_processes", "Processes that beat lately.", labels=["role"])
        for role in ("web", "worker"):
            processes.add_metric([role], alive.get(role, 0))
        yield processes
        at = {name: position for name, position in streams}  # noqa: C416  # typed rows
        head = at.pop("head", 0)
        yield GaugeMetricFamily("rialto_event_head", "The last event's position.", value=head)
        yield GaugeMetricFamily("rialto_dead_signals", "Signals that were given up.", value=given_up)
        lag = GaugeMetricFamily("rialto_event_lag", "Events that a reader has not read.", labels=["reader"])
        for name, position in at.items():
            lag.add_metric([name], head - position)
        yield lag
        ahead = GaugeMetricFamily(
            "rialto_partitions_ahead_seconds", "For how long partitions are made.", labels=["log"]
        )
        for name, until in partitions.made_until(self._hub.db).items():
            ahead.add_metric([name], (until - now).total_seconds())
        yield ahead
        yield _by_state("rialto_webhook_messages", "Webhooks kept.", webhooks)
        yield _by_state("rialto_mails_kept", "Mails kept.", mails)


def _by_state(name: str, words: str, rows: Any) -> GaugeMetricFamily:
    found = GaugeMetricFamily(name, words, labels=["state"])
    for state, count in rows:
        found.add_metric([state], count)
    return found


def text(hub: "Hub") -> bytes:
    """All of it in the text format, of all processes that share their files."""
    standing = CollectorRegistry()
    standing.register(Standing(hub))
    counted: CollectorRegistry = hub.figures.registry
    if SHARED in os.environ:
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    return generate_latest(counted) + generate_latest(standing)


def forget_the_dead() -> None:
    """Take away what processes that run no more left as their present state; what they counted stays."""
    folder = os.environ.get(SHARED)
    for path in Path(folder).glob("gauge_live*_*.db") if folder else ():
        pid = path.stem.rpartition("_")[2]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists() and Path("/proc/self").exists():
            with suppress(FileNotFoundError):
                path.unlink()
