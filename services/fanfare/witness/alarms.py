"""
Alarms: evidence in a folder, a mark that stops the signing of one log, a line on stderr, and a command if one is named.

The witness goes on serving, with the alarm on its page: other logs of the site are still watched, and whoever reads the page
sees it. Its exit code, whenever it ends, is that of a fork as long as a mark stands.
"""

import shlex
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock, Thread

from fanfare.ledger.checkpoints import Checkpoint
from fanfare.witness.forks import Fork, shows_fork, write_evidence
from fanfare.witness.pinned import Pinned
from fanfare.witness.seen import MARK, Seen

FOLDER = "alarms"
_SHORTER = "shorter"
_COMMAND_S = 60


def say(line: str) -> None:
    """Tell whoever reads the witness's log."""
    sys.stderr.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC  {line}\n")
    sys.stderr.flush()


class Alarms:
    """Raises alarms. Any thread may."""

    def __init__(self, home: Path, pinned: Pinned, command: str, clock: Callable[[], datetime]) -> None:
        """Write evidence below *home*, and run *command*, if it is not empty, with the folder of it as its last argument."""
        self._folder, self._pinned, self._command, self._clock = home / FOLDER, pinned, shlex.split(command), clock
        self._running = list[Thread]()
        self._lock = Lock()

    def __call__(self, seen: Seen, fork: Fork) -> None:
        """Raise one, unless one stands that says as much already."""
        with self._lock:  # what a submission shows and what the tiles do may come at once
            self._raise(seen, fork)

    def _raise(self, seen: Seen, fork: Fork) -> None:
        smaller, larger = Checkpoint.parse(fork.smaller.text), Checkpoint.parse(fork.larger.text)
        keys = self._pinned.notary.verifiers(smaller.origin)
        shows, standing = shows_fork(fork, keys), seen.alarm
        if standing and not (shows and f"-{_SHORTER}" in standing):
            return
        if shows:
            told = f"A fork of {smaller.origin}: what it signed at {smaller.size} and at {larger.size} entries does not fit."
        else:
            told = f"{smaller.origin} serves {smaller.size} entries, and had signed {larger.size}."
        now = self._clock()
        folder = self._new(f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{seen.folder.name}-{'fork' if shows else _SHORTER}")
        write_evidence(folder, fork, keys, told, now)
        seen.mark(f"{folder.name}: {told}\nThe evidence is in {folder}. Remove this file when you know why.")
        say(f"ALARM. {told} The evidence is in {folder}.")
        say(f"Nothing more of {smaller.origin} is cosigned until {seen.folder / MARK} is removed.")
        if self._command:
            self._running.append(Thread(target=self._run, args=(folder,), daemon=True))
            self._running[-1].start()

    def settle(self) -> None:
        """Wait until the commands that run have ended."""
        for each in self._running:
            each.join()
        self._running.clear()

    def _new(self, name: str) -> Path:
        """Return a folder's path that is not taken."""
        at, path = 1, self._folder / name
        while path.exists():
            at, path = at + 1, self._folder / f"{name}-{at + 1}"
        return path

    def _run(self, folder: Path) -> None:
        try:
            subprocess.run([*self._command, str(folder)], check=True, timeout=_COMMAND_S, stdin=subprocess.DEVNULL)  # noqa: S603 - of whoever runs the witness
        except (OSError, subprocess.SubprocessError) as error:
            say(f"The alarm's command could not be run: {error}")
