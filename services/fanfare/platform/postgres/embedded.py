"""PostgreSQL beside the application: a direct child, on a private socket, that no crash of ours leaves behind."""

import contextlib
import fcntl
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import psycopg

from fanfare.platform.memory import of_machine_mb
from fanfare.platform.postgres.cluster import clean_environment, create_cluster, tail, take_over
from fanfare.platform.postgres.errors import HomeInUse, PostgresUnavailable, StartInterrupted
from fanfare.platform.postgres.lodging import Lodging, settle, socket_folder
from fanfare.platform.postgres.tether import tethered

LOCK = "fanfare.lock"
"""The file of a home that whoever runs on it holds locked."""
_PAUSE_S = 0.01
_LOG_SIZE_BYTES = 16 * 1024 * 1024
_STOP_FAST_S = 30.0
_SETTINGS = {
    # An acknowledged write is on the disk. Said on the command line, which no configuration file and no `alter system` outranks.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": "5432",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_checkpoints": "off",
    # What a statement was about stands in no log: a name, an address or a text would outlive the person's erasure there.
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}


def _never() -> bool:
    return False


def in_use(home: Path) -> bool:
    """Tell whether a Fanfare runs on *home*; one that crashed does not, whatever it left behind."""
    try:
        lock = os.open(home / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(lock)


def _conninfo(database: str, socket: Path) -> str:
    return f"postgresql://fanfare@/{database}?host={quote(str(socket), safe='')}"


class EmbeddedPostgres:
    """
    The PostgreSQL of one FANFARE_HOME.

    Start it from the main thread: the kernel stops it when the thread ends that started it.

    Args:
        home: FANFARE_HOME; made if missing. The log is `log/postgresql.log` in it.
    """

    def __init__(self, home: Path) -> None:
        self._home = home.absolute()
        self._log = self._home / "log" / "postgresql.log"
        self._lock: int | None = None
        """Held from the start to the stop; the kernel frees it if we die."""
        self._server: subprocess.Popen[bytes] | None = None
        self._has_database = False
        """Asked once: at a restart the children may hold every connection there is."""

    @property
    def pid(self) -> int | None:
        """The postmaster's process id; None where none was started."""
        return self._server.pid if self._server else None

    def start(self, interrupted: Callable[[], bool] = _never) -> str:
        """
        Start it, make the database `fanfare` if it is missing, and return how to connect to it.

        Waits as long as PostgreSQL lives and is not ready: recovery after a crash takes its time.

        Args:
            interrupted: asked while waiting; True makes it give up.

        Raises:
            HomeInUse: another Fanfare runs on this home.
            PostgresUnavailable: it could not be started; the message holds the end of its log.
            StartInterrupted: `interrupted` said so.
        """
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("PostgreSQL would die with this thread: start it from the main thread")
        try:
            self._prepare_home()
            return self._start_server(interrupted)
        except OSError as trouble:
            self.stop()
            raise PostgresUnavailable(f"FANFARE_HOME {self._home} cannot be used: {trouble}.") from trouble
        except psycopg.Error as trouble:
            self.stop()
            raise PostgresUnavailable(f"PostgreSQL started but does not answer: {trouble}.") from trouble
        except BaseException:
            self.stop()
            raise

    def poll(self) -> int | None:
        """Return the postmaster's exit status once it has ended; None while it lives, or before the first start."""
        return self._server.poll() if self._server else None

    def stop(self) -> None:
        """Stop it, after its present statements are cancelled and a checkpoint is on the disk, and free the home."""
        self._stop_server()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def restart(self, interrupted: Callable[[], bool] = _never) -> str:
        """Stop what is left of it and start it again, keeping the home; return how to connect, the same as before."""
        self._stop_server()
        return self.start(interrupted)

    def _prepare_home(self) -> None:
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._log.parent.mkdir(mode=0o700, exist_ok=True)
        if self._lock is not None:
            return
        lock = os.open(self._home / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(lock, 20, 0).decode(errors="replace").strip()
            os.close(lock)
            already = f"Fanfare already runs on {self._home} (process {holder})"
            raise HomeInUse(f"{already}: stop it first, or set FANFARE_HOME to another folder.") from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        self._lock = lock

    def _start_server(self, interrupted: Callable[[], bool]) -> str:
        lodging = settle(self._home)
        server_lock = take_over(lodging, interrupted)
        try:
            if not lodging.cluster.exists():
                create_cluster(lodging, server_lock, self._log)
            socket = socket_folder(self._home, lodging)
            # Nobody is left who could listen there, see take_over.
            (socket / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
            begin = self._launch(lodging, socket, server_lock)
        finally:
            # PostgreSQL's processes hold it from here on.
            os.close(server_lock)
        self._wait_until_ready(lodging, begin, interrupted)
        if not self._has_database:
            self._make_database(_conninfo("postgres", socket))
            self._has_database = True
        return _conninfo("fanfare", socket)

    def _launch(self, lodging: Lodging, socket: Path, server_lock: int) -> int:
        """Start the postmaster; return how long the log was before."""
        # In the 128 MB that it takes by itself a million ballots have no room: each further one would read and write the disk.
        buffers_mb = max(128, min(1024, of_machine_mb() // 8))
        settings = _SETTINGS | {"unix_socket_directories": str(socket), "shared_buffers": f"{buffers_mb}MB"}
        program = [str(lodging.binaries.folder / "postgres"), "-D", str(lodging.cluster)]
        command = [*program, *(part for name, setting in settings.items() for part in ("-c", f"{name}={setting}"))]
        if self._log.exists() and self._log.stat().st_size > _LOG_SIZE_BYTES:
            self._log.replace(self._log.with_suffix(".log.1"))
        with self._log.open("ab") as sink:
            begin = sink.tell()
            self._server = subprocess.Popen(
                tethered(command, lodging.identity, signal.SIGINT, lodging.cluster),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                env=clean_environment(),
                pass_fds=(server_lock,),
                # A Ctrl-C at the console reaches the supervisor alone, which stops us last.
                start_new_session=True,
            )
        return begin

    def _wait_until_ready(self, lodging: Lodging, begin: int, interrupted: Callable[[], bool]) -> None:
        while not self._says_ready(lodging.cluster / "postmaster.pid"):
            if self.poll() is not None:
                raise PostgresUnavailable("PostgreSQL ended before it was ready:\n" + tail(self._log, begin))
            if interrupted():
                raise StartInterrupted("Stopped before PostgreSQL was ready.")
            time.sleep(_PAUSE_S)

    def _says_ready(self, pid_file: Path) -> bool:
        # The eighth line is the postmaster's own word on its state (PostgreSQL's pidfile.h).
        with contextlib.suppress(OSError):
            lines = pid_file.read_text().split("\n")
            return len(lines) > 7 and lines[0] == str(self.pid) and lines[7].strip() == "ready"
        return False

    @staticmethod
    def _make_database(conninfo: str) -> None:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            if connection.execute("select from pg_database where datname = 'fanfare'").rowcount == 0:
                connection.execute("create database fanfare")

    def _stop_server(self) -> None:
        if self._server is None:
            return
        # SIGQUIT ends it without a checkpoint: the next start recovers, and nothing that was acknowledged is lost.
        for kind, patience_s in ((signal.SIGINT, _STOP_FAST_S), (signal.SIGQUIT, _STOP_FAST_S), (signal.SIGKILL, None)):
            with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                self._server.send_signal(kind)
                self._server.wait(patience_s)
                break
        self._server = None
