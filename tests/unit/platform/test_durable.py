"""Files that are whole or not there: what an error leaves behind, and who may read them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fanfare.platform.durable import PUBLIC, new_file, replace, whole_file, whole_folder


@pytest.fixture
def umask() -> Iterator[None]:
    """The umask of most machines."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def names_in(folder: Path) -> list[str]:
    """Return what lies in a folder."""
    return sorted(each.name for each in folder.iterdir())


def break_off(file: Path) -> None:
    """Fail in the middle of writing a file."""
    with whole_file(file) as stream:
        stream.write(b"half")
        raise OSError("full")


def test_an_error_while_writing_leaves_nothing_under_the_name(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="full"):
        break_off(tmp_path / "site.tar")

    assert names_in(tmp_path) == []


def test_an_error_while_writing_leaves_what_was_there_before(tmp_path: Path) -> None:
    replace(tmp_path / "seen", b"before")

    with pytest.raises(OSError, match="full"):
        break_off(tmp_path / "seen")

    assert (tmp_path / "seen").read_bytes() == b"before"
    assert names_in(tmp_path) == ["seen"]


def test_half_a_file_that_a_crash_left_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / "seen.part").write_bytes(b"what a killed process had written of it")

    replace(tmp_path / "seen", b"whole")

    assert (tmp_path / "seen").read_bytes() == b"whole"
    assert names_in(tmp_path) == ["seen"]


@pytest.mark.usefixtures("umask")
def test_a_file_is_private_unless_it_is_meant_for_everybody(tmp_path: Path) -> None:
    replace(tmp_path / "seen", b"")
    with whole_file(tmp_path / "site.tar", PUBLIC) as stream:
        stream.write(b"for everybody")

    assert (tmp_path / "seen").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "site.tar").stat().st_mode & 0o777 == 0o644


def test_a_folder_that_could_not_be_filled_leaves_nothing_under_the_name(tmp_path: Path) -> None:
    def fill() -> None:
        with whole_folder(tmp_path / "backup") as folder, new_file(folder / "record.tar") as stream:
            stream.write(b"half")
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        fill()

    assert names_in(tmp_path) == []


def test_a_folder_in_which_something_lies_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "backup").mkdir()
    replace(tmp_path / "backup" / "mine", b"kept")

    with pytest.raises(FileExistsError, match="is there already and not empty"), whole_folder(tmp_path / "backup"):
        pass

    assert names_in(tmp_path / "backup") == ["mine"]
