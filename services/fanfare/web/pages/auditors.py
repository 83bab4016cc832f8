"""The auditors' room: what is published and how to check it, how the notary stands, and the checkpoints that it signed."""

from collections.abc import Sequence
from itertools import groupby

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from fanfare.audit.archives.archive import ABOUT
from fanfare.audit.archives.offering import NAME as ARCHIVE
from fanfare.ledger.writing import to_base64
from fanfare.members.links import site_address
from fanfare.notary import history
from fanfare.notary.history_routes import Before, Number
from fanfare.notary.state import State, states
from fanfare.notary.witnessing import Witnessed, witnesses
from fanfare.platform.desk import Desk
from fanfare.platform.edge import TheDesk
from fanfare.platform.refusals import NotFound
from fanfare.record.notary import key_name
from fanfare.record.position import Moment
from fanfare.views import figures
from fanfare.web import urls
from fanfare.web.contexts.auditors import CheckPage, CheckpointLine, CheckpointsPage, PartitionLine, SealToCheck, WitnessLine
from fanfare.web.layout import STATIC
from fanfare.web.pages.sensitive import lines
from fanfare.web.shells import in_words, show

router = APIRouter()
PROGRAM = STATIC / "go" / "check.go"
_A_PAGE, _ACTS = 50, 3


@router.get(urls.CHECK)
async def check(request: Request, desk: TheDesk) -> HTMLResponse:
    """Show three ways to check every number, how far the notary has signed, and what was decided by hand lately."""
    founded = desk.streams.site.founded
    if founded is None:
        raise NotFound
    heads, seal = await desk.log.heads(), await _sealed_last(request, desk)
    async with desk.pool.connection() as connection:
        signed, seen = await states(connection), await witnesses(connection)
    page = CheckPage(
        origin=founded.name,
        address=site_address(request, desk),
        archive=ARCHIVE,
        partitions=_partitions(heads, signed),
        key=next(iter(desk.streams.notary.in_force(key_name(founded.name))), ""),
        witnesses=_witnesses(seen),
        acts=await lines(desk, (), limit=_ACTS),
        seal=seal,
        program=PROGRAM.read_text(),
        is_simulation=founded.simulation,
        archive_about=ABOUT.decode(),
    )
    return await show(request, page)


def _partitions(heads: Moment, signed: Sequence[State]) -> list[PartitionLine]:
    known = {each.partition: each for each in signed}
    return [
        PartitionLine(number, entries, found.signed_size, found.signed_at, found.doubt, found.swept_at)
        if (found := known.get(number))
        else PartitionLine(number, entries)
        for number, entries in enumerate(heads)
    ]


def _witnesses(seen: Sequence[Witnessed]) -> list[WitnessLine]:
    told = []
    for key, found in groupby(sorted(seen, key=lambda each: each.key), lambda each: each.key):
        of_hers = list(found)
        silent = [each.silent_since for each in of_hers if each.silent_since]
        at = max((each.at for each in of_hers if each.at), default=None)
        cosigned = sum(each.size > 0 for each in of_hers)
        told.append(WitnessLine(key.partition("+")[0], key, cosigned, at, min(silent, default=None)))
    return told


async def _sealed_last(request: Request, desk: Desk) -> SealToCheck | None:
    """Return the seal that a visitor can compare with one command; none before a round is sealed."""
    sealed = {
        each.id: (campaign, each) for campaign in desk.streams.campaigns.values() for each in campaign.rounds if each.sealed
    }
    async with desk.pool.connection() as connection:
        newest = await figures.sealed_last(connection, list(sealed))
        if newest not in sealed:
            return None
        campaign, found = sealed[newest]
        read = await in_words(connection, campaign)
    address = f"{site_address(request, desk)}/api/v1{urls.round_(newest, 'report')}"
    return SealToCheck(
        name=next(each.name for each in read.rounds if each.id == newest),
        campaign=read.title,
        report_href=urls.round_(newest, "report"),
        command=f"curl -s {address} | sha256sum",
        fingerprint=found.sealed.report if found.sealed else "",
    )


@router.get(urls.CHECKPOINTS)
async def checkpoints(request: Request, desk: TheDesk, partition: Number = 0, before: Before = None) -> HTMLResponse:
    """Show what is kept of a partition's checkpoints, the newest first, each to be taken along."""
    heads = await desk.log.heads()
    if partition >= len(heads):
        raise NotFound
    async with desk.pool.connection() as connection:
        found = await history.since(connection, partition, before=before, limit=_A_PAGE + 1)
    page = CheckpointsPage(
        name=key_name(desk.source),
        partitions=range(len(heads)),
        partition=partition,
        checkpoints=[_checkpoint(each) for each in found[:_A_PAGE]],
        older=str(found[_A_PAGE - 1].size) if len(found) > _A_PAGE else "",
        begins=before is None,
    )
    return await show(request, page)


def _checkpoint(kept: history.KeptCheckpoint) -> CheckpointLine:
    return CheckpointLine(kept.size, kept.signed_at, to_base64(kept.root), kept.cosigned)
