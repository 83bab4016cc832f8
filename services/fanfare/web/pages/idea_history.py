"""What an idea was and who stands behind it: its versions with their differences, its supporters."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse
from psycopg import AsyncConnection

from fanfare.campaigns.routes import Id, TheCampaigns
from fanfare.ideas.routes import TheIdeas
from fanfare.platform import rights
from fanfare.platform.edge import TheDesk
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import Invalid, NotFound
from fanfare.views import idea_lists
from fanfare.views import ideas as view
from fanfare.web import urls
from fanfare.web.contexts.ideas import DifferencesPage, Supporter, SupportersPage
from fanfare.web.differences import differences
from fanfare.web.pages import hidden
from fanfare.web.pages.acts import GONE
from fanfare.web.pages.forms import known
from fanfare.web.shells import campaign_in_words, show, visitor_of

router = APIRouter()


@router.get("/ideas/{idea_id}/versions/{number}")
async def differences_page(
    idea_id: Id,
    number: Annotated[int, Path(ge=1, le=100_000)],
    request: Request,
    desk: TheDesk,
    campaigns: TheCampaigns,
    ideas: TheIdeas,
) -> HTMLResponse:
    """Show a version of an idea, with what changed since the one before."""
    found = await ideas.find(known(idea_id))
    read, visitor = await campaign_in_words(request, await campaigns.campaign(found["campaign"])), await visitor_of(request)
    moderates = rights.may_now(desk, visitor, "moderate", found["campaign"])
    sees = hidden.sees_hidden(visitor, found["author"], moderates=moderates)
    async with desk.pool.connection() as connection:
        versions = {each["version"]: each for each in await view.versions(connection, idea_id, unveiled=sees)}
        if number not in versions:
            raise NotFound
        now, before = versions[number], versions.get(number - 1)
        gone = await _gone(connection, [each for each in (now, before) if each])
        hidings = await hidden.hidings(desk, connection, {idea_id: found["author"]}, visitor, moderates=moderates)
    hiding = hidings.get(idea_id)
    lost = bool(gone) or (hiding is not None and not sees)
    page = DifferencesPage(
        idea_id=idea_id,
        now=hidden.title_of(found),
        by=found["author_name"] or _(GONE),
        number=number,
        at=now["written_at"],
        latest=found["version"],
        title=() if lost else differences(before["title"] if before else now["title"], now["title"]),
        text=() if lost else differences(before["body"] if before else now["body"], now["body"]),
        gone=gone,
        hiding=hiding,
    )
    return await show(request, page, section="ideas", campaign=read, path=urls.idea(idea_id))


async def _gone(connection: AsyncConnection, versions: list[dict[str, Any]]) -> str:
    """Return what stands in the place of the words of these versions, if some are not there any more."""
    hashes = [each[name] for each in versions for name in ("title_hash", "body_hash")]
    return next(iter((await hidden.instead_of(connection, hashes)).values()), "")


@router.get("/ideas/{idea_id}/supporters")
async def supporters_page(
    idea_id: Id,
    request: Request,
    desk: TheDesk,
    campaigns: TheCampaigns,
    ideas: TheIdeas,
    cursor: Annotated[str, Query(max_length=80)] = "",
) -> HTMLResponse:
    """Show who supports an idea, those who came last first."""
    found = await ideas.find(known(idea_id))
    read, after = await campaign_in_words(request, await campaigns.campaign(found["campaign"])), _cursor(cursor)
    async with desk.pool.connection() as connection:
        people, more = await idea_lists.supporters(connection, idea_id, after=after)
    page = SupportersPage(
        idea_id=idea_id,
        title=hidden.title_of(found),
        total=found["supporters"],
        people=[Supporter(member, name or _(GONE), is_here=bool(name)) for member, name in people],
        older=f"{more[0]}.{more[1]}" if more else "",
    )
    return await show(request, page, section="ideas", campaign=read, path=urls.idea(idea_id))


def _cursor(cursor: str) -> tuple[int, str] | None:
    if not cursor:
        return None
    step, __, member = cursor.partition(".")
    if not (step.isascii() and step.isdigit() and len(step) < 8) or not member.isalnum():
        message = _("This page was not given out here. Begin with the first one.")
        raise Invalid(message)
    return int(step), member
