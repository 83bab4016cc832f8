"""A broker of Apache Kafka for all tests of a session, in a container or from its jars, and a topic of its own for each test."""

import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest

from fanfare.platform.logs.kafka import topic
from fanfare.platform.logs.kafka.administering import administered
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.postgres.tether import Identity, tethered
from tests.run import succeeds

IMAGE = "apache/kafka:4.1.0"
BROKERS = Path(__file__).resolve().parent.parent / "infra" / "kafka" / "brokers.py"
WAY = "FANFARE_TEST_KAFKA"
"""Says ``docker`` or ``jars`` where it shall not be asked what is here."""
READY_S = 180
"""How long a broker may take to start on a machine that has much else to do."""
_REMOVE = """
import contextlib, sys, time, docker
tries = 1 if sys.stdin.read() else 10  # without a word we died, perhaps before Docker had made it
for _ in range(tries):
    with contextlib.suppress(docker.errors.APIError):
        docker.from_env().api.remove_container(sys.argv[1], v=True, force=True)
        break
    time.sleep(1)
"""


@dataclass(frozen=True)
class Running:
    """Brokers that a test has to itself."""

    addresses: str
    """Of all of them, host:port with commas."""
    folder: Path
    """What infra/kafka/brokers.py keeps: settings, logs, and in pids.json who runs now."""
    program: int
    """The process id of infra/kafka/brokers.py."""

    def pids(self) -> dict[int, int]:
        """Return the process of each broker, by its number, as it is now."""
        return {int(number): pid for number, pid in json.loads((self.folder / "pids.json").read_text()).items()}


def free_port() -> int:
    """Return a port that nothing listens on, and that no outgoing connection is given by chance while a broker is down."""
    while True:
        port = random.SystemRandom().randint(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@contextmanager
def brokers(nodes: int = 1, arguments: Sequence[str] = ()) -> Iterator[Running]:
    """
    Run brokers from Kafka's jars, and end them with this block or with this process, whichever ends first.

    Args:
        nodes: 1 or 3.
        arguments: more of them for infra/kafka/brokers.py, such as ``--no-restart``.
    """
    with tempfile.TemporaryDirectory(prefix="fanfare-kafka-") as made:
        command = [sys.executable, str(BROKERS), "--nodes", str(nodes), "--folder", made, *arguments]
        tied = tethered(command, Identity(), signal.SIGTERM, Path.cwd())
        with subprocess.Popen(tied, stdout=subprocess.PIPE, text=True) as program:
            try:
                assert program.stdout is not None
                ready = program.stdout.readline()
                assert ready, "the brokers did not start; what they said stands above"
                yield Running(json.loads(ready)["brokers"], Path(made), program.pid)
            finally:
                program.terminate()


@contextmanager
def broker(
    settings: Mapping[str, str] = MappingProxyType({}),
    listeners: Mapping[str, int] = MappingProxyType({}),
    files: Path | None = None,
) -> Iterator[str]:
    """
    Run one broker, in a container where Docker answers and else from the jars, and give its plain address.

    Args:
        settings: more of them.
        listeners: more of them, such as ``SASL_SSL``, each with a free port.
        files: a folder that the settings refer to.
    """
    way = os.environ.get(WAY) or ("docker" if succeeds("docker", "info") else "jars")
    if way == "docker":
        with _container(settings, listeners, files) as address:
            yield address
        return
    named = ",".join(f"{name}://127.0.0.1:{port}" for name, port in listeners.items())
    more = [f"{name}={value}" for name, value in settings.items()]
    if named:
        more += [
            f"listeners=PLAINTEXT://127.0.0.1:{{port}},CONTROLLER://127.0.0.1:{{controller}},{named}",
            f"listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,{_protocols(listeners)}",
        ]
    with brokers(1, [part for each in more for part in ("--set", each)]) as running:
        yield running.addresses


@contextmanager
def _container(settings: Mapping[str, str], listeners: Mapping[str, int], files: Path | None) -> Iterator[str]:
    # Its image of a container that tidies up may be out of reach; `_removed` does that work.
    os.environ["TESTCONTAINERS_RYUK_DISABLED"] = "true"
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy

    name, port = f"fanfare-test-{secrets.token_hex(6)}", free_port()
    every = {**_settings(port, listeners), **settings}
    variables = {f"KAFKA_{_variable(setting)}": value for setting, value in every.items()}
    container = DockerContainer(IMAGE, env=variables, name=name).with_bind_ports(9092, port)
    for each in listeners.values():
        container.with_bind_ports(each, each)
    if files:
        container.with_volume_mapping(str(files), str(files))
    started = LogMessageWaitStrategy("Kafka Server started").with_startup_timeout(READY_S)
    with _removed(name), container.waiting_for(started):
        yield f"127.0.0.1:{port}"


def _variable(setting: str) -> str:
    """Return how the image spells a setting in its environment."""
    return setting.upper().replace("_", "__").replace("-", "___").replace(".", "_")


def _protocols(listeners: Iterable[str]) -> str:
    return ",".join(f"{name}:{name}" for name in listeners)


def _settings(port: int, listeners: Mapping[str, int]) -> dict[str, str]:
    """Return the settings of the only broker, which answers at *port* of this machine."""
    inside = {"PLAINTEXT": 9092, **listeners}
    outside = {**inside, "PLAINTEXT": port}
    return {
        "node.id": "1",
        "process.roles": "broker,controller",
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.voters": "1@localhost:9093",
        "listeners": ",".join(f"{name}://:{each}" for name, each in {**inside, "CONTROLLER": 9093}.items()),
        "advertised.listeners": ",".join(f"{name}://127.0.0.1:{each}" for name, each in outside.items()),
        "listener.security.protocol.map": f"CONTROLLER:PLAINTEXT,{_protocols(inside)}",
        "auto.create.topics.enable": "false",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "4",
        "group.initial.rebalance.delay.ms": "0",
        "heap.opts": "-Xms64m -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1",
        "log.cleaner.dedupe.buffer.size": "16777216",
    }


@contextmanager
def _removed(name: str) -> Iterator[None]:
    """Remove the container at the end, however that comes: a process of its own sees our end of a pipe close."""
    command = [sys.executable, "-c", _REMOVE, name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as remover:
        try:
            yield
        finally:
            assert remover.stdin is not None
            remover.stdin.write(b"done")


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """Start a broker and give its address: in a container where Docker answers, else from its jars."""
    with broker() as address:
        yield address


@pytest.fixture
def record_topic(kafka: str) -> Iterator[Kafka]:
    """Make a topic of four partitions for one test, as `fanfare kafka init` makes it, and delete it afterwards."""
    made = Kafka(brokers=kafka, topic=f"record-{secrets.token_hex(4)}")
    topic.create(made, partitions=4)
    yield made
    with administered(made) as admin:
        admin.delete_topics([made.topic])
