"""
Trials of drafts of rules: one a host and a few on the site, each beside everything else, with its progress in a table.

So whichever process is asked can tell how far it is, a lost connection loses nothing, and a trial that nobody looks at any more
ends. A process that dies takes its trials along: what has not told anything for a while is held for failed.
"""

import asyncio
import sys
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from time import monotonic
from typing import Literal, LiteralString

import msgspec
import structlog
from psycopg import OperationalError
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from fanfare.platform.desk import Desk
from fanfare.platform.settings import Settings
from fanfare.platform.tasks import ended, program
from fanfare.recognition.preview import Preview, preview
from fanfare.recognition.refusals import TooManyTrials, TrialBrokeOff, TrialReplaced
from fanfare.recognition.trial_lines import Found, Line, Step, Trying
from fanfare.record.recognition import RulePublished

MOST = 2
"""On the site at once: each may fill a core and some hundred megabytes."""
SHORT = 300
"""Entries of partition 0 that are tried right here: to start a process would take longer."""
_LONGEST_LINE = 1024 * 1024
_log = structlog.get_logger()

# What is kept longer than an hour nobody comes back to.
TIDY: LiteralString = "delete from desk.trials where asked_at < now() - interval '1 hour'"
_ONE: LiteralString = """
    select run, case when state = 'running' and told_at < now() - interval '10 seconds' then 'failed' else state end,
           done, entries, rule, fields, found
      from desk.trials where member = %(member)s
"""
LOOK: LiteralString = "with seen as (update desk.trials set asked_at = now() where member = %(member)s)" + _ONE
# The same draft, asked for again within a minute, is the same trial.
KNOWN: LiteralString = (
    _ONE
    + """ and rule = %(rule)s and (state = 'running' and told_at > now() - interval '10 seconds'
                              or state = 'done' and told_at > now() - interval '1 minute')"""
)
OTHERS: LiteralString = """
    select count(*) from desk.trials
     where member <> %(member)s and state = 'running' and told_at > now() - interval '10 seconds'
"""
BEGIN: LiteralString = """
    insert into desk.trials (member, run, rule, fields) values (%(member)s, %(run)s, %(rule)s, %(fields)s)
        on conflict (member) do update set (run, rule, fields, state, done, entries, found, told_at, asked_at)
         = (excluded.run, excluded.rule, excluded.fields, 'running', 0, 0, null, now(), now())
"""
TELL: LiteralString = """
    update desk.trials set done = %(done)s, entries = %(of)s, told_at = now()
     where member = %(member)s and run = %(run)s and asked_at > now() - interval '15 seconds' returning run
"""
END: LiteralString = """
    update desk.trials set state = %(state)s, found = %(found)s, told_at = now() where member = %(member)s and run = %(run)s
"""


class Trial(msgspec.Struct, frozen=True):
    """How far a trial is, or what it found."""

    run: str
    state: Literal["running", "done", "failed"]
    done: int
    of: int
    """Entries that were read, of so many; 0 before the first is read."""
    rule: RulePublished
    fields: Mapping[str, str]
    """The form as it was filled in; empty where it came from a program."""
    found: Preview | None


