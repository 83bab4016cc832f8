"""Pages for whoever checks us: what is published and how to replay it, what cannot be proven, and every refusal."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from fanfare.audit.archive import ABOUT
from fanfare.audit.offering import NAME as ARCHIVE
from fanfare.members.links import site_address
from fanfare.platform.desk import Desk
from fanfare.platform.edge import TheDesk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.refusals import NotFound, Refusal
from fanfare.views import figures
from fanfare.web import urls
from fanfare.web.contexts.members import CheckPage, LimitsPage, PartitionHead, ProblemsPage, RefusalLine, SealToCheck
from fanfare.web.layout import HERE
from fanfare.web.shells import in_words, show

router = APIRouter()
LIMITS = "limits.md"
_SAYS_WHAT = marked("The answer says what is wrong, and where.")


@router.get(urls.CHECK)
async def check(request: Request, desk: TheDesk) -> HTMLResponse:
    """Tell how far the record has come, and how to compute every number again."""
    founded = desk.streams.site.founded
    if founded is None:
        raise NotFound
    heads = await desk.log.heads()
    page = CheckPage(
        origin=founded.name,
        partitions=[PartitionHead(partition, entries) for partition, entries in enumerate(heads)],
        replay_command=f"fanfare replay {ARCHIVE}",
        archive=ARCHIVE,
        seal=await _sealed_last(request, desk),
        is_simulation=founded.simulation,
        archive_about=ABOUT.decode(),
    )
    return await show(request, page)


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


@router.get(urls.LIMITS)
async def limits(request: Request) -> HTMLResponse:
    """Show what Fanfare does not prove."""
    return await show(request, LimitsPage(text=limits_text()))


@router.get(urls.PROBLEMS)
async def problems(request: Request) -> HTMLResponse:
    """List every refusal: the `type` of a problem leads to its line."""
    return await show(request, ProblemsPage(refusals=list(refusals())))


@cache
def limits_text() -> str:
    """
    Return docs/limits.md without its first heading.

    An installed Fanfare has a copy beside its templates, which the build puts there; a working tree reads the original.
    """
    copies = (HERE / LIMITS, *(folder / "docs" / LIMITS for folder in Path(HERE).parents))
    text = next(path for path in copies if path.is_file()).read_text(encoding="utf-8")
    return text.partition("\n")[2].strip()


def refusals() -> Iterator[RefusalLine]:
    """Yield every refusal that this site knows, by its code, each code once."""
    known = {each.code: each for each in reversed(list(_kinds(Refusal))) if "code" in vars(each)}
    for code, each in sorted(known.items()):
        yield RefusalLine(code, each.status, each().title, _(each.advice or _SAYS_WHAT))


def _kinds(of: type[Refusal]) -> Iterator[type[Refusal]]:
    for each in of.__subclasses__():
        yield each
        yield from _kinds(each)
