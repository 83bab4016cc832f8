"""The witness's commands: exit codes, and what is said to the person at the console."""

import fcntl
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fanfare.cli import app
from fanfare.ledger.checkpoints import Checkpoint
from fanfare.witness.commands import Asked, run_evidence, run_witness
from fanfare.witness.forks import Fork, write_evidence
from fanfare.witness.seen import MARK
from tests.watched import NOON, WITNESS, SignedSite, Watch, seeded

NOBODY = "http://127.0.0.1:9"


def test_two_witnesses_never_run_over_one_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        assert run_witness(Asked(NOBODY, tmp_path, once=True)) == 2

    assert "Another witness runs in" in capsys.readouterr().err


def test_a_site_that_is_away_ends_a_single_look_with_2_and_is_no_alarm(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_witness(Asked(NOBODY, tmp_path, once=True)) == 2

    assert f"{NOBODY}/record/manifest" in capsys.readouterr().err
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_while_an_alarm_stands_the_exit_code_says_so(tmp_path: Path) -> None:
    (tmp_path / "logs/0").mkdir(parents=True)
    (tmp_path / "logs/0" / MARK).write_text("a fork\n")

    assert run_witness(Asked(NOBODY, tmp_path, once=True)) == 1


@pytest.mark.parametrize("asked", [{"key": "fanfare.example"}, {"name": "a witness"}])
def test_what_cannot_be_a_key_or_a_name_is_said_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], asked: dict[str, str]
) -> None:
    assert run_witness(Asked(NOBODY, tmp_path, once=True, **asked)) == 2  # type: ignore[arg-type]

    assert next(iter(asked.values())) in capsys.readouterr().err


@pytest.mark.parametrize(
    "asked",
    [
        *([NOBODY, "--listen", each] for each in ("8090", "localhost", "localhost:port", ":8090", "127.0.0.1:99999", "::1:²")),
        *([each] for each in ("fanfare.example", "ftp://fanfare.example", "http://[::1", "http://a.example:port", "https://")),
        [NOBODY, "--alarm", "ring 'the bell"],
    ],
)
def test_what_could_not_be_asked_listened_at_or_run_is_refused_with_what_was_given(tmp_path: Path, asked: list[str]) -> None:
    found = CliRunner().invoke(app, ["witness", *asked, "--once", "--home", str(tmp_path)])

    assert found.exit_code == 2
    assert repr(asked[-1])[:10] in found.output


def test_a_single_look_at_nothing_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_witness(Asked(NOBODY, tmp_path, once=True))

    assert capsys.readouterr().out.endswith("No log of this site was seen yet.\n")


def test_evidence_without_its_files_is_none(tmp_path: Path) -> None:
    assert run_evidence(tmp_path, []) == 2


def test_evidence_is_believed_by_the_keys_that_are_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = SignedSite([[b"one"]])
    keys = (seeded(site.origin()).verifier,)
    write_evidence(tmp_path / "fork", Fork(site.note(), site.note(entries=[b"two"])), keys, "A fork.", NOON)

    assert run_evidence(tmp_path / "fork", [str(keys[0])]) == 0
    assert "compare them" not in capsys.readouterr().out
    assert run_evidence(tmp_path / "fork", [str(seeded(site.origin(), 4).verifier)]) == 2
    assert run_evidence(tmp_path / "fork", ["no key"]) == 2
    assert run_evidence(tmp_path / "fork", [str(WITNESS.verifier)]) == 2
    write_evidence(tmp_path / "same", Fork(site.note(), site.note()), keys, "No fork.", NOON)
    assert run_evidence(tmp_path / "same", []) == 1


def test_two_checkpoints_that_go_on_from_each_other_are_no_fork_whatever_a_folder_says(tmp_path: Path) -> None:
    site = SignedSite([[b"one", b"two", b"three"]])
    keys, proof = (seeded(site.origin()).verifier,), site.submission(2).proof
    root = Checkpoint.parse(site.note(2).text).root

    write_evidence(tmp_path / "honest", Fork(site.note(2), site.note(), root, proof), keys, "A fork.", NOON)

    assert run_evidence(tmp_path / "honest", []) == 1
    assert "proves nothing to others" in (tmp_path / "honest" / "README").read_text()


async def test_no_cosignature_leaves_before_its_record_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watch, synced = Watch(SignedSite([[b"one", b"two"]]), tmp_path), list[str]()
    brings = os.fsync

    def failing(opened: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{opened}").readlink()))
        if synced[-1].endswith(".notes"):
            raise OSError(28, "No space left on device")
        brings(opened)

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match="No space left"):
        watch.cosigner.add(watch.site.submission(0))
    monkeypatch.setattr(os, "fsync", brings)

    assert synced[-1].endswith(".notes")
    with pytest.raises(Exception, match="start the witness again"):
        watch.cosigner.add(watch.site.submission(0))
