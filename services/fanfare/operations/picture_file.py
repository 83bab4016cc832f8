"""
The pictures' file of a backup: a tar file of every picture that the vault's file names, each in its three sizes.

Like the vault it holds what may have to be forgotten, so it is kept where only its owner can read it.
"""

import asyncio
import io
import re
import tarfile
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, LiteralString, TypeVar

import psycopg

from fanfare.audit.claims import Claim, Progress, claim
from fanfare.pictures.sizes import MOST_BYTES, NAMES, object_name
from fanfare.platform.objects import Objects
from fanfare.record.kinds import picture_hash

THERE: LiteralString = "select to_regclass('record.pictures') is not null"
"""Tables that an older version made have none."""
PICTURES: LiteralString = "select hash from record.pictures order by hash"
SALTS: LiteralString = "select hash, salt from record.pictures order by hash"
_NAME = re.compile(r"pictures/([0-9a-f]{64})/(small|middle|large)\.webp")


_T = TypeVar("_T")


class PicturesUnreadable(Exception):
    """The pictures' file is not what a backup writes."""


def write(connection: psycopg.Connection, objects: Objects, stream: BinaryIO, progress: Progress) -> int:
    """
    Write every picture that the connection's snapshot knows to *stream*, and return how many there are.

    One that was erased since the snapshot is missing; the list of erasures, which is read later, tells that.
    """
    there = connection.execute(THERE).fetchone() == (True,)
    wanted = [row[0] for row in connection.execute(PICTURES)] if there else []

    async def copy() -> int:
        found = 0
        with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            for done, each in enumerate(wanted):
                progress("copying the pictures", done, len(wanted))
                sizes = [(name, await objects.get(object_name(each, name))) for name in NAMES]
                for name, body in sizes:
                    if body is not None:
                        _add(archive, object_name(each, name), body)
                found += all(body is not None for _, body in sizes)
        return found

    return _waited_for(copy())


def _add(archive: tarfile.TarFile, name: str, body: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(body), 0o600
    archive.addfile(member, io.BytesIO(body))


def read(path: Path) -> Iterator[tuple[str, str, bytes]]:
    """
    Yield hash, size and bytes of what is in the file.

    Raises:
        PicturesUnreadable: it is damaged, or holds something else.
    """
    try:
        with tarfile.open(path, mode="r:") as archive:
            for member in archive:
                named = _NAME.fullmatch(member.name)
                stream = archive.extractfile(member)
                if named is None or stream is None or member.size > MOST_BYTES:
                    raise PicturesUnreadable(f"{path.name}: {member.name!r} is no picture")
                yield named[1], named[2], stream.read()
    except tarfile.TarError as error:
        raise PicturesUnreadable(f"{path.name}: {error}") from error


def load(path: Path, objects: Objects, progress: Progress) -> None:
    """
    Put every picture of the file back; one that is there already is written again.

    Raises:
        PicturesUnreadable.
    """

    async def put() -> None:
        for done, (picture, size, body) in enumerate(read(path)):
            if done % 100 == 0:
                progress("loading the pictures", done, done)
            await objects.put(object_name(picture, size), body)

    _waited_for(put())


def _waited_for(work: Coroutine[Any, Any, _T]) -> _T:
    """Do what the object store does in a loop of its own: whoever calls may have one running."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def compared(connection: psycopg.Connection, path: Path) -> Claim:
    """Compare the file with what the vault says of each picture: the hash of its salt and its largest size."""
    salts = {row[0]: bytes(row[1]) for row in connection.execute(SALTS)}
    wrong, found = list[str](), set[str]()
    for picture, size, body in read(path):
        if picture not in salts:
            wrong.append(f"{picture}: the vault knows no such picture")
        elif size == "large":
            found.add(picture)
            if picture_hash(salts[picture], body) != picture:
                wrong.append(f"{picture}: is not the hash of its salt and its largest size")
    absent = len(salts) - len(found)
    erased = f"; {absent} {'was' if absent == 1 else 'were'} erased while it was made" if absent > 0 else ""
    return claim("pictures", f"{len(found)} pictures match their salted hashes{erased}", wrong[:100])
