"""The list of erasures: ids and hashes in a file that is only appended to."""

from pathlib import Path

import pytest

from fanfare.members.erasures import NAME, ErasedMember, ListUnreadable, RemovedText, add, read

SAOIRSE, TOMASZ = ErasedMember("m4saoirse"), ErasedMember("m7tomasz")
COMMENT = RemovedText("9f2c" * 16, "m5dora", "41d0" * 16)


def test_what_was_added_is_read_again_each_once_and_in_order(tmp_path: Path) -> None:
    counts = [add(tmp_path, [SAOIRSE]), add(tmp_path, [COMMENT, SAOIRSE, COMMENT]), add(tmp_path, [])]

    assert counts == [1, 1, 0]
    assert read(tmp_path) == [SAOIRSE, COMMENT]


def test_there_is_nothing_to_read_before_the_first_erasure_and_the_home_is_made_by_it(tmp_path: Path) -> None:
    home = tmp_path / "home"

    assert read(home) == []
    add(home, [SAOIRSE])
    assert (home / NAME).stat().st_mode & 0o777 == 0o600


def test_a_line_that_a_crash_cut_short_is_passed_over_and_cut_off_by_the_next(tmp_path: Path) -> None:
    add(tmp_path, [SAOIRSE])
    whole = (tmp_path / NAME).read_bytes()
    (tmp_path / NAME).write_bytes(whole + b'{"member":"m7to')

    assert read(tmp_path) == [SAOIRSE]
    add(tmp_path, [TOMASZ])
    assert (tmp_path / NAME).read_bytes() == whole + b'{"member":"m7tomasz"}\n'


def test_a_first_line_that_a_crash_cut_short_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b'{"mem')

    add(tmp_path, [TOMASZ])

    assert (tmp_path / NAME).read_bytes() == b'{"member":"m7tomasz"}\n'


def test_a_whole_line_whose_end_a_crash_cut_off_stays(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b'{"member":"m4saoirse"}')

    add(tmp_path, [TOMASZ])

    assert read(tmp_path) == [SAOIRSE, TOMASZ]


@pytest.mark.parametrize("line", [b"not one\n", b'{"member":"Saoirse K."}\n', b'{"text":"short","by":"m5dora"}\n', b"\xff\n"])
def test_a_damaged_line_is_named(tmp_path: Path, line: bytes) -> None:
    (tmp_path / NAME).write_bytes(b'{"member":"m4saoirse"}\n' + line + b'{"member":"m7tomasz"}\n')

    with pytest.raises(ListUnreadable, match="line 2 "):
        read(tmp_path)
