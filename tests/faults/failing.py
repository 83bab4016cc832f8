"""
The real API or worker, in which one named function kills the process at its n-th call: `python -m tests.faults.failing worker`.

Production code has no hooks: the functions are wrapped here, from outside, before the process starts its work. What is to happen
stands in a file, which the process renames right before it dies, so that a failpoint fires once and the next start finds none.
Two more files shift the clocks, the process's own and the database's, by as many seconds as they say.
"""

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, tzinfo
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import msgspec
import psycopg

from fanfare import processes, serving
from fanfare.platform.desk import Desk
from fanfare.platform.settings import Settings
from fanfare.platform.timekeeping import Timekeeper
from fanfare.preparing import run_prepared
from fanfare.recognition import recogniser

ARMED, FIRED, CLOCK, DATABASE_CLOCK = "armed.json", "fired.json", "clock", "database-clock"
FOLDER = "FAULTS_FOLDER"
"""Names the folder of these files."""


AWARDS_AT_ONCE = 5
"""So that a dozen fans are awarded in several entries, and a death can come between two."""


class Failpoint(msgspec.Struct, frozen=True):
    """Where a process dies."""

    process: Literal["api", "worker"]
    at: str
    """
    ``module:function`` or ``module:Class.function``, or ``sql:`` and what is in a statement.

    Of an append with `` alone`` behind it: that of a contested decision.
    """
    when: Literal["before", "after"]
    nth: int = 1
    how: Literal["dies", "stops"] = "dies"
    """It kills itself, or it stops like a process that nobody gives time to."""

    def __str__(self) -> str:
        """Name it."""
        return f"{self.process}-{self.when}-{self.at.rpartition(':')[2].replace(' ', '-')}-{self.nth}"


FUNCTIONS = (
    "fanfare.platform.logs.postgres:PostgresLog._write",
    "fanfare.platform.logs.postgres:PostgresLog.append",
    "fanfare.platform.logs.kafka.log:KafkaLog.append",
    "fanfare.platform.logs.kafka.writing:Writer.write",
    "fanfare.platform.requests:finished",
    "fanfare.platform.texts:keep",
    "fanfare.platform.hosts.follower:Follower._commit",
    "fanfare.views.projection:Projection.apply",
    "fanfare.voting.papers:Papers._claim_once",
    "fanfare.campaigns.clockwork:seal",
    "fanfare.processes:credit",
    "fanfare.recognition.recogniser:Recogniser._write",
    "fanfare.members.notices:tell_voters",
    "aiosmtplib:SMTP.send_message",
)
"""All that can be named, beside statements. A name that is gone fails at the start of the process."""


class Failing:
    """Counts the calls of the failpoint that is armed. Owned by one process."""

    def __init__(self, process: str, folder: Path) -> None:
        """Look into *folder*."""
        self._process, self._folder = process, folder
        self._armed: Failpoint | None = None
        self._left = 0

    def passing(self, at: str, when: str) -> None:
        """Die here, if that is what is armed."""
        try:
            armed = msgspec.json.decode((self._folder / ARMED).read_bytes(), type=Failpoint)
        except FileNotFoundError:
            return
        if armed != self._armed:
            self._armed, self._left = armed, armed.nth
        is_here = armed.at[4:] in at if armed.at.startswith("sql:") else at == armed.at
        if (armed.process, armed.when) != (self._process, when) or not is_here:
            return
        self._left -= 1
        if self._left == 0:
            (self._folder / ARMED).replace(self._folder / FIRED)
            os.kill(os.getpid(), signal.SIGKILL if armed.how == "dies" else signal.SIGSTOP)

    def wrapped(self, at: str, function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """Return *function* with a failpoint before and after it."""

        async def failing(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever it takes
            names = [at, f"{at} alone"] if named.get("alone") else [at]
            for each in names:
                self.passing(each, "before")
            answer = await function(*arguments, **named)
            for each in names:
                self.passing(each, "after")
            return answer

        return failing

    def wrap(self) -> None:
        """Put a failpoint around everything that can be named."""
        for at in FUNCTIONS:
            module, _, path = at.partition(":")
            *owner, name = path.split(".")
            place: Any = import_module(module)
            for each in owner:
                place = getattr(place, each)
            setattr(place, name, self.wrapped(at, getattr(place, name)))
        execute = psycopg.AsyncConnection.execute

        async def failing(connection: Any, query: Any, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - psycopg's own
            at = f"sql:{' '.join(str(query).split())}"
            self.passing(at, "before")
            cursor = await execute(connection, query, *arguments, **named)
            self.passing(at, "after")
            return cursor

        psycopg.AsyncConnection.execute = failing  # type: ignore[method-assign,assignment]


class _Kind(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, datetime)


def shift(file: Path) -> timedelta:
    """Return by how much a clock goes wrong now."""
    try:
        return timedelta(seconds=float(file.read_text()))
    except FileNotFoundError:
        return timedelta()


def shift_clocks(folder: Path) -> None:
    """Let every module of ours see the times that the files say, also when they change."""

    class Shifted(datetime, metaclass=_Kind):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + shift(folder / CLOCK)

    for name, module in list(sys.modules.items()):
        if name.startswith("fanfare.") and getattr(module, "datetime", None) is datetime:
            module.datetime = Shifted  # type: ignore[attr-defined]

    asked = Timekeeper._now

    async def now(keeper: Timekeeper, desk: Desk) -> datetime:
        return await asked(keeper, desk) + shift(folder / DATABASE_CLOCK)

    Timekeeper._now = now  # type: ignore[method-assign,assignment]


def main(process: str) -> None:
    """Run the API or the worker."""
    folder = Path(os.environ[FOLDER])
    Failing(process, folder).wrap()
    shift_clocks(folder)
    recogniser.AT_ONCE = AWARDS_AT_ONCE
    run = {"api": serving.run_api, "worker": processes.run_worker}[process]
    sys.exit(run_prepared(Settings(), run))


if __name__ == "__main__":
    main(sys.argv[1])
