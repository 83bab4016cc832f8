"""The witness's process, put together: one a folder, that follows, serves, and ends with the exit code of what it saw."""

import asyncio
import fcntl
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import uvicorn

from fanfare.ledger.faults import NotProven
from fanfare.ledger.keys import VerifierKey
from fanfare.witness.alarms import Alarms, say
from fanfare.witness.cosigning import LOGS, Cosigner
from fanfare.witness.following import EVERY_S, INSISTS_S, Follower
from fanfare.witness.forks import verify_evidence
from fanfare.witness.keys import KeyWrong, own_key
from fanfare.witness.pinned import NotTheSite, Pinned
from fanfare.witness.seen import MARK, SeenDamaged
from fanfare.witness.serving import Serving, Told
from fanfare.witness.site import PATIENCE_S, Site

ALARMED, COULD_NOT = 1, 2
_WRONG = (KeyWrong, NotTheSite, SeenDamaged, OSError)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for."""

    url: str
    home: Path
    name: str = ""
    """Empty: the name in the key's file, or this machine's at the first run."""
    listen: str = "127.0.0.1:8090"
    key: str = ""
    alarm: str = ""
    every_s: float = EVERY_S
    insists_s: float = INSISTS_S
    once: bool = False
    """Look once, and end."""


def run_witness(asked: Asked) -> int:
    """Follow a site until told to stop; return 0, 1 where an alarm stands, or 2 where it could not go on."""
    try:
        asked.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (asked.home / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return asyncio.run(_witness(asked))
    except BlockingIOError:
        say(f"Another witness runs in {asked.home}: two of them could cosign two histories.")
    except _WRONG as error:
        say(str(error))
    return COULD_NOT


def run_evidence(folder: Path, keys: list[str]) -> int:
    """Say what the evidence in a folder shows; return 0 where it shows a fork, 1 where it does not, 2 where it is none."""
    try:
        told = verify_evidence(folder, tuple(map(VerifierKey.parse, keys)))
    except NotProven as error:
        sys.stdout.write(f"No fork is shown. {error}\n")
        return 1
    except (OSError, ValueError) as error:
        sys.stdout.write(f"This is no evidence of anything. {error}\n")
        return 2
    sys.stdout.write(f"A fork: {told}\n")
    if not keys:
        sys.stdout.write(
            "The log's keys are those that the evidence names: compare them with the site's own, or give them with --key.\n"
        )
    return 0


async def _witness(asked: Asked) -> int:
    def clock() -> datetime:
        return datetime.now(UTC)

    signer = own_key(asked.home, asked.name or ("" if (asked.home / "key").exists() else f"{socket.gethostname()}/witness"))
    pinned = Pinned(asked.home, asked.key)
    alarm = Alarms(asked.home, pinned, asked.alarm, clock)
    cosigner = Cosigner(asked.home, signer, pinned, alarm, clock)
    async with httpx2.AsyncClient(timeout=PATIENCE_S, follow_redirects=False) as client:
        follower = Follower(Site(asked.url, client), cosigner, alarm, asked.insists_s)
        serving = Serving(asked.url, cosigner, follower)
        if asked.once:
            await follower.look()
            _tell(serving.told(), str(signer.verifier))
        else:
            await _serve(asked, serving, follower, str(signer.verifier))
    alarm.settle()  # a command that rings ends with this process where nobody waits for it
    if any((asked.home / LOGS).glob(f"*/{MARK}")):
        return ALARMED
    return COULD_NOT if asked.once and follower.troubles else 0


def _tell(logs: Sequence[Told], key: str) -> None:
    """Say what a single look left behind."""
    sys.stdout.write(f"{key}\n\n")
    for each in logs:
        cosigned = f"{each.size} entries, cosigned at {each.cosigned_at}." if each.cosigned_at else "Nothing cosigned yet."
        alarm = f"An alarm stands: {each.alarm}" if each.alarm else ""
        trouble = f"Nothing newer is cosigned: {each.trouble}" if each.trouble and not each.alarm else ""
        sys.stdout.write(" ".join(filter(None, (f"{each.origin}:", cosigned, alarm, trouble))) + "\n")
    if not logs:
        sys.stdout.write("No log of this site was seen yet.\n")


async def _serve(asked: Asked, serving: Serving, follower: Follower, key: str) -> None:
    """Serve and follow until a signal comes, or what was seen cannot be written down. Raises: OSError, SeenDamaged."""
    host, _, port = asked.listen.rpartition(":")
    listening = socket.create_server((host.strip("[]"), int(port)), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    address = f"http://{host}:{listening.getsockname()[1]}"
    sys.stdout.write(
        f"It answers at {address}. The site's operator puts into FANFARE_WITNESSES, with the address that leads here:\n\n"
    )
    sys.stdout.write(f"  {address} {key}\n\n")
    sys.stdout.flush()
    told = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):  # uvicorn takes them while it runs, and raises them again when it ends
        asyncio.get_running_loop().add_signal_handler(each, told.set)
    config = uvicorn.Config(serving.app, log_config=None, access_log=False, timeout_graceful_shutdown=2, server_header=False)
    server = uvicorn.Server(config)
    served = asyncio.create_task(server.serve(sockets=[listening]))
    followed = asyncio.create_task(follower.follow(asked.every_s))
    await asyncio.wait((served, followed), return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    followed.cancel()
    await served
    await asyncio.gather(followed, return_exceptions=True)
    if not followed.cancelled():
        followed.result()
