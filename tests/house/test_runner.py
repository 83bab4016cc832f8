"""The runner behind `make test` says what it did not run, and never calls nothing a success."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests import run
from tests.house import tree


def printed(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the runner's main over the suites and parts that *code* puts in its place, in a process of its own."""
    source = f"import sys\nfrom tests import run\nfrom tests.run import Part, Suite\n{code}\nsys.exit(run.main([]))"
    kept = {name: value for name, value in os.environ.items() if name != "CI"}
    command = [sys.executable, "-c", source]
    return subprocess.run(command, cwd=tree.ROOT, env={**kept, **environment}, capture_output=True, text=True, check=False)


LACKING = """
run.PARTS = (Part("browser", "chromium (apt install chromium)", lambda: False),)
run.SUITES = (Suite("good", command=("python", "-c", "")), Suite("journeys", command=("false",), parts=("browser",)))
"""


def test_a_laptop_that_lacks_a_part_is_told_so_and_passes() -> None:
    done = printed(LACKING)

    assert done.stdout.splitlines()[-3:] == [
        "NOT RUN: browser: needs chromium (apt install chromium)",
        "1 missing part",
        "1 passed, 0 failed",
    ]
    assert done.returncode == 0


def test_a_missing_part_fails_under_ci() -> None:
    assert printed(LACKING, CI="true").returncode == 1


def test_a_suite_that_fails_is_named_and_fails_the_run() -> None:
    done = printed('run.SUITES = (Suite("bad", command=("python", "-c", "raise SystemExit(3)")),)')

    assert done.stdout.splitlines()[-2:] == ["FAILED: bad", "0 passed, 1 failed"]
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("exit_code", "counts", "outcome"),
    [
        (0, {"tests": 7}, run.Outcome(7, 0)),
        (1, {"tests": 7, "failures": 1, "errors": 1}, run.Outcome(5, 2)),
        (0, {"tests": 7, "skipped": 1}, run.Outcome(6, 1)),
        (5, {"tests": 0}, run.Outcome(0, 1)),
        (4, {}, run.Outcome(0, 1)),
        (-9, {"tests": 7}, run.Outcome(7, 1)),
    ],
)
def test_a_suite_passes_only_where_tests_ran_and_all_of_them_passed(
    exit_code: int, counts: dict[str, int], outcome: run.Outcome
) -> None:
    suite = ET.Element("testsuite", {name: str(count) for name, count in counts.items()})

    assert run.counted(exit_code, suite) == outcome


def test_what_failed_is_named_at_the_end_with_the_first_line_of_why() -> None:
    suite = ET.Element("testsuite", {"tests": "3", "failures": "1", "skipped": "1"})
    for name, kind in (("fine", ""), ("wrong", "failure"), ("left_out", "skipped")):
        case = ET.SubElement(suite, "testcase", {"classname": "tests.unit.test_it", "name": name})
        if kind:
            ET.SubElement(case, kind, {"message": f"{name} it was\nand more"})

    assert run.counted(1, suite).names == (
        "tests.unit.test_it::wrong: wrong it was",
        "tests.unit.test_it::left_out: left_out it was",
    )


HANGS = """
import asyncio
import time
import pytest

@pytest.fixture
async def stays():
    yield
    await asyncio.Event().wait()

async def test_that_waits(): await asyncio.Event().wait()
def test_that_sleeps(): time.sleep(600)
async def test_whose_site_does_not_end(stays): pass
async def test_that_is_well(): pass
"""


def test_a_test_that_hangs_fails_where_it_hangs_and_the_others_run(tmp_path: Path) -> None:
    (tmp_path / "test_hangs.py").write_text(HANGS)
    ours = "from tests import conftest as c\nfrom tests.conftest import anyio_backend, pytest_runtest_protocol\nc.MOST_S = 0.5"
    (tmp_path / "conftest.py").write_text(ours)

    options = ["-q", "-c", str(tree.ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), str(tmp_path)]
    command = [sys.executable, "-m", "pytest", *options]
    done = subprocess.run(command, cwd=tree.ROOT, capture_output=True, text=True, check=False, timeout=60)

    assert "asyncio.exceptions.CancelledError: hung for 0.5 s" in done.stdout
    assert "Failed: hung for 0.5 s" in done.stdout
    assert "ERROR at teardown of test_whose_site_does_not_end" in done.stdout
    assert "2 failed, 2 passed, 1 error" in done.stdout


def test_every_part_of_a_suite_is_known() -> None:
    assert {name for suite in run.SUITES for name in suite.parts} <= {part.name for part in run.PARTS}


def test_a_suite_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(SystemExit, match="No such suite: unti"):
        run.chosen(["unti"])


def test_what_is_measured_on_request_does_not_slow_every_run() -> None:
    assert [suite.name for suite in run.chosen([]) if suite.on_request] == []


HANGING = """
run.MOST_S = 0.5
run.SUITES = (Suite("slow", command=("python", "-c", "import time; time.sleep(60)")), Suite("good", command=("python", "-c", "")))
"""


def test_a_suite_that_hangs_is_ended_and_has_failed_and_the_next_one_runs() -> None:
    done = printed(HANGING)

    assert "ended after 0 s" in done.stdout
    assert done.stdout.splitlines()[-2:] == ["FAILED: slow", "1 passed, 1 failed"]


MEETING = (
    "import os, sys, time; open(sys.argv[1], 'w'); print(sys.argv[1:])\nwhile not os.path.exists(sys.argv[2]): time.sleep(.01)"
)


def test_two_quiet_suites_run_beside_each_other_and_neither_prints_into_the_other(tmp_path: Path) -> None:
    one, other = str(tmp_path / "one"), str(tmp_path / "other")
    commands = {"one": ("python", "-c", MEETING, one, other), "other": ("python", "-c", MEETING, other, one)}
    suites = [f"Suite({name!r}, command={command!r}, quiet=True)" for name, command in commands.items()]
    done = printed(f"run.MOST_S = 20\nrun.SUITES = ({', '.join(suites)})")

    assert done.returncode == 0
    for name in commands:
        assert re.search(rf"== {name}\n\['.*/{name}', .*\]\n== {name}: passed in", done.stdout)


def test_a_suite_that_fills_the_machine_runs_alone() -> None:
    tell = "import time; print('begins', time.monotonic()); time.sleep(.2); print('ends', time.monotonic())"
    suites = [f"Suite('{name}', command=('python', '-c', {tell!r}), quiet={name != 'b'})" for name in "abc"]
    done = printed(f"run.SUITES = ({', '.join(suites)})")

    times = [float(line.split()[1]) for line in done.stdout.splitlines() if line.startswith(("begins", "ends"))]
    assert len(times) == 6
    assert times == sorted(times)
