"""The machine under a site: its folder, disk, port, memory and file descriptors."""

import os
import resource
import shutil
import socket
import tempfile
from pathlib import Path

import httpx2

from fanfare.operations.findings import Finding, ok, warning, wrong
from fanfare.platform.settings import Settings

MIB = 1024 * 1024
FEW_FILES, FEWEST_FILES = 4096, 256
"""A live page holds one descriptor, and so does each connection to PostgreSQL."""


def folder(home: Path) -> Finding:
    """Look whether the data folder is there, can be written to, and is closed to others."""
    if not home.is_dir():
        return warning("folder", f"{home} is not there", "The first `fanfare up` makes it; FANFARE_HOME names another.")
    try:
        with tempfile.TemporaryFile(dir=home) as tried:
            tried.write(b"Fanfare\n")
            tried.flush()
            os.fsync(tried.fileno())
    except OSError as error:
        return wrong("folder", f"{home} cannot be written to: {error.strerror}", "Give it to the account that runs Fanfare.")
    mode = home.stat().st_mode & 0o777
    if mode & 0o066:
        return warning("folder", f"{home} has the mode {mode:04o}: others may look into it", f"chmod 700 {home}")
    return ok("folder", f"{home} can be written to, mode {mode:04o}")


def disk(home: Path) -> Finding:
    """Look how much of the folder's disk is free."""
    there = next(each for each in (home, *home.parents) if each.exists())
    usage = shutil.disk_usage(there)
    return space(usage.free, usage.total)


def space(free_bytes: int, size_bytes: int) -> Finding:
    """Return what the room on a disk means."""
    free, share = free_bytes // MIB, 100 * free_bytes // max(size_bytes, 1)
    found = f"{free} MiB free, {share} % of the disk"
    if free < 100:
        return wrong("disk", found, "Make room now: nothing can be written to the record on a full disk.")
    if free < 1024:
        return warning("disk", found, "Make room: a backup needs as much as record and vault together.")
    return ok("disk", found)


def port(settings: Settings, *, running: bool) -> Finding:
    """Look whether the port is free, or whether a Fanfare answers there already."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::", "") else settings.host  # noqa: S104 - compared, not listened on
    try:
        answer = httpx2.get(f"http://{host}:{settings.port}/healthz", timeout=3, trust_env=False)
        ours = answer.status_code == 200 and answer.json() == {"status": "ok"}
    except (httpx2.HTTPError, ValueError):
        ours = False
    if ours:
        return ok("port", f"a Fanfare answers on {host}:{settings.port}")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, settings.port))
        except OSError as error:
            found = f"{host}:{settings.port} cannot be used: {os.strerror(error.errno or 0)}"
            return wrong("port", found, "Stop what listens there, or choose another in FANFARE_PORT.")
    if running:
        return wrong("port", f"nothing answers on {host}:{settings.port}, and the site runs", "Is FANFARE_PORT that of the site?")
    return ok("port", f"{host}:{settings.port} is free")


def files() -> Finding:
    """Look how many files a process may open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    found = f"a process may open {soft} files ({hard} if it asks)"
    advice = f"ulimit -n {max(soft, FEW_FILES)}, or LimitNOFILE= of the service: each open page holds one."
    if soft < FEWEST_FILES:
        return wrong("file descriptors", found, advice)
    return warning("file descriptors", found, advice) if soft < FEW_FILES else ok("file descriptors", found)


def memory() -> Finding:
    """Look how much memory can be had."""
    lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines() if ":" in line)
    free = int(lines["MemAvailable"].split()[0]) // 1024
    found = f"{free} MiB can be had"
    if free < 128:
        return wrong("memory", found, "Stop something else, or take a larger machine: PostgreSQL may be killed.")
    return warning("memory", found, "512 MiB are what a busy round wants.") if free < 512 else ok("memory", found)
