"""Three brokers, each in a network of its own, that can be killed, stopped, cut off and filled up one by one."""

import asyncio
import json
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from aiokafka.structs import PartitionMetadata
from brokers import Node, properties

from fanfare.platform.logs.kafka import topic
from fanfare.platform.logs.kafka.administering import administered
from fanfare.platform.logs.kafka.connecting import Kafka
from tests.kafka_faults.network import Network, network

NODES = (1, 2, 3)
SMALL_DISK = 3
"""The broker whose disk can be filled."""
DISK_SIZE = "192m"
_CLIENTS, _CONTROLLERS = 9092, 9093
_STARTS_S = 180.0
_ANSWER_MS = 2_000


class Cluster:
    """Three brokers. Owned by the main thread, with whose end they end."""

    def __init__(self, net: Network, folder: Path) -> None:
        """Keep their logs and disks in *folder*."""
        self._network = net
        self._folder = folder
        self.addresses = ",".join(f"{net.address(each)}:{_CLIENTS}" for each in NODES)
        self._nodes = {each: self._node(each) for each in NODES}

    def _node(self, number: int) -> Node:
        room, address = self._network.rooms[number], self._network.address(number)
        place = self._folder / f"broker{number}"
        disk = place / "disk"
        disk.mkdir(parents=True)
        if number == SMALL_DISK:
            room.run("mount", "-t", "tmpfs", "-o", f"size={DISK_SIZE},mode=0700", "tmpfs", str(disk))
        own = {
            "node.id": str(number),
            "controller.quorum.voters": ",".join(f"{each}@{self._network.address(each)}:{_CONTROLLERS}" for each in NODES),
            "listeners": f"PLAINTEXT://{address}:{_CLIENTS},CONTROLLER://{address}:{_CONTROLLERS}",
            "log.dirs": str(disk / "data"),
        }
        return Node(number, place, properties(len(NODES)) | own, room.inside)

    # What they do

    def start(self) -> None:
        """Make their disks ready, start all of them, and return when they answer."""
        cluster_id = "RmFuZmFyZUZhdWx0cy0wMQ"
        forming = [node.format(["--cluster-id", cluster_id]) for node in self._nodes.values()]
        assert not any(each.wait() for each in forming if each), "the disks could not be made ready; see broker1/broker.log"
        for node in self._nodes.values():
            node.start()
        ends = time.monotonic() + _STARTS_S
        while not all(node.ready() for node in self._nodes.values()):
            assert time.monotonic() < ends, f"the brokers did not start; their logs are in {self._folder}"
            time.sleep(0.05)

    def end(self) -> None:
        """Kill all of them."""
        for number in NODES:
            self.kill(number)

    def kill(self, number: int) -> None:
        """Kill a broker as `kill -9` does, and return when it is dead."""
        self.send(number, signal.SIGKILL)
        if jvm := self._nodes[number].jvm:
            jvm.wait()

    def send(self, number: int, kind: signal.Signals) -> None:
        """Send a signal to a broker."""
        if jvm := self._nodes[number].jvm:
            jvm.send_signal(kind)

    def lives(self, number: int) -> bool:
        """Tell whether its process is there."""
        jvm = self._nodes[number].jvm
        return jvm is not None and jvm.poll() is None

    def start_again(self, number: int) -> None:
        """Start a broker that is dead."""
        self._nodes[number].start()

    def pull(self, number: int) -> None:
        """Cut a broker off from the others and from everybody else."""
        self._network.pull(number)

    def plug(self, number: int) -> None:
        """Let it back in."""
        self._network.plug(number)

    def fill(self) -> None:
        """Fill the small disk. Its broker writes meanwhile, so it takes what there is."""
        full = self._on_small_disk / "full"
        with full.open("wb", buffering=0) as file, suppress(OSError):
            while free := shutil.disk_usage(self._on_small_disk).free:
                file.write(bytes(min(1 << 20, free)))

    def free(self) -> None:
        """Give the space back."""
        (self._on_small_disk / "full").unlink(missing_ok=True)

    @property
    def _on_small_disk(self) -> Path:
        return self._disk(SMALL_DISK)

    def _disk(self, number: int) -> Path:
        return self._network.rooms[number].path(self._folder / f"broker{number}" / "disk")

    def mend(self) -> None:
        """Put everything right that a test may have left."""
        self.free()
        for number in NODES:
            self.plug(number)
            self.send(number, signal.SIGCONT)
            if not self.lives(number):
                self.start_again(number)

    # What they say

    def topic(self, name: str) -> Kafka:
        """Make a topic as `fanfare kafka init` makes it, and return how it is reached."""
        made = Kafka(brokers=self.addresses, topic=name)
        topic.create(made)
        return made

    def clear(self) -> None:
        """Delete the records that were made here: a hundred thousand ballots of legs that are over would fill the small disk."""
        with administered(Kafka(brokers=self.addresses, topic="none")) as admin:
            admin.delete_topics([each for each in admin.list_topics() if each.startswith("fanfare.record.")])

    def controller(self) -> int:
        """Return the number of the active controller, as the one that lives wrote it down last."""
        return max((self._quorum(each) for each in NODES if self.lives(each)), key=lambda each: each[0])[1]

    def _quorum(self, number: int) -> tuple[int, int]:
        file = self._disk(number) / "data" / "__cluster_metadata-0" / "quorum-state"
        told = json.loads(file.read_text())
        return int(told["leaderEpoch"]), int(told["leaderId"])

    async def leader(self, kafka: Kafka, partition: int) -> int:
        """Return the number of the broker that leads a partition."""
        return int((await self._partitions(kafka))[partition].leader)

    async def whole(self, kafka: Kafka) -> None:
        """Return when every broker has all of the topic again; else say which of them are behind."""
        behind: dict[int, list[int]] | None = None
        try:
            async with asyncio.timeout(_STARTS_S):
                while behind != {}:
                    found = await self._partitions(kafka)
                    behind = {n: sorted(set(NODES) - set(each.isr)) for n, each in found.items() if set(each.isr) != set(NODES)}
                    await asyncio.sleep(0.3 if behind else 0)
        except TimeoutError as error:
            message = f"after {_STARTS_S:.0f} s brokers are behind, by partition: {behind}; their logs are in {self._folder}"
            raise AssertionError(message) from error

    async def _partitions(self, kafka: Kafka) -> dict[int, PartitionMetadata]:
        """Return what a broker says of the partitions, each of which has a leader."""
        while True:
            client = AIOKafkaClient(**kafka.options(), request_timeout_ms=_ANSWER_MS)
            try:
                await client.bootstrap()
                client.set_topics([kafka.topic])
                await client.force_metadata_update()
                found = client.cluster._partitions.get(kafka.topic, {})
                if found and all(each.leader in NODES for each in found.values()):
                    return dict(found)
            except (KafkaError, OSError, TimeoutError):
                pass
            finally:
                await client.close()
            await asyncio.sleep(0.2)


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Run three brokers until the block ends. From the main thread."""
    with network(len(NODES)) as net:
        made = Cluster(net, folder)
        try:
            made.start()
            yield made
        finally:
            made.end()
