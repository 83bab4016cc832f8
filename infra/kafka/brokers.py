"""
Runs brokers of Apache Kafka on this machine, without Docker: for tests, demos and a look around, not for production.

    python infra/kafka/brokers.py --nodes 3 --folder /tmp/brokers

It stays in the foreground until SIGTERM or Ctrl-C, and prints one line of JSON when the brokers answer. The folder keeps the
cluster, so that the next call goes on with it; it also holds each broker's log and, in pids.json, who runs now. Each node is
broker and controller (KRaft). The brokers die with this program, however it dies.
"""

import argparse
import base64
import ctypes
import json
import random
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from jars import Missing, jars, java

_PR_SET_PDEATHSIG = 1
_READY_S = 180.0
_STOP_S = 6.0
"""Controllers that stop together lose their quorum and would wait for it for minutes; a kill loses nothing that was written."""
_PAUSE_S = 0.05
_RESTART_S = 1.0
_STARTED = b"Kafka Server started"
_JVM = (
    "-Xms64m",
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",  # half the CPU of a start, and of a short life
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
    "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config=warn",  # a thousand lines a start
)


def free_port() -> int:
    """Return a port that nothing listens on, and that no outgoing connection is given by chance while a broker is down."""
    while True:
        port = random.randint(20_000, 32_000)  # noqa: S311 - below those that the kernel gives out
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def properties(nodes: int) -> dict[str, str]:
    """Return the settings that every broker has, whatever it runs in: Fanfare's own wishes, and little memory."""
    copies = "3" if nodes >= 3 else "1"
    safe = "2" if nodes >= 3 else "1"
    return {
        "process.roles": "broker,controller",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "auto.create.topics.enable": "false",
        "unclean.leader.election.enable": "false",
        "default.replication.factor": copies,
        "min.insync.replicas": safe,
        "offsets.topic.replication.factor": copies,
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": safe,
        "transaction.state.log.num.partitions": "4",
        "group.initial.rebalance.delay.ms": "0",
        "log.cleaner.dedupe.buffer.size": "16777216",  # the usual 128 MB would be half of the heap
        "log.cleaner.threads": "1",
    }


class Node:
    """One broker, and the JVM that it runs in. Owned by the main thread, whose death ends the JVM."""

    def __init__(self, number: int, folder: Path, settings: Mapping[str, str], before: Sequence[str] = ()) -> None:
        self.number = number
        self._before = before
        """A command that runs another one, such as nsenter."""
        self._folder = folder
        self._settings = settings
        self._log = folder / "broker.log"
        self._from = 0
        """Where in the log its present run begins."""
        self.jvm: subprocess.Popen[bytes] | None = None

    def format(self, arguments: Sequence[str]) -> "subprocess.Popen[bytes] | None":
        """Begin to make its data folder, unless there is one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._conf.write_text("".join(f"{name}={value}\n" for name, value in sorted(self._settings.items())))
        if (self._folder / "data" / "meta.properties").exists():
            return None
        return self._java("kafka.tools.StorageTool", "format", *arguments, "--config", str(self._conf))

    def start(self) -> None:
        """Start it; `ready` tells when it answers."""
        self._from = self._log.stat().st_size if self._log.exists() else 0
        self.jvm = self._java("kafka.Kafka", str(self._conf))

    def ready(self) -> bool:
        """Tell whether it answers. Raises: Missing, with the end of its log, where it has ended instead."""
        with self._log.open("rb") as log:
            log.seek(self._from)
            told = log.read()
        if self.jvm and self.jvm.poll() is not None:
            raise Missing(f"Broker {self.number} ended at its start; {self._log} ends with:\n{told.decode()[-3000:]}")
        return _STARTED in told

    @property
    def _conf(self) -> Path:
        return self._folder / "server.properties"

    def _java(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = [*self._before, java(), *_JVM, "-cp", f"{jars()}/*", *arguments]
        with self._log.open("ab") as log:
            # A session of its own, so that Ctrl-C reaches whoever uses the brokers first.
            dying = die_with_parent(signal.SIGKILL)
            return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, preexec_fn=dying)


class Brokers:
    """A cluster of one or three brokers in a folder. Owned by the main thread."""

    def __init__(self, nodes: int, folder: Path, port: int | None, more: Mapping[str, str], scram: Sequence[str]) -> None:
        folder = folder.absolute()
        kept = _kept(folder, nodes)
        self._cluster = str(kept["cluster"])
        self._folder = folder
        self._scram = scram
        clients = [port + each for each in range(nodes)] if port else list(kept["clients"])
        self.addresses = ",".join(f"127.0.0.1:{each}" for each in clients)
        voters = ",".join(f"{n + 1}@127.0.0.1:{each}" for n, each in enumerate(kept["controllers"]))
        self._nodes = []
        for number, (client, controller) in enumerate(zip(clients, kept["controllers"], strict=True), 1):
            data = folder / f"broker{number}"
            named = {
                "node.id": str(number),
                "controller.quorum.voters": voters,
                "listeners": f"PLAINTEXT://127.0.0.1:{client},CONTROLLER://127.0.0.1:{controller}",
                "log.dirs": str(data / "data"),
            }
            ports = {"{port}": str(client), "{controller}": str(controller)}
            self._nodes.append(Node(number, data, properties(nodes) | named | _filled(more, ports)))

    @property
    def pids(self) -> dict[str, int]:
        """The process of each broker, by its number."""
        return {str(node.number): node.jvm.pid for node in self._nodes if node.jvm}

    def start(self) -> None:
        """Start all of them and return when they answer. Raises: Missing."""
        arguments = ["--cluster-id", self._cluster, *(part for each in self._scram for part in ("--add-scram", each))]
        for forming in [node.format(arguments) for node in self._nodes]:
            if forming and forming.wait():
                raise Missing(f"The data folders could not be made; see broker1/broker.log in {self._folder}.")
        for node in self._nodes:
            node.start()
        self._tell()
        most = time.monotonic() + _READY_S
        while not all(node.ready() for node in self._nodes):
            if time.monotonic() > most:
                raise Missing(f"The brokers did not answer within {_READY_S:.0f} s; their logs are in {self._folder}.")
            time.sleep(_PAUSE_S)

    def watch(self, *, restart: bool) -> None:
        """Start a broker that ended again after a second, or leave it to the caller; returns never."""
        ended: dict[int, float] = {}
        while True:
            for node in self._nodes:
                if restart and node.jvm and node.jvm.poll() is not None:
                    since = ended.setdefault(node.number, time.monotonic())
                    if time.monotonic() - since >= _RESTART_S:
                        del ended[node.number]
                        node.start()
                        self._tell()
            time.sleep(_PAUSE_S)

    def stop(self) -> None:
        """Stop all of them, those that were stopped by SIGSTOP, too."""
        living = [node.jvm for node in self._nodes if node.jvm and node.jvm.poll() is None]
        for jvm in living:
            jvm.terminate()
            jvm.send_signal(signal.SIGCONT)
        most = time.monotonic() + _STOP_S
        for jvm in living:
            try:
                jvm.wait(max(most - time.monotonic(), 0))
            except subprocess.TimeoutExpired:
                jvm.kill()
                jvm.wait()

    def _tell(self) -> None:
        new = self._folder / "pids.json.new"
        new.write_text(json.dumps(self.pids))
        new.rename(self._folder / "pids.json")


def die_with_parent(told: signal.Signals) -> Callable[[], None]:
    """Return what a child does between fork and exec, so that the kernel sends it *told* when this process ends."""
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, told, 0, 0, 0)


def _filled(settings: Mapping[str, str], ports: Mapping[str, str]) -> dict[str, str]:
    """Return settings with a broker's own ports put in."""
    filled = dict(settings)
    for mark, port in ports.items():
        filled = {name: value.replace(mark, port) for name, value in filled.items()}
    return filled


