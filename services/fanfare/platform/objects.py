"""Objects: bytes under a name, outside the database. They lie in a folder, or in a bucket of S3 where a setting names one."""

import asyncio
import atexit
import secrets
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, MemoryStore, ObjectStore, from_url

from fanfare.platform import durable

FOLDER = "objects"
"""Below FANFARE_HOME, where nothing else is set."""
PROBES = "probes"
"""Below it nothing stays."""
_TRIES = 3
_LAST_S = 2.0
_PROBE_S = 20.0


class ObjectsWrong(Exception):
    """FANFARE_OBJECTS names no place that objects can be kept in."""


class ConditionsIgnored(ObjectsWrong):
    """
    The bucket writes over what is there where it was asked not to.

    Two notaries, as there are for a moment in every change of the version, could then put one tile over another that was signed.
    """

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "The store behind FANFARE_OBJECTS writes over what is there although it was asked not to (If-None-Match: *), so two "
            "processes could put one file of the record over another. Take one that honours conditional writes, as S3 does, or a "
            "newer version of it; or leave FANFARE_OBJECTS empty for a folder."
        )


@atexit.register
def _let_threads_finish() -> None:
    """
    Wait, at the end of the process, for threads of the library that are still telling an event loop that its answer is there.

    The loop hears it before that thread has left Python; where the interpreter ends in between, the thread takes the process down
    with SIGABRT. Source: PyO3/pyo3-async-runtimes issue 40, which is open: the library has no call that ends its threads.
    """
    ends = time.monotonic() + _LAST_S
    while _strange_threads() and time.monotonic() < ends:
        time.sleep(0.001)


def _strange_threads() -> set[int]:
    """Return the threads that are in Python and that Python did not start."""
    return sys._current_frames().keys() - {each.ident for each in threading.enumerate()}  # noqa: SLF001 - no other way


class ObjectsAway(Exception):
    """The store of objects does not answer, or refuses. The sentence is its own."""


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

    async def create(self, name: str, body: bytes) -> bool:
        """Keep *body* under *name* if nothing is kept there, and tell whether that was so; what is there is durable then, too."""
        created = await self._created(name, body)
        if self._folder is not None:
            await asyncio.to_thread(_sync, self._folder, name)
        return created

    async def _created(self, name: str, body: bytes) -> bool:
        """
        Create an object, and tell whether that was so.

        Raises:
            AlreadyExistsError: the store says that something is there, time and again, and nothing is.
        """
        tries = 0
        while True:
            tries += 1
            try:
                await obstore.put_async(self._store, name, body, mode="create")
            except AlreadyExistsError:
                # S3 says so (409) while another write of that name is under way, too; then nothing need be there yet, or ever.
                with suppress(FileNotFoundError):
                    await obstore.head_async(self._store, name)
                    return False
                if tries == _TRIES:
                    raise
            else:
                return True

    async def check(self) -> None:
        """
        Try that nothing is put over what is there, under a name that is deleted again.

        Raises:
            ConditionsIgnored: the second writer of the name was let.
            ObjectsAway: it could not be tried.
        """
        name = f"{PROBES}/{secrets.token_hex(16)}"
        try:
            async with asyncio.timeout(_PROBE_S):
                tried = [await self.create(name, body) for body in (b"first", b"second")]
                left = await self.get(name)
                await self.delete([name])
        except (BaseError, OSError) as error:  # a time-out is an OSError, too
            raise ObjectsAway(str(error).partition("\n\n")[0] or f"no answer within {_PROBE_S:.0f} seconds") from error
        if tried != [True, False] or left != b"first":
            raise ConditionsIgnored

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
