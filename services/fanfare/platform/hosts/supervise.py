"""
The supervisor of one machine: PostgreSQL first, then its children, each kept alive, all stopped in reverse order.

It waits for signals instead of looking: a child's end is one. One thread, the main one, because the kernel ends the children with
the thread that started them.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from fanfare.platform.postgres.embedded import EmbeddedPostgres
from fanfare.platform.postgres.errors import PostgresUnavailable, StartInterrupted
from fanfare.platform.postgres.tether import Identity, tethered

_log = structlog.get_logger()
_STOP = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
_WATCHED = _STOP | {signal.SIGCHLD}
_START_PAUSE_S = 0.02
_SHORTEST_WAIT_S = 0.1
_LONGEST_WAIT_S = 600.0
_SHORTEST_BACKOFF_S = 0.1
_LONGEST_BACKOFF_S = 10.0
_PROVEN_AFTER_S = 10.0
_GRACE_S = 15.0


class ChildRefused(Exception):
    """A child ended with a status that says that starting it again is no use."""

    def __init__(self, name: str, status: int) -> None:
        super().__init__(f"{name} will not run (status {status}); what it said stands above.")
        self.status = status


class ChildEnded(Exception):
    """A child ended before it was ready, at the first start; its own output says why."""


@dataclass(frozen=True)
class Child:
    """
    A program to keep running.

    Args:
        name: for the log.
        argv: the program and its arguments.
        environment: added to the supervisor's own.
        ready: asked until it is true before the next child starts; without one it is ready at once.
        final: exit statuses after which it is not started again: everything stops, with that status.
    """

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] | None = None
    final: frozenset[int] = frozenset()


class _Backoff:
    """When a part that ended may start again: soon, then ever later, up to ten seconds; afresh after ten good seconds."""

    def __init__(self) -> None:
        self._failures = 0
        self._started = time.monotonic()
        self.due: float | None = None
        """On the monotonic clock; None while the part runs."""

    def ended(self) -> None:
        now = time.monotonic()
        if now - self._started > _PROVEN_AFTER_S:
            self._failures = 0
        self.due = now + min(_SHORTEST_BACKOFF_S * 2**self._failures, _LONGEST_BACKOFF_S)
        # No further than the longest needs, or a year of failures would be a number of a million digits.
        self._failures = min(self._failures + 1, 10)

    def trying(self) -> None:
        # A start that fails counts as one, or it would be tried ten times a second once the last good one is long ago.
        self._started = time.monotonic()

    def started(self) -> None:
        self._started, self.due = time.monotonic(), None


class _Kept:
    """A child with its present process, owned by the supervisor's only thread."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.backoff = _Backoff()
        self.running: subprocess.Popen[bytes] | None = None

    def start(self, conninfo: str | None) -> None:
        given = {} if conninfo is None else {"FANFARE_DATABASE_URL": conninfo}
        self.running = subprocess.Popen(
            tethered(self.child.argv, Identity(), signal.SIGTERM, Path.cwd()),
            env={**os.environ, **self.child.environment, **given},
            stdin=subprocess.DEVNULL,
            # A Ctrl-C at the console is for us alone, so that the order of stopping is ours.
            start_new_session=True,
        )
        self.backoff.started()
        _log.info("started", part=self.child.name, pid=self.running.pid)

    def refuse_if_final(self) -> None:
        """
        Look at the status that an ended child left.

        Raises:
            ChildRefused: it is final.
        """
        if self.running is not None and self.running.returncode in self.child.final:
            raise ChildRefused(self.child.name, self.running.returncode)


def stop_requested() -> bool:
    """Tell whether a signal to stop waits to be taken; only in a process that blocks them, as the supervisor does."""
    return bool(signal.sigpending() & _STOP)


