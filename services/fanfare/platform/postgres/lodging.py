"""
Where the cluster lives and who it runs as.

PostgreSQL refuses to run as root, and a plain id cannot pass root's closed folders. Outside FANFARE_HOME no mode is changed:
where nothing inside it can be reached, the cluster gets a folder of its own.
"""

import hashlib
import os
import pwd
import signal
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fanfare.platform.postgres.binaries import Binaries, find_binaries
from fanfare.platform.postgres.errors import PostgresUnavailable
from fanfare.platform.postgres.tether import Identity, tethered

_ELSEWHERE = Path("/var/lib/fanfare")
_SOCKET_NAME = ".s.PGSQL.5432.lock"
_SOCKET_PATH_BYTES = 107


@dataclass(frozen=True)
class Lodging:
    """
    One cluster's place.

    Args:
        identity: who its processes run as.
        folder: ours; the cluster's own folder lies in it.
        binaries: programs that *identity* may read.
    """

    identity: Identity
    folder: Path
    binaries: Binaries

    @property
    def cluster(self) -> Path:
        """The folder that PostgreSQL calls its data directory."""
        return self.folder / "cluster"

    def own(self, path: Path) -> None:
        """Give *path* and all that lies in it to the cluster's identity."""
        if self.identity.kind == "drop":
            for each in (path, *path.rglob("*")):
                os.chown(each, self.identity.uid, self.identity.gid, follow_symlinks=False)


def digest(home: Path) -> str:
    """Return a short name for *home*, always the same."""
    return hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:12]


