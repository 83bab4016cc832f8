"""The cluster's folder: making it whole, and making sure that nobody else is in it."""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import structlog

from fanfare.platform.postgres.errors import PostgresUnavailable, StartInterrupted
from fanfare.platform.postgres.lodging import Lodging
from fanfare.platform.postgres.tether import tethered

_log = structlog.get_logger()
_PAUSE_S = 0.01
_FAST_SHUTDOWN_S = 20.0
_IMMEDIATE_SHUTDOWN_S = 40.0


def _unfinished(lodging: Lodging) -> Path:
    return lodging.folder / "cluster.unfinished"


def create_cluster(lodging: Lodging, server_lock: int, log: Path) -> None:
    """
    Make the cluster, whole or not at all: it gets its name only when everything is on the disk.

    Raises:
        PostgresUnavailable: initdb failed; the message holds what it said.
    """
    unfinished = _unfinished(lodging)
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    lodging.own(unfinished)
    # PostgreSQL 16 has no locale of its own, so glibc's must do.
    builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    locale = builtin if lodging.binaries.major > 16 else ["--locale-provider=libc", "--locale=C.UTF-8"]
    options = ["--username=fanfare", "--auth=trust", "--encoding=UTF8", "--no-instructions", "--data-checksums"]
    program = [str(lodging.binaries.folder / "initdb"), "-D", str(unfinished), *locale]
    command = tethered([*program, *options], lodging.identity, signal.SIGINT, unfinished)
    begin = log.stat().st_size if log.exists() else 0
    with log.open("ab") as sink:
        outcome = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            env=clean_environment(),
            pass_fds=(server_lock,),
            start_new_session=True,
            check=False,
        )
    if outcome.returncode != 0:
        raise PostgresUnavailable("PostgreSQL could not make its folder:\n" + tail(log, begin))
    # A network connection is not possible, and whoever may enter the socket's folder owns the cluster's files anyway.
    (unfinished / "pg_hba.conf").write_text("local all all trust\n")
    unfinished.rename(lodging.cluster)
    folder = os.open(lodging.folder, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def clean_environment() -> dict[str, str]:
    """Return this process's environment without what would steer PostgreSQL's programs."""
    return {name: text for name, text in os.environ.items() if not name.startswith(("PG", "LC_"))}


def tail(log: Path, begin: int) -> str:
    """Return the last lines of *log* that were written after byte *begin*."""
    with log.open("rb") as source:
        source.seek(max(begin, log.stat().st_size - 4000))
        return "\n".join(source.read().decode(errors="replace").splitlines()[-12:])


def postmaster_pid(cluster: Path) -> int | None:
    """Return the process id that the pid file names; it proves nothing, since ids are used again."""
    try:
        return int((cluster / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def _inhabitants(folders: tuple[Path, ...]) -> Iterator[int]:
    """Yield the PostgreSQL processes whose working folder is one of *folders*: each of them goes to live there."""
    places = {(status.st_dev, status.st_ino) for folder in folders if folder.exists() for status in [folder.stat()]}
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            with contextlib.suppress(OSError):
                status = (each / "cwd").stat()
                if (status.st_dev, status.st_ino) in places and (each / "exe").readlink().name.startswith("postgres"):
                    yield int(each.name)


def _strongest(waited_s: float) -> signal.Signals:
    # None of these can lose what was acknowledged: it is in the write-ahead log, and synced.
    if waited_s < _FAST_SHUTDOWN_S:
        return signal.SIGINT
    return signal.SIGQUIT if waited_s < _IMMEDIATE_SHUTDOWN_S else signal.SIGKILL


def _ask_to_leave(pids: list[int], postmaster: int | None, waited_s: float) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            if postmaster not in pids:
                # Their postmaster is dead. A backend takes SIGINT for "cancel the query", so the next stronger signal it is.
                os.kill(pid, _strongest(waited_s + _FAST_SHUTDOWN_S))
            elif pid == postmaster or waited_s >= _IMMEDIATE_SHUTDOWN_S:
                os.kill(pid, _strongest(waited_s))


def take_over(lodging: Lodging, interrupted: Callable[[], bool]) -> int:
    """
    Wait until no process of an earlier PostgreSQL is left in the cluster, asking any to leave; return the lock that says so.

    The lock is an open file that every process of the new PostgreSQL inherits, and that the kernel frees with the last of them.
    So holding it means that all are gone, whoever started them and whatever the pid file says. The pid file that an earlier one
    left behind is removed then: PostgreSQL would believe in it if another process had got the same id.

    Returns:
        A file descriptor, for the children to inherit.

    Raises:
        StartInterrupted: somebody asked to stop.
    """
    lock = os.open(lodging.folder / "server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with contextlib.ExitStack() as unless_taken:
        unless_taken.callback(os.close, lock)
        _wait_until_alone(lodging, lock, interrupted)
        (lodging.cluster / "postmaster.pid").unlink(missing_ok=True)
        unless_taken.pop_all()
    return lock


def _wait_until_alone(lodging: Lodging, lock: int, interrupted: Callable[[], bool]) -> None:
    began, asked = time.monotonic(), -1
    while True:
        pids = list(_inhabitants((lodging.cluster, _unfinished(lodging))))
        if not pids and _locked(lock):
            return
        waited_s = time.monotonic() - began
        if int(waited_s) != asked:
            asked = int(waited_s)
            _log.info("an earlier PostgreSQL is still here", processes=len(pids))
            _ask_to_leave(pids, postmaster_pid(lodging.cluster), waited_s)
        if interrupted():
            raise StartInterrupted("Stopped while waiting for an earlier PostgreSQL to end.")
        time.sleep(_PAUSE_S)


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