class Trials:
    """Begins trials and tells of all of them. Those that it began are its own; owned by one event loop."""

    def __init__(self, desk: Desk, settings: Settings, short: int = SHORT) -> None:
        """Try on the record of *desk*; one of more than *short* entries in processes that open it by *settings*."""
        self._desk, self._settings, self._short = desk, settings, short
        self._tasks: set[asyncio.Task[None]] = set()

    async def begin(self, member: str, rule: RulePublished, fields: Mapping[str, str]) -> Trial:
        """
        Begin to try a draft, in the place of what this host tried before; the same draft goes on where it is.

        Raises:
            TooManyTrials: other hosts try as many as the site takes.
        """
        run = uuid.uuid4().hex
        asked = {"member": member, "run": run, "rule": msgspec.json.encode(rule), "fields": Jsonb(dict(fields))}
        async with self._desk.pool.connection() as connection:
            await connection.execute("lock table desk.trials in share row exclusive mode")
            await connection.execute(TIDY)
            if row := await (await connection.execute(KNOWN, asked)).fetchone():
                return _trial(row)
            others = await (await connection.execute(OTHERS, asked)).fetchone()
            if others and others[0] >= MOST:
                raise TooManyTrials
            await connection.execute(BEGIN, asked)
        task = asyncio.create_task(self._carry_out(member, run, rule))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return Trial(run, "running", 0, 0, rule, fields, None)

    async def look(self, member: str) -> Trial | None:
        """Return the trial of a host, which goes on as long as somebody looks; none where she tried nothing of late."""
        async with self._desk.pool.connection() as connection:
            row = await (await connection.execute(LOOK, {"member": member})).fetchone()
        return _trial(row) if row else None

    async def settled(self, member: str, trial: Trial, within_s: float) -> Trial:
        """Return a trial once it is over, or as it is after *within_s*. Raises: TrialReplaced."""
        gives_up_at, pause_s = monotonic() + within_s, 0.03
        while trial.state == "running" and monotonic() < gives_up_at:
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, 0.5)
            found = await self.look(member)
            if found is None or found.run != trial.run:
                raise TrialReplaced
            trial = found
        return trial

    async def outcome(self, member: str, rule: RulePublished, is_gone: Callable[[], Awaitable[bool]]) -> Preview:
        """
        Try a draft and return what was found; whoever *is_gone* meanwhile is waited for no more, and the trial ends.

        Raises:
            TooManyTrials, TrialReplaced, TrialBrokeOff.
        """
        trial = await self.begin(member, rule, {})
        while trial.state == "running" and not await is_gone():
            trial = await self.settled(member, trial, 1.0)
        if trial.found is None:
            raise TrialBrokeOff
        return trial.found

    @property
    def going(self) -> int:
        """How many go on that this process began."""
        return len(self._tasks)

    async def close(self) -> None:
        """End the trials that this process began."""
        await ended(list(self._tasks))

    async def _carry_out(self, member: str, run: str, rule: RulePublished) -> None:
        asked, found = {"member": member, "run": run}, None
        try:
            async with aclosing(self._lines(rule)) as lines:
                async for line in lines:
                    if isinstance(line, Found):
                        found = msgspec.json.encode(line.preview)
                    elif not await self._is_watched({**asked, "done": line.done, "of": line.of}):
                        break  # nobody looks any more, or she tries another draft
        except Exception:  # noqa: BLE001 - whatever it is, the host is told that it broke off
            _log.exception("a trial of a rule broke off")
        try:
            async with self._desk.pool.connection() as connection:
                await connection.execute(END, {**asked, "state": "done" if found else "failed", "found": found})
        except OperationalError as error:
            _log.warning("what a trial of a rule found could not be kept", error=str(error))

    async def _is_watched(self, told: Mapping[str, object]) -> bool:
        try:
            async with self._desk.pool.connection() as connection:
                return bool((await connection.execute(TELL, told)).rowcount)
        except OperationalError:
            return True  # the next line tells

    async def _lines(self, rule: RulePublished) -> AsyncGenerator[Line]:
        if (await self._desk.log.heads())[0] <= self._short:
            yield Found(await preview(self._desk, rule))
            return
        asked = msgspec.json.encode(Trying(self._settings.database_url, self._settings.kafka, rule))
        async with program(sys.executable, "-m", "fanfare.trying", body=asked, limit=_LONGEST_LINE) as answers:
            yield Step(0, 0)
            decoder = msgspec.json.Decoder(Line)
            while line := await answers.readline():
                yield decoder.decode(line)


def _trial(row: tuple[str, Literal["running", "done", "failed"], int, int, bytes, dict[str, str], bytes | None]) -> Trial:
    run, state, done, of, rule, fields, found = row
    kept = None if found is None else msgspec.json.decode(found, type=Preview)
    return Trial(run, state, done, of, msgspec.json.decode(rule, type=RulePublished), fields, kept)


async def tidy(pool: AsyncConnectionPool) -> None:
    """Delete what is old."""
    async with pool.connection() as connection:
        await connection.execute(TIDY)
