"""What the command line calls for an audit: of an archive, of a running site by its tiles, or of a record's topic."""

import asyncio
import hashlib
import shlex
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

import msgspec

from fanfare.audit.archives.archive import Archive
from fanfare.audit.archives.fetching import Site, SiteAway
from fanfare.audit.archives.tiled import TiledLog, tile_claims
from fanfare.audit.checks.replay import replay, replay_gathered
from fanfare.audit.checks.trust import CannotTrust, Trust, trust
from fanfare.audit.claims import Claim, Outcome, Progress, silent
from fanfare.audit.commands import COULD_NOT, answer_with, counting, fault_of_ours, gathered, progress_bar, room
from fanfare.audit.page import Told, as_page
from fanfare.platform.logs.port import Log

_NO_TEXTS = "the texts: they are not in the record itself, and no figure depends on one; audit the site’s archive to compare them"
_SIGNED = "the record is the one that was signed, and every published report follows from it"
_SIGNED_IN_PART = (
    "every published report follows from the record, which is the one that was signed but for its end: that is not signed yet"
)
_Gathered = tuple[Outcome | None, tuple[Claim, ...]]
"""What there is to say where nothing could be gathered, and the claims on the tiles of a site."""


class Brought(msgspec.Struct, frozen=True):
    """What was typed beside the source, as it was typed."""

    key: str = ""
    since: tuple[Path, ...] = ()
    witnesses: tuple[str, ...] = ()
    receipts: tuple[Path, ...] = ()


class Answering(msgspec.Struct, frozen=True):
    """In what form to answer."""

    now: datetime
    json: bool = False
    html: Path | None = None
    command: str = ""
    """With which it can be repeated."""


def run_audit(source: str, brought: Brought, answering: Answering) -> int:
    """Audit the site or the archive at *source*, print what was found, and return the exit code."""
    if source.lower().startswith(("http://", "https://")):
        return asyncio.run(run_audit_site(source.rstrip("/"), brought, answering))
    path = Path(source)

    def check(believed: Trust, progress: Progress) -> Outcome:
        if not path.exists():
            return Outcome(unchecked=f"{source}: there is no such file; the address of a site begins with https://")
        return replay(path, progress, trust=believed)

    return _answered(path.name or source, _checked(brought, check), answering, path)


async def run_audit_of(log: Log, source: str, base_url: str, brought: Brought, answering: Answering) -> int:
    """
    Audit the record of *log* with the reports and checkpoints of the site at *base_url*, and return the exit code.

    Args:
        source: what to call the record.
        base_url: empty for the address that the record's first event names.
    """

    async def gather(archive: Path) -> _Gathered:
        return await gathered(log, base_url, archive, source, answering.now), ()

    return _answered(source, await _checked_there(source, brought, gather), answering)


async def run_audit_site(url: str, brought: Brought, answering: Answering) -> int:
    """Audit the running site at *url*, read by its checkpoints, bundles and tiles, and return the exit code."""

    async def gather(archive: Path) -> _Gathered:
        try:
            async with Site(url) as site:
                failed = await gathered(TiledLog(site), url, archive, url, answering.now)
                with progress_bar() as progress:
                    return failed, () if failed else await tiles_of(archive, site, progress)
        except SiteAway as error:
            return Outcome(unchecked=f"{url}: {error}"), ()

    return _answered(url, await _checked_there(url, brought, gather), answering)


async def tiles_of(gathered: Path, site: Site, progress: Progress = silent) -> tuple[Claim, ...]:
    """Return the claims on the tiles of *site*, whose record was just gathered. Raises: SiteAway."""
    with gathered.open("rb") as stream:
        return tuple(await tile_claims(Archive(stream, silent), site, progress))


def _of_gathered(gathered: Path, source: str, believed: Trust, progress: Progress) -> Outcome:
    """Audit what was gathered from *source*, and say which of an archive's parts that does not have."""
    outcome = replay_gathered(gathered, source, progress, believed)
    claims = [msgspec.structs.replace(each, unshown=(_NO_TEXTS,)) if each.name == "record" else each for each in outcome.claims]
    return msgspec.structs.replace(outcome, claims=tuple(claims))


async def _checked_there(source: str, brought: Brought, gather: Callable[[Path], Awaitable[_Gathered]]) -> Outcome:
    """Check a record that is gathered for the moment, into a folder that is gone afterwards."""
    try:
        believed = _trusted(brought)  # what cannot be used is told before a large record is read
        with room("fanfare-audit-") as folder:
            archive = folder / "record.tar"
            failed, tiles = await gather(archive)
            with progress_bar() as progress, counting():
                outcome = failed or concluded(_of_gathered(archive, source, believed, progress))
            return msgspec.structs.replace(outcome, claims=(*outcome.claims, *tiles))
    except Exception as error:  # noqa: BLE001 - as below
        return _unchecked(error)


def _checked(brought: Brought, check: Callable[[Trust, Progress], Outcome]) -> Outcome:
    try:
        with progress_bar() as progress, counting():
            return concluded(check(_trusted(brought), progress))
    except Exception as error:  # noqa: BLE001 - a bug of ours must not read as a claim that fails (exit code 1)
        return _unchecked(error)


def _unchecked(error: Exception) -> Outcome:
    return Outcome(unchecked=str(error) if isinstance(error, CannotTrust) else fault_of_ours(error))


def _trusted(brought: Brought) -> Trust:
    return trust(key=brought.key, since=brought.since, witnesses=brought.witnesses, receipts=brought.receipts)


def concluded(outcome: Outcome) -> Outcome:
    """Say what it means where all claims hold: as much as was signed."""
    trees = [each for each in outcome.claims if each.name.startswith("tree ")]
    if not trees:
        return outcome
    return msgspec.structs.replace(outcome, conclusion=_SIGNED_IN_PART if any(each.unshown for each in trees) else _SIGNED)


def _answered(source: str, outcome: Outcome, answering: Answering, archive: Path | None = None) -> int:
    """Answer on standard output and, if it is asked for, in a file; return the exit code."""
    code = answer_with(outcome, json=answering.json)
    if answering.html is None:
        return code
    told = Told(source=source, command=answering.command, at=answering.now, sha256=_sha256(archive))
    try:
        answering.html.write_bytes(as_page(outcome, told))
    except OSError as error:
        sys.stderr.write(f"The report could not be written to {answering.html}: {error.strerror}\n")
        return code or COULD_NOT
    return code


def _sha256(archive: Path | None) -> str:
    if archive is None or not archive.is_file():
        return ""
    with archive.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def command_of(source: str, url: str, brought: Brought) -> str:
    """Return the command with which an audit can be repeated, as it is typed into a shell."""
    words = ["fanfare", "audit", source, *(("--url", url) if url else ()), *(("--key", brought.key) if brought.key else ())]
    for option, given in (("--since", brought.since), ("--witness", brought.witnesses), ("--receipt", brought.receipts)):
        words += [word for each in given for word in (option, str(each))]
    return shlex.join(words)
