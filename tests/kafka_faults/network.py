"""
A network of its own for each broker: network namespaces on a switch, of which any plug can be pulled.

The switch is a namespace, too, so that no rule of this machine's firewall says who may speak to whom. All of it belongs to
processes of ours, and is gone with them: nothing is left behind, however the tests end.
"""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from fanfare.platform.postgres.tether import Identity, tethered

_HOLD = "import sys; print('here', flush=True); sys.stdin.read()"


class Room:
    """A namespace for the network and the mounts of whoever runs in it, for as long as the process that holds it lives."""

    def __init__(self, stack: ExitStack) -> None:
        """Make it, until *stack* ends."""
        command = ["unshare", "--net", "--mount", sys.executable, "-I", "-S", "-c", _HOLD]
        tied = tethered(command, Identity(), signal.SIGKILL, Path("/"))
        # A session of its own: Ctrl-C reaches the tests first, and they end what runs in here before.
        holder = subprocess.Popen(tied, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        self.pid = stack.enter_context(holder).pid
        stack.callback(holder.kill)
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"here\n", "no namespaces here: run as root"

    @property
    def inside(self) -> tuple[str, ...]:
        """What comes before a command that is to run in here."""
        return ("nsenter", f"--target={self.pid}", "--net", "--mount", "--")

    def run(self, *command: str) -> None:
        """Run a command in here."""
        subprocess.run([*self.inside, *command], check=True, capture_output=True)

    def path(self, place: Path) -> Path:
        """Return where *place*, as it is in here, is found from outside."""
        return Path(f"/proc/{self.pid}/root{place}")


class Network:
    """A switch, this machine and as many rooms, each with an address; they reach each other and nothing else."""

    def __init__(self, rooms: int, stack: ExitStack) -> None:
        """Make it, until *stack* ends."""
        self._net = _free_net()
        self._switch = Room(stack)
        self._switch.run("ip", "link", "add", "switch", "type", "bridge")
        self._switch.run("ip", "link", "set", "switch", "up")
        self.rooms = {number: Room(stack) for number in range(1, rooms + 1)}
        for number, room in self.rooms.items():
            self._connect(number, room)
        # This machine's own end. It goes when its other end does, with the switch.
        here = f"fanfare{os.getpid() % 10_000_000}"
        _ip("link", "add", here, "type", "veth", "peer", "name", "plug0", "netns", str(self._switch.pid))
        _ip("address", "add", f"{self._net}.1/24", "dev", here)
        _ip("link", "set", here, "up")
        self._plug(0)

    def _connect(self, number: int, room: Room) -> None:
        ends = ("link", "add", f"plug{number}", "type", "veth", "peer", "name", "eth0", "netns", str(room.pid))
        self._switch.run("ip", *ends)
        self._plug(number)
        room.run("ip", "address", "add", f"{self.address(number)}/24", "dev", "eth0")
        for each in ("lo", "eth0"):
            room.run("ip", "link", "set", each, "up")

    def _plug(self, number: int) -> None:
        self._switch.run("ip", "link", "set", f"plug{number}", "master", "switch", "up")

    def address(self, number: int) -> str:
        """Return the address of a room."""
        return f"{self._net}.{10 + number}"

    def pull(self, number: int) -> None:
        """Cut a room off: nothing reaches it, nothing leaves it, and no connection is told so."""
        self._switch.run("ip", "link", "set", f"plug{number}", "down")

    def plug(self, number: int) -> None:
        """Let it back in."""
        self._switch.run("ip", "link", "set", f"plug{number}", "up")


def _ip(*arguments: str) -> str:
    return subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True).stdout


def _free_net() -> str:
    """Return the first three numbers of a net that is not in use here, of those that are set apart for tests (RFC 2544)."""
    used = _ip("-4", "-oneline", "address") + _ip("-4", "route")
    return random.choice([net for net in (f"198.18.{n}" for n in range(256)) if f"{net}." not in used])


@contextmanager
def network(rooms: int) -> Iterator[Network]:
    """Make a network until the block ends. From the main thread: it dies with the thread that makes it."""
    with ExitStack() as stack:
        yield Network(rooms, stack)
