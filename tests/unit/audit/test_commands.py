"""What the command line prints, and the exit code, whatever the machine it runs on."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from fanfare.audit import commands
from fanfare.audit.commands import run_replay
from tests.unit.audit.archives import a_record, with_choice, write_archive


@pytest.fixture
def altered(tmp_path: Path) -> Path:
    """Write an archive in whose record a choice was altered."""
    written = a_record().written
    return write_archive(tmp_path / "altered.tar", written, stored=with_choice(written, "fan1", "idea2"))


def printed(path: Path, *, json: bool, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Replay an archive in a process of its own."""
    code = "import sys; from pathlib import Path; from fanfare.audit.commands import run_replay; path, json = sys.argv[1:]"
    command = [
        sys.executable,
        "-c",
        f"{code}; sys.exit(run_replay(Path(path), json=bool(json)))",
        str(path),
        "json" if json else "",
    ]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, check=False)


def test_an_honest_archive_ends_with_exit_code_0(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_replay(write_archive(tmp_path / "archive.tar", a_record().written)) == 0
    assert "All 13 claims hold" in capfd.readouterr().out


def test_a_difference_is_named_and_ends_with_exit_code_1(altered: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_replay(altered) == 1
    assert "$.ranking[0].votes: published 6, recomputed 5" in capfd.readouterr().out


def test_what_could_not_be_checked_ends_with_exit_code_2(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_replay(tmp_path / "nothing.tar") == 2
    assert capfd.readouterr().out == "Could not check: nothing.tar: No such file or directory.\n"


def test_a_fault_of_the_program_is_not_taken_for_a_failed_claim(
    altered: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(commands, "replay", lambda *_: 1 // 0)

    assert run_replay(altered, json=True) == 2
    shown = capfd.readouterr()
    assert "a fault of this program" in msgspec.json.decode(shown.out)["unchecked"]
    assert "ZeroDivisionError" in shown.err


def test_json_names_each_claim_with_its_differences(altered: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run_replay(altered, json=True)

    answer = msgspec.json.decode(capfd.readouterr().out)
    failing = {each["name"]: each["differences"] for each in answer["claims"] if not each["passed"]}
    assert (answer["schema"], answer["exit_code"]) == ("fanfare.audit.v1", 1)
    assert failing["report rounds/final"][0] == "$.ranking[0].votes: published 6, recomputed 5"


@pytest.mark.parametrize("json", [False, True])
def test_another_zone_locale_and_hash_seed_print_the_same_bytes(altered: Path, *, json: bool) -> None:
    done = [
        printed(altered, json=json, TZ=zone, LC_ALL=locale, PYTHONHASHSEED=seed, COLUMNS=columns)
        for zone, locale, seed, columns in (
            ("UTC", "C.UTF-8", "0", "80"),
            ("Pacific/Chatham", "C", "1", "200"),
            ("America/St_Johns", "POSIX", "4242", "40"),
        )
    ]

    assert {each.stdout for each in done} == {done[0].stdout}
    assert {each.returncode for each in done} == {1}
    assert done[0].stderr == b""
