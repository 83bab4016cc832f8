"""What the command line calls: each says what it did in sentences, and returns an exit code."""

import sys
import traceback
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import psycopg
from rich.console import Console

from fanfare.audit.archives.archive import ArchiveUnreadable
from fanfare.audit.archives.bundles import Broken
from fanfare.audit.claims import Outcome, Progress
from fanfare.audit.commands import COULD_NOT, answer_with, progress_bar
from fanfare.members.erasures import ListUnreadable
from fanfare.operations import findings
from fanfare.operations.backup import backup
from fanfare.operations.cut import RecordCut
from fanfare.operations.doctor import examine
from fanfare.operations.folder import PICTURES, RECORD, VAULT, BackupDamaged, BackupUnreadable
from fanfare.operations.held import NothingRecorded, NotItsTail
from fanfare.operations.papers import Healed
from fanfare.operations.picture_file import PicturesUnreadable
from fanfare.operations.places import NoSite, database_of, to_write_to
from fanfare.operations.restore import HoldsARecord, restore
from fanfare.operations.silence import StillRunning
from fanfare.operations.tail import Mended, restore_tail
from fanfare.operations.vault_file import VaultUnreadable
from fanfare.operations.verify import verify
from fanfare.platform.logs.kafka.reaching import KafkaUnfit
from fanfare.platform.logs.place import WrongPlace
from fanfare.platform.logs.port import LogAway, RecordGap, RecordShrunk
from fanfare.platform.migrations.run import MigrationRefused
from fanfare.platform.objects import ObjectsWrong
from fanfare.platform.postgres.errors import PostgresUnavailable
from fanfare.platform.settings import Settings
from fanfare.record.entry import UnknownEvent

_REFUSED = (
    ArchiveUnreadable,
    BackupDamaged,
    BackupUnreadable,
    Broken,
    HoldsARecord,
    KafkaUnfit,
    ListUnreadable,
    LogAway,
    MigrationRefused,
    NoSite,
    NotItsTail,
    NothingRecorded,
    OSError,
    ObjectsWrong,
    PicturesUnreadable,
    PostgresUnavailable,
    RecordCut,
    RecordGap,
    RecordShrunk,
    StillRunning,
    UnknownEvent,
    VaultUnreadable,
    WrongPlace,
    psycopg.OperationalError,
)
"""What is told in a sentence; anything else is a bug, and shows its trace."""


def _carried_out(doing: str, action: Callable[[Progress], int]) -> int:
    try:
        with progress_bar() as progress:
            return action(progress)
    except _REFUSED as error:
        say(f"Could not {doing}: {error}")
        return COULD_NOT


def run_backup(target: Path, *, now: datetime) -> int:
    """Back the site of FANFARE_HOME up, running or not; return 0, or 2 where that could not be done."""
    settings = Settings()

    def act(progress: Progress) -> int:
        with database_of(settings) as place:
            done = backup(
                place.conninfo,
                settings.home,
                target,
                now=now,
                progress=progress,
                kafka=settings.kafka,
                place=settings.objects,
            )
        if settings.home.is_dir():
            settings.last_backup.write_text(f"{now.isoformat()}\n")  # for the operator's page; only that would miss it
        say(
            f"{target}: {sum(done.moment)} entries up to the moment {_shown(done.moment)}, and {sum(done.tables.values())} rows "
            f"of {len(done.tables)} tables.\n{VAULT} holds keys and e-mail addresses, and {PICTURES} what people sent: keep both "
            f"where only you can read them. {RECORD} holds nothing secret."
        )
        return 0

    return _carried_out("back up", act)


def run_restore(source: Path) -> int:
    """Make the site of a backup; return 0, 1 where this home knows of a tail that is missing, 2 where it could not be done."""
    settings = Settings()

    def act(progress: Progress) -> int:
        with to_write_to(settings) as conninfo:
            done = restore(source, conninfo, settings.home, progress, settings.kafka, settings.objects)
        place = "the database of FANFARE_DATABASE_URL" if settings.database_url else str(settings.home.absolute())
        say(
            f"{place} holds {done.backup.site} as it was at {done.backup.created_at}: {sum(done.backup.moment)} entries, up to "
            f"the moment {_shown(done.backup.moment)}. Its figures are counted again when it starts."
        )
        _tell_healed(done.healed)
        return _tell_missing(done.missing)

    return _carried_out("restore", act)


def run_verify(source: Path, *, json: bool = False) -> int:
    """Check a backup and print what was found; return 0 (all holds), 1 (something does not) or 2 (could not be checked)."""
    try:
        with progress_bar() as progress:
            outcome = verify(source, progress)
    except Exception as error:  # noqa: BLE001 - a bug of ours must not read as a claim that fails (exit code 1)
        traceback.print_exception(error)
        outcome = Outcome(unchecked=f"a fault of this program, told above: {type(error).__name__}: {error}")
    return answer_with(outcome, json=json)


def run_record_restore(source: Path) -> int:
    """Put the tail of the record back; return 0, 1 where some of it is still missing, 2 where that could not be done."""
    settings = Settings()

    def act(progress: Progress) -> int:
        with to_write_to(settings) as conninfo:
            done = restore_tail(conninfo, source, settings.home, progress, settings.kafka)
        _tell_mended(done)
        return _tell_missing(done.missing)

    changed = "what was put back so far stays, and this can be run again" if settings.kafka else "nothing was changed"
    return _carried_out(f"put the tail back; {changed}", act)


def run_doctor(mail_to: str = "", *, json: bool = False) -> int:
    """Look at everything that the site stands on and print it; return 1 where something is wrong, else 0."""
    console = Console(stderr=True)
    with console.status("looking") as status:
        found = []
        for each in examine(Settings(), mail_to):
            found.append(each)
            status.update(f"looking, after {each.name}")
    if json:
        sys.stdout.write(findings.as_json(found).decode())
    else:
        findings.show(found, Console(highlight=False, emoji=False))
    return findings.exit_code(found)


def _tell_mended(done: Mended) -> None:
    added = {partition: count for partition, count in done.added.items() if count}
    if not added:
        say("The record holds every entry that is there, with the same bytes. Nothing was added.")
    for partition, count in added.items():
        say(f"Partition {partition}: {count} entries are back at their offsets, byte for byte.")
    _tell_healed(Healed(done.raised, done.unkeyed, done.strangers))


def _tell_healed(done: Healed) -> None:
    """Tell what in the vault was behind the record."""
    if done.raised:
        say(f"{done.raised} papers were behind the record and have its numbers now: no number is given out twice.")
    if done.unkeyed:
        say(
            f"The vault has no key for {', '.join(done.unkeyed)}: whoever voted there could vote again under another token. A "
            "host should void what is still open of these rounds, and say why."
        )
    if done.strangers:
        say(f"The vault knows nothing of {done.strangers} members of the record: they have to join again, as new members.")


def _tell_missing(missing: tuple[str, ...]) -> int:
    if not missing:
        return 0
    say(
        f"This home had seen more of the record: {'; '.join(missing)}. The site does not start before that is back: look for a "
        "newer backup or an archive that somebody exported, and run `fanfare record restore SOURCE`. Where nobody has it, those "
        "entries are lost, and a record that goes on without them is not the same record any more: docs/guides/operators.md says "
        "what to do."
    )
    return 1


def _shown(moment: tuple[int, ...]) -> str:
    return ", ".join(map(str, moment))


def say(sentence: str) -> None:
    """Tell the person at the console."""
    sys.stdout.write(f"{sentence}\n")
