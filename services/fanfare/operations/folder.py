"""
The folder that a backup is: the record and the vault apart, a manifest, and their sums.

docs/guides/operators.md tells what lies in it and which part must be kept secret.
"""

from pathlib import Path
from typing import Literal

import msgspec

from fanfare.platform import durable
from fanfare.record.kinds import canonical, digest
from fanfare.record.position import Moment

RECORD, VAULT, PICTURES, MANIFEST, SUMS = "record.tar", "vault.sql", "pictures.tar", "manifest.json", "SHA256SUMS"


class BackupUnreadable(Exception):
    """This folder is no backup that this program can read."""


class BackupDamaged(Exception):
    """A file of the backup is not what its manifest says."""


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of the backup."""

    name: str
    size_bytes: int
    sha256: str


class Backup(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a backup says of itself."""

    format: Literal["fanfare-backup"] = "fanfare-backup"
    version: Literal[1] = 1
    site: str
    moment: Moment
    """How many entries of each partition are in it."""
    created_at: str
    fanfare: str
    """The version that wrote it."""
    migrations: dict[str, str]
    """Those that its tables had come through, each with the SHA-256 of its file."""
    tables: dict[str, int]
    """How many rows of each table the vault's file holds."""
    parts: tuple[Part, ...]


class _Stamp(msgspec.Struct):
    format: str
    version: int


def part_of(path: Path) -> Part:
    """Return how a file that was written lies on the disk."""
    return Part(path.name, path.stat().st_size, durable.sha256_of(path))


def seal(folder: Path, backup: Backup) -> None:
    """Write the manifest and the sums, which ``sha256sum -c`` reads."""
    manifest = canonical(backup) + b"\n"
    listed = [*((each.sha256, each.name) for each in backup.parts), (digest(manifest), MANIFEST)]
    durable.replace(folder / MANIFEST, manifest)
    durable.replace(folder / SUMS, "".join(f"{sha256}  {name}\n" for sha256, name in listed).encode())


def read(folder: Path) -> Backup:
    """
    Return the manifest of a backup.

    Raises:
        BackupUnreadable: it is no backup, or of a format that this program does not know.
    """
    try:
        written = (folder / MANIFEST).read_bytes()
        stamp = msgspec.json.decode(written, type=_Stamp)
        if (stamp.format, stamp.version) != ("fanfare-backup", 1):
            raise BackupUnreadable(
                f"{folder} has the format {stamp.format!r} {stamp.version}; this Fanfare reads fanfare-backup 1"
            )
        return msgspec.json.decode(written, type=Backup)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BackupUnreadable(f"{folder} is no backup of Fanfare: its {MANIFEST} cannot be read ({error})") from error


def damage(folder: Path, backup: Backup) -> list[str]:
    """Compare every file with the manifest, and the manifest with the sums; name each that differs."""
    found = [sentence for each in backup.parts if (sentence := _compared(folder, each))]
    sums = {name: sha256 for sha256, _, name in (line.partition("  ") for line in _lines(folder / SUMS))}
    wanted = {each.name: each.sha256 for each in backup.parts} | {MANIFEST: durable.sha256_of(folder / MANIFEST)}
    if differ := sorted(name for name in sums.keys() | wanted.keys() if sums.get(name) != wanted.get(name)):
        found.append(f"{SUMS}: does not say of {', '.join(differ)} what the manifest says, or what it is")
    missing = {RECORD, VAULT, PICTURES} - {each.name for each in backup.parts}
    return found + [f"{name}: the manifest does not list it" for name in sorted(missing)]


def _compared(folder: Path, part: Part) -> str:
    try:
        found = part_of(folder / part.name)
    except OSError as error:
        return f"{part.name}: cannot be read ({error.strerror})"
    if found == part:
        return ""
    said = f"the manifest says {part.size_bytes} bytes with {part.sha256}"
    return f"{part.name}: {found.size_bytes} bytes with SHA-256 {found.sha256}; {said}"


def _lines(path: Path) -> list[str]:
    return path.read_text(errors="replace").splitlines() if path.exists() else []


def undamaged(folder: Path, backup: Backup) -> None:
    """
    Check a backup before anything is made of it.

    Raises:
        BackupDamaged: a file of it is not what the manifest says.
    """
    if found := damage(folder, backup):
        raise BackupDamaged(
            f"{folder} is damaged: {'; '.join(found)}. Nothing was changed. Take another copy of it, or another backup."
        )