class Supervisor:
    """
    Keeps PostgreSQL and *children* running until a SIGTERM, SIGINT or SIGHUP.

    Args:
        children: started in this order, stopped in reverse.
        postgres: started before and stopped after all of them; they find it in FANFARE_DATABASE_URL. None where the environment
            names a server already.
        prepare: called once with how to connect to *postgres*, before the first child starts.
    """

    def __init__(
        self,
        children: Sequence[Child],
        postgres: EmbeddedPostgres | None = None,
        prepare: Callable[[str], None] | None = None,
    ) -> None:
        self._kept = [_Kept(child) for child in children]
        self._postgres = postgres
        self._prepare = prepare
        self._postgres_backoff = _Backoff()
        self._conninfo: str | None = None
        self._stops = 0
        """How often we were asked to stop; the second time nobody gets more time."""

    def run(self) -> int:
        """
        Start everything, keep it running, stop it when asked; return the exit status.

        It is 0 after a stop, 1 if a first start failed, and a child's own where that is final.

        A child that ends later is started again, after a pause that grows to ten seconds. PostgreSQL keeps its address, so the
        children stay while it is started again.
        """
        if not structlog.is_configured():
            structlog.configure(logger_factory=structlog.WriteLoggerFactory(sys.stderr))
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
        try:
            self._start()
            self._watch()
        except StartInterrupted:
            return 0
        except (PostgresUnavailable, ChildEnded) as trouble:
            _log.error("cannot start", why=str(trouble))
            return 1
        except ChildRefused as refused:
            _log.error("stopping", why=str(refused))
            return refused.status
        finally:
            self._stop()
            # What came in meanwhile has been answered; unblocked, it would kill us.
            while signal.sigtimedwait(_WATCHED, 0) is not None:
                pass
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return 0

    def _wait(self, longest_s: float) -> None:
        """Sleep until a child ends, somebody asks to stop, or *longest_s* seconds are over."""
        came = signal.sigtimedwait(_WATCHED, longest_s)
        if came is not None and came.si_signo in _STOP:
            self._stops += 1

    def _start(self) -> None:
        began = time.monotonic()
        if self._postgres is not None:
            self._conninfo = self._postgres.start(stop_requested)
            self._postgres_backoff.started()
            _log.info("started", part="postgresql", pid=self._postgres.pid)
            if self._prepare is not None:
                self._prepare(self._conninfo)
        for kept in self._kept:
            kept.start(self._conninfo)
            self._await_ready(kept)
        _log.info("ready", seconds=round(time.monotonic() - began, 2))

    def _await_ready(self, kept: _Kept) -> None:
        while kept.child.ready is not None and not kept.child.ready():
            if kept.running is not None and kept.running.poll() is not None:
                kept.refuse_if_final()
                raise ChildEnded(f"{kept.child.name} ended with status {kept.running.returncode} before it was ready.")
            if self._stops:
                raise StartInterrupted("Stopped before everything was ready.")
            self._wait(_START_PAUSE_S)

    def _watch(self) -> None:
        while not self._stops:
            self._tend_postgres()
            # Without PostgreSQL a child would only end again.
            if self._postgres_backoff.due is None:
                for kept in self._kept:
                    self._tend(kept)
            self._wait(self._until_due_s())

    def _until_due_s(self) -> float:
        every = [self._postgres_backoff.due, *(kept.backoff.due for kept in self._kept)]
        soonest = min((due for due in every if due is not None), default=None)
        return _LONGEST_WAIT_S if soonest is None else max(_SHORTEST_WAIT_S, soonest - time.monotonic())

    def _tend_postgres(self) -> None:
        if self._postgres is None:
            return
        backoff = self._postgres_backoff
        if backoff.due is None and (status := self._postgres.poll()) is not None:
            _log.warning("ended", part="postgresql", status=status)
            backoff.ended()
        if backoff.due is not None and time.monotonic() >= backoff.due:
            backoff.trying()
            try:
                self._postgres.restart(stop_requested)
            except StartInterrupted:
                return
            except PostgresUnavailable as trouble:
                _log.error("cannot start again", part="postgresql", why=str(trouble))
                backoff.ended()
            else:
                backoff.started()
                _log.info("started again", part="postgresql", pid=self._postgres.pid)

    def _tend(self, kept: _Kept) -> None:
        if kept.backoff.due is None and kept.running is not None and kept.running.poll() is not None:
            _log.warning("ended", part=kept.child.name, status=kept.running.returncode)
            kept.refuse_if_final()
            kept.backoff.ended()
        if kept.backoff.due is not None and time.monotonic() >= kept.backoff.due:
            kept.start(self._conninfo)

    def _stop(self) -> None:
        for kept in reversed(self._kept):
            if kept.running is not None and kept.running.poll() is None:
                self._stop_child(kept.child.name, kept.running)
        if self._postgres is not None:
            self._postgres.stop()
            _log.info("stopped", part="postgresql")

    def _stop_child(self, name: str, running: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _GRACE_S
        running.send_signal(signal.SIGTERM)
        _log.info("stopping", part=name)
        while running.poll() is None:
            if time.monotonic() >= deadline or self._stops > 1:
                _log.warning("killed", part=name)
                # It leads a group of its own, see _Kept.start.
                os.killpg(running.pid, signal.SIGKILL)
                running.wait()
            else:
                self._wait(_SHORTEST_WAIT_S)
        _log.info("stopped", part=name, status=running.returncode)
