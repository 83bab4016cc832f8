"""A site made of docker-compose.yml as it stands, under a name and on a port of its own."""

import json
import os
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOST_S = 600
"""For a first build, which installs the lock."""
_LINK = re.compile(r"http://localhost:\d+/\S+token=\S+")
_CRASH = (
    "import os, signal; [os.kill(int(each), signal.SIGKILL) for each in os.listdir('/proc') "
    "if each.isdigit() and int(each) not in (1, os.getpid())]"
)


class ComposeFailed(Exception):
    """The command did not do it; what it said is the message."""


@dataclass(frozen=True)
class Composed:
    """A site in containers."""

    project: str
    port: int
    metrics_token: str
    files: Sequence[str] = ("docker-compose.yml",)

    @property
    def url(self) -> str:
        """Where its door is."""
        return f"http://localhost:{self.port}"

    def call(self, *arguments: str) -> str:
        """Run a command of Compose on it and return what it printed. Raises: ComposeFailed."""
        files = [part for each in self.files for part in ("-f", each)]
        return told([*compose(), "-p", self.project, *files, *arguments], self._settings())

    def link(self) -> str:
        """Return the link of the first admin, as the migration step printed it last."""
        found: list[str] = _LINK.findall(self.call("logs", "migrate"))
        if not found:
            message = f"no link was printed: {self.call('logs', 'migrate')}"
            raise ComposeFailed(message)
        return found[-1]

    def containers(self, service: str) -> list[str]:
        """Return the ids of a service's containers."""
        return self.call("ps", "-q", service).split()

    def starts(self, container: str) -> tuple[bool, int]:
        """Tell whether a container runs, and how often the restart policy started it again."""
        found = json.loads(told(["docker", "inspect", container]))[0]
        return found["State"]["Running"], found["RestartCount"]

    def crash(self, container: str) -> None:
        """
        Kill what runs in a container, as the kernel kills what takes too much memory.

        Not by `docker kill`: Docker takes that for an operator's wish and starts nothing again.
        """
        ran = subprocess.run(["docker", "exec", container, "python", "-c", _CRASH], capture_output=True, check=False)
        if ran.returncode not in (0, 137):
            raise ComposeFailed(ran.stderr.decode())

    def until_restarted(self, container: str, within_s: float = 30) -> None:
        """Return once the restart policy has brought a container back. Raises: ComposeFailed."""
        ends = time.monotonic() + within_s
        while (state := self.starts(container)) != (True, 1):
            if time.monotonic() > ends:
                message = f"{container} was not brought back: it runs and was restarted: {state}"
                raise ComposeFailed(message)
            time.sleep(0.2)

    def left(self) -> list[str]:
        """Return what Docker still has of it."""
        of_ours = f"label=com.docker.compose.project={self.project}"
        kinds = (["ps", "-aq"], ["volume", "ls", "-q"], ["network", "ls", "-q"])
        return [line for kind in kinds for line in told(["docker", *kind, "--filter", of_ours]).split()]

    def _settings(self) -> dict[str, str]:
        return {
            "FANFARE_PUBLISH": f"127.0.0.1:{self.port}",
            "FANFARE_URL": self.url,
            "FANFARE_METRICS_TOKEN": self.metrics_token,
            "FANFARE_IMAGE": "fanfare:test",
            "FANFARE_DOOR_IMAGE": "fanfare-door:test",
        }


def compose() -> list[str]:
    """Return the command that reads compose files here: Docker's own, else the older one that Debian has."""
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    return ["docker", "compose"] if plugin.returncode == 0 else [shutil.which("docker-compose") or "docker-compose"]


def told(command: Sequence[str], settings: dict[str, str] | None = None) -> str:
    """Run a command at the top of the tree and return what it printed. Raises: ComposeFailed."""
    # Of our own environment nothing may get into the file but what is said here.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FANFARE_", "COMPOSE_"))}
    ran = subprocess.run(
        command, cwd=ROOT, env={**kept, **(settings or {})}, capture_output=True, text=True, timeout=MOST_S, check=False
    )
    if ran.returncode:
        message = f"{' '.join(command)}: {ran.stdout[-2000:]}{ran.stderr[-4000:]}"
        raise ComposeFailed(message)
    return ran.stdout


@contextmanager
def composed(port: int, *more: str) -> Iterator[Composed]:
    """Bring a site up, and take it and all that belongs to it down again, whatever happens; *more* are further files."""
    site = Composed(f"fanfare-test-{secrets.token_hex(3)}", port, secrets.token_hex(8), ("docker-compose.yml", *more))
    try:
        try:
            site.call("up", "-d", "--build")
        except ComposeFailed as error:
            message = f"{error}\n{site.call('logs', '--tail', '40')}"
            raise ComposeFailed(message) from error
        yield site
    finally:
        site.call("down", "-v", "--remove-orphans", "-t", "5")
