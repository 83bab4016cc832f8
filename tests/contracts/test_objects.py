"""What every store of objects does: one suite for the folder and for the one in memory."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fanfare.platform.objects import FOLDER, Objects, ObjectsWrong, in_folder, in_memory, objects

pytestmark = pytest.mark.anyio

NAME = "pictures/9f2c/small.webp"


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
