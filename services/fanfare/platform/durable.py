"""Files that are on the disk, whole, before anybody sees them under their name."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

PRIVATE, PUBLIC = 0o600, 0o666
"""Who may read a new file: its owner alone, or whomever the umask lets."""


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def new_file(path: Path, mode: int = PRIVATE) -> Iterator[BinaryIO]:
    """Open a new file that nobody else can read, unless *mode* says otherwise; it is on the disk when the block ends."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
        yield stream
        stream.flush()
        os.fsync(stream.fileno())


@contextmanager
def whole_file(path: Path, mode: int = PRIVATE) -> Iterator[BinaryIO]:
    """Open a file that gets its name when the block ends well: an error or a crash leaves what was there, never half of one."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        with new_file(part, mode) as stream:
            yield stream
        part.replace(path)
        sync(path.parent)
    finally:
        part.unlink(missing_ok=True)


def replace(path: Path, body: bytes) -> None:
    """Give a private file its new content: a crash leaves the old or the new."""
    with whole_file(path) as stream:
        stream.write(body)


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """
    Give a new private folder to fill, which gets its name when the block ends well: no crash leaves half of one under it.

    Raises:
        FileExistsError: there is something already.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise FileExistsError(f"{target} is there already and not empty")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700)
    try:
        yield part
        sync(part)
        part.rename(target)
        sync(target.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of what a file holds on the disk, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
