"""What every store of objects does: one suite for the folder and for the one in memory."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

from fanfare.operations import outside
from fanfare.platform.objects import FOLDER, ConditionsIgnored, Objects, ObjectsWrong, in_folder, in_memory, objects
from fanfare.platform.settings import Settings
from fanfare.preparing import bring

pytestmark = pytest.mark.anyio

NAME = "pictures/9f2c/small.webp"
PLACE = "s3://pomfret-fans/site"


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    """Return an empty store of each kind."""
    return in_folder(tmp_path / "kept" / "objects") if request.param == "folder" else in_memory()


async def names(store: Objects, prefix: str = "pictures") -> list[str]:
    """Return every name below a folder."""
    return sorted([name async for name, _ in store.names(prefix)])


async def test_what_is_put_is_got_byte_for_byte(store: Objects) -> None:
    body = bytes(range(256)) * 1000

    await store.put(NAME, body)

    assert await store.get(NAME) == body


async def test_what_is_not_there_is_none_and_is_deleted_without_a_word(store: Objects) -> None:
    await store.delete([NAME, "pictures/none"])

    assert await store.get(NAME) is None
    assert await names(store) == []


async def test_a_name_that_is_taken_gets_the_new_bytes(store: Objects) -> None:
    await store.put(NAME, b"old and longer")

    await store.put(NAME, b"new")

    assert await store.get(NAME) == b"new"


async def test_what_is_created_takes_the_place_of_nothing(store: Objects) -> None:
    first = await store.create(NAME, b"first")
    second = await store.create(NAME, b"second")

    assert (first, second) == (True, False)
    assert await store.get(NAME) == b"first"


async def test_of_many_who_create_under_one_name_one_does(store: Objects) -> None:
    created = await asyncio.gather(*(store.create(NAME, str(number).encode()) for number in range(8)))

    assert created.count(True) == 1
    assert await store.get(NAME) == str(created.index(True)).encode()


async def test_deleting_takes_those_that_are_there_and_leaves_the_others(store: Objects) -> None:
    for each in (NAME, "pictures/9f2c/large.webp", "pictures/aaaa/small.webp", "other/thing"):
        await store.put(each, b"x")

    await store.delete(["pictures/none", NAME, "pictures/9f2c/large.webp"])

    assert await names(store) == ["pictures/aaaa/small.webp"]
    assert await names(store, "other") == ["other/thing"]


async def test_a_name_is_listed_with_the_time_it_was_written(store: Objects) -> None:
    await store.put(NAME, b"x")

    ((name, written_at),) = [each async for each in store.names("pictures")]

    assert name == NAME
    assert abs(datetime.now(UTC) - written_at) < timedelta(minutes=1)


async def test_many_at_once_are_all_there(store: Objects) -> None:
    await asyncio.gather(*(store.put(f"pictures/{each}", str(each).encode()) for each in range(120)))

    assert [await store.get(f"pictures/{each}") for each in range(120)] == [str(each).encode() for each in range(120)]
    assert len(await names(store)) == 120


async def test_a_folder_is_for_its_owner_alone_and_a_new_store_finds_what_is_in_it(tmp_path: Path) -> None:
    await objects(tmp_path).put(NAME, b"x")

    assert (tmp_path / FOLDER).stat().st_mode & 0o077 == 0
    assert await objects(tmp_path).get(NAME) == b"x"


@pytest.mark.parametrize("place", ["bucket", "s3://", "s3:///path", "https://s3.example/bucket", "file:///tmp", "s3://a b"])
def test_a_setting_that_names_no_bucket_is_refused_by_name(tmp_path: Path, place: str) -> None:
    with pytest.raises(ObjectsWrong, match="FANFARE_OBJECTS"):
        objects(tmp_path, place)


def test_a_setting_that_names_a_bucket_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")

    assert isinstance(objects(tmp_path, "s3://pomfret-fans/site"), Objects)
    assert list(tmp_path.iterdir()) == []


class Bucket(BaseHTTPRequestHandler):
    """As much of S3 as creating takes. Of each name the first write meets another one that is under way, and comes to nothing."""

    kept: ClassVar[dict[str, bytes]] = {}
    asked: ClassVar[list[str]] = []

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers["if-none-match"] == "*" and self.path in self.kept:
            return self._answer(412)
        self.asked.append(self.path)
        if self.asked.count(self.path) == 1:
            return self._answer(409, b"<Error><Code>ConditionalRequestConflict</Code></Error>")
        self.kept[self.path] = body
        return self._answer(200)

    def do_GET(self) -> None:
        self._answer(200 if self.path in self.kept else 404, self.kept.get(self.path, b""))

    do_HEAD = do_GET  # noqa: N815 - named so by its base

    def do_DELETE(self) -> None:
        self.kept.pop(self.path, None)
        self._answer(204)

    def do_POST(self) -> None:
        """Delete what is listed: one key a request is what we send."""
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        bucket = self.path.partition("?")[0].rstrip("/")
        key = body.partition("<Key>")[2].partition("</Key>")[0]
        self.kept.pop(f"{bucket}/{key}", None)
        self._answer(200, f"<DeleteResult><Deleted><Key>{key}</Key></Deleted></DeleteResult>".encode())

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("etag", '"1"')
        self.send_header("last-modified", "Mon, 23 Nov 2026 12:00:00 GMT")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named so by its base
        """Print nothing."""


class Heedless(Bucket):
    """A store that has not heard of conditions."""

    def do_PUT(self) -> None:
        self.kept[self.path] = self.rfile.read(int(self.headers["content-length"]))
        self._answer(200)


class Closed(Bucket):
    """A bucket that these keys do not open."""

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self._answer(403, b"<Error><Code>AccessDenied</Code></Error>")


@contextmanager
def served(kind: type[Bucket], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Serve a bucket, and let the AWS_ variables lead there."""
    Bucket.kept.clear()
    Bucket.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    for name, value in {"ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b", "REGION": "eu-central-1", "ALLOW_HTTP": "true"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def test_in_a_bucket_a_write_that_met_another_is_done_again_and_nothing_is_put_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(Bucket, monkeypatch):
        bucket = objects(tmp_path, PLACE)

        created = [await bucket.create(NAME, body) for body in (b"first", b"second", b"first")]

        assert created == [True, False, False]
        assert await bucket.get(NAME) == b"first"


async def test_a_bucket_that_puts_nothing_over_what_is_there_is_fit_and_keeps_nothing_of_the_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(Bucket, monkeypatch):
        await objects(tmp_path, PLACE).check()

    assert not any("probes" in each for each in Bucket.kept)


async def test_a_store_of_each_kind_that_is_ours_is_fit(store: Objects) -> None:
    await store.check()

    assert await names(store, "probes") == []


def test_a_bucket_that_passes_over_a_condition_is_told_by_the_doctor_and_by_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(Heedless, monkeypatch):
        found = outside.bucket(tmp_path, PLACE)
        with pytest.raises(ConditionsIgnored, match="Take one that honours conditional writes"):
            bring(Settings(home=tmp_path, objects=PLACE), "no database is asked")

    assert (found.name, found.state) == ("objects", "wrong")
    assert "leave FANFARE_OBJECTS empty for a folder" in found.advice


def test_a_bucket_that_refuses_is_told_by_the_doctor_in_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(Closed, monkeypatch):
        found = outside.bucket(tmp_path, PLACE)

    assert found.state == "wrong"
    assert "AccessDenied" in found.found
    assert "AWS_" in found.advice


def test_a_process_that_ends_right_after_an_answer_ends_as_it_should() -> None:
    program = (
        "import asyncio, time\n"
        "from fanfare.platform.objects import in_memory\n"
        "class Loop(asyncio.SelectorEventLoop):\n"
        "    def call_soon_threadsafe(self, *given, **named):\n"
        "        handle = super().call_soon_threadsafe(*given, **named)\n"
        "        ends = time.monotonic() + 0.2\n"
        "        while time.monotonic() < ends: pass\n"
        "        return handle\n"
        "Loop().run_until_complete(in_memory().put('name', b'x'))\n"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
