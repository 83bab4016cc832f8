"""Objects: bytes under a name, outside the database. They lie in a folder, or in a bucket of S3 where a setting names one."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, ObjectStore, from_url

from fanfare.platform import durable

FOLDER = "objects"
"""Below FANFARE_HOME, where nothing else is set."""


class ObjectsWrong(Exception):
    """FANFARE_OBJECTS names no place that objects can be kept in."""


class Objects:
    """
    A store of bytes. A name is a path of ASCII letters, digits, dots, hyphens and slashes.

    An object is there whole or not at all; putting one under a name that is taken replaces it. Whoever can
    write here can put another picture in the place of one; the salted hash in the record tells that to whoever compares them.
    """

    def __init__(self, store: ObjectStore, folder: Path | None = None) -> None:
        """Keep objects in *store*; *folder* is where it writes to, if it writes to this machine's disk."""
        self._store = store
        self._folder = folder

    async def put(self, name: str, body: bytes) -> None:
        """Keep *body* under *name*; it is durable when this returns."""
        await obstore.put_async(self._store, name, body)
        if self._folder is not None:
            await asyncio.to_thread(_sync, self._folder, name)

    async def get(self, name: str) -> bytes | None:
        """Return what is kept under *name*; none where nothing is."""
        with suppress(FileNotFoundError):
            found = await obstore.get_async(self._store, name)
            return bytes(await found.bytes_async())
        return None

    async def delete(self, names: Iterable[str]) -> None:
        """Delete what is kept under *names*; what is not there is passed over."""
        for name in names:
            with suppress(FileNotFoundError):
                await obstore.delete_async(self._store, name)

    async def names(self, prefix: str) -> AsyncIterator[tuple[str, datetime]]:
        """Yield every name below the folder *prefix*, and when it was last written."""
        async for page in obstore.list(self._store, prefix):
            for each in page:
                yield each["path"], each["last_modified"]


def _sync(folder: Path, name: str) -> None:
    """Bring an object to the disk, and the names of the folders that lead to it."""
    path = folder / name
    for each in (path, *path.parents[: len(Path(name).parts)]):
        durable.sync(each)


def in_folder(folder: Path) -> Objects:
    """Return the objects in *folder*, which is made where there is none; nobody else may look into it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Objects(LocalStore(folder), folder)


def in_memory() -> Objects:
    """Return a store that is gone with the process."""
    return Objects(MemoryStore())


def objects(home: Path, place: str = "") -> Objects:
    """
    Return the objects of a site.

    Args:
        home: FANFARE_HOME.
        place: FANFARE_OBJECTS: ``s3://bucket`` or ``s3://bucket/path``; empty for a folder in *home*. Keys, region and endpoint
            are read from the AWS_… variables that all programs know.

    Raises:
        ObjectsWrong: it is something else.
    """
    if not place:
        return in_folder(home.absolute() / FOLDER)
    if not urlsplit(place).netloc or urlsplit(place).scheme != "s3":
        raise ObjectsWrong(f"FANFARE_OBJECTS is {place!r}: name a bucket, as in s3://bucket/path, or leave it empty.")
    try:
        return Objects(from_url(place))
    except (ValueError, BaseError) as error:
        raise ObjectsWrong(f"FANFARE_OBJECTS is {place!r}, which cannot be used: {error}") from error
