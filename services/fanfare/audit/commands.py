"""What the command line calls: export and replay with a progress bar, an answer on standard output and an exit code."""

import gc
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from psycopg import AsyncConnection
from rich.console import Console
from rich.progress import Progress as Bar
from rich.progress import TaskID

from fanfare.audit.archives.export import ExportFailed, export
from fanfare.audit.archives.tiled import NotServed
from fanfare.audit.checks.replay import replay, replay_gathered
from fanfare.audit.claims import Outcome, Progress, as_json, as_table, claim, printable
from fanfare.audit.questions.explaining import CannotExplain, explain
from fanfare.platform.logs.port import Log, LogAway, RecordGap
from fanfare.record.entry import UnknownEvent

COULD_NOT = 2


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Show what is being done on standard error, where that is a terminal."""
    with Bar(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        tasks: dict[str, TaskID] = {}

        def show(doing: str, done: int, of: int) -> None:
            if doing not in tasks:
                tasks[doing] = bar.add_task(doing)
            bar.update(tasks[doing], completed=done, total=of)

        yield show


async def run_export(log: Log, connection: AsyncConnection, base_url: str, target: Path, *, now: datetime) -> int:
    """Export the record to *target* with the reports of the site at *base_url*; return 0, or 2 where that could not be done."""
    try:
        with progress_bar() as progress:
            manifest = await export(log, connection, base_url, target, now=now, progress=progress)
    except (ExportFailed, LogAway, RecordGap, UnknownEvent, OSError) as error:
        _say(f"Could not export: {error}")
        return COULD_NOT
    _say(
        f"{target}: {sum(manifest.moment)} entries, {manifest.texts} texts, {len(manifest.reports)} reports, "
        f"up to the moment {', '.join(map(str, manifest.moment))}"
    )
    return 0


async def gathered(log: Log, base_url: str, target: Path, source: str, now: datetime) -> Outcome | None:
    """Gather a record into an archive at *target*; return what there is to say of *source* where that could not be done."""
    try:
        with progress_bar() as progress:
            await export(log, None, base_url, target, now=now, progress=progress)
    except NotServed as error:
        return Outcome((claim(f"tiles {str(error).split('/')[1]}", "", [str(error)]),))
    except RecordGap as error:
        return Outcome((claim("record", "offsets without a gap", [str(error)]),))
    except OSError as error:
        room = f"a record is gathered in {target.parent.parent}, and needs room there; TMPDIR names another folder"
        return Outcome(unchecked=f"{source}: {error.strerror or error}: {room}")
    except (ExportFailed, LogAway, UnknownEvent) as error:
        return Outcome(unchecked=f"{source}: {error}")
    return None


async def run_replay_of(log: Log, source: str, base_url: str, *, now: datetime, json: bool = False) -> int:
    """
    Replay the record of *log* itself with the reports of the site at *base_url*, print what was found, and return the exit code.

    The record is read once, into a temporary file of its size; nothing else of the site's is asked or believed.

    Args:
        source: what to call the record.
        base_url: empty for the address that the record's first event names.
    """
    with room("fanfare-replay-") as folder:
        archive = folder / "record.tar"
        failed = await gathered(log, base_url, archive, source, now)
        return answer_with(failed, json=json) if failed else run_replay(archive, source, json=json)


def run_replay(path: Path, gathered_from: str = "", *, json: bool = False) -> int:
    """
    Replay the archive at *path*, print what was found as a table or as one line of JSON, and return the exit code.

    Args:
        gathered_from: the record that we have just gathered the archive from, where it is no archive of the site's.
    """
    try:
        with progress_bar() as progress, counting():
            outcome = replay_gathered(path, gathered_from, progress) if gathered_from else replay(path, progress)
    except Exception as error:  # noqa: BLE001 - a bug of ours must not read as a claim that fails (exit code 1)
        outcome = Outcome(unchecked=fault_of_ours(error))
    return answer_with(outcome, json=json)


def run_explain(path: Path, what: str) -> int:
    """Print what is behind an award or behind the awards of a member, and return the exit code."""
    try:
        with progress_bar() as progress, counting():
            found = explain(path, what, progress)
    except CannotExplain as error:
        _say(f"Could not explain: {error}")
        return COULD_NOT
    except Exception as error:  # noqa: BLE001 - a bug of ours must not read as an award that does not follow (exit code 1)
        _say(f"Could not explain: {fault_of_ours(error)}")
        return COULD_NOT
    _say("\n".join(map(printable, found.lines)).rstrip())
    return 0 if found.follows else 1


def answer_with(outcome: Outcome, *, json: bool = False) -> int:
    """Print what was found on standard output, as a table or as one line of JSON, and return the exit code."""
    if json:
        answer = as_json(outcome)
    elif sys.stdout.isatty():
        answer = as_table(outcome, Console().width, colours=True)
    else:
        answer = as_table(outcome)
    sys.stdout.flush()
    sys.stdout.buffer.write(answer)  # bytes, so that no locale changes them
    sys.stdout.buffer.flush()
    return outcome.exit_code


def fault_of_ours(error: Exception) -> str:
    """Print where a fault of this program came from on standard error, and return what there is to say of it."""
    traceback.print_exception(error)
    return f"a fault of this program, told above: {type(error).__name__}: {error}"


@contextmanager
def room(prefix: str) -> Iterator[Path]:
    """Give a folder that is gone afterwards; also where SIGTERM ends the process, which ends it as Ctrl-C does meanwhile."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory(prefix=prefix) as folder:
            yield Path(folder)
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def counting() -> Iterator[None]:
    """
    While a record is counted, search for no cycles, and let Ctrl-C end it at once.

    The fold makes no cycles, and looking for some among millions of voters costs it a sixth of its time. It awaits nothing
    either, so that an event loop, which answers Ctrl-C by calling its task off, would count on to the end.
    """
    was_on, before = gc.isenabled(), signal.getsignal(signal.SIGINT)
    heard = signal.default_int_handler if callable(before) else before  # who ignores it, as behind nohup, goes on doing so
    gc.disable()
    signal.signal(signal.SIGINT, heard)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if was_on:
            gc.enable()


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
