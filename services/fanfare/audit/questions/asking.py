"""What the command line calls to ask an archive something: a recount, a moment, a difference, a figure."""

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec
from rich.console import Console, RenderableType

from fanfare.audit.archives.archive import Archive
from fanfare.audit.claims import MOST_DIFFERENCES, Progress
from fanfare.audit.commands import COULD_NOT, counting, fault_of_ours, progress_bar
from fanfare.audit.questions import as_of, between, figures, recounting
from fanfare.audit.questions.answers import as_of_tables, difference_tables, printed, recount_table
from fanfare.audit.questions.passage import CannotAnswer, decisions, opened, titles

Answer = tuple[int, bytes | Iterable[RenderableType]]
"""An exit code, and what to print: bytes, or parts of a page for people."""


def names_in(path: Path | None) -> frozenset[str]:
    """
    Return the ids or tokens that a file lists, one a line; what follows a # and empty lines are passed over.

    Raises:
        CannotAnswer: the file cannot be read, or names nothing.
    """
    if path is None:
        return frozenset()
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CannotAnswer(f"{path.name}: {getattr(error, 'strerror', None) or 'it is no text in UTF-8'}") from error
    found = frozenset(name for each in lines if (name := each.partition("#")[0].strip()))
    if not found:
        raise CannotAnswer(f"{path.name}: it names nothing to leave out; write one id or token a line")
    return found


class Without(msgspec.Struct, frozen=True, kw_only=True):
    """What a recount leaves out: files that list it, and what needs no list."""

    ballots: Path | None = None
    voters: Path | None = None
    members: Path | None = None
    channels: tuple[str, ...] = ()
    hosts: bool = False


NOTHING = Without()


def run_recount(path: Path, round_id: str, method: str = "", without: Without = NOTHING, *, json: bool = False) -> int:
    """Print a recount beside what was published; return 0 where the same go on, 1 where others do, 2 where it could not be."""

    def ask(archive: Archive, progress: Progress) -> Answer:
        asked = recounting.Asked(
            method=recounting.method_named(method) if method else "",
            ballots=names_in(without.ballots),
            voters=names_in(without.voters),
            members=names_in(without.members),
            channels=frozenset(without.channels),
            hosts=without.hosts,
        )
        found = recounting.count_again(archive, round_id, asked, progress)
        if json:
            return found.exit_code, recounting.as_json(found)
        return found.exit_code, recount_table(found, _titles(archive, round_id))

    return _run(path, ask)


def run_as_of(path: Path, moment: str, what: str = "", *, against: str = "", everything: bool = False, json: bool = False) -> int:
    """Print the figures as of a moment, or what changed between two; return 0, or 2 where that could not be told."""

    def ask(archive: Archive, progress: Progress) -> Answer:
        there = as_of.moment_of(archive, moment, progress)
        if not against:
            reports = as_of.as_of(archive, there, what, progress)
            return 0, as_of.as_json(there, reports) if json else as_of_tables(there, reports)
        if not what:
            raise CannotAnswer("a difference is one of a round or a campaign: name it, as round:ID or campaign:ID")
        most = None if everything else MOST_DIFFERENCES
        moments = as_of.moment_of(archive, against, progress), there
        found = between.between(archive, what, moments, most, progress)
        round_id = what.partition(":")[2]
        return 0, between.as_json(found) if json else difference_tables(found, _titles(archive, round_id), most)

    return _run(path, ask)


def run_explain_figure(path: Path, what: str, *, everything: bool = False, json: bool = False) -> int:
    """Print the events behind a published figure; return 0, 1 where it does not follow from them, or 2 where none were found."""

    def ask(archive: Archive, progress: Progress) -> Answer:
        found = figures.explain_figure(archive, what, progress)
        most = None if everything else MOST_DIFFERENCES
        told = figures.as_json(found, most) if json else "".join(f"{each}\n" for each in figures.lines(found, most)).encode()
        return int(not found.follows), told

    return _run(path, ask)


def _titles(archive: Archive, round_id: str) -> dict[str, str]:
    found = decisions(archive).round(round_id)
    return titles(archive, found[1] if found else None)


def _run(path: Path, ask: Callable[[Archive, Progress], Answer]) -> int:
    try:
        with progress_bar() as progress, counting(), opened(path, progress) as archive:
            status, answer = ask(archive, progress)
            written = answer if isinstance(answer, bytes) else _printed(iter(answer))
    except CannotAnswer as error:
        sys.stdout.write(f"Could not answer: {error}\n")
        return COULD_NOT
    except Exception as error:  # noqa: BLE001 - a bug of ours must not read as an answer (exit code 1)
        sys.stdout.write(f"Could not answer: {fault_of_ours(error)}\n")
        return COULD_NOT
    sys.stdout.flush()
    sys.stdout.buffer.write(written)  # bytes, so that no locale changes them
    sys.stdout.buffer.flush()
    return status


def _printed(parts: Iterator[RenderableType]) -> bytes:
    colours = sys.stdout.isatty()
    return printed(parts, Console().width if colours else 120, colours=colours)
