"""
Runs a command with a fresh broker of Apache Kafka, in a container where Docker answers and else from Kafka's own jars.

    python infra/kafka/with_broker.py -- fanfare demo

The command finds the broker in FANFARE_KAFKA_BROKERS. When it ends, the broker and what it kept are gone, also after Ctrl-C. With
KAFKA_FROM=jars or KAFKA_FROM=docker it is not asked what is here.
"""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from brokers import Brokers, die_with_parent, free_port, properties
from jars import Missing, version

_READY_S = 180.0
_PAUSE_S = 0.2


@contextlib.contextmanager
def from_jars() -> Iterator[str]:
    """Run a broker from the jars in a temporary folder, and give its address."""
    with tempfile.TemporaryDirectory(prefix="fanfare-kafka-") as folder:
        brokers = Brokers(1, Path(folder), None, {}, [])
        try:
            brokers.start()
            yield brokers.addresses
        finally:
            brokers.stop()


@contextlib.contextmanager
def from_docker() -> Iterator[str]:
    """
    Run a broker in a container, and give its address.

    Raises:
        Missing: Docker could not run it.
    """
    name, port = f"fanfare-broker-{secrets.token_hex(4)}", free_port()
    settings = {
        **properties(1),
        "node.id": "1",
        "controller.quorum.voters": "1@localhost:9093",
        "listeners": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "heap.opts": "-Xms64m -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1",
    }
    given = [part for key, value in settings.items() for part in ("-e", f"KAFKA_{key.upper().replace('.', '_')}={value}")]
    command = ["docker", "run", "-d", "--name", name, "-p", f"127.0.0.1:{port}:9092", *given, f"apache/kafka:{version()}"]
    with _removed(name):
        started = subprocess.run(command, capture_output=True, text=True, check=False)
        if started.returncode:
            raise Missing(f"Docker could not run it. KAFKA_FROM=jars takes Java instead. {started.stderr.strip()[-1000:]}")
        _wait_for(name)
        yield f"127.0.0.1:{port}"


def _wait_for(name: str) -> None:
    until, told = time.monotonic() + _READY_S, ""
    while "Kafka Server started" not in told:
        if time.monotonic() > until or _printed("docker", "inspect", "-f", "{{.State.Running}}", name).strip() != "true":
            raise Missing(f"The broker in the container did not start; it said last:\n{told[-3000:]}")
        time.sleep(_PAUSE_S)
        told = _printed("docker", "logs", name)


def _printed(*command: str) -> str:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.stdout


@contextlib.contextmanager
def _removed(name: str) -> Iterator[None]:
    """Remove the container at the end, however that comes: a process of its own sees our end of a pipe close."""
    command = ["sh", "-c", 'cat >/dev/null; docker rm -f -v "$0" >/dev/null 2>&1', name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True):
        yield  # leaving closes the pipe, and waits


def _docker_answers() -> bool:
    try:
        return subprocess.run(["docker", "info"], capture_output=True, timeout=20, check=False).returncode == 0
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False


def broker() -> contextlib.AbstractContextManager[str]:
    """Return what runs a broker, in whichever way there is, and gives its address."""
    way = os.environ.get("KAFKA_FROM") or ("docker" if _docker_answers() else "jars")
    return from_docker() if way == "docker" else from_jars()


def run(command: Sequence[str], address: str) -> int:
    """Run *command* to its end, whoever is asked to stop before that, and return its exit status."""
    environment = {**os.environ, "FANFARE_KAFKA_BROKERS": address}
    with subprocess.Popen(command, env=environment, preexec_fn=die_with_parent(signal.SIGTERM)) as child:
        signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C reaches the command, too; the broker outlives it
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        return child.wait()


def main(arguments: Sequence[str]) -> int:
    """Run the command after ``--`` and return its exit status."""
    if len(arguments) < 2 or arguments[0] != "--":
        sys.stderr.write("Usage: python infra/kafka/with_broker.py -- COMMAND …\n")
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with broker() as address:
            return run(arguments[1:], address)
    except Missing as missing:
        sys.stderr.write(f"{missing}\n")
        return 1
    except KeyboardInterrupt:  # while the broker was starting
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