def _named(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _as_plain(uid: int) -> Identity:
    return Identity("drop", uid, pwd.getpwuid(uid).pw_gid if _named(uid) else uid)


def _plain_account() -> pwd.struct_passwd:
    """Return an account that is not root; initdb wants its id to have a name."""
    plain = {each.pw_name: each for each in pwd.getpwall() if each.pw_uid != 0}
    for name in ("postgres", "nobody", *plain):
        if name in plain:
            return plain[name]
    raise PostgresUnavailable("PostgreSQL does not run as root: add a plain account to /etc/passwd.")


def _namespaced() -> Identity:
    account = _plain_account()
    return Identity("namespace", account.pw_uid, account.pw_gid)


def _reaches(identity: Identity, folder: Path, binaries: Binaries | None) -> bool:
    """Try whether *identity* may enter *folder*, and start PostgreSQL's programs where they are given."""
    program = [str(binaries.folder / "postgres"), "--version"] if binaries else ["/bin/true"]
    command = tethered(program, identity, signal.SIGKILL, folder)
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0


def _plain_candidates(home: Path) -> Iterator[Identity]:
    """Whoever owns a folder on the way to *home* may pass it; else somebody without rights."""
    owners = [parent.stat().st_uid for parent in home.parents]
    for uid in dict.fromkeys([*(uid for uid in owners if uid != 0), _plain_account().pw_uid]):
        yield _as_plain(uid)


def _lodge(identity: Identity, folder: Path, binaries: Binaries) -> Lodging | None:
    """Return *folder* as the lodging of a plain *identity*, opened for it, or None where it cannot get there."""
    if not _reaches(identity, folder.parent, None):
        return None
    folder.mkdir(mode=0o711, exist_ok=True)
    folder.chmod(0o711)
    reachable = binaries if _reaches(identity, folder, binaries) else binaries.copied_to(folder)
    if not _reaches(identity, folder, reachable):
        return None
    lodging = Lodging(identity, folder, reachable)
    # What root made here, in a namespace, before.
    for path in (lodging.cluster, folder / "run"):
        if path.exists() and path.stat().st_uid != identity.uid:
            lodging.own(path)
    return lodging


def _lodge_without_root(home: Path, inside: Path, binaries: Binaries) -> Lodging:
    """Return a lodging for a plain identity: inside *home* where it can be reached, else in a folder of its own."""
    for identity in _plain_candidates(home):
        if _reaches(identity, home.parent, None):
            home.chmod(home.stat().st_mode | 0o011)
            if lodging := _lodge(identity, inside, binaries):
                return lodging
    if (inside / "cluster").exists():
        raise PostgresUnavailable(
            f"Root may not make a user namespace here and no plain account reaches {home}: move it to an open folder."
        )
    return _elsewhere(home, binaries, _as_plain(_plain_account().pw_uid))


def _elsewhere(home: Path, binaries: Binaries, identity: Identity) -> Lodging:
    _ELSEWHERE.mkdir(mode=0o711, parents=True, exist_ok=True)
    if lodging := _lodge(identity, _ELSEWHERE / digest(home), binaries):
        return lodging
    raise PostgresUnavailable(f"PostgreSQL does not run as root, and no plain account reaches {_ELSEWHERE}: run Fanfare as one.")


def has_cluster(home: Path) -> bool:
    """Tell whether *home* has a cluster, inside or outside; nothing is made."""
    return any((place / "cluster" / "PG_VERSION").exists() for place in (home / "postgresql", _ELSEWHERE / digest(home)))


def settle(home: Path) -> Lodging:
    """
    Return the place of *home*'s cluster; one that exists stays where it is and with whom it is.

    Raises:
        PostgresUnavailable: nobody can run it here.
    """
    inside, outside = home / "postgresql", _ELSEWHERE / digest(home)
    root = os.geteuid() == 0
    at = outside if root and not (inside / "cluster").exists() and (outside / "cluster").exists() else inside
    version = at / "cluster" / "PG_VERSION"
    binaries = find_binaries(int(version.read_text()) if version.exists() else None)
    owner = (at / "cluster").stat().st_uid if version.exists() else os.geteuid()
    if owner != os.geteuid():
        return _lodge_with_owner(at, owner, binaries)
    inside.mkdir(mode=0o700, exist_ok=True)
    if not root and _named(owner):
        return Lodging(Identity(), inside, binaries)
    if _reaches(identity := _namespaced(), inside, binaries):
        return Lodging(identity, inside, binaries)
    if root:
        return _lodge_without_root(home, inside, binaries)
    raise PostgresUnavailable(f"PostgreSQL wants a name for user id {owner}: add it to /etc/passwd.")


def _lodge_with_owner(folder: Path, owner: int, binaries: Binaries) -> Lodging:
    if os.geteuid() == 0 and (lodging := _lodge(_as_plain(owner), folder, binaries)):
        return lodging
    raise PostgresUnavailable(f"{folder / 'cluster'} belongs to user id {owner}: run Fanfare as that account.")


def socket_folder(home: Path, lodging: Lodging) -> Path:
    """
    Return a private folder for the socket, made, mode 0700, owned by the cluster's identity.

    A socket's path holds 107 bytes at most, so a long FANFARE_HOME gets one outside. A folder that somebody else made there is
    never used.

    Raises:
        PostgresUnavailable: no short path could be had.
    """
    identity = lodging.identity
    owner = identity.uid if identity.kind == "drop" else os.geteuid()
    runtime = [Path(os.environ["XDG_RUNTIME_DIR"])] if "XDG_RUNTIME_DIR" in os.environ else []
    bases = [Path("/run"), *runtime, Path("/tmp")]  # noqa: S108 - a private folder, checked below
    for folder in (lodging.folder / "run", *(base / f"fanfare-{owner}-{digest(home)}" for base in bases)):
        if len(os.fsencode(folder / _SOCKET_NAME)) <= _SOCKET_PATH_BYTES and _made_private(folder, owner, lodging):
            return folder
    raise PostgresUnavailable(f"No private folder with a path short enough for a socket could be made for {home}.")


def _made_private(folder: Path, owner: int, lodging: Lodging) -> bool:
    try:
        folder.mkdir(mode=0o700)
        lodging.own(folder)
    except FileExistsError:
        pass
    except OSError:
        return False
    status = folder.lstat()
    private = stat.S_ISDIR(status.st_mode) and status.st_uid == owner and status.st_mode & 0o077 == 0
    return private and (lodging.identity.kind != "drop" or _reaches(lodging.identity, folder, None))
