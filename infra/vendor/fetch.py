"""
Brings the browser's libraries into the tree: each by exact version and hash, with its licence. For whoever changes a version.

`python infra/vendor/fetch.py` writes what `packages.json` beside it lists. It wants npm, which only packs: nothing of a package
runs, and neither a build, nor a test, nor a site needs npm, since what it writes is committed.
"""

import base64
import hashlib
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIST = Path(__file__).with_name("packages.json")


class WrongBytes(Exception):
    """A package is not what was looked at when its hash was written down; find out why before anything else."""


def fetch(package: str, integrity: str, files: dict[str, str]) -> None:
    """
    Write the *files* of *package*: names in it, and where they go in this tree.

    Args:
        package: name and exact version, as in ``htmx.org@4.0.1``.
        integrity: ``sha512-`` and the hash of the packed package, base64, as npm writes it.

    Raises:
        WrongBytes: the hash differs.
    """
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        (packed,) = Path(folder).iterdir()
        found = "sha512-" + base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode()
        if found != integrity:
            message = f"{package}: {found}, and packages.json says {integrity}"
            raise WrongBytes(message)
        with tarfile.open(packed) as archive:
            for name, where in files.items():
                member = archive.extractfile(f"package/{name}")
                if member is None:
                    message = f"{package} has no {name}"
                    raise WrongBytes(message)
                (ROOT / where).parent.mkdir(parents=True, exist_ok=True)
                (ROOT / where).write_bytes(member.read())


if __name__ == "__main__":
    for each in json.loads(LIST.read_text(encoding="utf-8")):
        fetch(each["package"], each["integrity"], each["files"])
        print(each["package"])  # noqa: T201 - a script says what it did