def _kept(folder: Path, nodes: int) -> dict[str, Any]:
    """Return the cluster that the folder keeps, or a new one."""
    place = folder / "cluster.json"
    if place.exists():
        kept = dict(json.loads(place.read_text()))
        there = len(kept["clients"])
        if there != nodes:
            raise Missing(f"{folder} keeps a cluster of {there}; take --nodes {there} or another folder.")
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    kept = {
        "cluster": cluster if not cluster.startswith("-") else f"A{cluster[1:]}",
        "clients": [free_port() for _ in range(nodes)],
        "controllers": [free_port() for _ in range(nodes)],
    }
    place.write_text(json.dumps(kept))
    return kept


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _arguments() -> argparse.Namespace:
    told = argparse.ArgumentParser(description="Run brokers of Apache Kafka on this machine until SIGTERM.")
    told.add_argument("--nodes", type=int, choices=(1, 3), default=1)
    told.add_argument("--folder", type=Path, required=True, help="Keeps the cluster; made if missing.")
    told.add_argument("--port", type=int, help="The first broker's; the others take the next ones. Without it: free ones.")
    told.add_argument("--no-restart", action="store_true", help="Leave a broker that ended alone.")
    told.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="A setting of every broker; {port} and {controller} in it become the broker's own.",
    )
    told.add_argument("--scram", action="append", default=[], metavar="…", help="As kafka-storage.sh --add-scram takes it.")
    return told.parse_args()


def run(brokers: Brokers, then: Callable[[], None]) -> None:
    """Start the brokers, do *then*, and stop them however that ends."""
    try:
        brokers.start()
        then()
    finally:
        brokers.stop()


def main() -> None:
    """Run what the command line asks for."""
    asked = _arguments()
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    more = dict(each.split("=", 1) for each in asked.set)
    try:
        brokers = Brokers(asked.nodes, asked.folder, asked.port, more, asked.scram)

        def then() -> None:
            sys.stdout.write(json.dumps({"brokers": brokers.addresses, "pids": brokers.pids}) + "\n")
            sys.stdout.flush()
            brokers.watch(restart=not asked.no_restart)

        run(brokers, then)
    except Missing as missing:
        sys.exit(str(missing))


if __name__ == "__main__":
    main()
