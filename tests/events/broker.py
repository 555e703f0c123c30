"""A real Apache Kafka broker in KRaft mode on loopback: killed and started again on the same logs.

Its jars come by Maven, once, into the user's cache; ``python -m tests.events.broker`` fetches them beforehand. Where
Java or Maven is missing, tests that need it are skipped with a clear line, or fail where RIALTO_REQUIRE has ``kafka``.
"""

import os
import shutil
import socket
import subprocess
import time
import uuid
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.conftest import absent

POM = Path(__file__).with_name("broker.pom.xml")
STARTS_S = 60.0
FETCHES_S = 400.0
HEAP = ("-Xmx256m", "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={logs}
offsets.topic.num.partitions=3
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
"""


def jars() -> str:
    """The class path. Skips or fails where it cannot be had."""
    for command in ("java", "mvn"):
        if shutil.which(command) is None:
            absent("kafka", f"there is no {command} on this machine")
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "rialto-tests"
    folder = cache / f"kafka-{sha256(POM.read_bytes()).hexdigest()[:12]}"
    if not folder.exists():
        _fetch(folder)
    return f"{folder}/*"


def _fetch(folder: Path) -> None:
    """Into a folder of its own, moved when it is whole: two runs at once do not see each other's half."""
    partly = folder.with_name(f"{folder.name}.{os.getpid()}")
    partly.mkdir(parents=True)
    pom = partly / "pom.xml"  # beside it, Maven leaves nothing in the tree
    pom.write_bytes(POM.read_bytes())
    command = ["mvn", "-B", "-q", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={partly}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=FETCHES_S, check=False)
        why = (done.stdout + done.stderr)[-500:] if done.returncode else ""
    except subprocess.TimeoutExpired:
        why = f"Maven took more than {FETCHES_S:.0f} s"
    if why:
        shutil.rmtree(partly)
        absent("kafka", f"its jars could not be fetched: {why}")
    try:
        partly.rename(folder)
    except OSError:  # somebody else was first
        shutil.rmtree(partly)


@dataclass
class Broker:
    """``address`` stays the same over restarts."""

    folder: Path
    classes: str
    port: int = field(default_factory=lambda: _free_port())
    controller: int = field(default_factory=lambda: _free_port())
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    def format(self) -> None:
        told = PROPERTIES.format(port=self.port, controller=self.controller, logs=self.folder / "logs")
        self._properties.write_text(told)
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        command = self._java("kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(self._properties))
        subprocess.run(command, check=True, capture_output=True, timeout=STARTS_S)

    def start(self) -> None:
        """Returns when it answers."""
        with (self.folder / "broker.log").open("ab") as log:
            command = self._java("kafka.Kafka", str(self._properties))
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)
        until = time.monotonic() + STARTS_S
        while time.monotonic() < until:
            assert self.process.poll() is None, (self.folder / "broker.log").read_text()[-2000:]
            try:
                if self.admin.list_topics(timeout=1).brokers:
                    return
            except KafkaException:
                time.sleep(0.1)
        raise AssertionError((self.folder / "broker.log").read_text()[-2000:])

    def kill(self) -> None:
        """SIGKILL: whatever lies in the page cache stays, what the process alone knew is gone."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    @property
    def admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.address, "socket.timeout.ms": 5000}, logger=None)

    def topic(self, name: str, partitions: int) -> None:
        admin = self.admin
        (made,) = admin.create_topics([NewTopic(name, partitions, 1)]).values()
        made.result(timeout=20)

    def _java(self, *arguments: str) -> list[str]:
        return ["java", *HEAP, "-cp", self.classes, *arguments]


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port


if __name__ == "__main__":
    print(jars())
