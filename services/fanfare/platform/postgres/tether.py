"""
A program that ties itself to its parent, takes another identity and becomes the program it was given.

It runs as a script, apart from the application, so that nothing of Python's runs between fork and exec in a process that may have
threads, and so that what it refuses to do is a sentence in the child's own log. It imports nothing of ours for that reason.

Source: prctl(2), user_namespaces(7).
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1
_PR_GET_PDEATHSIG = 2


@dataclass(frozen=True)
class Identity:
    """
    Who a child runs as: its parent, its parent under a plain id of a new user namespace, or a plain id of this machine.

    PostgreSQL refuses to run as root. In a namespace it believes to be `uid`, while the machine still takes it for its parent, so
    that files need neither another owner nor another mode.
    """

    kind: Literal["same", "namespace", "drop"] = "same"
    uid: int = 0
    gid: int = 0


def tethered(argv: Sequence[str], identity: Identity, death_signal: signal.Signals, folder: Path) -> list[str]:
    """
    Return the command that runs *argv* in *folder* as *identity* and gets *death_signal* when the calling thread's process dies.

    Must be started from the main thread of this process: the kernel sends the signal when the *thread* ends that forked.
    """
    who = [identity.kind, str(identity.uid), str(identity.gid)]
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(int(death_signal)), *who, str(folder), *argv]


def _enter_namespace(libc: ctypes.CDLL, uid: int, gid: int) -> None:
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    if libc.unshare(_CLONE_NEWUSER) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"user namespaces are forbidden here: {os.strerror(code)}")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {outer_gid} 1")


def _drop_to(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def _tie_to_parent(libc: ctypes.CDLL, parent: int, death_signal: int) -> None:
    if libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the parent's death cannot be watched")
    seen = ctypes.c_int(0)
    libc.prctl(_PR_GET_PDEATHSIG, ctypes.byref(seen), 0, 0, 0)
    if seen.value != death_signal:
        raise OSError(f"the kernel forgot the parent death signal {death_signal}")
    # The parent may have died before the kernel knew what to send; then nothing would ever come.
    if os.getppid() != parent:
        raise OSError("the parent is gone")


def main(arguments: Sequence[str]) -> None:
    """
    Become the program that *arguments* name; return never.

    Args:
        arguments: parent's pid, death signal, kind, uid, gid, folder, then the program and its own arguments.
    """
    parent, death_signal, kind, uid, gid, folder, *argv = arguments
    libc = ctypes.CDLL(None, use_errno=True)
    if kind == "namespace":
        _enter_namespace(libc, int(uid), int(gid))
    elif kind == "drop":
        _drop_to(int(uid), int(gid))
    # After the change of identity, which clears it.
    _tie_to_parent(libc, int(parent), int(death_signal))
    os.chdir(folder)
    # The supervisor blocks the signals it waits for, and an exec would hand that on.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    os.execvp(argv[0], argv)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except OSError as trouble:
        sys.exit(f"{sys.argv[-1] if len(sys.argv) < 8 else sys.argv[7]}: {trouble}")
